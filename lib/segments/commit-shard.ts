import { Fault } from '../model/fault.ts';
import type { UploadId } from '../model/ids.ts';
import { PARTITIONS_LIVE_MS } from '../model/lifetimes.ts';
import { endOfBucket, type Head, type Partition, parentOf, type SegmentRef } from '../model/partition.ts';
import { type EpochMs, MINUTE_MS } from '../model/units.ts';
import { segmentKey } from './keys.ts';
import type { Sections } from './kinds/index.ts';
import { mergeAllSections } from './merge-sections.ts';
import { encodeSegment } from './segment.ts';
import { markStale } from './stale.ts';
import { analyzerVersion, type SegmentCache, type SegmentStoreContext, type VersionedHead } from './store.ts';

/** What one upload adds to one partition. */
export interface Contribution {
  readonly uploadId: UploadId;
  readonly sections: Sections;
}

export interface CommitOptions {
  /** When the caller took the uploads from the queue: it gives them up GIVE_UP_MS later. Default: now. */
  readonly heldSince?: EpochMs;
  /** Shards of the partition if it is made now; else its head says how many it has. */
  readonly shards?: number;
}

export interface CommitResult {
  /** Uploads that this call made visible, as far as it can tell: a lost answer reads as `already` once compacted. */
  readonly committed: readonly UploadId[];
  /** Uploads that the partition already held: a redelivery, or another writer was faster. */
  readonly already: readonly UploadId[];
  /** Uploads that came after the partition was expired: nothing was added. */
  readonly expired: readonly UploadId[];
}

/** A writer that has not swapped this long after its PUT starts again: the sweep may be about to remove its segment. */
export const WRITER_GRACE_MS = 10 * MINUTE_MS;
/** An analyzer gives up an upload that it has held for longer: ids leave footers an hour after an upload was done. */
export const GIVE_UP_MS = 15 * MINUTE_MS;
/** Lost races in a row before the queue gets the work back. */
const ATTEMPTS_MAX = 50;

/**
 * Appends what `contributions` add to one shard of `partition`, each upload exactly once however often this is called.
 *
 * One delta segment is PUT, then listed by a conditional write of the head. A lost race reads the head and the footers
 * that are new: with disjoint ids the same segment is tried again, with an overlap it is rebuilt without those uploads.
 * A segment that lost is never deleted here: another try of ours may have been the one that was listed. Where ids have
 * left the footers, the ledger is asked after the head was read, and the swap holds for that head alone: an upload is in a
 * footer, or done, or new. Clocks decide nothing of that.
 *
 * Cost: one PUT and one swap; one read of the head and of each unknown footer; where roll-ups were built, two more
 * reads and writes; for a new partition, one more write; where ids were trimmed, a read of the ledger for each new upload.
 * @returns 'split' when `partition` names no shard and its head says that it has several
 * @throws Fault('unavailable') when a store does not answer, races never end or the uploads were held for too long: call
 *   again with the same contributions
 */
export async function commitShard(
  context: SegmentStoreContext,
  cache: SegmentCache,
  partition: Partition,
  contributions: readonly Contribution[],
  { heldSince = context.clock.now() }: CommitOptions = {},
): Promise<CommitResult | 'split'> {
  const ours = new Set<string>(); // keys of segments that this call has PUT
  let written: WrittenDelta | undefined;
  const gone = new Set<string>(); // keys of segments that were not there when a head had listed them
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const current = await context.heads.read(partition);
    // After the head was read: what has left its footers was done long before we began.
    refuseHeldTooLong(context, partition, heldSince);
    if (partition.shard === undefined && (current?.head.shards ?? 1) > 1) return 'split';
    const listed = current?.head.segments ?? [];
    if (written !== undefined && listed.some(({ key }) => ours.has(key)))
      return resultOf(contributions, written);
    if (await isExpired(context, partition, current)) return expiredResult(contributions);
    const covered = await coveredUploads(cache, listed);
    if (covered.gone.some((key) => !gone.has(key))) {
      for (const key of covered.gone) gone.add(key);
      continue; // compacted since the head was read; one that the next head lists as well is lost
    }
    const uncovered = contributions.filter(({ uploadId }) => !covered.has(uploadId));
    const isDoubtful = current?.head.trimmed === true || covered.isPartial;
    const fresh = isDoubtful ? await notDone(context, partition, uncovered) : uncovered;
    if (fresh.length === 0) return resultOf(contributions, undefined);
    if (written === undefined || !sameUploads(written, fresh) || isPastGrace(context, written.putAt)) {
      written = await putDelta(context, cache, partition, fresh);
      ours.add(written.ref.key);
    }
    if (current?.head.sealed && (await markStale(context, partition)) === 'final')
      return expiredResult(contributions);
    // After the mark: a roll-up between both would find nothing to do, and forget that the hour was touched.
    if (current === undefined || current.head.sealed) await context.heads.touch(partition);
    if ((await appendTo(context, partition, current, written.ref)) === 'stored')
      return resultOf(contributions, written);
  }
  throw new Fault(
    'unavailable',
    `Cannot commit to ${partition.service}: lost ${ATTEMPTS_MAX} races in a row`,
  );
}

