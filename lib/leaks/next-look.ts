import type { LeakResult, Verdict } from '../model/leak.ts';
import { unitKey } from '../model/unit-of-work.ts';
import { DAY_MS, type EpochMs, HOUR_MS, MINUTE_MS, SECOND_MS } from '../model/units.ts';
import type { CohortResult } from './cohort.ts';
import { hasLasted } from './lasting.ts';
import { isPoolTest, lookAtPool, NEVER_POOLED, type PoolLook } from './pool-look.ts';
import { DEFAULTS, LEAKS_VERSION } from './settings.ts';
import { firstAfter, fitLine, inflationAbout, slicePoints } from './statistics.ts';
import { mayBeSwing, type SwingContext } from './swing.ts';

/** What one look leaves for the next; plain JSON, stored by the caller. */
export interface LookState {
  readonly analyzer: number;
  /** Birth of the life that was judged: another one is new evidence. */
  readonly birth: EpochMs;
  /** Confirmed lows at the last test that counted, the newest of them, and the highest floor that any test has seen. */
  readonly testedLows: number;
  readonly testedUntil: EpochMs;
  readonly testedTop: number;
  /** Grain of the lows, ms; 0 as sent. */
  readonly grainMs: number;
  /** The first `leak` of the present series of tests, which a second test on new lows has to confirm. */
  readonly suspicion: { readonly until: EpochMs; readonly slopeBytesPerHour: number } | null;
  /** The limit will be reached within a day: every new low is looked at. */
  readonly urgent: boolean;
  /** The suspect that stood out at the last test; null when none did. */
  readonly lead: string | null;
  /** Tests in a row that would have fired, had they named the one that the test before them named. */
  readonly unsettled: number;
  readonly fired: boolean;
  /** Tests in a row, after firing, that saw no growth. */
  readonly calmTests: number;
  /** The same of lives that speak together: evidence is counted in lives then. */
  readonly pool: PoolLook;
}

export type Decision = 'none' | 'suspected' | 'fire' | 'clear';

export interface LookContext extends SwingContext {
  /** Start of the judged life where known; else its first point. */
  readonly birth?: EpochMs;
  /** Older lives of the cohort were flat at this age: then a rise from birth on is no warm-up. */
  readonly olderLivesWereFlat?: boolean;
  /** Grain of the lows, where they were thinned, ms. */
  readonly grainMs?: number;
  readonly pool?: CohortResult['pool'];
}

const FIRST_TEST_LOWS = 12;
const MORE_EVIDENCE = 1.25;
/**
 * A rise that is suspected is looked at again after six hours: a quarter more lows of four days would be another whole one.
 * Beyond a week of age a rise may be that week's, and some hours of it say nothing new.
 */
const SUSPECTED_WAIT_MS = DAY_MS / 4;
/** So long after the first sight such a look may be the second: six hours more of a swing are no evidence, but may end a wait. */
const SECOND_SIGHT_MS = DAY_MS / 2;
const SUSPECTED_AGE_MS = 7 * DAY_MS;
/** Undecided tests: what raised the suspicion is neither seen again nor gone. */
const UNDECIDED: readonly Verdict[] = ['growth-unconfirmed', 'warm-up'];
/** A floor that much above all that was tested is evidence too: an old life need not wait for days. */
const NEW_TOP = 1.15;
/** The line through the new lows must keep this share of the slope that raised the suspicion, or of the whole rise's. */
const KEPT_SLOPE = 0.4;
/** A rise that begins this early in the life may be a warm-up: in lows, and in shares of the age. */
const EARLY_LOWS = 6;
const EARLY_SHARE = 0.25;
const CALM_TESTS_TO_CLEAR = 2;

/**
 * Decides whether a repeated look may tell anybody. A test counts only on a quarter more lows, on six hours' while a
 * young life is suspected, or on a new life; and a leak must be seen again in lows that the first sight did not have. A
 * test in between that cannot decide keeps the suspicion, one that sees no growth forgets it. `bench/leaks/alarms.ts`
 * measures it; telling at each look made 7.5 false alarms in 1,000 simulated healthy service-days.
 */
export function nextLook(
  previous: LookState | undefined,
  result: LeakResult,
  context: LookContext = {},
): { state: LookState; decision: Decision } {
  const state = stateBefore(previous, result, context);
  const { pool } = context;
  if (pool && isPoolTest(state.pool, pool)) {
    const { look, decision } = lookAtPool(state.pool, pool, state.fired);
    const calmTests = pool.isLeak ? 0 : state.calmTests;
    const after = { ...state, pool: look, calmTests, fired: state.fired || decision === 'fire' };
    // The pool speaks for lives that are too short to speak; a life that speaks is heard by itself.
    if (decision === 'fire' || result.onset === null) return { state: after, decision };
    return lookAtLife(after, result, context);
  }
  if (result.verdict === 'leak' && result.onset === null && pool) return { state, decision: 'none' };
  return lookAtLife(state, result, context);
}

