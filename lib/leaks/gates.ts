import type { Settings } from './settings.ts';
import { at, fitLine, inflationAbout, median, type Points, slicePoints } from './statistics.ts';
import type { Stretch } from './stretches.ts';

/** What a candidate rise must survive. Shape gates are those that a warm-up, a plateau or a filling cache fails. */
export type Gate =
  | 'points'
  | 'z'
  | 'r2'
  | 'effect'
  | 't90'
  | 'third'
  | 'bend'
  | 'first'
  | 'new'
  | 'young'
  | 'ended'
  | 'steps'
  | 'cache'
  | 'proof';

export const SHAPE_GATES: readonly Gate[] = ['r2', 't90', 'third', 'bend', 'first', 'young'];

/** What is known about a stretch besides its points. */
export interface StretchFacts {
  readonly durationMs: number;
  /** Slope of the first segment, or of the first step of a staircase, per unit of the axis. */
  readonly firstSlope: number;
  /** Level at the start and at the top, of the fit. */
  readonly start: number;
  readonly top: number;
  /** Highest level of this life before the stretch; 0 when it begins with the life. */
  readonly highestBefore: number;
  readonly beginsWithLife: boolean;
  readonly end: Stretch['end'];
  readonly fall: Stretch['fall'];
  readonly collected: boolean;
  readonly capped: boolean;
  /** Rise as a share of the limit, when a limit is known. */
  readonly riseOfLimit: number;
  readonly majorCollections: number;
  /** A fall before it freed as much as this rise has gathered, and none came since: one more tooth of the saw. */
  readonly isLastTooth: boolean;
  /** True when somebody counts the collections, so that none of them is a guess. */
  readonly counted: boolean;
  /** Noise of the whole fit. */
  readonly fitSd: number;
  /** Least rise that matters, in the unit of the values. */
  readonly minRise: number;
  /** Raw points or lows within the stretch, before thinning. */
  readonly lows: number;
  /** The page cache is in it, which grows with every file that is read and goes when its room is needed. */
  readonly isCache: boolean;
  /** Steps of growth that comes in steps; undefined for any other. */
  readonly steps?: number | undefined;
}

export interface Measures {
  readonly slope: number;
  readonly slopeError: number;
  readonly z: number;
  readonly r2: number;
  readonly rise: number;
  readonly riseShare: number;
  readonly leastShare: number;
  readonly failed: readonly Gate[];
}

/** Measures a stretch along its axis (time, or finished work) and names the gates that it fails. */
export function measure(points: Points, facts: StretchFacts, settings: Settings): Measures {
  const n = points.times.length;
  const line = fitLine(points);
  const { slope, slopeError } = slopeOf(points, facts, line);
  const rise = facts.top - facts.start;
  const riseShare = rise / Math.max(facts.start, 1e-9);
  const leastShare = band(settings.effectBand, facts.durationMs);
  const least = Math.max(leastShare * facts.start, facts.minRise);
  const r2 = blockR2(points);
  const z = slopeError > 0 ? slope / slopeError : 0;
  const failed: Gate[] = [];
  const gate = (name: Gate, passed: boolean) => {
    if (!passed) failed.push(name);
  };
  const first = facts.firstSlope >= settings.minFirstSlope * (rise / span(points.times));
  if (facts.collected && facts.capped && facts.riseOfLimit >= 0.2) {
    // A heap that filled up to its limit is judged by having done so: its shape is that of the collector's despair.
    gate('points', n >= 3);
    gate('first', first);
    return { slope, slopeError, z, r2, rise, riseShare, leastShare, failed };
  }
  gate('points', n >= 4);
  gate('z', z >= settings.minZ);
  gate('r2', r2 >= settings.minR2);
  gate('effect', rise >= least);
  gate('t90', timeOfShare(points, facts, 0.9) >= settings.minT90);
  gate('third', fitLine(points, Math.floor((2 * n) / 3)).slope >= settings.minLastThird * slope);
  gate('bend', bendOf(points) >= settings.minBend);
  gate('first', first);
  gate('new', facts.beginsWithLife || facts.top - facts.highestBefore >= 0.5 * least);
  gate('young', !facts.beginsWithLife || facts.lows >= settings.youngLows);
  gate(
    'steps',
    facts.steps === undefined || (facts.steps >= settings.minSteps && r2 >= settings.minR2OfSteps),
  );
  gate('cache', !facts.isCache);
  gate('ended', hasEndedAsLeak(facts));
  const collections = facts.counted ? settings.minConfirmedLows : settings.minMajorCollections;
  const isProven = facts.majorCollections >= collections || facts.durationMs >= settings.longestFillMs;
  gate('proof', !facts.collected || isProven);
  return { slope, slopeError, z, r2, rise, riseShare, leastShare, failed };
}

