import type { Interval } from '../model/leak.ts';
import { studentQuantile } from '../model/student.ts';
import { HOUR_MS } from '../model/units.ts';
import { fitLine, type Points } from './statistics.ts';

/** What is live at one allocation site, snapshot by snapshot. */
export interface SiteLine<S> {
  readonly site: S;
  readonly times: readonly number[];
  readonly values: readonly number[];
}

/** A site whose live bytes grow since the onset. */
export interface GrowingLine<S> {
  readonly site: S;
  /** Share of what grew in all snapshots together. */
  readonly share: number;
  readonly bytesPerHour: number;
  /** Per unit of the suspect; null without its counts, or with too few snapshots for an interval. */
  readonly bytesPerUnit: Interval | null;
}

const MIN_SNAPSHOTS = 3;
/** From so many on a site must grow beyond chance, and go on to. */
const ENOUGH_SNAPSHOTS = 4;
const LEAST_SHARE = 0.05;
const MAX_LINES = 5;
/** A site that came to less than this share of its growth in the later half has settled: half of it is usual, a cache that
 * fills in a third of the time has .2. */
const STILL_GROWS = 0.2;
/** What grows by chance falls by more than this share of it on the way. */
const GIVEN_BACK = 0.1;

/**
 * Sites whose live bytes grow since the onset, each regressed on the same counts as the floor, so that unit and line tell
 * of one thing. Where they were allocated; a profile does not know who holds them. What settled since, such as a cache
 * that has filled, is no part of what stays. Cost: a few passes over the snapshots of each site.
 *
 * @param countAt finished units of the suspect at a time; undefined when none is known
 */
export function growingLines<S>(
  sites: readonly SiteLine<S>[],
  totals: { readonly times: readonly number[]; readonly values: readonly number[] },
  onset: number,
  countAt: ((time: number) => number) | undefined,
): GrowingLine<S>[] {
  const hours: Axis = (time) => Math.max(0, time - onset) / HOUR_MS;
  const units: Axis | undefined = countAt && ((time) => Math.max(0, countAt(time) - countAt(onset)));
  const rises = sites.flatMap(({ site, ...series }) => {
    const rise = riseOf(series, onset, hours, units);
    return rise ? [{ site, ...rise }] : [];
  });
  const whole = riseOf(totals, onset, hours, units)?.growth ?? 0;
  const settled = rises.filter(({ settles, growth }) => settles && growth > 0);
  const stayed = whole - settled.reduce((sum, { growth }) => sum + growth, 0);
  return rises
    .filter(({ settles, isChance }) => !settles && !isChance)
    .map(({ site, growth, perHour, perUnit }) => ({
      ...{ site, share: Math.min(1, growth / stayed), bytesPerHour: perHour },
      bytesPerUnit: perUnit && perUnit.low > 0 ? perUnit : null,
    }))
    .filter(({ share }) => stayed > 0 && share >= LEAST_SHARE)
    .toSorted((a, b) => b.share - a.share)
    .slice(0, MAX_LINES);
}

/** Where a time lies on the axis along which growth is straight; 0 up to the onset. */
type Axis = (time: number) => number;

interface Rise {
  readonly growth: number;
  readonly perHour: number;
  readonly perUnit: Interval | null;
  readonly settles: boolean;
  readonly isChance: boolean;
}

/** Snapshots since the onset, and the last one before it, which shows the flat level. Undefined for fewer than two. */
function riseOf(
  { times, values }: { readonly times: readonly number[]; readonly values: readonly number[] },
  onset: number,
  hours: Axis,
  units: Axis | undefined,
): Rise | undefined {
  const first = Math.max(
    0,
    times.findLastIndex((time) => time <= onset),
  );
  const n = times.length - first;
  if (n < 2) return undefined;
  const y = Float64Array.from(values.slice(first));
  const along = (axis: Axis) => ({ times: Float64Array.from(times.slice(first), axis), values: y });
  const byTime = along(hours);
  const byUnit = units && along(units);
  const isCounted = byUnit !== undefined && byUnit.times[n - 1]! > byUnit.times[0]!;
  const points = isCounted ? byUnit : byTime;
  const slope = n < MIN_SNAPSHOTS ? null : slopeOfSites(points);
  return {
    growth: fitLine(points).slope * (points.times[n - 1]! - points.times[0]!),
    perHour: fitLine(byTime).slope,
    perUnit: isCounted ? slope : null,
    settles: n >= ENOUGH_SNAPSHOTS && settles(points),
    isChance: n >= ENOUGH_SNAPSHOTS && !(slope !== null && slope.low > 0) && comesAndGoes(y),
  };
}

/** A table that doubles grows in too few steps for an interval, but gives next to nothing back. */
function comesAndGoes(values: Float64Array): boolean {
  let [top, fall] = [values[0]!, 0];
  for (const value of values) {
    top = Math.max(top, value);
    fall = Math.max(fall, top - value);
  }
  return fall > GIVEN_BACK * (values.at(-1)! - values[0]!);
}

/** By means of a sixth of the snapshots each: at the beginning, half of the way, and at the end. */
function settles({ times, values }: Points): boolean {
  const n = times.length;
  const size = Math.ceil(n / 6);
  const middle = times.findIndex((x) => x >= (times[0]! + times[n - 1]!) / 2);
  const mean = (from: number) => {
    const begin = Math.min(Math.max(0, from), n - size);
    return values.subarray(begin, begin + size).reduce((sum, value) => sum + value, 0) / size;
  };
  const [start, half, end] = [mean(0), mean(middle - Math.floor(size / 2)), mean(n - size)];
  return end - half < STILL_GROWS * (end - start);
}

/**
 * A slope with its 95 % interval. What profilers keep is a sample: an object that was drawn stays in every later snapshot, so
 * that errors add up from one to the next, while garbage comes and goes. Both are estimated from how the differences of
 * neighbours scatter and follow each other (an interval from the scatter about the line held the truth once in three times).
 */
function slopeOfSites(points: Points): Interval | null {
  const { times, values } = points;
  const n = times.length;
  const { slope, sxx, center } = fitLine(points);
  if (!(sxx > 0)) return null;
  let [square, cross, before, reach, reaches] = [0, 0, 0, 0, 0];
  for (let i = n - 1; i > 0; i -= 1) {
    const left = values[i]! - values[i - 1]! - slope * (times[i]! - times[i - 1]!);
    square += left ** 2 / (n - 2);
    cross += (left * before) / (n - 2);
    before = left;
    // What one difference is worth in the slope: it moves all points from here on.
    reach += (times[i]! - center) / sxx;
    reaches += reach ** 2;
  }
  cross += square / n; // as much too low as one slope makes it
  const lasting = Math.max(0, square + 2 * cross);
  const passing = Math.max(0, -cross);
  const half = studentQuantile(0.025, n - 2) * Math.sqrt(lasting * reaches + passing / sxx);
  return { value: slope, low: slope - half, high: slope + half };
}
