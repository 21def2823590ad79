import type { LeakResult, Life, Verdict } from '../model/leak.ts';
import { type Attribution, NOBODY } from './attribution.ts';
import { type ByWork, judgeByWork } from './by-work.ts';
import { attributeFew } from './few-lows.ts';
import { type Floor, floorOf, withoutInFlight } from './floor.ts';
import { type Shape, shapeOf } from './judge.ts';
import { heldByLoad } from './load.ts';
import { reasonFor } from './reason.ts';
import { confidenceOf, NO_RISE, riseOf, timeToLimit } from './rise.ts';
import { DEFAULTS, type Settings } from './settings.ts';
import { choose } from './verdict.ts';
import { unitCounts } from './work-counts.ts';

/**
 * Says whether one process keeps memory, since when, and how fast.
 *
 * Deterministic and total: any series gets a verdict, broken readings are left out.
 * Cost: about 3 ms for 2,000 points.
 */
export const analyzeLife = (life: Life, settings: Settings = DEFAULTS): LeakResult =>
  judgeLife(life, settings).result;

export interface Judgement {
  readonly result: LeakResult;
  /** Scores of all explanations, which lives of a cohort add up. */
  readonly attribution: Attribution;
}

/** As `analyzeLife`, with what a cohort needs besides. */
export function judgeLife(life: Life, settings: Settings): Judgement {
  const units = unitCounts(life.work);
  const plain = floorOf(life, settings);
  if (life.mixedWriters) return judged(withoutShape('mixed-writers', plain, life));
  if (plain.points.times.length < settings.minPoints)
    return judged(withoutShape('insufficient-data', plain, life));
  const floor = withoutInFlight(plain, units, settings);
  const shape = shapeOf(life, floor, settings);
  const choice = choose(shape, settings);
  const told = judgeByWork(life, plain, shape, choice.candidate, units, settings);
  const rise = riseOf(life, choice, shape, floor, told);
  const few = attributeFew(life, units);
  const byWork: ByWork = few ? { ...told, attribution: few } : told;
  const { verdict } = rise;
  const result: Omit<LeakResult, 'reason'> = {
    verdict,
    confidence: confidenceOf(verdict, rise.measures, floor.points.times.length, settings),
    onset: rise.onset,
    slopeBytesPerHour: rise.slope,
    timeToLimitS: GROWTH.has(verdict) ? timeToLimit(life, floor, rise) : null,
    floor: rise.facts
      ? { start: rise.facts.start, end: rise.facts.top }
      : { start: floor.points.values[0]!, end: floor.points.values.at(-1)! },
    floorPoints: shape.points,
    confirmedUntil: floor.confirmedUntil,
    segments: segmentsOf(shape),
    ...suspectsFor(verdict, byWork, life, floor),
    lows: floor.points.times.length,
  };
  return judged({ ...result, reason: reasonFor(result, rise, life) }, byWork.attribution);
}

const judged = (result: LeakResult, attribution: Attribution = NOBODY): Judgement => ({
  result,
  attribution,
});

/** Verdicts that come with suspects. */
export const GROWTH: ReadonlySet<Verdict> = new Set(['leak', 'growth-unconfirmed']);
const NO_SUSPECTS = { suspects: [], cleared: [] };

function suspectsFor(
  verdict: Verdict,
  { attribution: { suspects, cleared } }: ByWork,
  life: Life,
  { readings }: Floor,
): Pick<LeakResult, 'suspects' | 'cleared'> {
  if (GROWTH.has(verdict)) return { suspects, cleared };
  if (verdict !== 'load-proportional') return NO_SUSPECTS;
  const held = heldByLoad(readings, life.load);
  return held ? { suspects: [held], cleared: [] } : NO_SUSPECTS;
}

function withoutShape(verdict: Verdict, floor: Floor, life: Life): LeakResult {
  const result: Omit<LeakResult, 'reason'> = {
    verdict,
    confidence: 1,
    onset: null,
    slopeBytesPerHour: null,
    timeToLimitS: null,
    floor: null,
    floorPoints: floor.points,
    confirmedUntil: floor.confirmedUntil,
    segments: [],
    suspects: [],
    cleared: [],
    lows: floor.points.times.length,
  };
  return { ...result, reason: reasonFor(result, NO_RISE, life) };
}

function segmentsOf(shape: Shape): LeakResult['segments'] {
  return shape.fit.segments.map((s) => ({
    from: shape.points.times[s.from]!,
    to: shape.points.times[s.to - 1]!,
    startValue: s.startValue,
    slopePerMs: s.slope,
  }));
}
