import { Fault } from '../model/fault.ts';
import { END_OF_TIME, type Era, type Partition, type Step, stepOf } from '../model/partition.ts';
import type { ServiceName } from '../model/service.ts';
import type { EpochMs } from '../model/units.ts';
import { type Kind, mergeAll } from './kind.ts';
import { KINDS, type KindName, type StateOf } from './kinds/index.ts';
import type { LoadedSegment, PlacedHead, SegmentCache, SegmentStoreContext } from './store.ts';
import { tiles } from './tiles.ts';

export interface RangeQuery {
  readonly project: string;
  readonly service: ServiceName;
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** Default: the generation that speaks for each time. */
  readonly generation?: number;
  /** Hours and days may be read rolled up: fewer objects, series in coarser steps. Default: false. */
  readonly coarse?: boolean;
}

const RETRIES = 5;
/** Merged partitions kept: a day of one service, or an hour of a couple of dozen. */
const MERGED_MAX = 256;

export interface SegmentReader {
  /** The merged state of one kind, one entry per bucket that has any segment, in order of time. */
  range<N extends KindName>(kind: N, query: RangeQuery): Promise<readonly PartitionState<N>[]>;
}
export interface PartitionState<N extends KindName> {
  readonly start: EpochMs;
  readonly step: Step;
  readonly state: StateOf<N>;
}

/** Which generation speaks for what time, by project. */
export type ErasOf = (project: string) => Promise<readonly Era[]>;
const FIRST_GENERATION: ErasOf = async () => [{ from: 0, to: END_OF_TIME, generation: 0 }];

/** Reads through `cache`; a partition whose head has not moved is not merged again. */
export function segmentReader(
  context: SegmentStoreContext,
  cache: SegmentCache,
  erasOf: ErasOf = FIRST_GENERATION,
): SegmentReader {
  const merged = new Map<string, unknown>();
  const remember = (key: string, state: unknown) => {
    merged.set(key, state);
    for (const oldest of merged.keys()) {
      if (merged.size <= MERGED_MAX) break;
      merged.delete(oldest);
    }
    return state;
  };

  /** `shards`: the heads of one bucket. */
  async function stateOf(kind: KindName, shards: readonly PlacedHead[]): Promise<unknown> {
    const keys = shards.flatMap(({ head }) => head.segments.map(({ key }) => key));
    const memo = `${kind}\n${keys.join('\n')}`;
    if (merged.has(memo)) return merged.get(memo);
    const { empty, merge } = KINDS[kind] as Kind<unknown>;
    const states: unknown[] = [];
    for (const shard of shards) {
      const segments = await loadAll(context, cache, shard);
      states.push(...segments.map((segment) => segment.section(kind)).filter((state) => state !== undefined));
    }
    return remember(memo, mergeAll(states, merge) ?? empty());
  }

  const erasIn = async ({ generation, project }: RangeQuery) =>
    generation === undefined ? erasOf(project) : [{ from: 0, to: END_OF_TIME, generation }];

  async function headsOf({ coarse = false, ...query }: RangeQuery, eras: readonly Era[]) {
    const found: PlacedHead[] = [];
    for (const era of eras) {
      const [from, to] = [Math.max(query.from, era.from), Math.min(query.to, era.to)];
      const range = { ...query, from, to, generation: era.generation, coarse, now: context.clock.now() };
      if (from < to) found.push(...(await tiles(context.heads, range)));
    }
    return found;
  }

  async function statesOf<N extends KindName>(kind: N, query: RangeQuery, eras: readonly Era[]) {
    const heads = (await headsOf(query, eras)).filter(({ head }) => head.segments.length > 0);
    const buckets = Map.groupBy(heads, ({ partition }) => `${stepOf(partition)} ${partition.start}`);
    const states: PartitionState<N>[] = [];
    for (const shards of buckets.values()) {
      const { partition } = shards[0] as PlacedHead;
      const state = (await stateOf(kind, shards)) as StateOf<N>;
      states.push({ start: partition.start, step: stepOf(partition), state });
    }
    return states.sort((a, b) => a.start - b.start);
  }

  return {
    async range(kind, query) {
      for (let attempt = 0; attempt < RETRIES; attempt += 1) {
        const eras = await erasIn(query);
        const states = await statesOf(kind, query, eras);
        // Whoever stood still for an hour may have looked for a generation that was replaced and removed meanwhile.
        if (isSameEras(eras, await erasIn(query))) return states;
      }
      throw new Fault('unavailable', `Cannot read ${query.service}: its generations change all the time`);
    },
  };
}

const isSameEras = (some: readonly Era[], others: readonly Era[]) =>
  some.length === others.length &&
  some.every(({ from, generation }, i) => from === others[i]?.from && generation === others[i]?.generation);

/** All listed segments; when one is gone, a compaction has replaced it or all has expired: the head is read again. */
async function loadAll(
  context: SegmentStoreContext,
  cache: SegmentCache,
  { partition, head }: { readonly partition: Partition; readonly head: PlacedHead['head'] },
): Promise<readonly LoadedSegment[]> {
  let refs = head.segments;
  for (let attempt = 0; attempt < RETRIES; attempt += 1) {
    const loaded = await Promise.all(refs.map(({ key }) => cache.load(key)));
    if (!loaded.includes(undefined)) return loaded as LoadedSegment[];
    const current = (await context.heads.read(partition))?.head;
    refs = current === undefined || current.expired ? [] : current.segments;
  }
  throw new Fault(
    'unavailable',
    `Cannot read ${partition.service}: its head lists a segment that is not there`,
  );
}
