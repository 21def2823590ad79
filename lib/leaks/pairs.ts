import type { Interval, Suspect } from '../model/leak.ts';
import { type Explained, explainAlone, type Fits, type Hypothesis, type Problem } from './hypotheses.ts';
import {
  type Column,
  dot,
  effectOf,
  orthonormal,
  project,
  type Whitener,
  whitener,
} from './least-squares.ts';
import { medianStep } from './statistics.ts';
import type { UnitCounts } from './work-counts.ts';

/** A unit with its count at each point. */
interface OfUnit {
  readonly kind: 'unit';
  readonly unit: UnitCounts;
  readonly accumulated: Column;
}

/** The busiest units are paired: 30 make 435 pairs. */
const MAX_PAIRED = 60;
/** Onsets that are tried on either side of the likeliest, in shares of the window. */
const ONSETS = [0, -0.01, 0.01, -0.02, 0.02, -0.06, 0.06, -0.15, 0.15];
/** BIC that a second unit must be worth, besides what it costs to choose among many pairs. */
const WORTH = 6;
const CHI2_95 = 3.84;
/** A second unit that makes less of the rise is left out. */
const LEAST_SHARE = 0.1;

interface Side {
  readonly hypothesis: Hypothesis<OfUnit>;
  readonly white: Column;
}

/** Two units, and the bytes that one of each keeps. */
interface Pair {
  readonly sse: number;
  readonly onset: number;
  readonly hypotheses: readonly [Hypothesis<OfUnit>, Hypothesis<OfUnit>];
  readonly bytes: readonly [number, number];
}

/**
 * Two units that make the rise together, when no single explanation does as well; the larger first. Both begin at one
 * onset: two leaks that a release brings. A unit that would do as well in the place of one of them is named with it.
 *
 * They are looked for under no correlation too: what the best single explanation leaves of two leaks goes on from point to
 * point, and taken for noise it would hide them.
 */
export function pairOf(
  best: Explained<unknown>,
  problem: Problem,
  fits: Fits<unknown>,
): Suspect[] | undefined {
  const { trust, whiten } = fits;
  const { times } = problem.points;
  const units = fits.lagging.filter(isOfUnit).slice(0, MAX_PAIRED);
  const plain = whitener(times, medianStep(times), 0, trust);
  const single = best.bic + whiten.penalty;
  const price = WORTH + 2 * Math.log(Math.max(1, (units.length - 1) / 2));
  let chosen: { bic: number; explained: Explained<unknown>; own: Whitener } | undefined;
  for (const [under, beside] of [
    [plain, []],
    [whiten, best.beside],
  ] as const) {
    const [found] = pairsUnder(units, best.onset, beside, problem, under);
    if (!found) continue;
    const { explained, whiten: own } = explainAlone(problem, together(found), trust);
    const bic = explained.bic + own.penalty + price;
    if (bic < (chosen?.bic ?? single)) chosen = { bic, explained, own };
  }
  if (!chosen) return undefined;
  const { bic, explained, own } = chosen;
  const pairs = pairsUnder(units, explained.onset, explained.beside, problem, own);
  return suspectsOf(pairs, explained, problem, own, 1 / (1 + Math.exp((bic - single) / 2)));
}

const isOfUnit = (h: Hypothesis<unknown>): h is Hypothesis<OfUnit> => (h.cause as OfUnit).kind === 'unit';

/** The pair as one explanation: the bytes of both stand to each other as they were found. */
const together = ({ hypotheses: [one, other], bytes }: Pair): Hypothesis<undefined> => ({
  cause: undefined,
  since: (onset) => {
    const more = other.since(onset);
    return one.since(onset).map((count, i) => bytes[0] * count + bytes[1] * more[i]!);
  },
  extra: 1,
});

/** All pairs near an onset, both with bytes above none; those that leave least first. */
function pairsUnder(
  units: readonly Hypothesis<OfUnit>[],
  near: number,
  beside: readonly Column[],
  { points, from, to }: Problem,
  whiten: Whitener,
): Pair[] {
  const base = orthonormal([whiten.ones, ...beside].map((c) => whiten.apply(c)));
  const y = project(whiten.apply(points.values), base);
  const best = new Map<number, Pair>();
  for (const share of ONSETS) {
    const onset = Math.min(to, Math.max(from, near + share * (to - from)));
    const sides = units.map((hypothesis): Side => {
      const white = project(whiten.apply(hypothesis.since(onset)), base);
      return { hypothesis, white };
    });
    addPairs(best, sides, y, onset);
  }
  return [...best.values()].toSorted((a, b) => a.sse - b.sse);
}

