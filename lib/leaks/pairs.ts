import type { Interval, Suspect } from '../model/leak.ts';
import { accumulatedSince, type Explained, type Problem } from './hypotheses.ts';
import { type Column, dot, orthonormal, project, type Whitener } from './least-squares.ts';
import type { UnitCounts } from './work-counts.ts';

/** A unit with its count at each point. */
export interface OfUnit {
  readonly kind: 'unit';
  readonly unit: UnitCounts;
  readonly accumulated: Column;
}

/** The busiest units are paired: 30 make 435 pairs. */
const MAX_PAIRED = 30;
/** Onsets that are tried on either side of that of the best single explanation, in shares of the window. */
const ONSETS = [0, -0.02, 0.02, -0.06, 0.06, -0.15, 0.15];
/** BIC that a second unit must be worth: one of many fits by chance. */
const PRICE = 14;
/** A second unit that makes less of the rise is left out. */
const LEAST_SHARE = 0.1;

interface Side {
  readonly cause: OfUnit;
  readonly units: number;
  readonly white: Column;
}

interface Pair {
  readonly bic: number;
  readonly parts: readonly { readonly cause: OfUnit; readonly units: number; readonly kept: Interval }[];
}

/**
 * Two units that make the rise together, when no single explanation does as well; the larger first. Both begin at one
 * onset: two leaks that a release brings.
 */
export function pairOf<T>(
  causes: readonly OfUnit[],
  best: Explained<T>,
  { points, from, to }: Problem,
  whiten: Whitener,
): Suspect[] | undefined {
  const n = points.times.length;
  const base = orthonormal([whiten.ones, ...best.beside].map((c) => whiten.apply(c)));
  const y = project(whiten.apply(points.values), base);
  const parameters = (n - best.freedom + 1) * Math.log(n);
  let chosen: Pair | undefined;
  for (const share of ONSETS) {
    const onset = Math.min(to, Math.max(from, best.onset + share * (to - from)));
    const sides = causes.slice(0, MAX_PAIRED).map((cause): Side => {
      const since = accumulatedSince(cause.accumulated, points.times, onset);
      return { cause, units: since.at(-1) ?? 0, white: project(whiten.apply(since), base) };
    });
    const pair = bestPair(sides, y, best.freedom - 1, parameters, chosen?.bic ?? best.bic - PRICE);
    chosen = pair ?? chosen;
  }
  return chosen && suspectsOf(chosen, best.bic);
}

function bestPair(
  sides: readonly Side[],
  y: Column,
  freedom: number,
  parameters: number,
  bound: number,
): Pair | undefined {
  const n = y.length;
  const yy = dot(y, y);
  const own = sides.map(({ white }) => ({ xx: dot(white, white), xy: dot(white, y) }));
  let best: Pair | undefined;
  for (const [i, a] of sides.entries()) {
    for (let j = i + 1; j < sides.length; j++) {
      const b = sides[j]!;
      const [{ xx: aa, xy: ay }, { xx: bb, xy: by }] = [own[i]!, own[j]!];
      const ab = dot(a.white, b.white);
      const determinant = aa * bb - ab * ab;
      if (!(determinant > 1e-6 * aa * bb)) continue;
      const [first, second] = [(ay * bb - by * ab) / determinant, (by * aa - ay * ab) / determinant];
      const sse = Math.max(yy - first * ay - second * by, 1e-300);
      const bic = n * Math.log(sse / n) + parameters;
      if (bic >= (best?.bic ?? bound)) continue;
      const error = (weight: number) =>
        1.96 * Math.sqrt((sse / Math.max(1, freedom)) * (weight / determinant));
      const parts = [partOf(a, first, error(bb)), partOf(b, second, error(aa))];
      if (bothMatter(parts)) best = { bic, parts };
    }
  }
  return best;
}

const partOf = ({ cause, units }: Side, value: number, error: number) => ({
  cause,
  units,
  kept: { value, low: value - error, high: value + error },
});

function bothMatter(parts: Pair['parts']): boolean {
  const rise = parts.reduce((sum, { kept, units }) => sum + kept.value * units, 0);
  return parts.every(({ kept, units }) => kept.low > 0 && kept.value * units >= LEAST_SHARE * rise);
}

function suspectsOf({ bic, parts }: Pair, single: number): Suspect[] {
  const weight = 1 / (1 + Math.exp((bic + PRICE - single) / 2));
  const rise = parts.reduce((sum, { kept, units }) => sum + kept.value * units, 0);
  const suspects = parts.map(({ cause: { unit }, units, kept }) => ({
    units: [unit.unit],
    cause: 'unit' as const,
    bytesPerUnit: unit.complete ? kept : null,
    weight,
    unitsSinceOnset: units,
    share: (kept.value * units) / rise,
  }));
  return suspects.toSorted((a, b) => b.share - a.share);
}
