import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { filesObjectStore } from '../../lib/adapters/files-object-store.ts';
import { openDatabase } from '../../lib/adapters/sqlite.ts';
import { sqliteQueue } from '../../lib/adapters/sqlite-queue.ts';
import { sqliteRecordStore } from '../../lib/adapters/sqlite-record-store.ts';
import { handClock, temporaryFolder } from './stores.ts';

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Numbers that the writer printed before it was killed with SIGKILL, in the middle of something. */
async function promisedUntilKilled(folder: string, first: number, lines: number): Promise<number[]> {
  const child = spawn(process.execPath, [script('killed-writer.ts'), folder, String(first)]);
  let out = '';
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  child.stdout.on('data', (chunk) => {
    out += chunk;
    if (out.split('\n').length > lines) child.kill('SIGKILL');
  });
  await once(child, 'close');
  expect(errors).toBe('');
  return out.split('\n').slice(0, -1).map(Number);
}

describe('a process that is killed while it writes', () => {
  it('loses nothing that it had promised, and the next one goes on', async () => {
    const folder = await temporaryFolder();
    const promised: number[] = [];
    for (const lines of [1, 20, 45]) {
      promised.push(...(await promisedUntilKilled(folder.path, promised.length + 100 * lines, lines)));
    }
    expect(promised.length).toBeGreaterThanOrEqual(66);
    const clock = handClock(Date.now());
    const objects = filesObjectStore(`${folder.path}/objects`);
    const db = openDatabase(`${folder.path}/tidemark.db`);
    const records = sqliteRecordStore(db, { clock });
    const queue = sqliteQueue(db, 'q', { clock, maxReceives: 3 });
    const messages = await queue.receive({ max: 1000, visibilityMs: 1000 });
    const sent = new Set(messages.map((message) => message.body));
    for (const at of promised) {
      expect(await objects.get(`k/${at % 10}/${at}`)).toEqual(new Uint8Array(50_000).fill(at));
      expect((await records.get('p', String(at)))?.body).toBe('x'.repeat(5000));
      expect(sent.has(String(at))).toBe(true);
    }
    for (const info of await objects.list('')) expect(info.size).toBe(50_000);
    expect(await objects.sweepTemporary(Date.now() + 7_200_000)).toBeLessThanOrEqual(3);
    db.close();
    await folder.remove();
  });

  it('four processes that open a new file at once all get on with it', async () => {
    const folder = await temporaryFolder();
    const file = `${folder.path}/tidemark.db`;
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, [script('racing-opener.ts'), file, '25'], {
        stdio: ['ignore', 'ignore', 'inherit'],
      }),
    );
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'close'))[0]));
    expect(codes).toEqual([0, 0, 0, 0]);
    const db = openDatabase(file);
    const store = sqliteRecordStore(db, { clock: handClock() });
    expect((await store.get('p', 'n'))?.body).toBe(100);
    db.close();
    await folder.remove();
  });
});
