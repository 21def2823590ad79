import {
  type FormatOptions,
  formatBytes,
  formatCount,
  formatDuration,
  formatInterval,
  formatRate,
  type Measure,
  THIN_SPACE,
} from '../../lib/model/format-number.ts';

// Numbers as pages print them: the same words as messages and the CLI, plus what only drawings need.

export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}
export interface Scale {
  readonly unit: string;
  readonly size: number;
}

export const UNKNOWN = '–';
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** The unit of an axis that goes up to so many bytes. */
export function byteScale(bytes: number): Scale {
  let step = 0;
  for (let left = Math.abs(bytes); left >= 1000 && step < BYTE_UNITS.length - 1; left /= 1024) step += 1;
  return { unit: BYTE_UNITS[step] ?? 'B', size: 1024 ** step };
}

/** The same for things that are counted. */
export const countScale = (): Scale => ({ unit: '', size: 1 });

/** A bare number of three digits, for axes and columns whose head names the unit. */
export const digits = (value: number): string => formatAxis(value);
const formatAxis = (value: number) => {
  const decimals = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  const text = Math.abs(value).toLocaleString('en', { maximumFractionDigits: decimals });
  return value < 0 && text !== '0' ? `−${text}` : text;
};

export const bytes = (value: number, signed = false): string => formatBytes(value, { signed });
export const count = (value: number): string => formatCount(value);
export const amount = (value: number, measure: Measure): string =>
  measure === 'bytes' ? formatBytes(value) : formatCount(Math.round(value));
export const milliseconds = (ms: number): string => formatDuration(ms);
/** The far end of a time whose interval holds zero growth. */
export const isNever = (s: number): boolean => s >= Number.MAX_SAFE_INTEGER;
export const seconds = (s: number): string => formatDuration(s < 1 ? s * 1000 : Math.round(s) * 1000);
export const perSecond = (value: number): string => `${digits(value)}/s`;

/** Whole percents from ten on: shares on a page are read at a glance. */
export const percent = (share: number): string => {
  const value = share * 100;
  return `${digits(Math.abs(value) < 10 ? Math.round(value * 10) / 10 : Math.round(value))}${THIN_SPACE}%`;
};

/** `p95`; 0.5 is p50. */
export const quantileWord = (quantile: number): string => `p${digits(Math.round(quantile * 1000) / 10)}`;
/** A change with its sign: `−48 %`. */
export const signedPercent = (share: number): string => `${share > 0 ? '+' : ''}${percent(share)}`;

/** What a memory role is measured in. */
export const measureOf = (role: string | null | undefined): Measure =>
  role?.endsWith('_count') ? 'count' : 'bytes';

/** What one unit of work keeps: bytes, or so many of what a role counts. */
export const keptEstimate = (of: Estimate, measure: Measure = 'bytes'): string => formatInterval(of, measure);
export const slopeEstimate = (
  of: number | Estimate,
  measure: Measure = 'bytes',
  options?: FormatOptions,
): string => formatRate(of, measure, 'h', { signed: true, ...options });

// What a reader takes in second: `± 40`, `(20:20–22:00)`.
const INTERVAL = /(±\s?[\d.,]+|\([^()]*(?:–| to )[^()]*\))/;

/** A text cut so that every second piece is an interval, to be dimmed. */
export const intervalsIn = (text: string): string[] => unbroken(text).split(INTERVAL);

/** Text from elsewhere, with its numbers glued to what belongs to them. */
export const unbroken = (text: string): string =>
  text
    .replace(/ ± /g, '\u00a0±\u00a0')
    .replace(/(\d) (?=(?:[KMGT]?i?B|ms|s|min|h|d|%)(?![a-z]))/g, `$1${THIN_SPACE}`);

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-/i;
/** An instance as a heading can bear it: the head of a UUID, both ends of what is long. */
export function shortInstance(instance: string): string {
  if (UUID.test(instance)) return instance.slice(0, 8);
  return instance.length > 28 ? `${instance.slice(0, 12)}…${instance.slice(-10)}` : instance;
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