function addPairs(best: Map<number, Pair>, sides: readonly Side[], y: Column, onset: number): void {
  const yy = dot(y, y);
  const own = sides.map(({ white }) => ({ xx: dot(white, white), xy: dot(white, y) }));
  for (const [i, a] of sides.entries()) {
    for (let j = i + 1; j < sides.length; j++) {
      const b = sides[j]!;
      const [{ xx: aa, xy: ay }, { xx: bb, xy: by }] = [own[i]!, own[j]!];
      const ab = dot(a.white, b.white);
      const determinant = aa * bb - ab * ab;
      if (!(determinant > 1e-6 * aa * bb)) continue;
      const [first, second] = [(ay * bb - by * ab) / determinant, (by * aa - ay * ab) / determinant];
      if (first <= 0 || second <= 0) continue;
      const sse = Math.max(yy - first * ay - second * by, 0);
      const key = i * sides.length + j;
      if (sse < (best.get(key)?.sse ?? Number.POSITIVE_INFINITY))
        best.set(key, { sse, onset, hypotheses: [a.hypothesis, b.hypothesis], bytes: [first, second] });
    }
  }
}

/** Both of the best pair with their bytes, fitted beside each other; undefined when one of them hardly matters. */
function suspectsOf(
  pairs: readonly Pair[],
  explained: Explained<unknown>,
  { points }: Problem,
  whiten: Whitener,
  weight: number,
): Suspect[] | undefined {
  const [best] = pairs;
  if (!best) return undefined;
  const { hypotheses } = best;
  const sides = hypotheses.map((h) => h.since(best.onset));
  const kept = [0, 1].map((i) => bytesOf(i, best, explained, whiten, points.values));
  const rises = kept.map(({ value }, i) => value * (sides[i]!.at(-1) ?? 0));
  const rise = rises[0]! + rises[1]!;
  if (!kept.every(({ low }, i) => low > 0 && rises[i]! >= LEAST_SHARE * rise)) return undefined;
  const suspects = hypotheses.map((own, i) => ({
    units: [own, ...insteadOf(own, pairs, points.times.length)].map(({ cause }) => cause.unit.unit),
    cause: 'unit' as const,
    bytesPerUnit: own.cause.unit.complete ? kept[i]! : null,
    weight,
    unitsSinceOnset: sides[i]!.at(-1) ?? 0,
    share: rises[i]! / rise,
  }));
  return suspects.toSorted((a, b) => b.share - a.share);
}

/** The bytes of one of the two beside the other, with all values that at their best onset are not significantly worse. */
function bytesOf(
  which: number,
  { hypotheses, onset, bytes }: Pair,
  { beside, freedom, profile }: Explained<unknown>,
  whiten: Whitener,
  values: Column,
): Interval {
  const y = whiten.apply(values);
  const fits = [onset, ...profile.map(({ time }) => time)].map((time) => {
    const [own, other] = [which, 1 - which].map((i) => whiten.apply(hypotheses[i]!.since(time)));
    const base = orthonormal([whiten.ones, ...beside].map((c) => whiten.apply(c)).concat(other!));
    const left = project(y.slice(), base);
    return effectOf(project(own!, base), left, dot(left, left));
  });
  const value = bytes[which]!;
  const bound = Math.min(...fits.map(({ sse }) => sse)) * (1 + CHI2_95 / freedom);
  const near = fits
    .filter(({ sse, sxx }) => sse <= bound && sxx > 0)
    .map(({ coefficient, sse, sxx }) => ({ coefficient, half: Math.sqrt((bound - sse) / sxx) }));
  return {
    value,
    low: Math.min(value, ...near.map(({ coefficient, half }) => coefficient - half)),
    high: Math.max(value, ...near.map(({ coefficient, half }) => coefficient + half)),
  };
}

/** Units that do as well beside the other one of the best pair. */
function insteadOf(own: Hypothesis<OfUnit>, pairs: readonly Pair[], points: number): Hypothesis<OfUnit>[] {
  const [best] = pairs;
  const other = best!.hypotheses.find((h) => h !== own)!;
  return pairs.flatMap(({ sse, hypotheses }) => {
    const isNear = points * Math.log(sse / best!.sse) <= WORTH;
    const instead = hypotheses.find((h) => h !== other)!;
    return isNear && hypotheses.includes(other) && instead !== own ? [instead] : [];
  });
}
