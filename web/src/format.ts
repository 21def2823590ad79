// Numbers as people read them: binary units, three digits, true minus, never a break between a number and its unit.

export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const NB = '\u00a0';
const THIN = '\u2009';
export const UNKNOWN = '–';

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

export interface Scale {
  readonly unit: string;
  readonly size: number;
}

/** The unit in which a number of bytes has one to three digits before the point. */
export function byteScale(bytes: number): Scale {
  let step = 0;
  for (let left = Math.abs(bytes); left >= 1000 && step < BYTE_UNITS.length - 1; left /= 1024) step += 1;
  return { unit: BYTE_UNITS[step] ?? 'B', size: 1024 ** step };
}

/** Three digits, no trailing zeros, thousands apart, a true minus. */
export function digits(value: number, decimals = decimalsFor(value)): string {
  const rounded = Number(value.toFixed(decimals));
  const text = Math.abs(rounded).toLocaleString('en', { maximumFractionDigits: decimals });
  return rounded < 0 ? `−${text}` : text;
}
const decimalsFor = (value: number) => {
  const size = Math.abs(value);
  return size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : 2;
};

const signed = (text: string) => (text.startsWith('−') || text === '0' ? text : `+${text}`);

export function bytes(value: number, sign = false): string {
  const { unit, size } = byteScale(value);
  const text = unit === 'B' ? digits(value, Math.abs(value) < 10 ? 1 : 0) : digits(value / size);
  return `${sign ? signed(text) : text}${NB}${unit}`;
}

/** Exact up to 9,999, then `402 k`, `6.2 M`. */
export function count(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return `${digits(value / 1e9)}${NB}G`;
  if (size >= 1e6) return `${digits(value / 1e6, size >= 1e8 ? 0 : 1)}${NB}M`;
  if (size >= 1e4) return `${digits(value / 1e3, 0)}${NB}k`;
  return Number.isInteger(value) ? value.toLocaleString('en') : digits(value);
}

export const amount = (value: number, unit: 'bytes' | 'count'): string =>
  unit === 'bytes' ? bytes(value) : count(Math.round(value));

export const perSecond = (value: number): string => `${value >= 1000 ? digits(value, 0) : digits(value)}/s`;

export const percent = (share: number): string => {
  const value = share * 100;
  return `${digits(value, Math.abs(value) < 10 && value !== 0 ? 1 : 0)}${THIN}%`;
};

export function milliseconds(ms: number): string {
  if (ms >= 60_000) return seconds(ms / 1000);
  if (ms >= 1000) return `${digits(ms / 1000)}${NB}s`;
  return `${digits(ms)}${NB}ms`;
}

const SPANS: readonly [string, number][] = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
];
/** At most two neighbouring units, the second only while the first is small: `2 min 4 s`, `12 h`, `3 d`. */
export function seconds(value: number): string {
  if (value < 1) return `${digits(value * 1000, 0)}${NB}ms`;
  const whole = Math.round(value);
  const first = SPANS.findIndex(([, size]) => whole >= size);
  const [unit, size] = SPANS[first] ?? ['s', 1];
  const head = Math.floor(whole / size);
  const next = SPANS[first + 1];
  const rest = next && head < 10 ? Math.round((whole - head * size) / next[1]) : 0;
  if (next && rest * next[1] >= size) return `${head + 1}${NB}${unit}`;
  return rest > 0 && next ? `${head}${NB}${unit}${NB}${rest}${NB}${next[0]}` : `${head}${NB}${unit}`;
}

export interface EstimateText {
  readonly value: string;
  /** `± 40`, or `(20–60)` when the interval leans to one side by more than a fifth. */
  readonly interval: string;
  readonly unit: string;
}

/** An estimate in one unit, with as many digits as its interval can carry. */
export function estimate(of: Estimate, scale: Scale, sign = false): EstimateText {
  const [value, low, high] = [of.value / scale.size, of.low / scale.size, of.high / scale.size];
  const half = (high - low) / 2;
  const decimals = half > 0 ? Math.min(2, Math.max(0, -Math.floor(Math.log10(half)))) : decimalsFor(value);
  const even = half === 0 || Math.abs(high + low - 2 * value) <= 0.4 * half;
  const show = (n: number) => digits(n, decimals);
  const interval = even ? `±${NB}${show(half)}` : `(${show(low)} to ${show(high)})`;
  return { value: sign ? signed(show(value)) : show(value), interval, unit: scale.unit };
}

export const bytesEstimate = (of: Estimate, sign = false): EstimateText =>
  estimate(of, byteScale(Math.max(Math.abs(of.value), (of.high - of.low) / 2)), sign);

export function slopeEstimate(of: Estimate, unit: 'bytes' | 'count' = 'bytes'): EstimateText {
  const scale =
    unit === 'bytes'
      ? byteScale(Math.max(Math.abs(of.value), (of.high - of.low) / 2))
      : { unit: '', size: 1 };
  const text = estimate(of, scale, true);
  return { ...text, unit: `${scale.unit}/h` };
}

export const plain = ({ value, interval, unit }: EstimateText): string =>
  interval.startsWith('(') ? `${value}${NB}${unit} ${interval}` : `${value}${NB}${interval}${NB}${unit}`;

/** Text from elsewhere, with its numbers glued to what belongs to them. */
export const unbroken = (text: string): string =>
  text.replace(/ ± /g, `${NB}±${NB}`).replace(/(\d) (?=(?:[KMGT]?i?B|ms|s|min|h|d|%)(?![a-z]))/g, `$1${NB}`);
