import type { FindingRecord } from '../findings/life-cycle.ts';
import type { ServiceName } from '../model/service.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Queue } from '../ports/queue.ts';
import type { RecordStore } from '../ports/record-store.ts';
import type { SenderClocks } from '../records/clocks.ts';
import type { FindingRecords } from '../records/findings.ts';
import type { Generations } from '../records/generations.ts';
import type { Ledger } from '../records/ledger.ts';
import type { Rejections } from '../records/rejections.ts';
import type { Retention } from '../records/retention.ts';
import type { SegmentReader } from '../segments/read.ts';
import type { SegmentCache, SegmentStoreContext } from '../segments/store.ts';
import type { RecentProfiles } from './recent-profiles.ts';

/** Everything that jobs get from the world. Built by `compose/` alone. */
export interface JobContext extends SegmentStoreContext {
  readonly objects: ObjectStore;
  readonly records: RecordStore;
  readonly uploads: Queue;
  readonly clock: Clock;
  readonly cache: SegmentCache;
  readonly reader: SegmentReader;
  readonly ledger: Ledger;
  readonly generations: Generations;
  readonly findings: FindingRecords<FindingRecord>;
  readonly rejections: Rejections;
  /** Whose clocks are off; absent: nobody's. */
  readonly clocks?: SenderClocks;
  /** What a door in this process has read; absent: nothing. */
  readonly recent?: RecentProfiles;
  readonly settings: JobSettings;
  /** How long what a project sent is kept; default: 30 days, and roll-ups 400. */
  readonly retention?: (project: string) => Promise<Retention>;
  /** Into how many shards new partitions of a service are split; default: 1. */
  readonly shards?: (project: string, service: ServiceName) => Promise<number>;
}

export interface JobSettings {
  /** How old data may be on arrival, and how far ahead. */
  readonly acceptPastMs: number;
  readonly acceptFutureMs: number;
  /** Where people open findings. */
  readonly publicUrl: string;
  /** Name of the bucket in events: embedded events look like S3's. */
  readonly bucket: string;
}
