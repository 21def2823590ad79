import type { LeakResult, Life, Verdict } from '../model/leak.ts';
import { type ByWork, judgeByWork } from './by-work.ts';
import { type Floor, floorOf, withoutInFlight } from './floor.ts';
import { type Shape, shapeOf } from './judge.ts';
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
export function analyzeLife(life: Life, settings: Settings = DEFAULTS): LeakResult {
  const units = unitCounts(life.work);
  const plain = floorOf(life, settings);
  if (life.mixedWriters) return withoutShape('mixed-writers', plain, life);
  if (plain.points.times.length < settings.minPoints) return withoutShape('insufficient-data', plain, life);
  const floor = withoutInFlight(plain, units, settings);
  const shape = shapeOf(life, floor, settings);
  const choice = choose(shape, settings);
  const byWork = judgeByWork(life, plain, shape, choice.candidate, units, settings);
  const rise = riseOf(life, choice, shape, floor, byWork);
  const { verdict } = rise;
  const result: Omit<LeakResult, 'reason'> = {
    verdict,
    confidence: confidenceOf(verdict, rise.measures, floor.points.times.length, settings),
    onset: rise.onset,
    slopeBytesPerHour: rise.slope,
    timeToLimitS: verdict === 'leak' ? timeToLimit(life, floor, rise.slope) : null,
    floor: rise.facts
      ? { start: rise.facts.start, end: rise.facts.top }
      : { start: floor.points.values[0]!, end: floor.points.values.at(-1)! },
    floorPoints: shape.points,
    confirmedUntil: floor.confirmedUntil,
    segments: segmentsOf(shape),
    ...(GROWTH.has(verdict) ? pick(byWork) : NOBODY),
    lows: floor.points.times.length,
  };
  return { ...result, reason: reasonFor(result, rise, life) };
}

/** Verdicts that come with suspects. */
const GROWTH: ReadonlySet<Verdict> = new Set(['leak', 'growth-unconfirmed']);
const NOBODY = { suspects: [], cleared: [] };
const pick = ({ attribution: { suspects, cleared } }: ByWork) => ({ suspects, cleared });

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
