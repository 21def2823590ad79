import { Fault } from '../model/fault.ts';
import type { UploadId } from '../model/ids.ts';
import { bucketStart, type Partition, partitionKey } from '../model/partition.ts';
import type { EpochMs } from '../model/units.ts';
import { type Contribution, commit } from '../segments/commit.ts';
import { compact } from '../segments/compact.ts';
import type { Sections } from '../segments/kinds/index.ts';
import { atOnce } from './at-once.ts';
import type { JobContext } from './context.ts';

/** What one upload adds, and in which generations. */
export interface Addition {
  readonly uploadId: UploadId;
  readonly parts: readonly { readonly partition: Partition; readonly sections: Sections }[];
}

export interface CommitOutcome {
  /** Uploads that could not be committed everywhere, with why: those alone that are at fault. */
  readonly broken: ReadonlyMap<UploadId, unknown>;
  /** Uploads of which some partition had expired. */
  readonly expired: ReadonlySet<UploadId>;
  /** Partitions that hold something new. */
  readonly grown: readonly Partition[];
}

interface Group {
  readonly partition: Partition;
  readonly contributions: Contribution[];
}

/** Commits a batch, one delta segment per partition. */
export async function commitUploads(
  context: JobContext,
  additions: readonly Addition[],
  heldSince: EpochMs,
): Promise<CommitOutcome> {
  const groups = byPartition(additions);
  const broken = new Map<UploadId, unknown>();
  const expired = new Set<UploadId>();
  // Those of one day mark the same roll-ups: at once they would only lose to each other.
  const days = Map.groupBy(groups, ({ partition: { project, service, generation, start } }) =>
    JSON.stringify([project, service, generation, bucketStart(start, '1d')]),
  );
  await atOnce([...days.values()], async (day) => {
    for (const group of day) await commitGroup(context, group, heldSince, broken, expired);
  });
  const grown = groups.filter(({ contributions }) =>
    contributions.some(({ uploadId }) => !broken.has(uploadId) && !expired.has(uploadId)),
  );
  return { broken, expired, grown: grown.map(({ partition }) => partition) };
}

/** Merges what has grown. What the store refuses takes nothing back: the next commit there tries it again. */
export async function compactGrown(context: JobContext, partitions: readonly Partition[]): Promise<void> {
  for (const partition of partitions) {
    try {
      await compact(context, context.cache, partition);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
    }
  }
}

function byPartition(additions: readonly Addition[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const { uploadId, parts } of additions) {
    for (const { partition, sections } of parts) {
      const key = partitionKey(partition);
      const group = groups.get(key) ?? { partition, contributions: [] };
      group.contributions.push({ uploadId, sections });
      groups.set(key, group);
    }
  }
  return [...groups.values()];
}

/** Halves what fails, because one upload that cannot be encoded must not take its neighbours with it. */
async function commitGroup(
  context: JobContext,
  { partition, contributions }: Group,
  heldSince: EpochMs,
  broken: Map<UploadId, unknown>,
  expired: Set<UploadId>,
): Promise<void> {
  try {
    const shards = (await context.shards?.(partition.project, partition.service)) ?? 1;
    const options = { heldSince, shards };
    const result = await commit(context, context.cache, partition, contributions, options);
    for (const id of result.expired) expired.add(id);
  } catch (error) {
    if (contributions.length === 1 || isUnavailable(error)) {
      for (const { uploadId } of contributions) broken.set(uploadId, error);
      return;
    }
    const middle = contributions.length >> 1;
    for (const half of [contributions.slice(0, middle), contributions.slice(middle)]) {
      await commitGroup(context, { partition, contributions: half }, heldSince, broken, expired);
    }
  }
}

/** A store that does not answer is no fault of the upload: it is tried for as long as the queue keeps the message. */
export const isUnavailable = (error: unknown) => error instanceof Fault && error.code === 'unavailable';
