import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../lib/adapters/sqlite.ts';
import { sqliteQueue } from '../../lib/adapters/sqlite-queue.ts';
import { sqliteRecordStore } from '../../lib/adapters/sqlite-record-store.ts';
import { queueContract } from '../contracts/queue.contract.ts';
import { recordStoreContract } from '../contracts/record-store.contract.ts';
import { handClock, temporaryFolder } from './stores.ts';

/** A database in a folder of its own that can be closed and opened again. */
async function openFresh() {
  const folder = await temporaryFolder();
  const file = join(folder.path, 'data/tidemark.db');
  let db = openDatabase(file);
  const clock = handClock();
  return {
    clock,
    db: () => db,
    reopen(): Database {
      db.close();
      db = openDatabase(file);
      return db;
    },
    another: () => openDatabase(file),
    file,
    async close() {
      db.close();
      await folder.remove();
    },
  };
}

recordStoreContract('sqlite', async () => {
  const { clock, db, reopen, close } = await openFresh();
  return {
    store: sqliteRecordStore(db(), { clock }),
    advance: clock.advance,
    now: clock.now,
    reopen: async () => sqliteRecordStore(reopen(), { clock }),
    close,
  };
});

queueContract('sqlite', async () => {
  const { clock, db, reopen, close } = await openFresh();
  const options = { clock, maxReceives: 3 };
  return {
    queue: sqliteQueue(db(), 'uploads', options),
    other: sqliteQueue(db(), 'tasks', options),
    advance: clock.advance,
    reopen: async () => sqliteQueue(reopen(), 'uploads', options),
    close,
  };
});

