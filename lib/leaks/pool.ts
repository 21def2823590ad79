import type { Life } from '../model/leak.ts';
import { isCountRole } from '../model/memory.ts';
import { MINUTE_MS } from '../model/units.ts';
import { ageCurves, lineBeside } from './age-curve.ts';
import { decimate } from './buckets.ts';
import { floorOf } from './floor.ts';
import { durationText } from './reason.ts';
import { withoutSeason } from './season.ts';
import type { Settings } from './settings.ts';
import { firstAfter, firstAtOrAfter, fitLine, median, type Points } from './statistics.ts';

/** What many short lives say together, by the age of the process. */
export type Pooled =
  | {
      readonly kind: 'leak';
      readonly lives: number;
      readonly slopePerMs: number;
      readonly errorPerMs: number;
      readonly medianLifeMs: number;
      /** Slope over the last two thirds of the median life of each life that was used. */
      readonly slopes: readonly LifeSlope[];
    }
  | { readonly kind: 'slowing'; readonly lives: number; readonly medianLifeMs: number }
  | { readonly kind: 'none'; readonly lives: number }
  | {
      readonly kind: 'too-short';
      readonly lives: number;
      readonly missing: string;
      /** Most lives end while any process still starts up. */
      readonly isStartUp: boolean;
    };

export interface LifeSlope {
  readonly birth: number;
  readonly perMs: number;
}

const MIN_LIVES = 5;
const MIN_LOWS_PER_THIRD = 4;
/** Lows of one life that the pool looks at; more only cost time. */
const MAX_LOWS = 240;
const MIN_Z = 3;
/** Slope of the last third must keep this share of the middle one's: a warm-up slows. */
const NOT_SLOWING = 0.6;
/** BIC by which a straight line must be needed beside the best warm-up. */
const MIN_EVIDENCE = 8;
const MIN_SHARE_RISING = 0.6;
/** Least rise over the judged two thirds, as a share of the level. */
const LEAST_RISE = 0.015;
/** Start-up of real runtimes (compiling, pools, caches) takes minutes: lives that end within it show nothing else. */
const START_UP_MS = 30 * MINUTE_MS;

/**
 * Pools lives that are too short to be judged alone: by age, the last two thirds of the median life must rise in most
 * lives and must not slow, and no shape of warm-up that levels off, nor a logarithm, may explain it without a straight
 * line beside. A fixed cut or one fitted warm-up model flags healthy cohorts (measured: 45 to 100 %).
 */
export function poolByAge(given: readonly Life[], settings: Settings): Pooled {
  const lives = given.filter((life) => !life.mixedWriters && life.times.length > 0);
  if (lives.length === 0)
    return { kind: 'too-short', lives: 0, missing: 'no life has a reading', isStartUp: false };
  const floors = withoutSeason(lives.map((life) => lowsOf(life, settings)));
  const births = lives.map((life) => life.startedAt ?? life.times[0]!);
  const ages = floors.map(({ times, values }, i) => ({ times: times.map((t) => t - births[i]!), values }));
  const life = median(ages.map((p) => p.times.at(-1)!));
  const usable = ages
    .map((points, i) => ({ points, birth: births[i]! }))
    .filter(({ points }) => thirds(life).every(([a, b]) => lowsWithin(points, a, b) >= MIN_LOWS_PER_THIRD));
  if (usable.length < MIN_LIVES || life < START_UP_MS)
    return {
      kind: 'too-short',
      lives: usable.length,
      missing: missingText(ages, life),
      isStartUp: life < START_UP_MS,
    };
  return judged(usable, life, isCountRole(lives[0]!.role) ? settings.minRiseCount : 0);
}

function lowsOf(life: Life, settings: Settings): Points {
  // Single lows: the lower of two neighbours lies deeper where the curve is flat than where it is steep, and at the end.
  const { levels, collected } = floorOf(life, settings);
  return decimate(levels, MAX_LOWS, collected ? 'minima' : 'medians');
}

interface Aged {
  readonly points: Points; // times are ages
  readonly birth: number;
}

function judged(usable: readonly Aged[], life: number, leastRise: number): Pooled {
  const lives = usable.map(({ points, birth }) => ({
    birth,
    level: points.values[0]!,
    whole: slopeWithin(points, life / 3, life),
    kept: keptOf(points, life),
  }));
  const clusters = clustersOf(lives, life / 4);
  const whole = meanAndError(lives, clusters, ({ whole: slope }) => slope);
  const kept = meanAndError(lives, clusters, (one) => one.kept);
  const rising = lives.filter((one) => one.whole > 0).length / lives.length;
  const level = median(lives.map((one) => one.level));
  const leastSlope = Math.max(LEAST_RISE * level, leastRise) / ((2 * life) / 3);
  const isRising =
    whole.mean - whole.critical * whole.error > 0 && whole.mean > leastSlope && rising >= MIN_SHARE_RISING;
  const count = lives.length;
  if (!isRising) return { kind: 'none', lives: count };
  const halves = [0, 1].map((parity) => lives.filter((_, i) => i % 2 === parity));
  const goesOn = kept.mean > -kept.error && halves.every((half) => mean(half.map((one) => one.whole)) > 0);
  const line = lineBeside(
    ageCurves(
      usable.map(({ points }) => points),
      life,
    ),
  );
  const isStraight = line.evidence > MIN_EVIDENCE && line.perMs > leastSlope / 2;
  if (!goesOn || !isStraight) return { kind: 'slowing', lives: count, medianLifeMs: life };
  return {
    kind: 'leak',
    lives: count,
    slopePerMs: whole.mean,
    errorPerMs: whole.error,
    medianLifeMs: life,
    slopes: lives.map(({ birth, whole: perMs }) => ({ birth, perMs })),
  };
}