/** When there may be enough new evidence for another test: until then no look need read anything. */
export function dueAt(state: LookState, result: LeakResult): EpochMs {
  const { times } = result.floorPoints;
  const last = times.at(-1);
  if (last === undefined || state.urgent) return 0;
  const between = (last - times[0]!) / Math.max(1, result.lows - 1);
  const missing = Math.max(1, state.testedLows * MORE_EVIDENCE - result.lows);
  const wait = missing * between * (result.lows < YOUNG_LOWS ? EARLY_WHEN_YOUNG : EARLY_BY);
  const due = Math.min(last + wait, suspectedDueAt(state));
  return due - last < SHORT_WAIT_MS ? 0 : due;
}

/** When a suspected rise is tested again at the latest. */
const suspectedDueAt = ({ suspicion, birth, testedUntil }: LookState): EpochMs =>
  suspicion !== null && testedUntil - birth < SUSPECTED_AGE_MS - SUSPECTED_WAIT_MS
    ? testedUntil + SUSPECTED_WAIT_MS
    : Number.POSITIVE_INFINITY;

/** A wait this short is none: a young life is looked at each time. */
const SHORT_WAIT_MS = 10 * MINUTE_MS;
/** Lows may come faster than they did on the average, the more so the fewer they are. */
const YOUNG_LOWS = 60;
const EARLY_WHEN_YOUNG = 0.5;
const EARLY_BY = 0.8;

function stateBefore(previous: LookState | undefined, result: LeakResult, context: LookContext): LookState {
  const birth = context.birth ?? result.floorPoints.times[0] ?? 0;
  const grainMs = context.grainMs ?? 0;
  const known = previous?.analyzer === LEAKS_VERSION ? previous : undefined;
  // What was told stays told, whatever analysis told it: nobody else would say that it has ended.
  if (known === undefined) return { ...NEVER_LOOKED, birth, grainMs, fired: previous?.fired ?? false };
  if (known.birth !== birth)
    return {
      ...known,
      ...{ birth, grainMs, testedLows: 0, testedUntil: 0, testedTop: 0, suspicion: null, urgent: false },
    };
  if (known.grainMs === grainMs && result.lows >= known.testedLows) return known;
  // The same life in lows of another grain, or of another kind: collections have been counted since, and what was taken
  // for a low no longer is one. What was tested is counted again.
  const { times, values } = result.floorPoints;
  const tested = firstAfter(times, known.testedUntil);
  const testedLows = Math.round((result.lows * tested) / Math.max(1, times.length));
  return { ...known, grainMs, testedLows, testedTop: topOf(values.subarray(0, tested)) };
}

const topOf = (values: Float64Array): number => values.reduce((most, v) => Math.max(most, v), 0);

const NEVER_LOOKED: Omit<LookState, 'birth' | 'grainMs'> = {
  analyzer: LEAKS_VERSION,
  testedLows: 0,
  testedUntil: 0,
  testedTop: 0,
  suspicion: null,
  urgent: false,
  lead: null,
  unsettled: 0,
  fired: false,
  calmTests: 0,
  pool: NEVER_POOLED,
};

function lookAtLife(
  state: LookState,
  result: LeakResult,
  context: LookContext,
): { state: LookState; decision: Decision } {
  const { birth } = state;
  const top = topOf(result.floorPoints.values);
  const newest = result.floorPoints.times.at(-1) ?? birth;
  const gone = goneToLimit(result);
  const limitIsNear = gone > 0;
  const hasMore =
    state.urgent || limitIsNear
      ? result.lows > state.testedLows
      : result.lows >= Math.max(FIRST_TEST_LOWS, Math.ceil(state.testedLows * MORE_EVIDENCE)) ||
        (state.testedTop > 0 && top > NEW_TOP * state.testedTop);
  const isEnough = hasMore || newest >= suspectedDueAt(state);
  if (!isEnough) return { state, decision: 'none' };
  const until = result.confirmedUntil ?? birth;
  const tested = {
    ...state,
    testedLows: result.lows,
    testedUntil: newest,
    testedTop: Math.max(state.testedTop, top),
    urgent: limitIsNear,
    lead: leadOf(result),
  };
  if (result.verdict !== 'leak') return afterNoLeak(tested, result);
  if (tested.fired) return { state: { ...tested, calmTests: 0 }, decision: 'none' };
  // A limit that comes soon skips the second test, but not the question who: one more low often turns it round.
  const skipsSecond = gone >= BELIEVED_PART && (result.suspects.length === 0 || tested.lead !== null);
  const suspicion = tested.suspicion !== null && isAbout(tested.suspicion, result) ? tested.suspicion : null;
  // What ended days ago is not confirmed by another rise since.
  const goesOnLater =
    hasLasted(result) && (hasMore || until - (suspicion?.until ?? until) >= SECOND_SIGHT_MS);
  const confirmed = skipsSecond || (suspicion !== null && goesOnLater && goesOn(suspicion, result));
  const named = result.suspects.length === 0 || (tested.lead !== null && tested.lead === state.lead);
  const settled = named || state.unsettled >= (limitIsNear ? UNSETTLED_MAX_URGENT : UNSETTLED_MAX);
  if (confirmed && settled && (gone >= LAST_PART || !isHeld(result, birth, context)))
    return {
      state: { ...tested, suspicion: null, unsettled: 0, fired: true, calmTests: 0 },
      decision: 'fire',
    };
  const unsettled = confirmed && !settled ? state.unsettled + 1 : state.unsettled;
  const now = { until, slopeBytesPerHour: result.slopeBytesPerHour?.value ?? 0 };
  return { state: { ...tested, suspicion: suspicion ?? now, unsettled }, decision: 'suspected' };
}

