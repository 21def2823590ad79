import type { Interval, Suspect } from '../model/leak.ts';
import { unitKey } from '../model/unit-of-work.ts';
import { type Attribution, SAME_BIC, type Score } from './attribution.ts';

const MAX_SUSPECTS = 8;

/**
 * Suspects of several lives that grow: one unit must explain all of them, each with an onset and a level of its own, so
 * that their BICs add up. Busy and idle instances differ in their counts, which is what tells units apart.
 */
export function poolSuspects(attributions: readonly Attribution[]): Suspect[] {
  const lives = attributions.filter(({ scores }) => scores.length > 0);
  const keys = new Set(lives.flatMap(({ scores }) => scores.map(keyOf)));
  const pooled = [...keys]
    .map((key) => poolOne(key, lives))
    .toSorted((a, b) => a.bic - b.bic || (a.key < b.key ? -1 : 1));
  return believed(pooled).map(({ one: { found }, weight }) => ({
    units: found[0]!.unit ? [found[0]!.unit] : [],
    cause: found[0]!.cause,
    bytesPerUnit:
      found[0]!.cause !== 'clock' && found.every(({ complete }) => complete)
        ? meanOf(found.map((score) => score.bytesPerUnit))
        : null,
    weight,
    unitsSinceOnset: found[0]!.cause === 'clock' ? 0 : found.reduce((all, s) => all + s.unitsSinceOnset, 0),
    ...shareOf(found),
  }));
}

/** Those that cannot be told from the best, each with its share of belief among all. @param sorted the best first */
export function believed<T extends { readonly bic: number }>(sorted: readonly T[]) {
  const [best] = sorted;
  if (!best) return [];
  const likelihood = ({ bic }: T) => Math.exp((best.bic - bic) / 2);
  const sum = sorted.reduce((all, one) => all + likelihood(one), 0);
  return sorted
    .filter(({ bic }) => bic - best.bic <= SAME_BIC)
    .slice(0, MAX_SUSPECTS)
    .map((one) => ({ one, weight: likelihood(one) / sum }));
}

/** Of the rises of all lives, on the average. */
function shareOf(found: readonly Score[]): { share?: number } {
  const shares = found.flatMap(({ share }) => share ?? []);
  return shares.length === 0 ? {} : { share: shares.reduce((sum, one) => sum + one / shares.length, 0) };
}

const keyOf = (score: Score): string => (score.unit ? unitKey(score.unit) : score.cause);

/** A life in which the unit did not run, or was not among the best, counts as explained no better than by its worst. */
function poolOne(key: string, lives: readonly Attribution[]) {
  const found: Score[] = [];
  let bic = 0;
  for (const { scores } of lives) {
    const score = scores.find((s) => keyOf(s) === key);
    if (score) found.push(score);
    bic += score?.bic ?? Math.max(...scores.map((s) => s.bic));
  }
  return { key, bic, found };
}

/** Mean weighted by precision. */
function meanOf(intervals: readonly Interval[]): Interval {
  let weights = 0;
  let sum = 0;
  for (const { value, low, high } of intervals) {
    const weight = 1 / Math.max(((high - low) / 3.92) ** 2, 1e-12);
    weights += weight;
    sum += weight * value;
  }
  const half = 1.96 / Math.sqrt(weights);
  const value = sum / weights;
  return { value, low: Math.max(0, value - half), high: value + half };
}
