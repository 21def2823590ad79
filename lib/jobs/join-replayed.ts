import { messageOf } from '../model/fault.ts';
import { DAY_MS, type EpochMs, MINUTE_MS } from '../model/units.ts';
import { readJoin } from '../records/joins.ts';
import { isUnavailable } from './commit-uploads.ts';
import type { JobContext } from './context.ts';
import { type FoldJoined, joinMinute } from './join.ts';
import { beginTry, endTry } from './join-tries.ts';
import { JOIN_REACH_MINUTES, type JoinAt, LOOK_BACK_MINUTES } from './join-window.ts';
import { minutesWithPieces, piecesOfMinute } from './pieces.ts';

const REACH_MS = JOIN_REACH_MINUTES * MINUTE_MS;
/** How long pieces are kept after their own join: later minutes look back at them, as live joins do. */
const KEEP_MS = LOOK_BACK_MINUTES * MINUTE_MS + 2 * REACH_MS;

interface Replayed {
  readonly project: string;
  readonly generation: number;
  readonly foldedTo: EpochMs;
  /** Called before each minute: an hour of them may take longer than a worker's claim holds. */
  readonly claim: () => Promise<unknown>;
}

/**
 * Joins what a replay has folded: the minutes around which all raw uploads before `foldedTo` were read. Their pieces lie
 * apart from those of live analysis and are removed once no join needs them.
 *
 * @throws Fault('unavailable') when a store does not answer: call again
 */
export async function joinReplayed(
  context: JobContext,
  fold: FoldJoined,
  { project, generation, foldedTo, claim }: Replayed,
  refuse: (reason: string) => void,
): Promise<void> {
  const minutes = await minutesWithPieces(context, generation, project);
  for (const minute of minutes) {
    if (minute + MINUTE_MS + REACH_MS > foldedTo) continue;
    if (minute > context.clock.now() - DAY_MS && (await isLeftToLive(context, project, minute))) continue;
    await claim();
    await joinOne(context, fold, { project, space: generation, minute }, refuse);
  }
  for (const minute of minutes) {
    if (minute + MINUTE_MS + KEEP_MS > foldedTo) continue;
    for (const { key } of await piecesOfMinute(context, generation, project, minute))
      await context.objects.delete(key);
  }
}

async function joinOne(
  context: JobContext,
  fold: FoldJoined,
  at: JoinAt,
  refuse: (reason: string) => void,
): Promise<void> {
  const { outcome, record } = await beginTry(context, at);
  if (outcome === 'given up') refuse(`Join: given up after ${record.tries?.count} tries that came to no end`);
  if (outcome !== 'begun') return;
  try {
    await joinMinute(context, fold, at);
  } catch (error) {
    const isAway = isUnavailable(error);
    await endTry(context, at, isAway ? undefined : messageOf(error));
    if (isAway) throw error;
    refuse(`Join: ${messageOf(error)}`);
  }
}

/**
 * Live analysis has yet to join it, and writes to every open generation. A minute that is under way would be joined of what has
 * come so far, and count as joined.
 */
async function isLeftToLive(context: JobContext, project: string, minute: EpochMs): Promise<boolean> {
  const live = await readJoin(context.records, project, 'live', minute);
  if (live?.joinedAt !== undefined) return false;
  return (await piecesOfMinute(context, 'live', project, minute)).length > 0;
}