function afterNoLeak(state: LookState, result: LeakResult): { state: LookState; decision: Decision } {
  const isCalm =
    result.verdict === 'stable' || result.verdict === 'step' || result.verdict === 'load-proportional';
  const calmTests = state.fired && isCalm ? state.calmTests + 1 : 0;
  if (calmTests >= CALM_TESTS_TO_CLEAR)
    return { state: { ...state, suspicion: null, fired: false, calmTests: 0 }, decision: 'clear' };
  const suspicion = UNDECIDED.includes(result.verdict) ? state.suspicion : null;
  return { state: { ...state, suspicion, calmTests }, decision: 'none' };
}

const CLEAR_WEIGHT = 0.9;
/** So often a message waits for the suspects to settle: tests are few and far between unless the limit is near. */
const UNSETTLED_MAX = 1;
const UNSETTLED_MAX_URGENT = 3;

/** The suspect that stands out. */
function leadOf({ suspects }: LeakResult): string | null {
  const [first] = suspects;
  if (first === undefined || first.weight < CLEAR_WEIGHT) return null;
  return first.cause === 'unit' ? first.units.map(unitKey).join('\n') : first.cause;
}

/** A rise that began after the first sight is another one: walks of a few hours follow each other in a busy morning. */
const isAbout = ({ until }: NonNullable<LookState['suspicion']>, { onset }: LeakResult): boolean =>
  onset === null || onset.t <= until;

/** The floor still rises in the lows that came after the first sight, by themselves. */
function goesOn(
  suspicion: NonNullable<LookState['suspicion']>,
  { floorPoints, slopeBytesPerHour }: LeakResult,
): boolean {
  const from = firstAfter(floorPoints.times, suspicion.until);
  const fresh = slicePoints(floorPoints, from, floorPoints.times.length);
  const n = fresh.times.length;
  if (n < 3 || !slopeBytesPerHour) return false;
  const line = fitLine(fresh);
  const noise = (line.sse / Math.max(1, n - 2)) * inflationAbout(fresh, line);
  const error = Math.sqrt(noise) / Math.sqrt(line.sxx || 1);
  // A first sight of few lows is often steeper than what follows: the rise as it looks by now is the measure then.
  const kept = KEPT_SLOPE * Math.min(suspicion.slopeBytesPerHour, slopeBytesPerHour.value);
  return line.slope > error && line.slope * HOUR_MS > kept;
}

/**
 * Parts of the way from where the rise began to a limit that it reaches within a day. From the first on a forecast is
 * believed: no further than the rise has been seen. All healthy walks of up to three hours that a first sight told on
 * the way to a limit (8 in 23,000 days) had gone .16 to .36 of it. From the second on it can no longer be waited whether
 * the rise bends as a warm-up or a morning does.
 */
const BELIEVED_PART = 1 / 2;
const LAST_PART = 3 / 4;

/** How much of the way to a limit that is reached within a day has been gone, 0..1; 0 when none is. */
function goneToLimit({ timeToLimitS, slopeBytesPerHour, floor }: LeakResult): number {
  if (timeToLimitS === null || slopeBytesPerHour === null || floor === null) return 0;
  const leftMs = timeToLimitS.value * SECOND_MS;
  if (leftMs > DAY_MS) return 0;
  const rise = floor.end - floor.start;
  return rise / (rise + (slopeBytesPerHour.value * leftMs) / HOUR_MS);
}

/** A rise that begins with the life is not told before the process may no longer be warming up. */
function isHeld(
  { onset, floor, floorPoints, lows, confirmedUntil }: LeakResult,
  birth: EpochMs,
  context: LookContext,
): boolean {
  if (!onset || !floor) return false;
  const end = confirmedUntil ?? floorPoints.times.at(-1) ?? birth;
  if (mayBeSwing({ durationMs: end - onset.t, ...floor }, context)) return true;
  if (context.olderLivesWereFlat) return false;
  const age = end - birth;
  if (age >= DEFAULTS.warmUpLimitMs) return false;
  if (floor.end >= 2 * floor.start) return false;
  const early = Math.max(EARLY_SHARE * age, (EARLY_LOWS * age) / Math.max(1, lows));
  return onset.t - birth <= early;
}
