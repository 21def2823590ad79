import type { FixProof } from '../model/finding.ts';
import type { Interval } from '../model/leak.ts';

/** A release has ended it when its whole interval lies below this share of the least that the bad one kept. */
const EXCLUDED_ABOVE = 0.25;
/** What is left may differ from nothing by this share and still be called fixed: caches fill. */
const LEFT_OVER = 0.05;
/** The error of a slope shrinks with the work to this power: with n steps of one process as n^-1.5. */
const SHRINKS_BY = 1.5;
/** Where the interval is narrow enough and lies a little high, so much more is asked for. */
const MORE = 1.1;

/**
 * Whether a release has ended what another one kept. Counted in units served, not in time: a release that nobody uses
 * proves nothing, however long it is out. Where no unit is known, hours of its processes must do. Two things must hold: at
 * the old rate the floor would have risen by what is noise in no runtime, and the interval leaves no room for a quarter of
 * the old rate.
 *
 * @param old what the bad release kept, per unit or per hour
 * @param least rise that is no noise, bytes or a count
 */
export function fixProof(
  old: Interval,
  release: Pick<FixProof, 'version' | 'by' | 'kept' | 'served'>,
  least: number,
): FixProof {
  const { kept, served, by } = release;
  const whole = (amount: number) => (by === 'unit' ? Math.ceil(amount) : amount);
  const enough = whole(least / Math.max(old.value, Number.MIN_VALUE));
  if (kept === null) return { ...release, state: 'undecided', needed: Math.max(enough, whole(served + 1)) };
  const most = EXCLUDED_ABOVE * Math.max(0, old.low);
  if (kept.low > most) return { ...release, state: kept.high < old.low ? 'less' : 'keeps', needed: null };
  const isNothing = kept.low <= 0 || kept.value <= LEFT_OVER * old.value;
  if (kept.high <= most && served >= enough)
    return { ...release, state: isNothing ? 'fixed' : 'less', needed: isNothing ? enough : null };
  const half = (kept.high - kept.low) / 2;
  const narrow = whole(
    served * Math.max(MORE, (half / Math.max(most, Number.MIN_VALUE)) ** (1 / SHRINKS_BY)),
  );
  return { ...release, state: 'undecided', needed: Math.max(enough, narrow) };
}
