import type { UploadId } from '../../lib/model/ids.ts';
import { PARTITION_MS, type Partition } from '../../lib/model/partition.ts';
import { serviceName } from '../../lib/model/service.ts';
import { type Contribution, commit } from '../../lib/segments/commit.ts';
import { compact } from '../../lib/segments/compact.ts';
import { emptyInstance, tallyKey } from '../../lib/segments/kinds/instance.ts';
import { type RangeQuery, segmentReader } from '../../lib/segments/read.ts';
import { encodeSegment } from '../../lib/segments/segment.ts';
import { type SegmentCache, type SegmentStoreContext, segmentCache } from '../../lib/segments/store.ts';
import { memoryHeads, memoryObjects } from './memory-stores.ts';
import { idOf } from './states.ts';

/** The partition of all these tests. */
export const PARTITION: Partition = {
  project: 'default',
  service: serviceName({ name: 'shop' }),
  start: Math.floor(Date.UTC(2031, 4, 6, 12) / PARTITION_MS) * PARTITION_MS,
  generation: 0,
};

export const KEY = tallyKey({ unit: 'job a', status: 'ok', weighted: true });

/** Upload `n` adds 2^n to a sum: the sum tells which uploads count, and how often. */
export const contribution = (n: number): Contribution => ({
  uploadId: idOf(n),
  sections: {
    instance: {
      instances: new Map([
        [`pod-${n % 3}`, { ...emptyInstance, work: new Map([[KEY, { seconds: [7], sums: [2 ** n] }]]) }],
      ]),
      unused: new Map(),
    },
  },
});
export const upTo = (count: number) => Array.from({ length: count }, (_, n) => contribution(n));
export const idsOf = (contributions: readonly Contribution[]): readonly UploadId[] =>
  contributions.map(({ uploadId }) => uploadId);

export function stores(now = PARTITION.start + 1000) {
  const clock = {
    time: now,
    now() {
      return this.time;
    },
  };
  const objects = memoryObjects(() => clock.time);
  const heads = memoryHeads();
  let ids = 0;
  const newId = () => {
    ids += 1;
    return ids.toString(16).padStart(8, '0');
  };
  const context: SegmentStoreContext = { objects, heads, clock, newId };
  return { clock, objects, heads, newId, context, cache: segmentCache(objects) };
}
export type Stores = ReturnType<typeof stores>;

const WHOLE = { from: PARTITION.start, to: PARTITION.start + PARTITION_MS };
/** What a reader with nothing in its caches sees. */
export async function sumOf(
  { context, objects }: Pick<Stores, 'context' | 'objects'>,
  range: Pick<RangeQuery, 'from' | 'to' | 'coarse'> = WHOLE,
): Promise<number> {
  const reader = segmentReader(context, segmentCache(objects));
  const { project, service, generation } = PARTITION;
  const states = await reader.range('instance', { project, service, generation, ...range });
  const sums = states.flatMap(({ state }) =>
    [...state.instances.values()].flatMap(({ work }) => [...work.values()].flatMap((tally) => tally.sums)),
  );
  return sums.reduce((sum, one) => sum + one, 0);
}

export const listedIn = async ({ heads }: Pick<Stores, 'heads'>) =>
  (await heads.read(PARTITION))?.head.segments ?? [];

/** The bytes of the sections once everything is one segment; ids aside. */
export async function fullyCompacted({ context, objects }: Stores): Promise<Uint8Array> {
  const reader = segmentReader(context, segmentCache(objects));
  const { project, service, generation, start } = PARTITION;
  const query = { project, service, generation, from: start, to: start + PARTITION_MS };
  const [instance] = await reader.range('instance', query);
  const [latency] = await reader.range('latency', query);
  const [facts] = await reader.range('facts', query);
  if (instance === undefined || latency === undefined || facts === undefined) return new Uint8Array();
  return encodeSegment({ instance: instance.state, latency: latency.state, facts: facts.state }, []);
}

export const commitTo = (
  { context, cache }: { context: SegmentStoreContext; cache: SegmentCache },
  parts: readonly Contribution[],
) => commit(context, cache, PARTITION, parts);
export const compactIn = ({ context, cache }: { context: SegmentStoreContext; cache: SegmentCache }) =>
  compact(context, cache, PARTITION);
