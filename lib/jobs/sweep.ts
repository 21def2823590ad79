import { childrenOf, endOfBucket, MACHINES, type Partition } from '../model/partition.ts';
import { type EpochMs, HOUR_MS } from '../model/units.ts';
import type { ObjectInfo } from '../ports/object-store.ts';
import { MAX_PAGE } from '../ports/record-store.ts';
import { listProjects } from '../records/api-keys.ts';
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

export async function listAll(context: Pick<JobContext, 'objects'>, prefix: string): Promise<ObjectInfo[]> {
  const found: ObjectInfo[] = [];
  for (;;) {
    const after = found.at(-1)?.key;
    const page = await context.objects.list(prefix, after === undefined ? {} : { after });
    found.push(...page);
    if (page.length === 0) return found;
  }
}

/**
 * Removes segments that no head lists and that are older than any writer may be. Returns how many.
 *
 * Before it removes any it fences their partition, so that a writer who was stopped for hours cannot list one afterwards.
 *
 * It sees all heads: a roll-up that was marked by a writer that ended before it asked for it is asked for again.
 */
export async function sweepOrphans(context: JobContext): Promise<number> {
  const now = await storeTime(context);
  const old = (await listAll(context, SEGMENT_PREFIX)).filter(
    ({ modified }) => now - modified > ORPHAN_AFTER_MS,
  );
  if (old.length === 0) return 0;
  // Heads are read after the listing: a segment listed since then is not in `old`.
  const { listed, owners, stale } = await listedSegments(context);
  for (const partition of stale) await context.heads.touch(partition);
  const orphans = new Map<string, string[]>(); // by folder: one for each partition
  for (const { key } of old) {
    if (listed.has(key)) continue;
    const folder = key.slice(0, key.lastIndexOf('/'));
    orphans.set(folder, [...(orphans.get(folder) ?? []), key]);
  }
  let removed = 0;
  for (const [folder, keys] of orphans) {
    // Services are noted before anything of theirs is written: a folder of nobody is one whose owner is not known here.
    const owned = owners.get(ownerPart(folder));
    if (owned === undefined) continue;
    let unlisted: readonly string[] = keys;
    for (const owner of owned) {
      unlisted = await fence(context, { ...owner, ...placeOfKey(`${folder}/`) }, unlisted);
    }
    await deleteObjects(context, unlisted);
    removed += unlisted.length;
  }
  return removed;
}

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

/**
 * Keys that heads list, the services that may own a folder (long names that begin alike share one), and of each roll-up that
 * is left stale a part of it.
 */
async function listedSegments(context: JobContext) {
  const listed = new Set<string>();
  const stale: Partition[] = [];
  const owners = new Map<string, Pick<Partition, 'project' | 'service'>[]>();
  for (const { name: project } of await listProjects(context.records)) {
    const services = (await listServices(context.records, project)).map(({ service }) => service);
    for (const service of [MACHINES, ...services]) {
      const part = `${keyPart(project)}/${keyPart(service)}`;
      owners.set(part, [...(owners.get(part) ?? []), { project, service }]);
      for (const placed of await context.heads.all(project, service)) {
        for (const { key } of placed.head.segments) listed.add(key);
        if (isLeftStale(placed, context.clock.now())) stale.push(childOf(placed));
      }
    }
  }
  return { listed, owners, stale };
}

/** Marked for longer than a late upload takes to be asked for. */
const isLeftStale = ({ partition, head }: PlacedHead, now: EpochMs) =>
  head.dirty !== undefined && !head.final && !head.expired && endOfBucket(partition) < now - STALE_AFTER_MS;
const STALE_AFTER_MS = 6 * HOUR_MS;
const childOf = ({ partition }: PlacedHead) => childrenOf(partition)[0] as Partition;

/** `<project>/<service>` of a folder `seg/<generation>/<project>/<service>/…`. */
const ownerPart = (folder: string) => folder.split('/').slice(2, 4).join('/');
