import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { needRoom } from '../adapters/disk-room.ts';
import { type DurableFs, diskFs } from '../adapters/durable-fs.ts';
import { filesObjectStore } from '../adapters/files-object-store.ts';
import { freshObjects } from '../adapters/fresh-objects.ts';
import { slackWebhook } from '../adapters/slack-webhook.ts';
import { openDatabase } from '../adapters/sqlite.ts';
import { sqliteQueue } from '../adapters/sqlite-queue.ts';
import { sqliteRecordStore } from '../adapters/sqlite-record-store.ts';
import { webhook } from '../adapters/webhook.ts';
import type { JobContext } from '../jobs/context.ts';
import { groupingSink, type RawSink } from '../jobs/raw-sink.ts';
import type { recogniseProfiles } from '../jobs/recognise-profiles.ts';
import { Fault } from '../model/fault.ts';
import type { digest } from '../model/ids.ts';
import type { Clock } from '../ports/clock.ts';
import type { Notifier } from '../ports/notifier.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { ensureProject } from '../records/api-keys.ts';
import type { Config } from './config.ts';
import { jobContext } from './job-context.ts';
import { masterSecret } from './master-secret.ts';
import { systemClock } from './system-clock.ts';
import { unpackers } from './unpack.ts';

/** Who has no key uploads into this project: the embedded server on loopback. */
export const DEFAULT_PROJECT = 'default';
const BUCKET = 'embedded';
const PURGED_AT_ONCE = 1000;
/** Deliveries before a message goes to the dead letters: far beyond the tries after which an upload is poison. */
const MAX_RECEIVES = 50;

/** The product in one process: everything that its server and its commands use. */
export interface Local {
  readonly context: JobContext;
  /** Where everything is kept, for people. */
  readonly place: string;
  readonly sink: RawSink;
  readonly masterSecret: Uint8Array<ArrayBuffer>;
  readonly notifiers: readonly Notifier[];
  readonly recogniseProfiles: typeof recogniseProfiles;
  readonly zstd: (bytes: Uint8Array, maxBytes: number) => Uint8Array;
  readonly brotli: (bytes: Uint8Array, maxBytes: number) => Uint8Array;
  readonly gzip: (bytes: Uint8Array, maxBytes: number) => Uint8Array;
  readonly digest: typeof digest;
  /** @throws Fault('unavailable') when uploads cannot be stored; absent where asking would cost more than it tells */
  readonly ready?: () => void;
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
  // The analysis of this process reads uploads a moment after they were written.
  const files = freshObjects(filesObjectStore(join(config.dataDir, 'objects'), fs), 'raw/');
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
  const context = jobContext({ objects, records, uploads, clock, bucket: BUCKET }, config);
  await ensureProject(records, DEFAULT_PROJECT);
  const sink = groupingSink({ ...context, bucket: BUCKET });
  return {
    context,
    place: config.dataDir,
    sink,
    masterSecret: masterSecret(config.dataDir),
    notifiers: notifiersOf(config, clock),
    ...unpackers,
    ready: () => needRoom(config.dataDir),
    async housekeeping() {
      // In turns: a day of a busy server leaves millions, which others must not wait for.
      while (records.purgeExpired(PURGED_AT_ONCE) === PURGED_AT_ONCE) await setImmediate();
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