/** What frees what leaked frees most of it, or at least more than noise does: warm-ups fall back a little by chance. */
function hasEndedAsLeak({ collected, end, fall, fitSd, top, start }: StretchFacts): boolean {
  if (collected) return end === 'end';
  if (end === 'drop') return fall >= GIVEN_BACK * (top - start) || fall >= NOISE_SD * fitSd;
  return end !== 'decline';
}

const GIVEN_BACK = 0.5;
const NOISE_SD = 6;

export const span = (times: Float64Array): number => Math.max(times.at(-1)! - times[0]!, 1e-9);

/** OLS slope; its error with the larger of three noises and with autocorrelation, biased upward for few points. */
function slopeOf(points: Points, facts: StretchFacts, line: ReturnType<typeof fitLine>) {
  const n = points.times.length;
  const own = Math.sqrt(line.sse / Math.max(1, n - 2));
  const sd = Math.max(own, facts.fitSd, 0.001 * Math.abs(facts.start));
  return {
    slope: line.slope,
    slopeError: (sd * Math.sqrt(inflationAbout(points, line))) / Math.sqrt(line.sxx || 1),
  };
}

/** R² of a line over 12 block medians: noise averages out, wandering does not. */
function blockR2(points: Points): number {
  const n = points.times.length;
  const blocks = Math.min(12, n);
  const times = new Float64Array(blocks);
  const values = new Float64Array(blocks);
  for (let b = 0; b < blocks; b++) {
    const block = slicePoints(points, Math.floor((b * n) / blocks), Math.floor(((b + 1) * n) / blocks));
    times[b] = median(block.times);
    values[b] = median(block.values);
  }
  const line = fitLine({ times, values });
  const explained = line.slope * line.slope * line.sxx;
  return explained + line.sse > 0 ? explained / (explained + line.sse) : 0;
}

/** Share of the stretch after which a share of the rise is reached for good. */
function timeOfShare({ times, values }: Points, { start, top }: StretchFacts, share: number): number {
  const level = start + share * (top - start);
  let i = values.length - 1;
  while (i > 0 && values[i - 1]! >= level) i -= 1;
  return (times[i]! - times[0]!) / span(times);
}

/** Slope at the end over slope at the start, of a parabola: below 1 the rise slows. */
function bendOf({ times, values }: Points): number {
  const n = times.length;
  if (n < 4) return 1;
  const line = fitLine({ times, values });
  const half = span(times) / 2;
  const x = times.map((t) => (t - line.center) / half);
  // The quadratic term of the residuals, made orthogonal to 1 and x.
  const square = x.map((v) => v * v);
  const squareLine = fitLine({ times: x, values: square });
  let up = 0;
  let down = 0;
  for (let i = 0; i < n; i++) {
    const q = square[i]! - at(squareLine, x[i]!);
    up += q * (values[i]! - at(line, times[i]!));
    down += q * q;
  }
  const quadratic = down > 0 ? up / down : 0;
  const linear = line.slope * half - quadratic * squareLine.slope;
  const atStart = linear + 2 * quadratic * x[0]!;
  const atEnd = linear + 2 * quadratic * x[n - 1]!;
  if (atStart <= 0) return atEnd > 0 ? Number.POSITIVE_INFINITY : 0;
  return atEnd / atStart;
}

/** Share for a duration, interpolated in its logarithm, flat outside. */
export function band(steps: Settings['effectBand'], durationMs: number): number {
  const first = steps[0]!;
  if (durationMs <= first[0]) return first[1];
  for (let i = 1; i < steps.length; i++) {
    const [fromMs, fromShare] = steps[i - 1]!;
    const [toMs, toShare] = steps[i]!;
    if (durationMs > toMs) continue;
    const place = Math.log(durationMs / fromMs) / Math.log(toMs / fromMs);
    return fromShare + place * (toShare - fromShare);
  }
  return steps.at(-1)![1];
}
