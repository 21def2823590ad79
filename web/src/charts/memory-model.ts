import type { ApiDeploy, ApiMemorySeries } from '../../../lib/http/schemas.ts';
import { amount, bytes, isNever, seconds, shortInstance, slopeEstimate } from '../format.ts';
import { between, dayTime, when, type Zone } from '../time.ts';
import { roleWord } from '../words.ts';

export interface MemoryInput {
  readonly series: ApiMemorySeries;
  readonly deploys: readonly ApiDeploy[];
  readonly from: number;
  readonly to: number;
  /** True when the reader chose the range: then it is shown as chosen, however empty. */
  readonly chosen: boolean;
  readonly now: number;
}

export interface Forecast {
  readonly t: number;
  readonly v: number;
  readonly at: number;
  readonly low: number;
  readonly high: number;
  /** The slow end is never: `high` is only where the wedge ends. */
  readonly isOpen: boolean;
}

// A forecast may take this share of what was measured; beyond that it points out of the chart.
const AHEAD = 0.55;
// One that does not get to the limit within that share only shows where it is heading.
const HEADING = 0.24;
// A limit this many times above the data is named, not drawn: it would press the data flat.
const LIMIT_IN_VIEW = 3.2;

/** The point from which the forecast starts: the floor's end, or the last raw point. */
export function forecastOf({ series, now, to }: MemoryInput): Forecast | undefined {
  const last = series.floor.at(-1);
  const end = series.points.at(-1);
  const left = series.timeToLimitS;
  if (!last || !end || !left || series.limitBytes === null || left.value < 0) return undefined;
  if (to < end[0] - 1000) return undefined; // looking at the past
  const ahead = (s: number) => end[0] + Math.max(0, s) * 1000;
  const isOpen = isNever(left.high);
  const high = ahead(isOpen ? 2 * left.value : left.high);
  if (high < now - 1000) return undefined;
  return { t: end[0], v: last[1], at: ahead(left.value), low: ahead(left.low), high, isOpen };
}

/** Without a chosen range, the chart is as long as its data; the forecast gets room on the right. */
export function domainOf(input: MemoryInput): { from: number; to: number; measuredTo: number } {
  const { series, chosen, now } = input;
  const first = series.points[0]?.[0];
  const from = chosen || first === undefined ? input.from : Math.max(input.from, first);
  const measuredTo = input.to; // a silence up to now is part of the picture
  const span = measuredTo - from;
  const forecast = forecastOf(input);
  if (!forecast || measuredTo < Math.min(now, forecast.t) - 1000) return { from, to: measuredTo, measuredTo };
  const reach = forecast.high + span * 0.03;
  const to = reach <= measuredTo + span * AHEAD ? reach : measuredTo + span * HEADING;
  return { from, to, measuredTo };
}

/** The largest value that must be in view. */
export function ceilingOf({ series }: MemoryInput, from: number): { max: number; limit: number | undefined } {
  let max = 0;
  for (const [t, v] of series.points) if (t >= from && v > max) max = v;
  for (const [t, v] of series.floor) if (t >= from && v > max) max = v;
  const limit = series.limitBytes ?? undefined;
  const inView = limit !== undefined && limit <= max * LIMIT_IN_VIEW;
  return { max: inView ? Math.max(max, limit) : max, limit: inView ? limit : undefined };
}

/** What the picture says, for those who do not see it. */
export function describe(input: MemoryInput, zone: Zone): string {
  const { series, now } = input;
  const [first, last] = [series.floor[0], series.floor.at(-1)];
  const parts = [`${roleWord(series.role)} of instance ${shortInstance(series.instance)}.`];
  if (first && last) {
    parts.push(`The floor goes from ${amount(first[1], series.unit)} to ${amount(last[1], series.unit)}.`);
  }
  if (series.onset) {
    const { t, low, high } = series.onset;
    parts.push(`Growth begins ${dayTime(t, zone)} (${between(low, high, zone)}).`);
  }
  if (series.slopeBytesPerHour) parts.push(`Slope ${slopeEstimate(series.slopeBytesPerHour, series.unit)}.`);
  if (series.limitBytes !== null) parts.push(`The limit is ${bytes(series.limitBytes)}.`);
  const forecast = forecastOf(input);
  if (forecast) {
    const left = seconds(Math.max(0, forecast.at - now) / 1000);
    parts.push(`It is reached in ${left}, about ${when(forecast.at, now, zone)}.`);
  }
  return parts.join(' ');
}

export const shortSlope = (slope: { value: number } | null, unit: 'bytes' | 'count'): string =>
  slope === null ? '–' : slopeEstimate(slope.value, unit);
