import { Fault } from '../model/fault.ts';
import type { Partition, SegmentRef } from '../model/partition.ts';
import { PARTITION_MS } from '../model/partition.ts';
import type { ServiceName } from '../model/service.ts';
import type { EpochMs } from '../model/units.ts';
import { type Kind, mergeAll } from './kind.ts';
import { KINDS, type KindName, type StateOf } from './kinds/index.ts';
import type { LoadedSegment, SegmentCache, SegmentStoreContext } from './store.ts';

export interface RangeQuery {
  readonly project: string;
  readonly service: ServiceName;
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly generation: number;
}

const RETRIES = 5;
/** Merged partitions kept: a day of one service, or an hour of a couple of dozen. */
const MERGED_MAX = 256;

export interface SegmentReader {
  /** The merged state of one kind, one entry per partition that has any, in order of time. */
  range<N extends KindName>(kind: N, query: RangeQuery): Promise<readonly PartitionState<N>[]>;
}
export interface PartitionState<N extends KindName> {
  readonly start: EpochMs;
  readonly state: StateOf<N>;
}

/** Reads through `cache`; a partition whose head has not moved is not merged again. */
export function segmentReader(context: SegmentStoreContext, cache: SegmentCache): SegmentReader {
  const merged = new Map<string, unknown>();
  const remember = (key: string, state: unknown) => {
    merged.set(key, state);
    for (const oldest of merged.keys()) {
      if (merged.size <= MERGED_MAX) break;
      merged.delete(oldest);
    }
    return state;
  };

  async function stateOf(
    kind: KindName,
    partition: Partition,
    listed: readonly SegmentRef[],
  ): Promise<unknown> {
    const memo = `${kind}\n${listed.map(({ key }) => key).join('\n')}`;
    if (merged.has(memo)) return merged.get(memo);
    const segments = await loadAll(context, cache, partition, listed);
    const { empty, merge } = KINDS[kind] as Kind<unknown>;
    const states = segments.map((segment) => segment.section(kind)).filter((state) => state !== undefined);
    return remember(memo, mergeAll(states, merge) ?? empty());
  }

  return {
    async range(kind, { project, service, from, to, generation }) {
      const heads = await context.heads.range({
        project,
        service,
        generation,
        from: Math.floor(from / PARTITION_MS) * PARTITION_MS,
        to,
      });
      const states: PartitionState<typeof kind>[] = [];
      for (const { partition, head } of heads) {
        const state = await stateOf(kind, partition, head.segments);
        states.push({ start: partition.start, state: state as StateOf<typeof kind> });
      }
      return states;
    },
  };
}

/** All listed segments; when one is gone, a compaction has replaced it, and the head is read again. */
async function loadAll(
  context: SegmentStoreContext,
  cache: SegmentCache,
  partition: Partition,
  listed: readonly SegmentRef[],
): Promise<LoadedSegment[]> {
  let refs = listed;
  for (let attempt = 0; attempt < RETRIES; attempt += 1) {
    const loaded = await Promise.all(refs.map(({ key }) => cache.load(key)));
    if (!loaded.includes(undefined)) return loaded as LoadedSegment[];
    refs = (await context.heads.read(partition))?.head.segments ?? [];
  }
  throw new Fault(
    'unavailable',
    `Cannot read ${partition.service}: its head lists a segment that is not there`,
  );
}
