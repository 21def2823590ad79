import { DAY_MS, type EpochMs, HOUR_MS, MINUTE_MS } from '../model/units.ts';
import type { ObjectInfo } from '../ports/object-store.ts';
import { MAX_PAGE } from '../ports/record-store.ts';
import { listProjects } from '../records/api-keys.ts';
import {
  listSweeps,
  type SweepMark,
  UNFINISHED_MAX,
  type Unfinished,
  writeSweep,
} from '../records/sweeps.ts';
import type { JobContext } from './context.ts';
import { eachInTurn } from './each-project.ts';
import { objectCreated } from './events.ts';
import { DEFAULT_RETENTION } from './expire.ts';
import { damagedId, readRawIndex } from './raw-read.ts';
import { RAW_SHARDS } from './raw-segment.ts';
import { storeTime } from './sweep.ts';
import {
  dueOf,
  isDueAgain,
  isNew,
  LAG_MAX_MS,
  listedAfter,
  markAfter,
  markBefore,
  type Run,
  type Search,
  type Shard,
  searchOf,
  UNSEEN_AFTER_MS,
} from './sweep-mark.ts';

const AT_ONCE = 16;
/** Objects after which the mark is written: a run that ends half-way loses no more than that. */
const SAVED_EVERY = 1024;
/** New objects of one shard that a run remembers; the later ones are left to the next. */
const NEW_MAX = 100_000;
/** An idle shard writes its mark this often, so that it is not for ever the one that is furthest behind. */
const IDLE_MARK_MS = HOUR_MS;

/**
 * Enqueues raw objects that hold an upload without a ledger record. A mark for each shard says how far that was looked, so
 * that an object is opened once in its life, however long the sweep was off; those that were not finished then are looked at
 * again, ever more rarely, until they are. What a lagging queue still holds is not sent again.
 *
 * At start-up `olderThanMs` is 0: what the queue lost with the power is found at once, whatever still waits in it. Sending what
 * is still queued changes nothing.
 *
 * What goes wrong in one shard keeps no other from being swept: the first error is thrown when all have had their turn.
 *
 * Cost: for each shard a listing, and one more for each 1,000 objects of the last four hours, once a day of two days; of each
 * new object its index, never its bodies, and the ledger once for each upload.
 */
export async function sweepUploads(
  context: JobContext,
  { olderThanMs = UNSEEN_AFTER_MS }: { readonly olderThanMs?: number } = {},
): Promise<number> {
  const run = await begunRun(context, olderThanMs);
  let sent = 0;
  await eachInTurn(await shardsOf(context, run.now), async (shard) => {
    sent += await sweepShard(context, searchOf(shard, run));
  });
  return sent;
}

async function begunRun(context: JobContext, olderThanMs: number): Promise<Run> {
  const now = await storeTime(context);
  if (olderThanMs < UNSEEN_AFTER_MS) return { now, waitMs: olderThanMs, queued: 0, isStart: true };
  const { visible, oldestMs } = await context.uploads.depth();
  // What is older than the oldest message is not in the queue. One that tells no ages holds the latest, of every shard alike.
  const waitMs = Math.max(olderThanMs, Math.min(oldestMs + MINUTE_MS, LAG_MAX_MS));
  return { now, waitMs, queued: oldestMs > 0 ? 0 : Math.floor(visible / RAW_SHARDS.length), isStart: false };
}

/** Those that are furthest behind come first: a run that ends half-way leaves them no further behind. */
async function shardsOf(context: JobContext, now: EpochMs): Promise<readonly Shard[]> {
  const shards: Shard[] = [];
  for (const { name: project } of await listProjects(context.records)) {
    const { retentionDays } = (await context.retention?.(project)) ?? DEFAULT_RETENTION;
    const marks = await listSweeps(context.records, project);
    for (const shard of RAW_SHARDS)
      shards.push({ project, shard, stored: marks.get(shard), since: now - retentionDays * DAY_MS });
  }
  const untilOf = ({ stored }: Shard) => stored?.mark.until ?? 0;
  return shards.sort((a, b) => untilOf(a) - untilOf(b));
}

