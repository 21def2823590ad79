import type { Temporality } from '../../model/profile.ts';

// How values of one type add up over time, by what its sender means with it. The table for users is in
// docs/formats/profiles.md.

/** What is there now: live objects, goroutines. */
const LEVEL = /^(inuse|live|heap|goroutine|threadcreate|objects$|space$|retained)/i;
/** Go counts these since the start of the process; a profile of them without a duration is such a count. */
const CUMULATIVE = /^(alloc|contentions$|delay$)/i;

/**
 * @param hasDuration whether the profile covers a span of time: then its counts are of that span
 * @param hasNegative whether values fall below zero: a level cannot, the difference of two levels can
 */
export function temporalityOf(type: string, hasDuration: boolean, hasNegative = false): Temporality {
  if (LEVEL.test(type)) return hasNegative ? 'delta' : 'level';
  if (CUMULATIVE.test(type)) return hasDuration ? 'delta' : 'cumulative';
  return 'delta';
}
