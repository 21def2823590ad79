import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { DurableFs } from '../../lib/adapters/durable-fs.ts';
import { openDatabase } from '../../lib/adapters/sqlite.ts';
import { analyze } from '../../lib/jobs/analyze.ts';
import { sweepOrphans } from '../../lib/jobs/sweep.ts';
import { sweepUploads } from '../../lib/jobs/sweep-uploads.ts';
import { forgetfulFs, type Random, seeded } from '../adapters/forgetful-fs.ts';
import { temporaryFolder } from '../adapters/stores.ts';
import { openProduct, type Product } from '../support/product.ts';
import { brokenPromises, countsByNumber, numbered } from './numbered.ts';

const AT = Date.UTC(2026, 10, 14, 12, 1);
const SENDERS = 5;
const DATABASE = 'tidemark.db';

/** What the power loss leaves of the database: its files are written by SQLite itself, to a disk that keeps them. */
const DATABASES: Readonly<Record<string, (folder: string, random: Random) => void>> = {
  'as it was': () => undefined,
  'without what came after its last checkpoint': (folder) => keepOfDatabase(folder, 0),
  'with a part of what came after its last checkpoint': (folder, random) => keepOfDatabase(folder, random()),
  gone: (folder) => {
    for (const ending of ['', '-wal', '-shm']) rmSync(join(folder, DATABASE + ending), { force: true });
  },
};

/** https://www.sqlite.org/walformat.html: sizes, and where the index of the log tells how far a checkpoint has come. */
const LOG_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const LAST_FRAME_AT = 16;
const CHECKPOINTED_FRAME_AT = 96;

/**
 * Puts copies in place of the files, since the process that died still holds the old ones. The log is cut somewhere
 * behind its last checkpoint, up to which SQLite has synced it.
 */
function keepOfDatabase(folder: string, partOfLog: number): void {
  const main = takeAway(join(folder, DATABASE));
  const log = takeAway(join(folder, `${DATABASE}-wal`));
  const index = takeAway(join(folder, `${DATABASE}-shm`));
  writeFileSync(main.path, main.bytes);
  if (partOfLog === 0) return;
  const synced = index.bytes.readUInt32LE(CHECKPOINTED_FRAME_AT);
  const frames = synced + (index.bytes.readUInt32LE(LAST_FRAME_AT) - synced) * partOfLog;
  const frameBytes = FRAME_HEADER_BYTES + main.bytes.readUInt16BE(16);
  writeFileSync(log.path, log.bytes.subarray(0, LOG_HEADER_BYTES + Math.floor(frames * frameBytes)));
}

function takeAway(path: string): { readonly path: string; readonly bytes: Buffer } {
  const bytes = readFileSync(path);
  rmSync(path);
  return { path, bytes };
}

/** Some messages at a time, as the pump takes them; after each batch `between`, without which it ends with the queue. */
async function analyzeAll(
  { local: { context } }: Product,
  max: number,
  between?: (batch: number) => Promise<unknown>,
): Promise<void> {
  let batch = 0;
  for (;;) {
    const messages = await context.uploads.receive({ max, visibilityMs: 60_000 });
    const { failed } = await analyze(context, messages);
    const again = new Set(failed);
    await context.uploads.ack(messages.filter((one) => !again.has(one)).map(({ receipt }) => receipt));
    if (between === undefined && messages.length === 0) return;
    if (messages.length > 0) await between?.(++batch);
    else await setImmediate();
  }
}

interface Outcome {
  readonly promised: number;
  readonly lost: number[];
  readonly twice: number[];
}

/** Senders until the power goes; then a start on what the disk kept, with its first sweep. */
async function afterPowerLoss(
  seed: number,
  database: string,
  wrap: (fs: DurableFs) => DurableFs = (fs) => fs,
): Promise<Outcome> {
  const random = seeded(seed);
  const folder = await temporaryFolder();
  const disk = forgetfulFs(random, 300 + Math.floor(random() * 2500));
  const before = await openProduct({ at: AT, dataDir: folder.path, fs: wrap(disk.fs) });
  const promised = new Set<number>();
  let next = 1;
  let off = false;
  const headers = { 'content-type': 'application/json' };
  const sender = async () => {
    while (!off) {
      before.clock.time += 1;
      const { number, path, body } = numbered(next++, before.clock.time);
      const { ok } = await before.send(path, { method: 'POST', headers, body });
      if (ok) promised.add(number);
    }
  };
  // SQLite checkpoints when its log has grown, and the server removes what merging left behind.
  const beside = openDatabase(join(folder.path, DATABASE));
  const upkeep = async (batch: number) => {
    if (batch % 8 === 5) beside.checkpoint();
    await sweepOrphans(before.local.context);
  };
  const working = [...Array.from({ length: SENDERS }, sender), analyzeAll(before, 3, upkeep)];
  await Promise.race([disk.powerLoss, Promise.all(working)]);
  off = true;

  DATABASES[database]?.(folder.path, random);
  const after = await openProduct({
    at: before.clock.time + 1000,
    dataDir: folder.path,
    fs: disk.restarted(),
  });
  try {
    await sweepUploads(after.local.context, { olderThanMs: 0 });
    await analyzeAll(after, 200);
    return { promised: promised.size, ...brokenPromises(promised, await countsByNumber(after.get)) };
  } finally {
    await after.close();
    await folder.remove();
  }
}

describe('the product after a power loss', () => {
  it.each(Object.keys(DATABASES))(
    'counts every upload it answered with 2xx exactly once, with its database %s',
    async (database) => {
      let promised = 0;
      for (let seed = 0; seed < 5; seed += 1) {
        const outcome = await afterPowerLoss(seed, database);
        expect(outcome, `seed ${seed}`).toMatchObject({ lost: [], twice: [] });
        promised += outcome.promised;
      }
      expect(promised).toBeGreaterThan(100);
    },
    120_000,
  );

  it.each<[string, (fs: DurableFs) => DurableFs]>([
    [
      'files',
      (fs) => ({
        ...fs,
        create: async (path) => ({ ...(await fs.create(path)), sync: async () => undefined }),
      }),
    ],
    ['folders', (fs) => ({ ...fs, syncFolder: async () => undefined })],
  ])('is seen to lose uploads when %s are not synced', async (_what, wrap) => {
    let seen = 0;
    for (let seed = 0; seed < 4; seed += 1) {
      // A raw object that is there in part stops the sweep: nothing that it would have found is counted.
      const outcome = await afterPowerLoss(seed, 'gone', wrap).catch(() => undefined);
      if (outcome === undefined || outcome.lost.length > 0) seen += 1;
    }
    expect(seen).toBeGreaterThanOrEqual(3);
  });
});
