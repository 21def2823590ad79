import { childrenOf, endOfBucket, MACHINES, type Partition } from '../model/partition.ts';
import { type EpochMs, HOUR_MS } from '../model/units.ts';
import type { ObjectInfo } from '../ports/object-store.ts';
import { MAX_PAGE } from '../ports/record-store.ts';
import { listProjects } from '../records/api-keys.ts';
import { keepPlace, readPlace } from '../records/job-places.ts';
import { listServices } from '../records/services.ts';
import { fence } from '../segments/fence.ts';
import { keyPart, placeOfKey, SEGMENT_PREFIX } from '../segments/keys.ts';
import type { PlacedHead } from '../segments/store.ts';
import type { JobContext } from './context.ts';
import { deleteObjects } from './delete-objects.ts';
import { RAW_SHARDS, rawHourPrefix, rawPlace } from './raw-segment.ts';

/** A segment that no head lists is removed after this long: far longer than a writer may hold one (10 min). */
export const ORPHAN_AFTER_MS = HOUR_MS;

/**
 * A project's raw objects of the hours that overlap [from, to). Cost: a listing for each shard, however long the range, and
 * one more for each 1,000 objects in it.
 */
export async function rawObjects(
  { objects }: Pick<JobContext, 'objects'>,
  project: string,
  from: number,
  to: number,
): Promise<ObjectInfo[]> {
  const found: ObjectInfo[] = [];
  for (const shard of RAW_SHARDS) {
    let after = rawHourPrefix(shard, project, from);
    for (let more = true; more; ) {
      const page = await objects.list(`raw/${shard}/${project}/`, { after });
      const wanted = page.filter(({ key }) => (rawPlace(key)?.hour ?? to) < to);
      found.push(...wanted);
      after = page.at(-1)?.key ?? after;
      more = page.length === MAX_PAGE && wanted.length === page.length;
    }
  }
  return found;
}

/** Objects in the order of their keys, behind `after`; a page is asked for once the one before was taken. */
export async function* eachObject(
  { objects }: Pick<JobContext, 'objects'>,
  prefix: string,
  after?: string,
): AsyncIterable<ObjectInfo> {
  let last = after;
  do {
    const page = await objects.list(prefix, last === undefined ? {} : { after: last });
    yield* page;
    last = page.at(-1)?.key;
  } while (last !== undefined);
}

export async function listAll(context: Pick<JobContext, 'objects'>, prefix: string): Promise<ObjectInfo[]> {
  const found: ObjectInfo[] = [];
  for await (const object of eachObject(context, prefix)) found.push(object);
  return found;
}

/**
 * Removes segments that no head lists and that are older than any writer may be. Returns how many.
 *
 * Before it removes any it fences their partition, so that a writer who was stopped for hours cannot list one afterwards.
 *
 * It sees all heads: a roll-up that was marked by a writer that ended before it asked for it is asked for again.
 *
 * A run goes round all that is stored, and begins behind the service that the last one began last.
 *
 * Cost: all segments are listed, and for each generation of a service all of its heads are read.
 */
export async function sweepOrphans(context: JobContext): Promise<number> {
  const now = await storeTime(context);
  const owners = await ownersOfFolders(context);
  let removed = 0;
  for await (const infos of roundByService(context, await readPlace(context.records, JOB))) {
    const old = infos.filter(({ modified }) => now - modified > ORPHAN_AFTER_MS).map(({ key }) => key);
    // Services are noted before anything of theirs is written: a folder of nobody is one whose owner is not known here.
    const owned = owners.get(ownerPart(old[0] ?? '')) ?? [];
    if (owned.length === 0) continue;
    await keepPlace(context.records, JOB, infos.at(-1)?.key ?? '');
    removed += await sweepService(context, owned, old);
  }
  return removed;
}
const JOB = 'orphans';

type Owner = Pick<Partition, 'project' | 'service'>;

/** Services that may own a folder: those whose long names begin alike share one. */
async function ownersOfFolders({ records }: JobContext): Promise<ReadonlyMap<string, readonly Owner[]>> {
  const owners = new Map<string, Owner[]>();
  for (const { name: project } of await listProjects(records)) {
    const services = (await listServices(records, project)).map(({ service }) => service);
    for (const service of [MACHINES, ...services]) {
      const part = `${keyPart(project)}/${keyPart(service)}`;
      owners.set(part, [...(owners.get(part) ?? []), { project, service }]);
    }
  }
  return owners;
}

/** `<project>/<service>` of a key `seg/<generation>/<project>/<service>/…`. */
const ownerPart = (key: string) => key.split('/').slice(2, 4).join('/');

/** All segments, those of one service and generation together, from behind the key `place` on and round to it. */
async function* roundByService(
  context: JobContext,
  place: string | undefined,
): AsyncIterable<readonly ObjectInfo[]> {
  yield* byService(eachObject(context, SEGMENT_PREFIX, place));
  if (place === undefined) return;
  for await (const infos of byService(eachObject(context, SEGMENT_PREFIX))) {
    if ((infos[0]?.key ?? '') > place) return;
    yield infos;
  }
}

async function* byService(objects: AsyncIterable<ObjectInfo>): AsyncIterable<readonly ObjectInfo[]> {
  let group: ObjectInfo[] = [];
  for await (const object of objects) {
    const isNext = group[0] !== undefined && folderOf(group[0]) !== folderOf(object);
    if (isNext) yield group;
    if (isNext) group = [];
    group.push(object);
  }
  if (group.length > 0) yield group;
}
const folderOf = ({ key }: ObjectInfo) => key.split('/').slice(0, 4).join('/');

/** Removes those of `keys`, all of which lie in a folder of these services, that no head lists. */
async function sweepService(
  context: JobContext,
  owned: readonly Owner[],
  keys: readonly string[],
): Promise<number> {
  // Heads are read after the listing: a segment listed since then is not in `keys`.
  const listed = new Set<string>();
  for (const { project, service } of owned) {
    for (const placed of await context.heads.all(project, service)) {
      for (const { key } of placed.head.segments) listed.add(key);
      if (isLeftStale(placed, context.clock.now())) await context.heads.touch(childOf(placed));
    }
  }
  const orphans = keys.filter((key) => !listed.has(key));
  let removed = 0;
  for (const [folder, inFolder] of Map.groupBy(orphans, (key) => key.slice(0, key.lastIndexOf('/')))) {
    let unlisted: readonly string[] = inFolder;
    for (const owner of owned) {
      unlisted = await fence(context, { ...owner, ...placeOfKey(`${folder}/`) }, unlisted);
    }
    await deleteObjects(context, unlisted);
    removed += unlisted.length;
  }
  return removed;
}

/** Marked for longer than a late upload takes to be asked for. */
const isLeftStale = ({ partition, head }: PlacedHead, now: EpochMs) =>
  head.dirty !== undefined && !head.final && !head.expired && endOfBucket(partition) < now - STALE_AFTER_MS;
const STALE_AFTER_MS = 6 * HOUR_MS;
const childOf = ({ partition }: PlacedHead) => childrenOf(partition)[0] as Partition;

/**
 * The time of the object store, by which objects are stamped. A sweeper whose own clock is ahead would take for old what
 * was written a moment ago and is about to be listed.
 */
export async function storeTime({ objects }: Pick<JobContext, 'objects'>): Promise<EpochMs> {
  await objects.put(TIME_KEY, Uint8Array.of(0));
  const [mark] = await objects.list(TIME_KEY);
  return mark?.modified ?? 0;
}
const TIME_KEY = 'time/sweep';
