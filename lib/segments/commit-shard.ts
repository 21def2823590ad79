import { Fault } from '../model/fault.ts';
import type { UploadId } from '../model/ids.ts';
import type { Head, Partition, SegmentRef } from '../model/partition.ts';
import { MINUTE_MS } from '../model/units.ts';
import { segmentKey } from './keys.ts';
import { mergeAll } from './kind.ts';
import type { Sections } from './kinds/index.ts';
import { mergeSections } from './kinds/index.ts';
import { encodeSegment } from './segment.ts';
import type { SegmentCache, SegmentStoreContext, VersionedHead } from './store.ts';

/** What one upload adds to one partition. */
export interface Contribution {
  readonly uploadId: UploadId;
  readonly sections: Sections;
}

export interface CommitResult {
  /** Uploads that this call made visible, as far as it can tell: a lost answer reads as `already` once compacted. */
  readonly committed: readonly UploadId[];
  /** Uploads that the partition already held: a redelivery, or another writer was faster. */
  readonly already: readonly UploadId[];
}

/** A writer that has not swapped this long after its PUT starts again: the sweep may be about to remove its segment. */
export const WRITER_GRACE_MS = 10 * MINUTE_MS;
/** Lost races in a row before the queue gets the work back. */
const ATTEMPTS_MAX = 50;

/**
 * Appends what `contributions` add to `partition`, each upload exactly once however often this is called.
 *
 * One delta segment is PUT, then listed by a conditional write of the head. A lost race reads the head and the footers
 * that are new: with disjoint ids the same segment is tried again, with an overlap it is rebuilt without those uploads.
 * A segment that lost is never deleted here: another try of ours may have been the one that was listed.
 *
 * Cost: one PUT and one swap; one read of the head and of each unknown footer.
 * @throws Fault('unavailable') when a store does not answer or races never end: call again with the same contributions
 */
export async function commit(
  context: SegmentStoreContext,
  cache: SegmentCache,
  partition: Partition,
  contributions: readonly Contribution[],
): Promise<CommitResult> {
  const ours = new Set<string>(); // keys of segments that this call has PUT
  let written: WrittenDelta | undefined;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const current = await context.heads.read(partition);
    const listed = current?.head.segments ?? [];
    if (written !== undefined && listed.some(({ key }) => ours.has(key)))
      return resultOf(contributions, written);
    const covered = await coveredUploads(cache, listed);
    if (covered === undefined) continue; // compacted since the head was read
    const fresh = contributions.filter(({ uploadId }) => !covered(uploadId));
    if (fresh.length === 0) return resultOf(contributions, undefined);
    if (written === undefined || !sameUploads(written, fresh) || isTooOld(context, written)) {
      written = await putDelta(context, cache, partition, fresh);
      ours.add(written.ref.key);
    }
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

const isTooOld = ({ clock }: SegmentStoreContext, { putAt }: WrittenDelta) =>
  clock.now() - putAt > WRITER_GRACE_MS;

const sameUploads = (written: WrittenDelta, fresh: readonly Contribution[]) =>
  written.uploads.size === fresh.length && fresh.every(({ uploadId }) => written.uploads.has(uploadId));

function resultOf(contributions: readonly Contribution[], written: WrittenDelta | undefined): CommitResult {
  const committed = [...(written?.uploads ?? [])];
  const already = contributions.map(({ uploadId }) => uploadId).filter((id) => !written?.uploads.has(id));
  return { committed, already };
}

/** A test for membership in the footers of all listed segments; undefined when one of them is gone. */
async function coveredUploads(cache: SegmentCache, listed: readonly SegmentRef[]) {
  const segments = await Promise.all(listed.map(({ key }) => cache.load(key)));
  if (segments.includes(undefined)) return undefined;
  return (id: UploadId) => segments.some((segment) => segment?.uploads.has(id));
}

async function putDelta(
  context: SegmentStoreContext,
  cache: SegmentCache,
  partition: Partition,
  fresh: readonly Contribution[],
): Promise<WrittenDelta> {
  const all = fresh.map((contribution) => contribution.sections);
  const sections = mergeAll(all, mergeSections) ?? {};
  const uploads = new Set(fresh.map(({ uploadId }) => uploadId));
  const bytes = encodeSegment(sections, uploads);
  const key = segmentKey(partition, context.newId());
  // The age counts from before the PUT: the store's own clock stamps the object somewhere in between.
  const putAt = context.clock.now();
  await context.objects.put(key, bytes, { ifAbsent: true });
  cache.remember(key, bytes, sections);
  return { ref: { key, bytes: bytes.length, uploads: uploads.size, level: 0 }, uploads, putAt };
}

async function appendTo(
  context: SegmentStoreContext,
  partition: Partition,
  current: VersionedHead | undefined,
  ref: SegmentRef,
) {
  const head: Head = {
    writeToken: ref.key,
    segments: [...(current?.head.segments ?? []), ref],
    updatedAt: context.clock.now(),
  };
  return context.heads.swap(partition, head, current?.version);
}
