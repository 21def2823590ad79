import { DAY_MS, HOUR_MS } from '../model/units.ts';
import { type Column, dot, effectOf, orthonormal, project, whitener } from './least-squares.ts';
import { clamp, firstAfter, firstAtOrAfter, lag1, median, type Points } from './statistics.ts';

/** Ages at which the lives are averaged, at most and at least. */
const MAX_BINS = 36;
const MIN_BINS = 8;
/** Time constants of a warm-up that may be told from a line, as shares of the life; longer ones slow too little. */
const TIME_CONSTANTS = Array.from({ length: 17 }, (_, i) => 1 / 40 / 0.84 ** i);
/** The longest of them: caches of real services fill within a day or two. */
const LONGEST_CONSTANT_MS = DAY_MS;
/** Paces of logarithms: c in ln(1 + c·share). */
const PACES = [3, 10, 15, 30, 60, 120, 300];
/** The longest life/c: what slows later than that is still growing. */
const LONGEST_LOGARITHM_MS = 8 * HOUR_MS;

/** The floors of lives by age, each one's own level taken off, and their mean. */
export interface AgeCurves {
  /** Mean ages of the lows of each bin, ms. */
  readonly ages: Float64Array;
  readonly rows: readonly Float64Array[];
  readonly mean: Float64Array;
  readonly weights: readonly number[];
}

/** @param lives points whose times are ages; each has lows in all parts of `life` */
export function ageCurves(lives: readonly Points[], weights: readonly number[], life: number): AgeCurves {
  const lows = median(lives.map(({ times }) => firstAfter(times, life)));
  const bins = clamp(Math.floor(lows), MIN_BINS, MAX_BINS);
  const begin = median(lives.map(({ times }) => times[0]!));
  const width = (life - begin) / bins;
  const ages = new Float64Array(bins);
  const counts = new Float64Array(bins);
  const rows = lives.map((points) => {
    const row = new Float64Array(bins);
    for (let b = 0; b < bins; b++) {
      const from = firstAtOrAfter(points.times, begin + b * width);
      const to = firstAtOrAfter(points.times, begin + (b + 1) * width + (b === bins - 1 ? 1 : 0));
      let sum = 0;
      for (let i = from; i < to; i++) {
        sum += points.values[i]!;
        ages[b]! += points.times[i]!;
        counts[b]! += 1;
      }
      row[b] = to > from ? sum / (to - from) : Number.NaN;
    }
    return row;
  });
  fillGaps(rows, weights);
  for (const row of rows) {
    const level = row.reduce((sum, v) => sum + v / bins, 0);
    for (let b = 0; b < bins; b++) row[b]! -= level;
  }
  const total = weights.reduce((sum, w) => sum + w, 0);
  const mean = ages.map((_, b) => rows.reduce((sum, row, i) => sum + weights[i]! * row[b]!, 0) / total);
  return {
    ages: ages.map((sum, b) => (counts[b]! > 0 ? sum / counts[b]! : begin + (b + 0.5) * width)),
    rows,
    mean,
    weights,
  };
}

/**
 * A bin without a low, most often after the end of a shorter life, goes on as the other lives do there on the average: a
 * level that is held would look like a rise that slows.
 */
function fillGaps(rows: readonly Float64Array[], weights: readonly number[]): void {
  const bins = rows[0]?.length ?? 0;
  for (const row of rows) if (Number.isNaN(row[0]!)) row[0] = row.find((v) => !Number.isNaN(v)) ?? 0;
  for (let b = 1; b < bins; b++) {
    let [sum, total] = [0, 0];
    for (const [i, row] of rows.entries()) {
      if (Number.isNaN(row[b]!)) continue;
      sum += weights[i]! * (row[b]! - row[b - 1]!);
      total += weights[i]!;
    }
    const step = total > 0 ? sum / total : 0;
    for (const row of rows) if (Number.isNaN(row[b]!)) row[b] = row[b - 1]! + step;
  }
}

/** BIC by which a straight line beside a warm-up explains the curve better than any warm-up alone, and its slope. */
export interface LineBeside {
  readonly perMs: number;
  readonly evidence: number;
}

/**
 * Whether a straight line is needed beside a warm-up: one or two exponentials that level off within the life, or a
 * logarithm, which never quite does. The noise is that between lives: what one curve leaves is too little where its
 * warm-up was chosen to fit.
 */
export function lineBeside({ ages, rows, mean, weights }: AgeCurves): LineBeside {
  const n = ages.length;
  const life = ages.at(-1)!;
  const ones = new Float64Array(n).fill(1);
  const white = whitener(ages, life / n, correlationOf(rows, weights, mean));
  const y = white.apply(mean);
  const variance = varianceOfMean(
    rows.map((row) => white.apply(row)),
    weights,
    y,
  );
  let alone = Number.POSITIVE_INFINITY;
  let best = { bic: Number.POSITIVE_INFINITY, perMs: 0 };
  for (const columns of warmUps(ages, life)) {
    const base = orthonormal([ones, ...columns].map((c) => white.apply(c)));
    const left = project(y.slice(), base);
    const without = dot(left, left);
    const { coefficient, sse } = effectOf(project(white.apply(ages), base), left, without);
    const price = 2 * columns.length * Math.log(n);
    alone = Math.min(alone, without / variance + price);
    const bic = sse / variance + price + Math.log(n);
    if (bic < best.bic) best = { bic, perMs: coefficient };
  }
  return { perMs: best.perMs, evidence: alone - best.bic };
}

/** Lag-1 correlation within lives, of what differs from their mean. */
function correlationOf(
  rows: readonly Float64Array[],
  weights: readonly number[],
  mean: Float64Array,
): number {
  let cross = 0;
  let square = 0;
  for (const [i, row] of rows.entries()) {
    const own = row.map((v, b) => v - mean[b]!);
    const sum = dot(own, own) * weights[i]!;
    cross += lag1(own) * sum;
    square += sum;
  }
  // Each life's own level was taken off, which makes neighbours look less alike.
  return clamp(square > 0 ? cross / square + 2 / mean.length : 0, 0, 0.9);
}

/** Of the weighted mean, per bin, from what lies between lives. */
function varianceOfMean(
  rows: readonly Float64Array[],
  weights: readonly number[],
  mean: Float64Array,
): number {
  const total = weights.reduce((sum, w) => sum + w, 0);
  let sum = 0;
  for (const [i, row] of rows.entries())
    for (let b = 0; b < mean.length; b++) sum += weights[i]! * (row[b]! - mean[b]!) ** 2;
  return Math.max(sum / total / Math.max(1, rows.length - 1) / mean.length, 1e-300);
}

function* warmUps(ages: Float64Array, life: number): Iterable<Column[]> {
  yield [];
  const constants = TIME_CONSTANTS.map((share) => share * life).filter((tau) => tau <= LONGEST_CONSTANT_MS);
  const exponentials = constants.map((tau) => ages.map((t) => -Math.exp(-t / tau)));
  for (const [i, one] of exponentials.entries()) {
    yield [one];
    for (const other of exponentials.slice(i + 2)) yield [one, other];
  }
  for (const pace of PACES)
    if (life / pace <= LONGEST_LOGARITHM_MS) yield [ages.map((t) => Math.log1p((pace * t) / life))];
}
