import { DAY_MS, type EpochMs, HOUR_MS } from '../model/units.ts';

// Days and weeks have swings of their own: a rise as long as one is told only when it is larger than such a swing, as a
// share of the level at which it began. A rise of minutes is neither. Measured by `bench/leaks/alarms.ts`.

/**
 * Until two days were seen a day's swing cannot be told from growth: of 10,020 healthy days two rises of 38 hours were told.
 * Mornings and noise that wanders rise by a quarter in one to three hours (told seven times in 20,040 days).
 */
const DAY_SWING = { from: HOUR_MS, to: 2 * DAY_MS, share: 0.6 } as const;
const WEEK_MS = 7 * DAY_MS;
/** As with days: from the trough of one week to the peak of the next, with a little wandering, a rise looks straight. */
const TWO_WEEKS_MS = 2 * WEEK_MS;
/** What a week may swing where nothing is known, where the days swing, and in noise that wanders (with .08 one in 5,000 days). */
const WEEK_SHARE = { unknown: 0.2, most: 0.3, least: 0.1 } as const;
/** A week's rise is measured with the noise at both its ends: so much above the day's swing. */
const ABOVE_DAY = 1.25;
/** A cache of a day's filling is full by then: a rise that is shorter is held as if no day had been seen. */
const FILLED_MS = 3 * DAY_MS;
/** What comes back in seven days climbs for three or four of them at most. */
const LONGEST_CLIMB_MS = 4.5 * DAY_MS;

export interface RiseSize {
  readonly durationMs: number;
  readonly start: number;
  readonly end: number;
}

export interface SwingContext {
  /** Another life grew alike, at times that no week's climb fills. */
  readonly olderLifeGrewAlike?: boolean;
  /** From trough to peak of the judged life's daily swing, in the unit of its values; undefined before two days show it. */
  readonly daySwing?: number | undefined;
}

/** Whether a day or a week may swing as far as this rise has gone. */
export function mayBeSwing({ durationMs, start, end }: RiseSize, context: SwingContext): boolean {
  const share = (end - start) / start;
  if (durationMs < DAY_SWING.from || durationMs >= TWO_WEEKS_MS) return false;
  if (durationMs < DAY_SWING.to) return share < DAY_SWING.share;
  return !context.olderLifeGrewAlike && share < weekShare(durationMs, start, context);
}

/**
 * What a week may swing. Load that follows the week follows the sun too, and by more: a working day is told from its night
 * more clearly than from a Sunday. So a service that is seen to swing little by the day swings no more by the week.
 */
function weekShare(durationMs: number, level: number, { daySwing }: SwingContext): number {
  if (daySwing === undefined) return WEEK_SHARE.unknown;
  const least = durationMs < FILLED_MS ? WEEK_SHARE.unknown : WEEK_SHARE.least;
  return Math.min(WEEK_SHARE.most, Math.max(least, (ABOVE_DAY * daySwing) / level));
}

export interface RiseTime {
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** Whether two rises together fill more of the week than a climb that comes back each week can. */
export function outlastsClimb(a: RiseTime, b: RiseTime): boolean {
  const [first, second] = [a.to - a.from, b.to - b.from];
  const lag = (((b.from - a.from) % WEEK_MS) + WEEK_MS) % WEEK_MS;
  const common =
    Math.max(0, Math.min(first, lag + second) - lag) + Math.max(0, Math.min(first, lag + second - WEEK_MS));
  return first + second - common > LONGEST_CLIMB_MS;
}
