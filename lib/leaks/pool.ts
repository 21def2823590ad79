import type { Life } from '../model/leak.ts';
import { isCountRole } from '../model/memory.ts';
import { DAY_MS } from '../model/units.ts';
import { ageCurves, lineBeside } from './age-curve.ts';
import { decimate } from './buckets.ts';
import { type Floor, floorOf } from './floor.ts';
import { clustersOf, meanAndError } from './pool-mean.ts';
import type { AgedLife } from './pool-units.ts';
import { durationText } from './reason.ts';
import { withoutSeason } from './season.ts';
import { type Settings, START_UP_MS } from './settings.ts';
import {
  firstAfter,
  firstAtOrAfter,
  fitLine,
  inflationAbout,
  median,
  type Points,
  slicePoints,
} from './statistics.ts';

/** What many short lives say together, by the age of the process. */
export type Pooled =
  | {
      readonly kind: 'leak';
      readonly slopes: readonly LifeSlope[];
      /** Each life lasts for days: a few of them tell as much as dozens of hours. */
      readonly isLong: boolean;
      readonly slopePerMs: number;
      readonly errorPerMs: number;
      readonly medianLifeMs: number;
      readonly lives: readonly AgedLife[];
    }
  | {
      readonly kind: 'slowing';
      readonly slopes: readonly LifeSlope[];
      readonly isLong: boolean;
      readonly medianLifeMs: number;
    }
  | { readonly kind: 'none'; readonly slopes: readonly LifeSlope[]; readonly isLong: boolean }
  | {
      readonly kind: 'too-short';
      readonly missing: string;
      /** Most lives end while any process still starts up. */
      readonly isStartUp: boolean;
    };

/** Slope over the last two thirds of the median life of one life that was long enough. */
export interface LifeSlope {
  readonly birth: number;
  readonly perMs: number;
  /** How much it counts beside the others: 1, less when it is much noisier. */
  readonly weight: number;
}

/** Half of a life lies beyond start-up: of healthy lives of 40 min that warm up for 18, one pool in four rose to its end. */
const MIN_LIFE_MS = 2 * START_UP_MS;
const MIN_LIVES = 5;
const MIN_LONG_LIVES = 3;
const MIN_LOWS_PER_THIRD = 4;
/** Lows of one life that the pool looks at; more only cost time. */
const MAX_LOWS = 240;
/** Parts of a long life of a heap whose least readings are pooled: longer than a tooth of the saw. */
const PARTS = 18;
const MIN_Z = 3;
/** Slope of the last third must keep this share of the middle one's: a warm-up slows. */
const NOT_SLOWING = 0.6;
/** BIC by which a straight line must be needed beside the best warm-up. */
const MIN_EVIDENCE = 8;
const MIN_SHARE_RISING = 0.6;
/** Least rise over the judged two thirds, as a share of the level. */
const LEAST_RISE = 0.015;
/**
 * Lives of days have hundreds of lows each, and warm-ups are over early in them: less is asked of each figure. Measured
 * on made services that are deployed each 3 to 7 days: of ten healthy pools that were told of (caches and warm-ups of a
 * day, in some 40,000 days) evidence is 5 to 13, of 4 MB a day 5 to 140. With 8 half of the ten are silent, and 42 of 54
 * leaks are told of instead of 43; with 10 seven and 39.
 */
const LONG_LIFE_MS = 2 * DAY_MS;
const LEAST_RISE_LONG = 0.0075;
const MIN_Z_LONG = 2.5;
const MIN_EVIDENCE_LONG = 8;
/** An own error of a life of days is worth so many lives. */
const KNOWN_LIVES = 6;
/** So much that the last third need not tell by itself. */
const SURE_EVIDENCE_LONG = 15;

/**
 * Pools lives that are too short to be judged alone: by age, the last two thirds of the median life must rise in most
 * lives and must not slow, and no shape of warm-up that levels off, nor a logarithm, may explain it without a straight
 * line beside. A fixed cut or one fitted warm-up model flags healthy cohorts (measured: 45 to 100 %).
 */
export function poolByAge(given: readonly Life[], settings: Settings): Pooled {
  const lives = given.filter((life) => !life.mixedWriters && life.times.length > 0);
  if (lives.length === 0) return { kind: 'too-short', missing: 'no life has a reading', isStartUp: false };
  const floors = lives.map((life) => floorOf(life, settings));
  const isProven = floors.some(({ collections }) => collections.times.length >= settings.minMajorCollections);
  const lows = withoutSeason(floors.map((floor) => lowsOf(floor, isProven)));
  const births = lives.map((life) => life.startedAt ?? life.times[0]!);
  const ages = lows.map(({ times, values }, i) => ({ times: times.map((t) => t - births[i]!), values }));
  const life = median(ages.map((p) => p.times.at(-1)!));
  const usable = ages
    .map((points, i) => ({ points, birth: births[i]!, life: lives[i]! }))
    .filter(({ points }) => thirds(life).every(([a, b]) => lowsWithin(points, a, b) >= MIN_LOWS_PER_THIRD));
  if (usable.length < leastLives(life) || life < MIN_LIFE_MS)
    return {
      kind: 'too-short',
      missing: missingText(ages, life),
      isStartUp: life < MIN_LIFE_MS,
    };
  return judged(usable, life, isCountRole(lives[0]!.role) ? settings.minRiseCount : 0);
}