describe('openDatabase', () => {
  it('names the file that is no database', async () => {
    const folder = await temporaryFolder();
    const file = join(folder.path, 'tidemark.db');
    await writeFile(file, 'no database, but long enough to be looked at as one'.repeat(100));
    expect(() => openDatabase(file)).toThrow(`Cannot use ${file}: it is no SQLite database`);
    await folder.remove();
  });

  it('says in words why it cannot be used', async () => {
    const folder = await temporaryFolder();
    const file = join(folder.path, 'tidemark.db');
    await mkdir(file);
    expect(() => openDatabase(file)).toThrow(
      /^Cannot use the database: its file cannot be opened; .+ \(SQLite 14\)$/,
    );
    await folder.remove();
  });

  it('refuses a schema that is newer than the program', async () => {
    const one = await openFresh();
    one.db().statement('PRAGMA user_version = 99').run();
    expect(() => one.another()).toThrow('its schema is version 99');
    await one.close();
  });

  it('transaction() keeps all or nothing, and joins an outer one', async () => {
    const one = await openFresh();
    const queue = sqliteQueue(one.db(), 'q', { clock: one.clock, maxReceives: 3 });
    const send = () =>
      one.db().transaction(() => {
        queue.enqueue(['a']);
        queue.enqueue(['b', 'c']);
        throw new Error('changed its mind');
      });
    expect(send).toThrow('changed its mind');
    expect((await queue.depth()).visible).toBe(0);
    one.db().transaction(() => {
      queue.enqueue(['a']);
      queue.enqueue(['b']);
    });
    expect((await queue.depth()).visible).toBe(2);
    await one.close();
  });

  it.each([
    ['while it is open', false],
    ['while it was closed', true],
  ])('a clock that is set back %s hides no message until it has caught up', async (_, isOpenedAgain) => {
    const one = await openFresh();
    const open = () => sqliteQueue(one.db(), 'q', { clock: one.clock, maxReceives: 3 });
    const take = (queue: ReturnType<typeof open>) => queue.receive({ max: 10, visibilityMs: 60_000 });
    const before = open();
    await before.send(['held', 'released']);
    await one.clock.advance(3_600_000);
    const held = await take(before);
    const released = held.filter(({ body }) => body === 'released').map(({ receipt }) => receipt);
    await before.release(released, { delayMs: 30_000 });
    await before.send(['sent', 'delayed'], { delayMs: 500 });
    await one.clock.advance(-7_200_000 + 10);
    const after = isOpenedAgain ? open() : before;
    const messages = await take(after);
    expect(messages.map(({ body }) => body).sort()).toEqual(['delayed', 'held', 'released', 'sent']);
    expect(await take(after)).toEqual([]);
    await after.ack(messages.map(({ receipt }) => receipt));
    expect(await after.depth()).toEqual({ visible: 0, inFlight: 0, dead: 0, oldestMs: 0 });
    await one.close();
  });

  it('what a clock that was set back hides is shown later when the database was locked at first', async () => {
    const one = await openFresh();
    const queue = sqliteQueue(one.db(), 'q', { clock: one.clock, maxReceives: 3 });
    const take = () => queue.receive({ max: 1, visibilityMs: 60_000 });
    await queue.send(['a']);
    expect(await take()).toHaveLength(1);
    await one.clock.advance(-3_600_000);
    const locker = new DatabaseSync(one.file);
    locker.exec('BEGIN IMMEDIATE');
    one.db().statement('PRAGMA busy_timeout = 50').get();
    await expect(take()).rejects.toMatchObject({ code: 'unavailable' });
    locker.exec('ROLLBACK');
    locker.close();
    expect(await take()).toHaveLength(1);
    await one.close();
  });

  it('a clock that is set right by less than a second shows nothing early', async () => {
    const one = await openFresh();
    const queue = sqliteQueue(one.db(), 'q', { clock: one.clock, maxReceives: 3 });
    await queue.send(['a']);
    await queue.receive({ max: 1, visibilityMs: 10_000 });
    await one.clock.advance(-900);
    expect(await queue.receive({ max: 1, visibilityMs: 10_000 })).toEqual([]);
    await one.close();
  });

  it('a database that another process keeps locked is Fault("unavailable")', async () => {
    const one = await openFresh();
    const locker = new DatabaseSync(one.file);
    locker.exec('BEGIN IMMEDIATE');
    const store = sqliteRecordStore(one.db(), { clock: one.clock });
    one.db().statement('PRAGMA busy_timeout = 50').get();
    expect(await store.get('p', 's')).toBeUndefined(); // readers are not held up
    await expect(store.put({ pk: 'p', sk: 's', body: 1 })).rejects.toMatchObject({
      name: 'Fault',
      code: 'unavailable',
    });
    locker.exec('ROLLBACK');
    locker.close();
    expect((await store.put({ pk: 'p', sk: 's', body: 1 })).outcome).toBe('stored');
    await one.close();
  });

  it('two connections see each other: one winner of a race, and messages of the other', async () => {
    const one = await openFresh();
    const second = one.another();
    const stores = [one.db(), second].map((db) => sqliteRecordStore(db, { clock: one.clock }));
    const puts = Array.from({ length: 40 }, (_, at) =>
      stores[at % 2]?.put({ pk: 'p', sk: 's', body: at }, { ifAbsent: true }),
    );
    const outcomes = await Promise.all(puts);
    expect(outcomes.filter((put) => put?.outcome === 'stored')).toHaveLength(1);
    const [here, there] = [one.db(), second].map((db) =>
      sqliteQueue(db, 'q', { clock: one.clock, maxReceives: 3 }),
    );
    const waiting = here?.receive({ max: 1, visibilityMs: 1000, waitMs: 5000 });
    await there?.send(['over']);
    expect(await waiting).toMatchObject([{ body: 'over' }]);
    second.close();
    await one.close();
  });

  it('checkpoint() empties the log into the file', async () => {
    const one = await openFresh();
    const store = sqliteRecordStore(one.db(), { clock: one.clock });
    await store.put({ pk: 'p', sk: 's', body: 1 });
    one.db().checkpoint();
    expect((await store.get('p', 's'))?.body).toBe(1);
    await one.close();
  });
});

describe('sqliteRecordStore', () => {
  it('does not use a version again after the record was deleted', async () => {
    const one = await openFresh();
    const store = sqliteRecordStore(one.db(), { clock: one.clock });
    const first = await store.put({ pk: 'p', sk: 's', body: 1 });
    await store.delete('p', 's');
    const second = await store.put({ pk: 'p', sk: 's', body: 1 });
    expect(second).not.toEqual(first);
    await one.close();
  });

  it('purgeExpired() removes the expired, oldest first, and no other record', async () => {
    const one = await openFresh();
    const store = sqliteRecordStore(one.db(), { clock: one.clock });
    for (let at = 0; at < 10; at += 1) {
      await store.put({ pk: 'p', sk: String(at), body: at, expiresAt: one.clock.now() + at * 10 + 10 });
    }
    await store.put({ pk: 'p', sk: 'kept', body: 1 });
    one.clock.advance(55);
    expect(store.purgeExpired(3)).toBe(3);
    expect(store.purgeExpired(100)).toBe(2);
    expect((await store.query('p')).records).toHaveLength(6);
    await one.close();
  });
});
