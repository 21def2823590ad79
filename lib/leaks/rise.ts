import type { Interval, Life, Onset, Verdict } from '../model/leak.ts';
import { HOUR_MS, SECOND_MS } from '../model/units.ts';
import type { ByWork } from './by-work.ts';
import type { Floor } from './floor.ts';
import type { Measures, StretchFacts } from './gates.ts';
import type { Candidate, Shape } from './judge.ts';
import { isLoadProportional } from './load.ts';
import { refineOnset } from './onset.ts';
import type { Settings } from './settings.ts';
import { firstAfter, firstAtOrAfter, medianStep, type Points, slicePoints } from './statistics.ts';
import type { Choice } from './verdict.ts';

/** The rise that the verdict is about, by the clock or by work. */
export interface Rise {
  readonly verdict: Verdict;
  readonly onset: Onset | null;
  readonly slope: Interval | null;
  readonly facts: StretchFacts | undefined;
  readonly measures: Measures | undefined;
}

export const NO_RISE = { facts: undefined, measures: undefined } as const;

/** Along its work a rise bends once, where by the clock it bends with every change of traffic. */
const knowsBetter = ({ attribution: { lead } }: ByWork): boolean =>
  lead !== undefined &&
  lead.cause.kind !== 'connections' &&
  lead.overClock > CLEARLY &&
  lead.evidence > CLEARLY;

/** Difference in BIC beyond which one explanation is preferred. */
const CLEARLY = 6;

export function riseOf(life: Life, choice: Choice, shape: Shape, floor: Floor, byWork: ByWork): Rise {
  const { candidate } = choice;
  const work = byWork.rise;
  if (candidate && isHeldOpen(byWork) && choice.verdict !== 'exhausted')
    return ofCandidate('load-proportional', candidate, shape, floor, byWork);
  const isWorkLeak = work?.isLeak === true && choice.verdict !== 'exhausted';
  // Growth that no gate by the clock lets through is still told when the work explains it: with its suspects.
  const isWorkGrowth = work?.isGrowth === true && (!candidate || choice.verdict === 'warm-up');
  if (work && (isWorkLeak || isWorkGrowth)) {
    const { facts, measures, lead } = work;
    const perHour = (facts.top - facts.start) / (facts.durationMs / HOUR_MS);
    const share = (bytes: number) => (perHour * bytes) / lead.bytesPerUnit.value;
    const slope = { value: perHour, low: share(lead.bytesPerUnit.low), high: share(lead.bytesPerUnit.high) };
    return {
      verdict: isWorkLeak
        ? 'leak'
        : lead.cause.kind === 'connections'
          ? 'load-proportional'
          : 'growth-unconfirmed',
      onset: lead.onset,
      slope,
      facts,
      measures,
    };
  }
  if (!candidate)
    return { verdict: choice.verdict, onset: null, slope: null, facts: undefined, measures: undefined };
  const verdict = isLoadProportional(readingsOf(candidate, floor), life.load)
    ? 'load-proportional'
    : choice.verdict;
  return ofCandidate(verdict, candidate, shape, floor, byWork);
}

/** Requests that stay open explain the level better than any work that was finished, and than the clock. */
const isHeldOpen = ({ attribution: { lead } }: ByWork): boolean =>
  lead !== undefined &&
  lead.cause.kind === 'connections' &&
  lead.overClock > CLEARLY &&
  lead.evidence > CLEARLY;

function ofCandidate(
  verdict: Verdict,
  candidate: Candidate,
  shape: Shape,
  floor: Floor,
  byWork: ByWork,
): Rise {
  return {
    verdict,
    onset: knowsBetter(byWork) ? byWork.attribution.lead!.onset : onsetOf(candidate, shape, floor),
    slope: slopeOf(candidate),
    facts: candidate.facts,
    measures: candidate.measures,
  };
}

function readingsOf({ points }: Candidate, { readings }: Floor): Points {
  const from = firstAtOrAfter(readings.times, points.times[0]!);
  return slicePoints(readings, from, firstAfter(readings.times, points.times.at(-1)!));
}

function onsetOf(candidate: Candidate, shape: Shape, floor: Floor): Onset {
  const { segment, stretch, facts } = candidate;
  const first = shape.points.times[segment.from]!;
  const step = medianStep(floor.points.times);
  if (facts.beginsWithLife || stretch.first === 0) {
    const bucket = Math.min(segment.from + 2, shape.points.times.length - 1);
    return { t: first, low: first - step, high: Math.max(shape.points.times[bucket]!, first + step) };
  }
  if (facts.steps !== undefined) {
    // What shows in steps began to gather up to one tread before the first that shows.
    const next = shape.points.times[shape.fit.segments[stretch.first + 1]!.from]!;
    return { t: first, low: first - (next - first), high: first + step };
  }
  const before = shape.fit.segments[stretch.first - 1]!;
  const source: Points = floor.thinned || floor.collected ? floor.points : floor.readings;
  const from = firstAtOrAfter(source.times, shape.points.times[before.from]!);
  const to = firstAfter(source.times, shape.points.times[segment.to - 1]!);
  const quiet = firstAtOrAfter(source.times, first) - from;
  return refineOnset(slicePoints(source, from, to), quiet);
}

function slopeOf({ measures }: Candidate): Interval {
  const perHour = (x: number) => x * HOUR_MS;
  const error = 1.96 * measures.slopeError;
  return {
    value: perHour(measures.slope),
    low: perHour(measures.slope - error),
    high: perHour(measures.slope + error),
  };
}

/** When the limit is reached if the rise goes on; null without a limit, and for a rise whose memory has been given back. */
export function timeToLimit(life: Life, floor: Floor, { slope, facts }: Rise): Interval | null {
  if (!life.limit || !slope || slope.value <= 0 || facts?.end === 'drop') return null;
  const room = Math.max(0, life.limit - floor.points.values.at(-1)!);
  const seconds = (perHour: number) => (room / perHour) * (HOUR_MS / SECOND_MS);
  return {
    value: seconds(slope.value),
    low: seconds(slope.high),
    high: slope.low > 0 ? seconds(slope.low) : Number.MAX_SAFE_INTEGER,
  };
}

/** One half at the edge of the gates, towards 1 with the smallest margin over them. */
export function confidenceOf(
  verdict: Verdict,
  measures: Measures | undefined,
  lows: number,
  settings: Settings,
): number {
  if (!measures) return lows / (lows + 10);
  if (verdict !== 'leak') return 0.5;
  const { z, r2, riseShare, leastShare } = measures;
  const margin = Math.min(
    z / settings.minZ,
    (1 - settings.minR2) / Math.max(1 - r2, 1e-3),
    riseShare / leastShare,
  );
  return 1 - 0.5 / Math.max(1, margin);
}