/**
 * Single lows: the lower of two neighbours lies deeper where the curve is flat than where it is steep, and at the end. Of
 * heaps whose collections nobody counts these are the readings that nothing later undercuts, too few in lives of days:
 * there the least of each part of the life is taken, if falls show that the old generation was collected all the time.
 */
function lowsOf(floor: Floor, isProven: boolean): Points {
  const { levels, collected, regrowth, readings } = floor;
  const { times } = readings;
  const isLong = (times.at(-1) ?? 0) - (times[0] ?? 0) >= LONG_LIFE_MS;
  if (collected && regrowth === undefined && isProven && isLong) return decimate(readings, PARTS, 'minima');
  return decimate(levels, MAX_LOWS, collected ? 'minima' : 'medians');
}

const leastLives = (life: number): number => (life >= LONG_LIFE_MS ? MIN_LONG_LIVES : MIN_LIVES);

/** A life with what its last two thirds say. */
interface Measured extends AgedLife {
  readonly level: number;
  readonly slope: number;
  readonly error: number;
  readonly kept: number;
  readonly weight: number;
}

function judged(usable: readonly AgedLife[], life: number, leastRise: number): Pooled {
  const isLong = life >= LONG_LIFE_MS;
  const lives = measured(usable, life);
  const slopes = lives.map(({ birth, slope: perMs, weight }) => ({ birth, perMs, weight }));
  const clusters = clustersOf(lives, life / 4);
  const { mean: slopePerMs, ...whole } = meanAndError(
    lives.map(({ slope: value, error, weight }) => ({ value, error, weight })),
    clusters,
    isLong ? MIN_Z_LONG : MIN_Z,
    isLong ? KNOWN_LIVES : 0,
  );
  const level = median(lives.map((one) => one.level));
  const leastSlope = Math.max((isLong ? LEAST_RISE_LONG : LEAST_RISE) * level, leastRise) / ((2 * life) / 3);
  const rising =
    mean(lives.map(({ slope, weight }) => (slope > 0 ? weight : 0))) /
    mean(lives.map(({ weight }) => weight));
  const isRising =
    slopePerMs - whole.critical * whole.error > 0 && slopePerMs > leastSlope && rising >= MIN_SHARE_RISING;
  if (!isRising) return { kind: 'none', slopes, isLong };
  if (!goesOn(lives, clusters, life, leastSlope))
    return { kind: 'slowing', slopes, isLong, medianLifeMs: life };
  return {
    ...{ kind: 'leak', slopes, isLong, slopePerMs, errorPerMs: whole.error, medianLifeMs: life },
    lives: usable,
  };
}

function measured(usable: readonly AgedLife[], life: number): Measured[] {
  const lives = usable.map((one) => ({
    ...{ ...one, level: one.points.values[0]! },
    ...slopeWithin(one.points, life / 3, life),
    kept: keptOf(one.points, life),
  }));
  const weights = weightsOf(lives);
  return lives.map((one, i) => ({ ...one, weight: weights[i]! }));
}

/** No warm-up: a straight line is needed beside the best of them, and the last third keeps the middle third's slope. */
function goesOn(
  lives: readonly Measured[],
  clusters: readonly number[][],
  life: number,
  leastSlope: number,
): boolean {
  const isLong = life >= LONG_LIFE_MS;
  const curves = ageCurves(
    lives.map(({ points }) => points),
    lives.map(({ weight }) => weight),
    life,
  );
  const line = lineBeside(curves);
  if (line.evidence <= (isLong ? MIN_EVIDENCE_LONG : MIN_EVIDENCE) || line.perMs <= leastSlope / 2)
    return false;
  if (isLong && line.evidence >= SURE_EVIDENCE_LONG) return true;
  const kept = meanAndError(
    lives.map(({ kept: value, weight }) => ({ value, error: 0, weight })),
    clusters,
    isLong ? MIN_Z_LONG : MIN_Z,
    0,
  );
  const halves = [0, 1].map((parity) =>
    mean(lives.map(({ slope, weight }, i) => (i % 2 === parity ? weight * slope : 0))),
  );
  return kept.mean > -kept.error && halves.every((half) => half > 0);
}

/**
 * Lives that are much noisier than the others count less: one that held a jump, or that ended early. Noise is that about
 * the life's own line, its correlation taken into account; lives about as noisy as the usual one count alike.
 */
function weightsOf(lives: readonly { error: number }[]): number[] {
  const usual = median(lives.map(({ error }) => error)) ** 2;
  return lives.map(({ error }) => (usual > 0 ? usual / Math.max(usual, error ** 2 / 2) : 1));
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

function slopeWithin(p: Points, from: number, to: number): { slope: number; error: number } {
  const [a, b] = range(p, from, to);
  const part = slicePoints(p, a, b);
  const line = fitLine(part);
  const n = b - a;
  const error = Math.sqrt((line.sse / Math.max(1, n - 2)) * (inflationAbout(part, line) / (line.sxx || 1)));
  return { slope: line.slope, error };
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

function missingText(ages: readonly Points[], life: number): string {
  const lows = median(ages.map((p) => p.times.length));
  const needed = 3 * MIN_LOWS_PER_THIRD;
  if (lows < needed || life < MIN_LIFE_MS) {
    const wanted = Math.max((life * needed) / Math.max(1, lows), MIN_LIFE_MS);
    return `median life ${durationText(life)} with ${Math.round(lows)} lows; needs ${needed} lows, about ${durationText(wanted)}`;
  }
  return `${ages.length} lives; needs ${leastLives(life)} of about the same length`;
}
