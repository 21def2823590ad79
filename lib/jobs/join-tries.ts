import { type EpochMs, MINUTE_MS } from '../model/units.ts';
import { changeJoin, type JoinRecord, untouched } from '../records/joins.ts';
import type { JobContext } from './context.ts';
import type { JoinAt } from './join-window.ts';

/** Tries after which a minute is given up that cannot be joined: the next ones need not suffer for it. */
const TRIES_MAX = 5;
/** Longer than any task may take: one that has not ended by then ended with its process. */
const TRY_MS = 15 * MINUTE_MS;

export interface Begun {
  /** 'busy': somebody else is at it. 'given up': by this call, and told by none after it. */
  readonly outcome: 'begun' | 'busy' | 'joined' | 'given up';
  readonly record: JoinRecord;
}

/**
 * Counts a try before it is made, so that the tries are known that ended the process, by memory or by time: a minute that does
 * would be the oldest, and the first to be tried, again and again.
 */
export async function beginTry(context: JobContext, { project, space, minute }: JoinAt): Promise<Begun> {
  const now = context.clock.now();
  let outcome: Begun['outcome'] = 'begun';
  const stands = await changeJoin(context, project, space, minute, (before = untouched(minute)) => {
    outcome = outcomeOf(before, { isLive: space === 'live', now });
    if (outcome === 'given up') return { ...before, joinedAt: now };
    if (outcome !== 'begun') return undefined;
    const { tries = { count: 0 } } = before;
    return { ...before, tries: { ...tries, count: tries.count + 1, since: now } };
  });
  return { outcome, record: stands ?? untouched(minute) };
}

function outcomeOf(
  { joinedAt, tries = { count: 0 } }: JoinRecord,
  { isLive, now }: { readonly isLive: boolean; readonly now: EpochMs },
): Begun['outcome'] {
  if (joinedAt !== undefined) return 'joined';
  // A worker of a replay has claimed all of its step.
  if (isLive && tries.since !== undefined && Math.abs(now - tries.since) < TRY_MS) return 'busy';
  return tries.count < TRIES_MAX ? 'begun' : 'given up';
}

/** @param reason why it went wrong; absent: it is no fault of the minute, and counts for nothing */
export const endTry = (context: JobContext, { project, space, minute }: JoinAt, reason?: string) =>
  changeJoin(context, project, space, minute, (before) => {
    if (before?.tries === undefined || before.joinedAt !== undefined) return undefined;
    const { since: _, ...tries } = before.tries;
    const ended = reason === undefined ? { count: tries.count - 1 } : { reason };
    return { ...before, tries: { ...tries, ...ended } };
  });
