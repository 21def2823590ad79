import type { UploadId } from '../model/ids.ts';
import type { Head, Partition } from '../model/partition.ts';
import {
  type CommitOptions,
  type CommitResult,
  type Contribution,
  commitShard,
  isExpired,
} from './commit-shard.ts';
import type { SegmentCache, SegmentStoreContext } from './store.ts';

export type { CommitOptions, CommitResult, Contribution } from './commit-shard.ts';

/** More shards of one service would list more heads than a page reads at once. */
export const SHARDS_MAX = 64;

/** By its id, so that every delivery of an upload goes to the same shard. */
export const shardOf = (id: UploadId, shards: number): number => Number.parseInt(id.slice(-8), 16) % shards;

/** A partition's shards, as the head of its first one says. */
export const shardsIn = (partition: Partition, head: Head | undefined): readonly Partition[] =>
  Array.from({ length: head?.shards ?? 1 }, (_, shard) => ({ ...partition, shard }));

/**
 * Appends what `contributions` add to `partition`, each upload exactly once however often this is called: see
 * `commitShard`. A hot service's partition is split by upload id into as many shards as the setting said when it was
 * made: the number stands in the head of the first shard, so that a later setting moves no upload.
 */
export async function commit(
  context: SegmentStoreContext,
  cache: SegmentCache,
  partition: Partition,
  contributions: readonly Contribution[],
  options: CommitOptions = {},
): Promise<CommitResult> {
  if ((options.shards ?? 1) > 1) await createSplit(context, partition, options.shards ?? 1);
  const whole = await commitShard(context, cache, partition, contributions, options);
  if (whole !== 'split') return whole;
  const shards = (await context.heads.read(partition))?.head.shards ?? 1;
  const groups = Map.groupBy(contributions, ({ uploadId }) => shardOf(uploadId, shards));
  const results: CommitResult[] = [];
  for (const [shard, group] of groups) {
    const result = await commitShard(context, cache, { ...partition, shard }, group, options);
    if (result !== 'split') results.push(result);
  }
  return {
    committed: results.flatMap(({ committed }) => committed),
    already: results.flatMap(({ already }) => already),
    expired: results.flatMap(({ expired }) => expired),
  };
}

/** A partition that is made now gets its first head, which tells its shards, before anything else. */
async function createSplit(context: SegmentStoreContext, partition: Partition, wanted: number) {
  if ((await context.heads.read(partition)) !== undefined) return;
  if (await isExpired(context, partition, undefined)) return;
  const shards = Math.min(wanted, SHARDS_MAX);
  const head = { writeToken: context.newId(), segments: [], updatedAt: context.clock.now(), shards };
  // Whoever was faster has decided.
  await context.heads.swap(partition, head, undefined);
}