interface WrittenDelta {
  readonly ref: SegmentRef;
  readonly uploads: ReadonlySet<UploadId>;
  readonly putAt: number;
}

/**
 * Whether a writer may not list any more what it has PUT at `putAt`, by its own clock, which may also have been set back
 * since. A commit gives up (GIVE_UP_MS) before the sweep comes, with or without this; a merge has this alone.
 */
export const isPastGrace = ({ clock }: Pick<SegmentStoreContext, 'clock'>, putAt: EpochMs): boolean =>
  Math.abs(clock.now() - putAt) > WRITER_GRACE_MS;

function refuseHeldTooLong({ clock }: SegmentStoreContext, { service }: Partition, heldSince: EpochMs) {
  if (Math.abs(clock.now() - heldSince) <= GIVE_UP_MS) return;
  throw new Fault('unavailable', `Cannot commit to ${service}: its uploads were held for more than 15 min`);
}

/** A head that is gone with its children cannot say so: then the roll-up that outlives it does. */
export async function isExpired(
  context: SegmentStoreContext,
  partition: Partition,
  current: VersionedHead | undefined,
): Promise<boolean> {
  if (current !== undefined) return current.head.expired === true;
  const above = parentOf(partition);
  if (above === undefined || context.clock.now() - endOfBucket(partition) < PARTITIONS_LIVE_MS) return false;
  return (await context.heads.read(above))?.head.final === true;
}

async function notDone(
  context: SegmentStoreContext,
  partition: Partition,
  contributions: readonly Contribution[],
): Promise<readonly Contribution[]> {
  const done = await context.finished?.done(
    partition,
    contributions.map(({ uploadId }) => uploadId),
  );
  return contributions.filter(({ uploadId }) => !done?.has(uploadId));
}

const sameUploads = (written: WrittenDelta, fresh: readonly Contribution[]) =>
  written.uploads.size === fresh.length && fresh.every(({ uploadId }) => written.uploads.has(uploadId));

function resultOf(contributions: readonly Contribution[], written: WrittenDelta | undefined): CommitResult {
  const committed = [...(written?.uploads ?? [])];
  const already = contributions.map(({ uploadId }) => uploadId).filter((id) => !written?.uploads.has(id));
  return { committed, already, expired: [] };
}

const expiredResult = (contributions: readonly Contribution[]): CommitResult => ({
  committed: [],
  already: [],
  expired: contributions.map(({ uploadId }) => uploadId),
});

interface Covered {
  has(id: UploadId): boolean;
  /** Keys of listed segments that are not there. */
  readonly gone: readonly string[];
  /**
   * A footer cannot be read, or is not there: then the ledger speaks for what was in it. An upload whose writer died between
   * its commit there and its record is committed again, as all are that come to a generation that is being built, and counts
   * once in what can be read.
   */
  readonly isPartial: boolean;
}

/** The uploads in the footers of all listed segments that are there. */
async function coveredUploads(cache: SegmentCache, listed: readonly SegmentRef[]): Promise<Covered> {
  const footers = await Promise.all(listed.map(({ key }) => cache.uploadsOf(key)));
  const known = footers.filter((uploads) => uploads !== undefined && uploads !== 'unknown');
  return {
    gone: listed.flatMap(({ key }, i) => (footers[i] === undefined ? [key] : [])),
    has: (id) => known.some((uploads) => uploads.has(id)),
    isPartial: known.length < footers.length,
  };
}

async function putDelta(
  context: SegmentStoreContext,
  cache: SegmentCache,
  partition: Partition,
  fresh: readonly Contribution[],
): Promise<WrittenDelta> {
  const all = fresh.map((contribution) => contribution.sections);
  const sections = mergeAllSections(all);
  const uploads = new Set(fresh.map(({ uploadId }) => uploadId));
  const bytes = encodeSegment(sections, uploads);
  const key = segmentKey(partition, context.newId());
  // The age counts from before the PUT: the store's own clock stamps the object somewhere in between.
  const putAt = context.clock.now();
  await context.objects.put(key, bytes, { ifAbsent: true });
  cache.remember(key, bytes, sections);
  const ref = {
    key,
    bytes: bytes.length,
    uploads: uploads.size,
    level: 0,
    version: analyzerVersion(),
    committedAt: putAt,
  };
  return { ref, uploads, putAt };
}

async function appendTo(
  context: SegmentStoreContext,
  partition: Partition,
  current: VersionedHead | undefined,
  ref: SegmentRef,
) {
  const now = context.clock.now();
  const head: Head = {
    ...current?.head,
    writeToken: ref.key,
    segments: [...(current?.head.segments ?? []), ref],
    updatedAt: now,
    committedAt: now,
  };
  return context.heads.swap(partition, head, current?.version);
}
