import { type Head, type Partition, parentOf } from '../model/partition.ts';
import type { ServiceName } from '../model/service.ts';
import type { EpochMs } from '../model/units.ts';
import type { RecordStore, StoredRecord } from '../ports/record-store.ts';
import { allHeads, dueKey, headKey, headPlace, headsBetween } from './keys.ts';
import { queryAll } from './pages.ts';

export interface HeadRecord {
  readonly head: Head;
  readonly version: number;
}
export type PlacedHead = HeadRecord & { readonly partition: Partition };

/** Heads of one service: far more than 400 days of one have. */
const HEADS_MAX = 1_000_000;

/** Heads of partitions as records: the shape that `segments/` asks for. */
export function headRecords(records: RecordStore) {
  const placed = (project: string, service: ServiceName) => (record: StoredRecord) => ({
    partition: { project, service, ...headPlace(record.sk) },
    head: record.body as Head,
    version: record.version,
  });
  return {
    async read(partition: Partition): Promise<HeadRecord | undefined> {
      const { pk, sk } = headKey(partition);
      const record = await records.get(pk, sk);
      return record && { head: record.body as Head, version: record.version };
    },
    async swap(
      partition: Partition,
      head: Head,
      version: number | undefined,
    ): Promise<'stored' | 'conflict'> {
      const condition = version === undefined ? { ifAbsent: true as const } : { ifVersion: version };
      return (await records.put({ ...headKey(partition), body: head }, condition)).outcome;
    },
    async touch(partition: Partition): Promise<void> {
      const rollUp = parentOf(partition);
      if (rollUp !== undefined) await records.put({ ...dueKey(rollUp), body: {} });
    },
    remove(partition: Partition, version: number): Promise<'deleted' | 'conflict'> {
      const { pk, sk } = headKey(partition);
      return records.delete(pk, sk, { ifVersion: version });
    },
    async range(
      query: Omit<Partition, 'start' | 'shard'> & { readonly from: EpochMs; readonly to: EpochMs },
    ): Promise<readonly PlacedHead[]> {
      const { pk, from, to } = headsBetween(query);
      const found = await queryAll(records, pk, { from, to }, HEADS_MAX);
      return found.map(placed(query.project, query.service));
    },
    async all(project: string, service: ServiceName): Promise<readonly PlacedHead[]> {
      const { pk, from, to } = allHeads(project, service);
      return (await queryAll(records, pk, { from, to }, HEADS_MAX)).map(placed(project, service));
    },
  };
}
