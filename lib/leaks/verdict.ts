import type { Verdict } from '../model/leak.ts';
import type { Segment } from './change-points.ts';
import { band, SHAPE_GATES } from './gates.ts';
import type { Candidate, Shape } from './judge.ts';
import type { Settings } from './settings.ts';
import { madSd } from './statistics.ts';
import { jumpBetween } from './stretches.ts';

export interface Choice {
  readonly verdict: Verdict;
  /** The rise that decided, if one did. */
  readonly candidate: Candidate | undefined;
}

/** One verdict from all rises: a leak passes every gate, a suspicion only those that tell growth from noise. */
export function choose(shape: Shape, settings: Settings): Choice {
  const { candidates, cap, points, falls } = shape;
  if (cap.capped && points.times.length < 3) return { verdict: 'exhausted', candidate: undefined };
  const leaks = candidates.filter((c) => c.measures.failed.length === 0);
  const leak = best(leaks, cap.capped);
  if (leak)
    return {
      verdict: falls.recurring ? 'growth-unconfirmed' : 'leak',
      candidate: fromItsBeginning(leak, leaks, shape.fit.segments, settings),
    };
  const growing = candidates.filter((c) => isGrowing(c, settings));
  const growth = best(growing, false);
  if (growth) {
    const onlyShape = growth.measures.failed.every((gate) => SHAPE_GATES.includes(gate));
    return { verdict: onlyShape ? 'warm-up' : 'growth-unconfirmed', candidate: growth };
  }
  return { verdict: hasStep(shape) ? 'step' : 'stable', candidate: undefined };
}

/** Those that go on first, then the clearest one. */
function best(candidates: readonly Candidate[], capped: boolean): Candidate | undefined {
  const rank = ({ measures }: Candidate) => (capped ? measures.rise * measures.r2 : measures.z);
  return candidates.toSorted(
    (a, b) => Number(b.stretch.end === 'end') - Number(a.stretch.end === 'end') || rank(b) - rank(a),
  )[0];
}

/**
 * The earliest leak that goes over into the clearest one: where growth only changes its pace, it does not begin. None that begins with
 * the life: a start-up that goes over into a leak looks the same.
 */
function fromItsBeginning(
  clearest: Candidate,
  leaks: readonly Candidate[],
  segments: readonly Segment[],
  { minFirstSlope }: Settings,
): Candidate {
  const { first, last } = clearest.stretch;
  const least = minFirstSlope * clearest.measures.slope;
  const goesOver = ({ stretch, facts }: Candidate) =>
    !facts.beginsWithLife &&
    facts.steps === clearest.facts.steps &&
    stretch.last === last &&
    segments.slice(stretch.first, first).every(({ slope }) => slope >= least);
  const earlier = leaks.filter((leak) => leak.stretch.first < first && goesOver(leak));
  return earlier.toSorted((a, b) => a.stretch.first - b.stretch.first)[0] ?? clearest;
}

function isGrowing({ stretch, measures, facts }: Candidate, settings: Settings): boolean {
  if (stretch.end !== 'end' || facts.isLastTooth) return false;
  const least = Math.max(band(settings.suspicionBand, facts.durationMs) * facts.start, facts.minRise);
  return (
    !measures.failed.includes('z') &&
    !measures.failed.includes('first') &&
    !measures.failed.includes('points') &&
    measures.z >= settings.minZ &&
    measures.rise >= least
  );
}

/** A jump within the present life that was held. */
function hasStep({ fit, falls, points }: Shape): boolean {
  const noise = 6 * madSd(fit.residuals);
  for (let i = (falls.births.at(-1) ?? 0) + 1; i < fit.segments.length; i++) {
    const segment = fit.segments[i]!;
    const base = fit.segments[i - 1]!.endValue;
    const jump = jumpBetween(fit.segments[i - 1]!, segment);
    if (jump <= Math.max(noise, 0.05 * Math.abs(base))) continue;
    const held = points.values.subarray(segment.from).every((v) => v > base + jump / 2 - noise / 6);
    if (held) return true;
  }
  return false;
}