const thirds = (life: number): [number, number][] => [
  [0, life / 3],
  [life / 3, (2 * life) / 3],
  [(2 * life) / 3, life],
];

const range = (p: Points, from: number, to: number): [number, number] => [
  firstAtOrAfter(p.times, from),
  firstAfter(p.times, to),
];

function lowsWithin(p: Points, from: number, to: number): number {
  const [a, b] = range(p, from, to);
  return b - a;
}

function slopeWithin(p: Points, from: number, to: number): number {
  const [a, b] = range(p, from, to);
  return fitLine(p, a, b).slope;
}

/**
 * By how much the slope of the last third exceeds what a warm-up may still have of the middle third's, from one line with
 * a bend at two thirds: it has a smaller error than two lines that do not meet.
 */
function keptOf(p: Points, life: number): number {
  const [a, b] = range(p, life / 3, life);
  const x = p.times.subarray(a, b);
  const y = p.values.subarray(a, b);
  const bend = (2 * life) / 3;
  const early = x.map((t) => Math.min(t, bend) - life / 3);
  const late = x.map((t) => Math.max(0, t - bend));
  const [slopeEarly, slopeLate] = twoSlopes(early, late, y);
  return slopeLate - NOT_SLOWING * slopeEarly;
}

/** Least squares of y on 1, a and b. */
function twoSlopes(a: Float64Array, b: Float64Array, y: Float64Array): [number, number] {
  const [ma, mb, my] = [mean(a), mean(b), mean(y)];
  let [aa, bb, ab, ay, by] = [0, 0, 0, 0, 0];
  for (let i = 0; i < y.length; i++) {
    const [da, db, dy] = [a[i]! - ma, b[i]! - mb, y[i]! - my];
    aa += da * da;
    bb += db * db;
    ab += da * db;
    ay += da * dy;
    by += db * dy;
  }
  const determinant = aa * bb - ab * ab;
  if (!(determinant > 0)) return [0, 0];
  return [(ay * bb - by * ab) / determinant, (by * aa - ay * ab) / determinant];
}

const mean = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
};

/** Lives that were born together see the same traffic: they are one witness. Indices of each cluster. */
function clustersOf(lives: readonly { birth: number }[], reach: number): number[][] {
  const order = lives.map((_, i) => i).toSorted((a, b) => lives[a]!.birth - lives[b]!.birth);
  const clusters: number[][] = [];
  let first = Number.NEGATIVE_INFINITY;
  for (const i of order) {
    const { birth } = lives[i]!;
    if (birth - first > reach) {
      clusters.push([]);
      first = birth;
    }
    clusters.at(-1)!.push(i);
  }
  return clusters;
}

/** Mean over lives; the larger of the errors by lives and by clusters, with the critical value that goes with it. */
function meanAndError<T>(lives: readonly T[], clusters: readonly number[][], take: (life: T) => number) {
  const n = lives.length;
  const values = lives.map(take);
  const middle = mean(values);
  const byLife = values.reduce((sum, v) => sum + (v - middle) ** 2, 0) / (n - 1) / n;
  const c = clusters.length;
  const sums = clusters.map((cluster) => cluster.reduce((sum, i) => sum + values[i]! - middle, 0));
  const byCluster = c > 1 ? (sums.reduce((sum, v) => sum + v * v, 0) / (n * n)) * (c / (c - 1)) : 0;
  const freedom = byCluster > byLife ? c - 1 : n - 1;
  return { mean: middle, error: Math.sqrt(Math.max(byLife, byCluster)), critical: studentOf(MIN_Z, freedom) };
}

/** Quantile of Student's t that is as rare as z of the normal (Fisher's expansion, Abramowitz and Stegun 26.7.5). */
function studentOf(z: number, freedom: number): number {
  const [z3, z5] = [z ** 3, z ** 5];
  return z + (z3 + z) / (4 * freedom) + (5 * z5 + 16 * z3 + 3 * z) / (96 * freedom ** 2);
}

function missingText(ages: readonly Points[], life: number): string {
  const lows = median(ages.map((p) => p.times.length));
  const needed = 3 * MIN_LOWS_PER_THIRD;
  if (lows < needed || life < START_UP_MS) {
    const wanted = Math.max((life * needed) / Math.max(1, lows), START_UP_MS);
    return `median life ${durationText(life)} with ${Math.round(lows)} lows; needs ${needed} lows, about ${durationText(wanted)}`;
  }
  return `${ages.length} lives; needs ${MIN_LIVES} of about the same length`;
}