/** Looks at what is new in one shard, oldest first, and says how far it came. Returns how many events it sent. */
async function sweepShard(context: JobContext, search: Search): Promise<number> {
  const { shard, run, mark } = search;
  const waiting = new Map(mark.unfinished.map((one) => [one.key, one]));
  const { objects, isCutFrom } = await newObjects(context, search, waiting);
  const { due, until } = dueOf(objects, search);
  const again = mark.unfinished.filter((one) => isDueAgain(one, run));
  const save = savingTo(context, shard, waiting);
  let sent = 0;
  for (const batch of batches(again)) sent += await lookAt(context, search, batch, waiting);
  let looked = 0;
  for (const batch of batches(due)) {
    const isFull = waiting.size + batch.length > UNFINISHED_MAX;
    const isSaved = isFull || (looked > 0 && looked % SAVED_EVERY === 0);
    const [next] = batch as [ObjectInfo];
    if (isSaved && (!(await save(markBefore(search, next.modified, until))) || isFull)) return sent;
    sent += await lookAt(context, search, batch, waiting);
    looked += batch.length;
  }
  const isCut = isCutFrom < Number.POSITIVE_INFINITY;
  // An idle shard writes nothing most of the time.
  const isOld = until - mark.until >= IDLE_MARK_MS;
  if (looked + again.length > 0 || search.isLateDue || search.isSetBack || isOld)
    await save(isCut ? markBefore(search, isCutFrom, until) : markAfter(search, due, until));
  return sent;
}

/** Writes marks of one shard, one after the other. False: somebody else has swept it, and says how far that came. */
function savingTo(
  { records }: JobContext,
  { project, shard, stored }: Shard,
  waiting: ReadonlyMap<string, Unfinished>,
) {
  let version = stored?.version;
  return async (mark: SweepMark): Promise<boolean> => {
    const place = { project, shard, ...(version !== undefined && { version }) };
    const put = await writeSweep(records, place, { ...mark, unfinished: [...waiting.values()] });
    if (put.outcome === 'stored') version = put.version;
    return put.outcome === 'stored';
  };
}

/** Objects of a shard that no sweep has looked at, oldest first. Of more than NEW_MAX the latest are left out, from `isCutFrom` on. */
async function newObjects({ objects }: JobContext, search: Search, waiting: ReadonlyMap<string, unknown>) {
  const { project, shard } = search.shard;
  const byAge = (a: ObjectInfo, b: ObjectInfo) => a.modified - b.modified;
  let found: ObjectInfo[] = [];
  let isCutFrom = Number.POSITIVE_INFINITY;
  for (let after = listedAfter(search); ; ) {
    const page = await objects.list(`raw/${shard}/${project}/`, { after });
    for (const object of page) if (isNew(object, search) && !waiting.has(object.key)) found.push(object);
    if (found.length > 2 * NEW_MAX) {
      found.sort(byAge);
      isCutFrom = Math.min(isCutFrom, (found[NEW_MAX] as ObjectInfo).modified);
      found = found.slice(0, NEW_MAX);
    }
    if (page.length < MAX_PAGE) break;
    after = page.at(-1)?.key ?? after;
  }
  return { objects: found.filter(({ modified }) => modified < isCutFrom).sort(byAge), isCutFrom };
}

/** Sends the events of those that are unfinished, and notes which these are. */
async function lookAt(
  context: JobContext,
  { shard: { project }, run: { now } }: Search,
  batch: readonly Pick<ObjectInfo, 'key' | 'size'>[],
  waiting: Map<string, Unfinished>,
): Promise<number> {
  const unseen = await Promise.all(batch.map((object) => hasUnseen(context, project, object)));
  const unfinished = batch.filter((_, at) => unseen[at]);
  const { bucket } = context.settings;
  if (unfinished.length > 0)
    await context.uploads.send(unfinished.map(({ key, size }) => objectCreated(bucket, key, size)));
  for (const { key } of batch) if (!unfinished.some((one) => one.key === key)) waiting.delete(key);
  for (const { key, size } of unfinished)
    waiting.set(key, { key, size, sentAt: now, times: (waiting.get(key)?.times ?? 0) + 1 });
  return unfinished.length;
}

async function hasUnseen(
  context: JobContext,
  project: string,
  { key }: Pick<ObjectInfo, 'key'>,
): Promise<boolean> {
  // One that cannot be read counts as unfinished, ever more rarely: its event has the analyzer say what is wrong.
  const entries = await readRawIndex(context.objects, key).catch(() => 'unreadable' as const);
  if (entries === 'unreadable') return true;
  if (entries === undefined) return false;
  const ids = entries === 'damaged' ? [await damagedId(key)] : entries.map(({ id }) => id);
  for (const id of ids) {
    if ((await context.ledger.get(project, id)) === undefined) return true;
  }
  return false;
}

const batches = <T>(list: readonly T[]): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(list.length / AT_ONCE) }, (_, n) =>
    list.slice(n * AT_ONCE, (n + 1) * AT_ONCE),
  );
