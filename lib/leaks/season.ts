import { DAY_MS, HOUR_MS } from '../model/units.ts';
import { type Column, dot, orthonormal, project } from './least-squares.ts';
import { median, type Points } from './statistics.ts';

/** A day and half a day: load follows the sun. */
const PERIODS_MS = [DAY_MS, DAY_MS / 2];
/** A week and half a week, where lives last for days. */
const WEEK_MS = 7 * DAY_MS;
const PERIODS_OF_WEEKS_MS = [...PERIODS_MS, WEEK_MS, WEEK_MS / 2];
/** A season is believed when it was seen more than once. */
const MIN_SPAN_MS = 1.5 * DAY_MS;
const MIN_SPAN_OF_WEEKS_MS = 3 * WEEK_MS;
/** Points of one life that the fit uses. */
const POINTS_PER_LIFE = 24;
const POINTS_PER_LONG_LIFE = 96;
const LONG_LIFE_MS = 2 * DAY_MS;

/**
 * Lives without the daily (and, over weeks, the weekly) swing that they have in common, fitted jointly with a level of
 * their own for each: pods that come every morning would else take the morning for growth. Lives of days also share a
 * bent growth by age, which is left in. Unchanged when the data are shorter than a day and a half.
 */
export function withoutSeason(lives: readonly Points[]): readonly Points[] {
  const first = Math.min(...lives.map(({ times }) => times[0] ?? Number.POSITIVE_INFINITY));
  const last = Math.max(...lives.map(({ times }) => times.at(-1) ?? Number.NEGATIVE_INFINITY));
  if (lives.length < 2 || !(last - first >= MIN_SPAN_MS)) return lives;
  const isLong = median(lives.map(spanOf)) >= LONG_LIFE_MS;
  const periods = isLong && last - first >= MIN_SPAN_OF_WEEKS_MS ? PERIODS_OF_WEEKS_MS : PERIODS_MS;
  const samples = lives.map((life) => sampled(life, isLong ? POINTS_PER_LONG_LIFE : POINTS_PER_LIFE));
  const columns = waves(
    samples.flatMap(({ times }) => [...times]),
    periods,
  );
  const values = Float64Array.from(samples.flatMap(({ values: some }) => [...some]));
  const bounds = [0];
  for (const { times } of samples) bounds.push(bounds.at(-1)! + times.length);
  const growth = isLong ? growthByAge(samples) : [];
  const centred = [...columns, ...growth, values].map((column) => withoutLevels(column, bounds));
  const y = centred.pop()!;
  const coefficients = solve(centred, y).slice(0, columns.length);
  return lives.map(({ times, values: own }) => {
    const wave = waves([...times], periods);
    return {
      times,
      values: own.map((v, i) => wave.reduce((left, c, k) => left - coefficients[k]! * c[i]!, v)),
    };
  });
}

const spanOf = ({ times }: Points): number => (times.at(-1) ?? 0) - (times[0] ?? 0);

/** Age and its logarithm in hours: what a warm-up and a leak have in common over all lives. */
function growthByAge(lives: readonly Points[]): Column[] {
  const ages = lives.flatMap(({ times }) => [...times].map((t) => (t - times[0]!) / HOUR_MS));
  return [Float64Array.from(ages), Float64Array.from(ages, (age) => Math.log1p(age))];
}

/** A daily swing is taken out of one life when it was seen twice… */
const TWO_DAYS_MS = 2 * DAY_MS;
/** …and makes this share of what a bent line leaves. */
const MIN_EXPLAINED = 0.2;
const POINTS_OF_ONE = 600;

/**
 * One life without its daily swing, fitted beside a line that may bend, so that growth is not taken for a part of it.
 * Unchanged when it is shorter than two days, or has no such swing.
 */
export function withoutDay(points: Points): Points {
  const day = dayOf(points);
  if (day === undefined || !day.isClear) return points;
  const wave = waves([...points.times], PERIODS_MS);
  return {
    times: points.times,
    values: points.values.map((v, i) => wave.reduce((left, c, k) => left - day.coefficients[k]! * c[i]!, v)),
  };
}

/**
 * From trough to peak of the daily swing of one life, in the unit of its values; noise makes it larger, never smaller on
 * the average. Undefined when the life is shorter than two days.
 */
export function daySwing(points: Points): number | undefined {
  const day = dayOf(points);
  if (day === undefined) return undefined;
  const hours = Array.from({ length: 24 }, (_, hour) => hour * HOUR_MS);
  const wave = waves(hours, PERIODS_MS);
  const levels = hours.map((_, i) => wave.reduce((sum, c, k) => sum + day.coefficients[k]! * c[i]!, 0));
  return Math.max(...levels) - Math.min(...levels);
}

/** The daily waves of one life, beside a line that may bend. */
function dayOf({ times, values }: Points): { coefficients: number[]; isClear: boolean } | undefined {
  const n = times.length;
  if (n < 24 || !(times[n - 1]! - times[0]! >= TWO_DAYS_MS)) return undefined;
  const stride = Math.ceil(n / POINTS_OF_ONE);
  const kept = times.filter((_, i) => i % stride === 0);
  const share = kept.map((t) => (t - times[0]!) / (times[n - 1]! - times[0]!));
  const trend = orthonormal([share.map(() => 1), share, share.map((x) => x * x)]);
  const columns = waves([...kept], PERIODS_MS).map((column) => project(column, trend));
  const y = project(
    values.filter((_, i) => i % stride === 0),
    trend,
  );
  const explained = orthonormal(columns).reduce((sum, q) => sum + dot(q, y) ** 2, 0);
  return { coefficients: solve(columns, y), isClear: explained >= MIN_EXPLAINED * dot(y, y) };
}

function sampled({ times, values }: Points, most: number): Points {
  const stride = Math.max(1, Math.floor(times.length / most));
  const keep = (_: number, i: number) => i % stride === 0;
  return { times: times.filter(keep), values: values.filter(keep) };
}

const waves = (times: readonly number[], periods: readonly number[]): Column[] =>
  periods.flatMap((period) =>
    [Math.sin, Math.cos].map((wave) => Float64Array.from(times, (t) => wave((2 * Math.PI * t) / period))),
  );

/** Each life's mean taken off: the same as a column of its own for each level. */
function withoutLevels(column: Column, bounds: readonly number[]): Column {
  const out = column.slice();
  for (let b = 1; b < bounds.length; b++) {
    const part = out.subarray(bounds[b - 1], bounds[b]);
    const mean = part.reduce((sum, v) => sum + v, 0) / Math.max(1, part.length);
    for (let i = 0; i < part.length; i++) part[i]! -= mean;
  }
  return out;
}

/** Coefficients of a handful of columns. */
function solve(columns: readonly Column[], y: Column): number[] {
  return columns.map((column, k) => {
    const base = orthonormal(columns.filter((_, i) => i !== k));
    const own = project(column.slice(), base);
    const length = dot(own, own);
    return length > 1e-6 * dot(column, column) ? dot(own, y) / length : 0;
  });
}
