import { messageOf } from '../model/fault.ts';
import { PARTITIONS_LIVE_MS } from '../model/lifetimes.ts';
import { type EpochMs, HOUR_MS, MINUTE_MS } from '../model/units.ts';
import type { ObjectInfo } from '../ports/object-store.ts';
import { changeJoin, type JoinRecord, listJoins } from '../records/joins.ts';
import { isUnavailable } from './commit-uploads.ts';
import type { JobContext } from './context.ts';
import { eachProject } from './each-project.ts';
import { type FoldJoined, joinMinute } from './join.ts';
import { beginTry, endTry } from './join-tries.ts';
import { JOIN_REACH_MINUTES, LOOK_BACK_MINUTES } from './join-window.ts';
import { minutesWithPieces, piecesOfMinute, readPieces } from './pieces.ts';

/** After the end of a minute: by then all that it is joined with has arrived, and nearly always been analysed. */
export const JOIN_AFTER_MS = JOIN_REACH_MINUTES * MINUTE_MS;
/** A queue that lags is waited for: what it still holds would come late. */
const LAG_MAX_MS = HOUR_MS;
/** Pieces are kept for so long after their join: what comes later is counted as late until then, and after it too. */
const KEEP_MS = LOOK_BACK_MINUTES * MINUTE_MS;

/** Joins every minute that is due, oldest first, and removes pieces that nothing needs any more. Returns how many it joined. */
export async function joinDue(
  context: JobContext,
  fold: FoldJoined,
  onError: (error: unknown, where: string) => void,
): Promise<number> {
  let joined = 0;
  const ready = context.clock.now() - (await lagOf(context)) - JOIN_AFTER_MS - MINUTE_MS;
  await eachProject(context, async (project) => {
    const minutes = await youngMinutes(context, project);
    const known = await recordsOf(context, project, minutes);
    for (const minute of minutes) {
      if (known.get(minute)?.joinedAt !== undefined || minute > ready) continue;
      const record = await joinOne(context, fold, project, minute, onError);
      if (record !== undefined) known.set(minute, record);
      joined += record === undefined ? 0 : 1;
    }
    await removeJoined(context, project, minutes, known);
  });
  return joined;
}

/** Minutes of which pieces are stored. A server that was off for weeks finds some that are too old to be folded, and removes them. */
async function youngMinutes(context: JobContext, project: string): Promise<readonly EpochMs[]> {
  const minutes = await minutesWithPieces(context, 'live', project);
  const isOld = (minute: EpochMs) => minute < context.clock.now() - PARTITIONS_LIVE_MS;
  for (const minute of minutes.filter(isOld)) {
    for (const { key } of await piecesOfMinute(context, 'live', project, minute))
      await context.objects.delete(key);
  }
  return minutes.filter((minute) => !isOld(minute));
}

/** How far the analysis is behind, as far as the queue tells. */
async function lagOf({ uploads }: JobContext): Promise<number> {
  const { oldestMs } = await uploads.depth();
  return Math.min(LAG_MAX_MS, oldestMs);
}

async function recordsOf(context: JobContext, project: string, minutes: readonly EpochMs[]) {
  const [first, last] = [minutes[0], minutes.at(-1)];
  if (first === undefined || last === undefined) return new Map<EpochMs, JoinRecord>();
  const records = await listJoins(context.records, project, first, last + MINUTE_MS);
  return new Map(records.map((record) => [record.minute, record]));
}

async function joinOne(
  context: JobContext,
  fold: FoldJoined,
  project: string,
  minute: EpochMs,
  onError: (error: unknown, where: string) => void,
): Promise<JoinRecord | undefined> {
  const at = { project, space: 'live', minute } as const;
  const { outcome, record } = await beginTry(context, at);
  if (outcome !== 'begun') return outcome === 'busy' ? undefined : record;
  try {
    const joined = await joinMinute(context, fold, at);
    if (joined === undefined) await endTry(context, at);
    return joined;
  } catch (error) {
    onError(error, `join of ${new Date(minute).toISOString()}`);
    await endTry(context, at, isUnavailable(error) ? undefined : messageOf(error));
    return undefined;
  }
}

/** Pieces of a minute that is joined, and that no join around it needs. What was stored after its join is counted as late. */
async function removeJoined(
  context: JobContext,
  project: string,
  minutes: readonly EpochMs[],
  known: ReadonlyMap<EpochMs, JoinRecord>,
): Promise<void> {
  const before = context.clock.now() - KEEP_MS;
  const isJoined = (minute: EpochMs) => known.get(minute)?.joinedAt !== undefined;
  for (const minute of minutes) {
    const joinedAt = known.get(minute)?.joinedAt;
    const isNeeded = minutes.some(
      (near) => Math.abs(near - minute) <= JOIN_REACH_MINUTES * MINUTE_MS && !isJoined(near),
    );
    if (joinedAt === undefined || joinedAt > before || isNeeded) continue;
    const infos = await piecesOfMinute(context, 'live', project, minute);
    const late = infos.filter(({ modified }) => modified > joinedAt);
    const inTime = late.length === 0 ? [] : infos.filter(({ modified }) => modified <= joinedAt);
    if (late.length > 0) await countLate(context, project, minute, late, await namesOf(context, inTime));
    for (const { key } of infos) await context.objects.delete(key);
  }
}

const nameOf = ({ upload, index }: { readonly upload: string; readonly index: number }) =>
  `${upload} ${index}`;

async function namesOf(context: JobContext, infos: readonly ObjectInfo[]): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for await (const pieces of readPieces(context, infos)) for (const piece of pieces) names.add(nameOf(piece));
  return names;
}

/** A crash between the count and the removal counts again: it is a number for people, and sums do not depend on it. */
async function countLate(
  context: JobContext,
  project: string,
  minute: EpochMs,
  infos: readonly ObjectInfo[],
  joined: ReadonlySet<string>,
): Promise<void> {
  const late = new Map<string, number>();
  for await (const pieces of readPieces(context, infos)) {
    for (const piece of pieces) if (!joined.has(nameOf(piece))) late.set(nameOf(piece), piece.spans);
  }
  const spans = [...late.values()].reduce((sum, count) => sum + count, 0);
  await changeJoin(context, project, 'live', minute, (before) =>
    before === undefined ? undefined : { ...before, late: before.late + spans },
  );
}
