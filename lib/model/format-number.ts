import type { Interval } from './leak.ts';
import { type Bytes, DAY_MS, type DurationMs, HOUR_MS, MINUTE_MS, SECOND_MS } from './units.ts';

// Numbers as pages, messages and the CLI print them: three digits, binary units for memory, a true minus.

/** Narrow and no-break: a number is never torn from its unit. */
export const THIN_SPACE = '\u202f';
const MINUS = '−';

export type Measure = 'bytes' | 'count';
export type Per = 's' | 'min' | 'h' | 'day';
export interface FormatOptions {
  /** Changes carry their sign, `+9.3 MiB`; amounts do not. */
  readonly signed?: boolean;
}

interface Scale {
  /** With the space before it; '' for plain counts. */
  readonly unit: string;
  readonly size: number;
}

/** `812 B`, `9.8 KiB`, `398 MiB`, `1.24 GiB`. */
export const formatBytes = (bytes: Bytes, options?: FormatOptions): string =>
  formatAmount(bytes, 'bytes', options);

/** `1,204`, `402 k`, `6.2 M`. */
export const formatCount = (count: number, options?: FormatOptions): string =>
  formatAmount(count, 'count', options);

/** `12.5 %` of a share of 0.125. */
export const formatPercent = (share: number): string => `${threeDigits(share * 100)}${THIN_SPACE}%`;

/** `846 ms`, `1.53 s`, `2 min 4 s`, `12 h`: two neighbouring units while the first is below 10, or always if `fine`. */
export function formatDuration(durationMs: DurationMs, { fine = false } = {}): string {
  if (!Number.isFinite(durationMs)) return '–';
  if (durationMs < 0) return MINUS + formatDuration(-durationMs, { fine });
  if (Number(durationMs.toPrecision(3)) < SECOND_MS) return `${threeDigits(durationMs)}${THIN_SPACE}ms`;
  if (Number((durationMs / SECOND_MS).toPrecision(3)) < 60) {
    return `${threeDigits(durationMs / SECOND_MS)}${THIN_SPACE}s`;
  }
  // Rounded to what will be shown before it is taken apart, so that no `1 h 60 min` comes out.
  const coarse = SPANS.find(([, sizeMs], at) => {
    const nextMs = SPANS[at + 1]?.[1] ?? sizeMs;
    return Math.round(durationMs / nextMs) * nextMs >= sizeMs;
  });
  const [unit, sizeMs] = coarse ?? ['s', SECOND_MS];
  const next = SPANS[SPANS.findIndex((span) => span[0] === unit) + 1];
  const withRest = next !== undefined && (fine || durationMs < 10 * sizeMs);
  if (!withRest) return `${grouped(durationMs / sizeMs, 0)}${THIN_SPACE}${unit}`;
  const parts = Math.round(durationMs / next[1]);
  const perFirst = sizeMs / next[1];
  const [head, rest] = [Math.floor(parts / perFirst), parts % perFirst];
  const first = `${head}${THIN_SPACE}${unit}`;
  return rest === 0 || (head >= 10 && !fine) ? first : `${first} ${rest}${THIN_SPACE}${next[0]}`;
}

const SPANS: readonly (readonly [string, number])[] = [
  ['d', DAY_MS],
  ['h', HOUR_MS],
  ['min', MINUTE_MS],
  ['s', SECOND_MS],
];

/**
 * `812 ± 40 B`, with digits down to the second one of the half-width; `9.8 KiB (8.1–13.2)` when one side is more than
 * a fifth off the other's; without an interval when it has no width that can be shown.
 */
export const formatInterval = (of: Interval, measure: Measure, options?: FormatOptions): string =>
  intervalText(of, scaleOf(widest(of), measure), '', options);

/** `492/s`, `+9.3 ± 0.4 MiB/h`. */
export function formatRate(
  of: number | Interval,
  measure: Measure,
  per: Per,
  options?: FormatOptions,
): string {
  if (typeof of === 'number') return `${formatAmount(of, measure, options)}/${per}`;
  return intervalText(of, scaleOf(widest(of), measure), `/${per}`, options);
}

