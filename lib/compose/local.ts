import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type DurableFs, diskFs } from '../adapters/durable-fs.ts';
import { filesObjectStore } from '../adapters/files-object-store.ts';
import { slackWebhook } from '../adapters/slack-webhook.ts';
import { openDatabase } from '../adapters/sqlite.ts';
import { sqliteQueue } from '../adapters/sqlite-queue.ts';
import { sqliteRecordStore } from '../adapters/sqlite-record-store.ts';
import { webhook } from '../adapters/webhook.ts';
import type { FindingRecord } from '../findings/life-cycle.ts';
import { decompress, inflateBrotli, inflateZstd } from '../formats/decompress.ts';
import type { JobContext } from '../jobs/context.ts';
import { finishedUploads } from '../jobs/finished.ts';
import { groupingSink, type RawSink } from '../jobs/raw-sink.ts';
import { Fault } from '../model/fault.ts';
import type { Clock } from '../ports/clock.ts';
import type { Notifier } from '../ports/notifier.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { ensureProject } from '../records/api-keys.ts';
import { findingRecords } from '../records/findings.ts';
import { generations } from '../records/generations.ts';
import { headRecords } from '../records/heads.ts';
import { ledger } from '../records/ledger.ts';
import { rejections } from '../records/rejections.ts';
import { shardsSetting } from '../records/settings.ts';
import { segmentReader } from '../segments/read.ts';
import { segmentCache } from '../segments/store.ts';
import type { Config } from './config.ts';
import { masterSecret } from './master-secret.ts';

export const systemClock: Clock = { now: () => Date.now() };
/** Who has no key uploads into this project: the embedded server on loopback. */
const DEFAULT_PROJECT = 'default';
const BUCKET = 'embedded';
/** Deliveries before a message goes to the dead letters: far beyond the tries after which an upload is poison. */
const MAX_RECEIVES = 50;

/** The embedded product: everything that its server and its commands use. */
export interface Local {
  readonly context: JobContext;
  readonly sink: RawSink;
  readonly masterSecret: Uint8Array<ArrayBuffer>;
  readonly notifiers: readonly Notifier[];
  readonly zstd: (bytes: Uint8Array, maxBytes: number) => Uint8Array;
  readonly brotli: (bytes: Uint8Array, maxBytes: number) => Uint8Array;
  readonly gzip: (bytes: Uint8Array, maxBytes: number) => Uint8Array;
  /** Removes expired records and leftovers of interrupted writes. */
  housekeeping(): Promise<void>;
  close(): Promise<void>;
}

/** Opens, or makes, the data folder. `fs` holds its objects. Cost: one SQLite file, no network. */
export async function openLocal(
  config: Config,
  clock: Clock = systemClock,
  fs: DurableFs = diskFs,
): Promise<Local> {
  makeDataFolder(config.dataDir);
  const database = openDatabase(join(config.dataDir, 'tidemark.db'));
  const files = filesObjectStore(join(config.dataDir, 'objects'), fs);
  const objects: typeof files = {
    ...files,
    // A power loss takes back what the database wrote since its last checkpoint: records that no longer name this
    // object must not come to name it again once it is gone.
    async delete(key) {
      database.checkpoint();
      await files.delete(key);
    },
  };
  const records = sqliteRecordStore(database, { clock });
  const uploads = sqliteQueue(database, 'uploads', { clock, maxReceives: MAX_RECEIVES });
  const cache = segmentCache(objects);
  const uploadLedger = ledger(records, config.retentionDays);
  const opened = generations(records, clock);
  const store = {
    objects,
    heads: headRecords(records),
    clock,
    newId: () => randomUUID().replaceAll('-', ''),
    finished: finishedUploads({ ledger: uploadLedger, generations: opened, clock }),
  };
  const context: JobContext = {
    ...store,
    records,
    uploads,
    cache,
    reader: segmentReader(store, cache, async (project) => (await opened.of(project)).eras),
    ledger: uploadLedger,
    generations: opened,
    shards: shardsSetting(records, clock),
    findings: findingRecords<FindingRecord>(records),
    rejections: rejections(records),
    settings: {
      acceptPastMs: config.acceptPastMs,
      acceptFutureMs: config.acceptFutureMs,
      retentionDays: config.retentionDays,
      rollUpDays: config.rollUpDays,
      publicUrl: config.publicUrl,
      bucket: BUCKET,
    },
  };
  await ensureProject(records, DEFAULT_PROJECT);
  const sink = groupingSink({ ...store, uploads, bucket: BUCKET });
  return {
    context,
    sink,
    masterSecret: masterSecret(config.dataDir),
    notifiers: notifiersOf(config, clock),
    zstd: inflateZstd,
    brotli: inflateBrotli,
    gzip: (bytes, maxBytes) => decompress(bytes, 'gzip', { maxBytes, maxRatio: Number.POSITIVE_INFINITY }),
    async housekeeping() {
      records.purgeExpired(1000);
      await objects.sweepTemporary(clock.now());
    },
    async close() {
      await sink.close();
      await context.rejections.flush();
      database.close();
    },
  };
}

/** Records alone, every write durable: for commands that make keys beside a running server. */
export function openRecords(
  config: Config,
  clock: Clock = systemClock,
): { readonly records: RecordStore; readonly masterSecret: Uint8Array<ArrayBuffer>; close(): void } {
  makeDataFolder(config.dataDir);
  const database = openDatabase(join(config.dataDir, 'tidemark.db'), { durable: true });
  return {
    records: sqliteRecordStore(database, { clock }),
    masterSecret: masterSecret(config.dataDir),
    close: () => database.close(),
  };
}

function makeDataFolder(path: string) {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const { code } = cause as { code?: string };
    throw new Fault('invalid-input', `Cannot use "${path}" as the data folder: ${code}`, { cause });
  }
}

function notifiersOf(config: Config, clock: Clock): Notifier[] {
  const found: Notifier[] = [];
  if (config.slackWebhookUrl !== undefined) found.push(slackWebhook({ url: config.slackWebhookUrl }));
  if (config.webhook !== undefined) found.push(webhook({ ...config.webhook, clock }));
  return found;
}
