import { randomUUID } from 'node:crypto';
import type { FindingRecord } from '../findings/life-cycle.ts';
import type { JobContext } from '../jobs/context.ts';
import { finishedUploads } from '../jobs/finished.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Queue } from '../ports/queue.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { namesOfServices } from '../records/aliases.ts';
import { senderClocks } from '../records/clocks.ts';
import { findingRecords } from '../records/findings.ts';
import { generations } from '../records/generations.ts';
import { headRecords } from '../records/heads.ts';
import { ledger } from '../records/ledger.ts';
import { rejections } from '../records/rejections.ts';
import { retentionOf } from '../records/retention.ts';
import { shardsSetting } from '../records/settings.ts';
import { segmentReader } from '../segments/read.ts';
import { segmentCache } from '../segments/store.ts';
import type { Config } from './config.ts';

export interface JobStores {
  readonly objects: ObjectStore;
  readonly records: RecordStore;
  readonly uploads: Queue;
  readonly clock: Clock;
  /** Name of the bucket in events. */
  readonly bucket: string;
}

type JobConfig = Pick<
  Config,
  'acceptPastMs' | 'acceptFutureMs' | 'retentionDays' | 'rollUpDays' | 'retentionMinDays' | 'publicUrl'
>;

/** What jobs get, on whichever stores: the one place where they are put together. Asks nothing. */
export function jobContext(
  { objects, records, uploads, clock, bucket }: JobStores,
  config: JobConfig,
): JobContext {
  const cache = segmentCache(objects);
  const retention = retentionOf(records, clock, config, config.retentionMinDays);
  const uploadLedger = ledger(records, async (project) => (await retention(project)).retentionDays);
  const opened = generations(records, clock);
  const store = {
    objects,
    heads: headRecords(records),
    clock,
    newId: () => randomUUID().replaceAll('-', ''),
    finished: finishedUploads({ ledger: uploadLedger, generations: opened, clock }),
  };
  return {
    ...store,
    records,
    uploads,
    cache,
    reader: segmentReader(
      store,
      cache,
      async (project) => (await opened.of(project)).eras,
      namesOfServices(records, clock),
    ),
    ledger: uploadLedger,
    generations: opened,
    retention,
    shards: shardsSetting(records, clock),
    clocks: senderClocks(records, clock),
    findings: findingRecords<FindingRecord>(records),
    rejections: rejections(records),
    settings: {
      acceptPastMs: config.acceptPastMs,
      acceptFutureMs: config.acceptFutureMs,
      publicUrl: config.publicUrl,
      bucket,
    },
  };
}
