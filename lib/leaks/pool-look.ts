import type { EpochMs } from '../model/units.ts';
import type { CohortResult } from './cohort.ts';
import type { LifeSlope } from './pool.ts';

/** What one look at lives that speak together leaves for the next: evidence is counted in lives. Plain JSON. */
export interface PoolLook {
  /** Lives at the last test, and the birth of the newest of them: older ones leave what is kept as new ones come. */
  readonly testedLives: number;
  readonly testedUntil: EpochMs;
  readonly suspicion: { readonly bornUntil: EpochMs; readonly perMs: number } | null;
}

export const NEVER_POOLED: PoolLook = { testedLives: 0, testedUntil: 0, suspicion: null };

type Pool = NonNullable<CohortResult['pool']>;

/** Fewest lives of a first test, and of days each: a few of them have hundreds of lows. */
const FIRST_TEST_LIVES = 5;
const FIRST_TEST_LONG_LIVES = 3;
/** Lives born since the last test, as a share of those that it had. */
const MORE_LIVES = 0.25;
/** Lives born since the first sight that must agree: at least, and as a share of all. */
const FRESH_LIVES_MIN = 2;
const FRESH_SHARE = 0.2;
/** A mean slope of so many errors parts old lives from new ones. */
const SIGHT_Z = 2;
/** New lives must keep this share of the slope at first sight. */
const KEPT_SLOPE = 0.4;

export function isPoolTest({ testedLives, testedUntil }: PoolLook, { slopes, isLong }: Pool): boolean {
  if (testedLives === 0) return slopes.length >= (isLong ? FIRST_TEST_LONG_LIVES : FIRST_TEST_LIVES);
  const fresh = slopes.filter(({ birth }) => birth > testedUntil).length;
  return fresh >= Math.max(1, Math.floor(MORE_LIVES * testedLives));
}

/**
 * A leak that lives show together is told when those born after the first sight of a rise agree by themselves. The first
 * sight asks for less than a leak: it only parts the lives into those that raise the question and those that answer it.
 */
export function lookAtPool(
  { suspicion }: PoolLook,
  pool: Pool,
  hasFired: boolean,
): { look: PoolLook; decision: 'none' | 'suspected' | 'fire' } {
  const { slopes, isLeak } = pool;
  const newest = Math.max(...slopes.map(({ birth }) => birth));
  const look = { testedLives: slopes.length, testedUntil: newest, suspicion: null };
  const { mean, sd, weight } = meanSlope(slopes);
  if (hasFired || !(mean > SIGHT_Z * (sd / Math.sqrt(weight)))) return { look, decision: 'none' };
  if (isLeak && suspicion !== null && agree(suspicion, pool)) return { look, decision: 'fire' };
  const seen = suspicion ?? { bornUntil: newest, perMs: mean };
  return { look: { ...look, suspicion: seen }, decision: isLeak ? 'suspected' : 'none' };
}

/** Lives born since go on by themselves; how far lives differ is known from all of them. */
function agree({ bornUntil, perMs }: NonNullable<PoolLook['suspicion']>, { slopes, isLong }: Pool): boolean {
  const fresh = slopes.filter(({ birth }) => birth > bornUntil);
  const least = isLong ? 1 : FRESH_LIVES_MIN;
  if (fresh.length < Math.max(least, Math.floor(FRESH_SHARE * slopes.length))) return false;
  const { mean, weight } = meanSlope(fresh);
  return mean > meanSlope(slopes).sd / Math.sqrt(weight) && mean > KEPT_SLOPE * perMs;
}

function meanSlope(slopes: readonly LifeSlope[]): { mean: number; sd: number; weight: number } {
  const weight = slopes.reduce((sum, one) => sum + one.weight, 0);
  const mean = slopes.reduce((sum, one) => sum + one.weight * one.perMs, 0) / weight;
  const square = slopes.reduce((sum, one) => sum + one.weight * (one.perMs - mean) ** 2, 0);
  return { mean, sd: Math.sqrt(square / weight), weight };
}
