import { fitLine } from './statistics.ts';

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
  readonly bytesPerUnit: { readonly value: number; readonly low: number; readonly high: number } | null;
}

const MIN_SNAPSHOTS = 3;
const LEAST_SHARE = 0.05;
const MAX_LINES = 5;
const HOUR_MS = 3_600_000;

/**
 * Sites whose live bytes grow since the onset, each regressed on the same counts as the floor, so that unit and line tell
 * of one thing. Where they were allocated; a profile does not know who holds them.
 *
 * @param countAt finished units of the suspect at a time; undefined when none is known
 */
export function growingLines<S>(
  sites: readonly SiteLine<S>[],
  totals: { readonly times: readonly number[]; readonly values: readonly number[] },
  onset: number,
  countAt: ((time: number) => number) | undefined,
): GrowingLine<S>[] {
  const whole = growthOf(totals, onset);
  if (!(whole > 0)) return [];
  return sites
    .flatMap((one) => lineOf(one, onset, whole, countAt) ?? [])
    .toSorted((a, b) => b.share - a.share)
    .slice(0, MAX_LINES);
}

function lineOf<S>(
  { site, times, values }: SiteLine<S>,
  onset: number,
  whole: number,
  countAt: ((time: number) => number) | undefined,
): GrowingLine<S> | undefined {
  const since = pointsSince({ times, values }, onset);
  const n = since.times.length;
  if (n < 2) return undefined;
  const byTime = fitLine(since);
  const duration = since.times[n - 1]! - since.times[0]!;
  const share = Math.min(1, (byTime.slope * duration) / whole);
  if (!(share >= LEAST_SHARE)) return undefined;
  const bytesPerUnit = countAt && n >= MIN_SNAPSHOTS ? perUnit(since, countAt) : null;
  return { site, share, bytesPerHour: byTime.slope * HOUR_MS, bytesPerUnit };
}

function perUnit(
  { times, values }: Since,
  countAt: (time: number) => number,
): GrowingLine<never>['bytesPerUnit'] {
  const line = fitLine({ times: times.map(countAt), values });
  if (!(line.sxx > 0)) return null;
  const error = 1.96 * Math.sqrt(line.sse / Math.max(1, line.n - 2) / line.sxx);
  return line.slope > error ? { value: line.slope, low: line.slope - error, high: line.slope + error } : null;
}

interface Since {
  readonly times: Float64Array;
  readonly values: Float64Array;
}

/** Snapshots since the onset, and the last one before it, which shows the flat level. */
function pointsSince(
  { times, values }: { times: readonly number[]; values: readonly number[] },
  onset: number,
): Since {
  const first = Math.max(
    0,
    times.findLastIndex((time) => time <= onset),
  );
  return { times: Float64Array.from(times.slice(first)), values: Float64Array.from(values.slice(first)) };
}

function growthOf(series: { times: readonly number[]; values: readonly number[] }, onset: number): number {
  const since = pointsSince(series, onset);
  const n = since.times.length;
  return n < 2 ? 0 : fitLine(since).slope * (since.times[n - 1]! - since.times[0]!);
}
