import { scrub } from '../model/scrub.ts';

/** Names of spans and functions in sums and in retained traces. Longer ones end here, in both at the same place. */
export const NAME_MAX = 300;
/** Of causes, which name a way through several functions and who called it: the caller comes last. */
export const CAUSE_MAX = 600;

/** A text that is kept: no half of a surrogate pair, no more than so many UTF-16 units. */
export const bounded = (text: string, max = NAME_MAX): string =>
  text.toWellFormed().slice(0, max).toWellFormed();

/**
 * A text as it was sent, without values in it. Not for what `descriptionGroup` gives: that has no values any more, and what
 * is in quotes there is the name of a column.
 */
export const named = (text: string, max = NAME_MAX): string => bounded(scrub(text), max);
