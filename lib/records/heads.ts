import type { Head, Partition } from '../model/partition.ts';
import type { EpochMs } from '../model/units.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { headKey, headStart, headsBetween } from './keys.ts';
import { queryAll } from './pages.ts';

export interface HeadRecord {
  readonly head: Head;
  readonly version: number;
}

/** Heads of partitions as records: the shape that `segments/` asks for. */
export function headRecords(records: RecordStore) {
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
    async range(
      query: Omit<Partition, 'start'> & { readonly from: EpochMs; readonly to: EpochMs },
    ): Promise<readonly (HeadRecord & { readonly partition: Partition })[]> {
      const { pk, from, to } = headsBetween(query);
      const found = await queryAll(records, pk, { from, to });
      const { project, service, generation } = query;
      return found.map((record) => ({
        partition: { project, service, generation, start: headStart(record.sk) },
        head: record.body as Head,
        version: record.version,
      }));
    },
  };
}
