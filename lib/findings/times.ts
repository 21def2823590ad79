import { DAY_MS, type EpochMs, MINUTE_MS } from '../model/units.ts';

// Times in sentences: UTC, since Slack and the CLI have no switch for the zone; pages show others beside them.

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const SECONDS_BELOW_MS = 2 * MINUTE_MS;

export interface Moment {
  readonly t: EpochMs;
  readonly low: EpochMs;
  readonly high: EpochMs;
}

/** `20:41`, or `20:41:07`. */
export const clockText = (t: EpochMs, withSeconds = false): string =>
  new Date(t).toISOString().slice(11, withSeconds ? 19 : 16);

/** `14 Nov`, with the year when it is another than that of `now`. */
export function dayText(t: EpochMs, now: EpochMs): string {
  const date = new Date(t);
  const year = date.getUTCFullYear() === new Date(now).getUTCFullYear() ? '' : ` ${date.getUTCFullYear()}`;
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}${year}`;
}

/** `20:41 UTC`, `13 Nov 20:41 UTC`: the day where it is another than that of `now`. */
export function timeText(t: EpochMs, now: EpochMs, withSeconds = false): string {
  const day = sameDay(t, now) ? '' : `${dayText(t, now)} `;
  return `${day}${clockText(t, withSeconds)} UTC`;
}

/** `20:41 UTC (20:20–22:00)`; with seconds when the interval is under two minutes, without it when it has no width. */
export function momentText({ t, low, high }: Moment, now: EpochMs): string {
  const withSeconds = high - low < SECONDS_BELOW_MS;
  const [from, to] = [beside(low, t, now, withSeconds), beside(high, t, now, withSeconds)];
  const interval = from === to ? '' : ` (${from}–${to})`;
  return timeText(t, now, withSeconds) + interval;
}

/** `today`, `tomorrow`, `on 23 Nov`. */
export function dayWord(t: EpochMs, now: EpochMs): string {
  const days = dayNumber(t) - dayNumber(now);
  if (days === 0) return 'today';
  return days === 1 ? 'tomorrow' : `on ${dayText(t, now)}`;
}

/** `20:41 UTC (20:20–22:00)` of a day that is named beside it; without the interval when it is within a minute. */
export function clockIntervalText({ t, low, high }: Moment, now: EpochMs): string {
  const [from, to] = [beside(low, t, now, false), beside(high, t, now, false)];
  return `${clockText(t)} UTC${from === to ? '' : ` (${from}–${to})`}`;
}

const beside = (t: EpochMs, reference: EpochMs, now: EpochMs, withSeconds: boolean) =>
  (sameDay(t, reference) ? '' : `${dayText(t, now)} `) + clockText(t, withSeconds);

const dayNumber = (t: EpochMs) => Math.floor(t / DAY_MS);
const sameDay = (a: EpochMs, b: EpochMs) => dayNumber(a) === dayNumber(b);