function intervalText(of: Interval, { unit, size }: Scale, per: string, options?: FormatOptions): string {
  const [value, low, high] = [of.value / size, of.low / size, of.high / size];
  const half = (high - low) / 2;
  if (!Number.isFinite(value)) return '–';
  if (Number.isNaN(half) || half <= 0) return withSign(threeDigits(value), options) + unit + per;
  if (!Number.isFinite(half)) {
    const bound = Number.isFinite(low) ? ` (${threeDigits(low)} or more)` : '';
    return withSign(threeDigits(value), options) + unit + per + bound;
  }
  const decimals = Math.min(MAX_DECIMALS, 1 - Math.floor(Math.log10(half)));
  const even = Math.abs(high - value - half) <= LEAN * half;
  const [shown = '', ...bounds] = alike(even ? [value, half] : [value, low, high], decimals);
  const head = withSign(shown, options);
  if (!even && bounds[0] === bounds[1]) return withSign(threeDigits(value), options) + unit + per;
  if (!even) return `${head}${unit}${per} (${bounds.join(bounds[0]?.startsWith(MINUS) ? ' to ' : '–')})`;
  return /[1-9]/.test(bounds[0] ?? '') ? `${head} ± ${bounds[0]}${unit}${per}` : head + unit + per;
}

const MAX_DECIMALS = 3;
const LEAN = 0.2;

/** All with the same decimals, without zeros that all of them end with: `9.3` and `0.4`, not `9.30` and `0.40`. */
function alike(values: readonly number[], decimals: number): string[] {
  const texts = values.map((value) => grouped(value, decimals));
  let cut = 0;
  while (cut < decimals && texts.every((text) => text.at(-1 - cut) === '0')) cut += 1;
  return cut === 0 ? texts : texts.map((text) => text.slice(0, -cut).replace(/\.$/, ''));
}

const widest = ({ value, low, high }: Interval) =>
  Math.max(Math.abs(value), Number.isFinite(high - low) ? (high - low) / 2 : 0);

function formatAmount(value: number, measure: Measure, options?: FormatOptions): string {
  if (!Number.isFinite(value)) return '–';
  const { unit, size } = scaleOf(Math.abs(value), measure);
  const exact = measure === 'count' && size === 1 && Number.isInteger(value);
  return withSign(exact ? grouped(value, 0) : threeDigits(value / size), options) + unit;
}

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const DECIMAL = ['', 'k', 'M', 'G', 'T'];

/** The unit in which the amount has one to three digits before the point; counts stay whole up to 9,999. */
function scaleOf(amount: number, measure: Measure): Scale {
  if (measure === 'count' && amount < 10_000) return { unit: '', size: 1 };
  const [units, step] = measure === 'bytes' ? [BINARY, 1024] : [DECIMAL, 1000];
  let at = 0;
  while (at < units.length - 1 && Number((amount / step ** at).toPrecision(3)) >= 1000) at += 1;
  return { unit: THIN_SPACE + units[at], size: step ** at };
}

/** `9.8`, `12.3`, `398`, `0.42`: at most three digits, no zeros behind them. */
function threeDigits(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const digits = Math.floor(Math.log10(Math.abs(Number(value.toPrecision(3)))));
  const text = grouped(value, Math.min(MAX_DECIMALS, Math.max(0, 2 - digits)));
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Fixed decimals (negative ones round to tens, hundreds, …), thousands apart, a true minus, no minus zero. */
function grouped(value: number, decimals: number): string {
  const step = 10 ** Math.max(0, -decimals);
  const text = (Math.round(Math.abs(value) / step) * step).toFixed(0);
  const shown = decimals > 0 ? Math.abs(value).toFixed(decimals) : text;
  const [whole = '', fraction] = shown.split('.');
  const apart = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  const sign = value < 0 && /[1-9]/.test(shown) ? MINUS : '';
  return sign + apart + (fraction === undefined ? '' : `.${fraction}`);
}

const withSign = (text: string, options: FormatOptions | undefined): string =>
  options?.signed && !text.startsWith(MINUS) && /[1-9]/.test(text) ? `+${text}` : text;
