// Times on the axis, in words and in the URL. UTC unless the reader asks for the local zone.

export type Zone = 'utc' | 'local';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const offset = (t: number, zone: Zone) => (zone === 'utc' ? 0 : -new Date(t).getTimezoneOffset() * MINUTE);
const shifted = (t: number, zone: Zone) => new Date(t + offset(t, zone));
const two = (n: number) => String(n).padStart(2, '0');

export const zoneName = (zone: Zone): string =>
  zone === 'utc' ? 'UTC' : (Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'local');

export function hourMinute(t: number, zone: Zone): string {
  const d = shifted(t, zone);
  return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`;
}
export const hourMinuteSecond = (t: number, zone: Zone): string =>
  `${hourMinute(t, zone)}:${two(shifted(t, zone).getUTCSeconds())}`;
export function day(t: number, zone: Zone): string {
  const d = shifted(t, zone);
  return `${DAYS[d.getUTCDay()]} ${d.getUTCDate()} ${MONTHS[d.getUTCMonth()]}`;
}
export const dayTime = (t: number, zone: Zone): string => `${day(t, zone)} ${hourMinute(t, zone)}`;

const dayNumber = (t: number, zone: Zone) => Math.floor((t + offset(t, zone)) / DAY);

/** As short as the distance to now allows: `14:09` today, `Tue 14:09` this week, `Tue 3 Nov` before. */
export function when(t: number, now: number, zone: Zone): string {
  const days = Math.abs(dayNumber(now, zone) - dayNumber(t, zone));
  if (days === 0) return hourMinute(t, zone);
  if (days < 7) return `${DAYS[shifted(t, zone).getUTCDay()]} ${hourMinute(t, zone)}`;
  return day(t, zone);
}

/** A moment with seconds where its interval is shorter than three minutes. */
export const onsetMoment = (
  onset: { t: number; low: number; high: number },
  now: number,
  zone: Zone,
): string =>
  onset.high - onset.low < 3 * MINUTE && dayNumber(onset.t, zone) === dayNumber(now, zone)
    ? hourMinuteSecond(onset.t, zone)
    : when(onset.t, now, zone);

const NAMED_DAYS = 7;

/** `14:02–14:21`, with days only where they differ, their dates beyond a week, and seconds only where minutes do not. */
export function between(low: number, high: number, zone: Zone): string {
  if (dayNumber(high, zone) - dayNumber(low, zone) >= NAMED_DAYS)
    return `${day(low, zone)}–${day(high, zone)}`;
  if (dayNumber(low, zone) !== dayNumber(high, zone)) {
    return `${DAYS[shifted(low, zone).getUTCDay()]} ${hourMinute(low, zone)}–${DAYS[shifted(high, zone).getUTCDay()]} ${hourMinute(high, zone)}`;
  }
  const show = high - low < 3 * MINUTE ? hourMinuteSecond : hourMinute;
  return `${show(low, zone)}–${show(high, zone)}`;
}

export interface Tick {
  readonly t: number;
  readonly label: string;
  readonly midnight: boolean;
}

const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14, 28].map((n) => n * DAY),
];

/** Days named at midnight, then hours, then minutes; at most `most` labels. Clock changes show in labels, never as stretch. */
export function timeTicks(from: number, to: number, most: number, zone: Zone): Tick[] {
  const step = STEPS.find((size) => (to - from) / size <= most) ?? 28 * DAY;
  const ticks: Tick[] = [];
  const shift = offset(from, zone);
  for (let local = Math.ceil((from + shift) / step) * step; local - shift <= to; local += step) {
    const t = local - shift;
    const d = shifted(t, zone);
    const midnight = d.getUTCHours() === 0 && d.getUTCMinutes() === 0 && d.getUTCSeconds() === 0;
    const label = midnight ? day(t, zone) : step < MINUTE ? hourMinuteSecond(t, zone) : hourMinute(t, zone);
    ticks.push({ t, label, midnight });
  }
  return ticks;
}

// ---- ranges in the URL: RFC 3339, or an age such as -3d while looking

export interface Range {
  readonly from: string | null;
  readonly to: string | null;
}
export const PRESETS = ['15m', '1h', '6h', '24h', '3d', '7d'] as const;

const SIZES: Record<string, number> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY };

/** Milliseconds of `-3d` or `3d`; undefined when it is not an age. */
export function ageMs(text: string | null): number | undefined {
  const match = /^-?(\d{1,6})([smhd])$/.exec(text ?? '');
  return match ? Number(match[1]) * (SIZES[match[2] ?? ''] ?? 0) : undefined;
}

/** Epoch ms, or undefined when the text says nothing that can be understood. */
export function resolveTime(text: string | null, now: number): number | undefined {
  if (text === null || text === '') return undefined;
  const age = ageMs(text);
  if (age !== undefined) return now - age;
  const t = /^\d{11,}$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isFinite(t) ? t : undefined;
}

/** `from` and `to` for the API; nothing for what the reader did not choose, so that the server's default holds. */
export function rangeQuery(range: Range, now: number): string {
  const query = new URLSearchParams();
  const from = resolveTime(range.from, now);
  const to = resolveTime(range.to, now);
  if (from !== undefined) query.set('from', String(Math.round(from)));
  if (to !== undefined) query.set('to', String(Math.round(to)));
  const text = query.toString();
  return text && `?${text}`;
}

export const isoTime = (t: number): string => new Date(t).toISOString().replace(/\.\d+Z$/, 'Z');

/** What stands in an input of type datetime-local, in the reader's zone. */
export const toInput = (t: number, zone: Zone): string => shifted(t, zone).toISOString().slice(0, 16);
export function fromInput(text: string, zone: Zone): number | undefined {
  const t = Date.parse(zone === 'utc' ? `${text}Z` : text);
  return Number.isFinite(t) ? t : undefined;
}
