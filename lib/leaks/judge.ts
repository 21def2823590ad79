import type { Life } from '../model/leak.ts';
import { isCountRole } from '../model/memory.ts';
import { decimate } from './buckets.ts';
import { type Cap, capOf } from './cap.ts';
import { type Fit, fitSegments, type Segment } from './change-points.ts';
import type { Floor } from './floor.ts';
import { type Measures, measure, type StretchFacts } from './gates.ts';
import type { Settings } from './settings.ts';
import { firstAfter, firstAtOrAfter, madSd, type Points, slicePoints } from './statistics.ts';
import { type Falls, fallsOf, jumpBetween, type Stretch, stretchesOf } from './stretches.ts';

/** A rise with the figures that decide about it. */
export interface Candidate {
  readonly stretch: Stretch;
  readonly facts: StretchFacts;
  readonly measures: Measures;
  readonly segment: Segment;
  /** The points of the stretch, plateau included. */
  readonly points: Points;
}

/** The floor's shape, and every rise in it. */
export interface Shape {
  readonly points: Points;
  readonly cap: Cap;
  readonly fit: Fit;
  readonly falls: Falls;
  readonly candidates: readonly Candidate[];
}

export function shapeOf(life: Life, floor: Floor, settings: Settings): Shape {
  const cap = capOf(life, floor, settings);
  const kind = floor.thinned || floor.collected ? 'minima' : 'medians';
  const points = decimate(cap.points, settings.maxBuckets, kind);
  const fit = fitSegments(points, settings);
  const falls = fallsOf(fit, points.times.length, settings);
  const context = { life, floor, cap, points, fit, falls, settings };
  const candidates = stretchesOf(fit.segments, settings, false).map((stretch) =>
    candidateOf(stretch, context),
  );
  const stairs = stretchesOf(fit.segments, settings, true).flatMap((stretch) => {
    const steps = stepsOf(fit.segments, stretch);
    return steps === undefined ? [] : [candidateOf(stretch, context), candidateOf(stretch, context, steps)];
  });
  return { points, cap, fit, falls, candidates: [...candidates, ...stairs] };
}

/** How many steps growth has that comes in steps: at least three, none of them most of the rise; else undefined. The one up to its first tread counts. */
function stepsOf(segments: readonly Segment[], { first, last }: Stretch): number | undefined {
  const rise = segments[last]!.endValue - segments[first]!.startValue;
  const jumps: number[] = [];
  for (let i = first + 1; i <= last; i++) jumps.push(jumpBetween(segments[i - 1]!, segments[i]!));
  const steps = jumps.filter((jump) => jump > 0.05 * rise);
  if (steps.length < 3 || Math.max(...steps) > 0.45 * rise) return undefined;
  const isEntered = first > 0 && jumpBetween(segments[first - 1]!, segments[first]!) > 0.05 * rise;
  return steps.length + (isEntered ? 1 : 0);
}

interface Context {
  readonly life: Life;
  readonly floor: Floor;
  readonly cap: Cap;
  readonly points: Points;
  readonly fit: Fit;
  readonly falls: Falls;
  readonly settings: Settings;
}

function candidateOf(stretch: Stretch, context: Context, steps?: number): Candidate {
  const { life, floor, cap, points, fit, falls, settings } = context;
  const segment = fit.segments[stretch.first]!;
  const own = slicePoints(points, segment.from, fit.segments[stretch.last]!.to);
  const from = own.times[0]!;
  const to = own.times.at(-1)!;
  const birth = fit.segments[falls.births.filter((b) => b <= stretch.first).at(-1)!]!.from;
  const risen = fit.segments
    .slice(stretch.first, stretch.last + 1)
    .flatMap((s) => [s.startValue, s.endValue]);
  const top = Math.max(...risen);
  const facts: StretchFacts = {
    durationMs: to - from,
    firstSlope:
      steps === undefined ? segment.slope : slopeOfStep(points, segment, fit.segments[stretch.first + 1]!),
    steps,
    start: segment.startValue,
    top,
    highestBefore: Math.max(0, ...points.values.subarray(birth, segment.from)),
    beginsWithLife: falls.births.includes(stretch.first),
    end: stretch.end,
    fall: stretch.fall,
    collected: floor.collected,
    capped: cap.capped,
    riseOfLimit: life.limit ? (top - segment.startValue) / life.limit : 0,
    majorCollections: countBetween(floor.collections.times, from, to),
    isLastTooth: isLastTooth(floor, from, top - segment.startValue),
    counted: floor.collections.told,
    isCache: life.role === 'container_cached',
    fitSd: madSd(fit.residuals),
    minRise: isCountRole(life.role) ? settings.minRiseCount : settings.minRiseBytes,
    lows: countBetween(floor.points.times, from, to),
  };
  return { stretch, facts, measures: measure(own, facts, settings), segment, points: own };
}

/** From the beginning of one tread to that of the next: between its steps a staircase is flat. */
const slopeOfStep = ({ times }: Points, one: Segment, next: Segment): number =>
  (next.startValue - one.startValue) / (times[next.from]! - times[one.from]!);

function isLastTooth({ collected, regrowth, readings }: Floor, from: number, rise: number): boolean {
  if (!collected || regrowth) return false;
  const { times, values } = readings;
  const place = firstAtOrAfter(times, from);
  return largestFall(values, 0, place) >= rise && largestFall(values, place, values.length) < 0.25 * rise;
}

function largestFall(values: Float64Array, from: number, to: number): number {
  let largest = 0;
  for (let i = from + 1; i < to; i++) largest = Math.max(largest, values[i - 1]! - values[i]!);
  return largest;
}

export const countBetween = (times: Float64Array, from: number, to: number): number =>
  Math.max(0, firstAfter(times, to) - firstAtOrAfter(times, from));
