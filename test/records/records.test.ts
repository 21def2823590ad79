import { describe, expect, it } from 'vitest';
import { Fault } from '../../lib/model/fault.ts';
import { uploadId } from '../../lib/model/ids.ts';
import { serviceName } from '../../lib/model/service.ts';
import { DAY_MS, HOUR_MS } from '../../lib/model/units.ts';
import { ensureProject, listProjects } from '../../lib/records/api-keys.ts';
import { type LedgerRecord, ledger } from '../../lib/records/ledger.ts';
import { update } from '../../lib/records/pages.ts';
import { listRejections, rejections } from '../../lib/records/rejections.ts';
import { mergeService, noteService, readService, type ServiceRecord } from '../../lib/records/services.ts';
import { memoryRecords } from '../jobs/world.ts';

const NOON = Date.UTC(2031, 4, 6, 12);
const store = () => {
  const clock = { time: NOON };
  return { clock, records: memoryRecords(() => clock.time) };
};

describe('update()', () => {
  it('counts every one of many racing changes', async () => {
    const { records } = store();
    const key = { pk: 'a', sk: 'b' };
    const count = () => update<number>(records, key, (before = 0) => ({ body: before + 1 }));
    await Promise.all(Array.from({ length: 20 }, count));
    expect((await records.get('a', 'b'))?.body).toBe(20);
  });

  it('leaves the record as it is when the change is undefined', async () => {
    const { records } = store();
    await records.put({ pk: 'a', sk: 'b', body: 7 });
    expect(await update<number>(records, { pk: 'a', sk: 'b' }, () => undefined)).toBe(7);
  });

  it('gives up as unavailable when others are always faster', async () => {
    const { records } = store();
    const losing = { ...records, put: async () => ({ outcome: 'conflict' as const }) };
    await expect(update(losing, { pk: 'a', sk: 'b' }, () => ({ body: 1 }))).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});

describe('ledger()', () => {
  const record = (state: LedgerRecord['state']): LedgerRecord => ({
    uploadId: uploadId('ab'.repeat(16)),
    rawKey: 'raw/00/p/2031/05/06/12/1',
    receivedAt: NOON,
    state,
    reason: null,
    dropped: {},
    finishedAt: NOON,
  });

  it('keeps the first record of an upload, until it is forgotten', async () => {
    const { records } = store();
    const book = ledger(records, 14);
    const { uploadId: id } = record('done');
    await book.finish('p', record('poison'));
    await book.finish('p', record('done'));
    expect(await book.get('p', id)).toMatchObject({ state: 'poison' });
    await book.forget('p', id);
    await book.finish('p', record('done'));
    expect(await book.get('p', id)).toMatchObject({ state: 'done' });
    expect(await book.get('other', id)).toBeUndefined();
  });

  it('keeps a record for as long as the raw object is kept', async () => {
    const { clock, records } = store();
    const book = ledger(records, 14);
    await book.finish('p', record('done'));
    clock.time += 15 * DAY_MS - 1;
    expect(await book.get('p', record('done').uploadId)).toBeDefined();
    clock.time += 1;
    expect(await book.get('p', record('done').uploadId)).toBeUndefined();
  });
});

describe('rejections()', () => {
  const rejection = (sender: string, at = NOON) => ({
    reason: 'not JSON',
    status: 400,
    sender,
    at,
    route: '/v1/metrics',
    detail: 'd',
    firstBytes: 'json',
    bytes: 3,
  });
  const read = (records: ReturnType<typeof memoryRecords>) =>
    listRejections(records, 'p', NOON - HOUR_MS, NOON + 2 * HOUR_MS);

  it('counts by reason, sender and hour, with three examples', async () => {
    const { records } = store();
    const refused = rejections(records);
    for (let n = 0; n < 5; n += 1) refused.add('p', rejection('a'));
    refused.add('p', rejection('a', NOON + HOUR_MS));
    refused.add('p', rejection('b'));
    await refused.flush();
    refused.add('p', rejection('a'));
    await refused.flush();
    const rows = (await read(records)).map(({ sender, hour, count, examples }) => [
      sender,
      hour - NOON,
      count,
      examples.length,
    ]);
    expect(rows.sort()).toEqual([
      ['a', 0, 6, 3],
      ['a', HOUR_MS, 1, 1],
      ['b', 0, 1, 1],
    ]);
  });

  it('counts all of a flood of senders in a bounded number of records', async () => {
    const { records } = store();
    const refused = rejections(records);
    for (let n = 0; n < 5000; n += 1) refused.add('p', rejection(`sender ${n}`));
    await refused.flush();
    const rows = await read(records);
    expect(rows.length).toBeLessThan(210);
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(5000);
  });

  it('tells all of two days, whoever floods them', async () => {
    const { records } = store();
    const refused = rejections(records);
    for (let hour = 0; hour < 48; hour += 1)
      for (let n = 0; n < 200; n += 1) refused.add('p', rejection(`sender ${n}`, NOON + hour * HOUR_MS));
    await refused.flush();
    const rows = await listRejections(records, 'p', NOON, NOON + 48 * HOUR_MS);
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(48 * 200);
  });

  it('bounds an hour whatever is sent, however often it is written, by however many processes', async () => {
    const { records } = store();
    for (let turn = 0; turn < 40; turn += 1) {
      const refused = rejections(records);
      for (let n = 0; n < 150; n += 1) refused.add('p', rejection(`sender ${turn} ${n}`));
      await refused.flush();
    }
    const stored = await records.query('REJ#p');
    expect(stored.records.length).toBeLessThanOrEqual(64);
    expect(JSON.stringify(stored).length).toBeLessThan(300_000);
    const rows = await read(records);
    expect(rows.length).toBeLessThanOrEqual(64 * 4 + 1);
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(40 * 150);
  });

  it('loses no count when the store does not answer for a while', async () => {
    const { records } = store();
    let [down, calls] = [true, 0];
    const failing = {
      ...records,
      put: async (...args: Parameters<typeof records.put>) => {
        calls += 1;
        if (down && calls % 3 === 0) throw new Fault('unavailable', 'Cannot reach the store');
        return records.put(...args);
      },
    };
    const refused = rejections(failing);
    for (let turn = 0; turn < 5; turn += 1) {
      for (let n = 0; n < 60; n += 1) refused.add('p', rejection(`sender ${n}`));
      await refused.flush().catch(() => undefined);
    }
    down = false;
    await refused.flush();
    expect((await read(records)).reduce((sum, { count }) => sum + count, 0)).toBe(300);
  });
});

describe('ensureProject()', () => {
  it('gives racing projects numbers of their own, and one project one number', async () => {
    const { records } = store();
    const made = await Promise.all(['a', 'b', 'a', 'c', 'b'].map((name) => ensureProject(records, name)));
    expect(new Set((await listProjects(records)).map(({ number }) => number)).size).toBe(3);
    expect(made[0]).toEqual(made[2]);
  });

  it.each(['', 'A', '../x', 'a/b', 'x'.repeat(64)])('refuses %j as a name', async (name) => {
    await expect(ensureProject(store().records, name)).rejects.toMatchObject({ code: 'invalid-input' });
  });
});

const seen = (at: number, versions: Readonly<Record<string, number>> = {}): ServiceRecord => ({
  service: serviceName({ name: 'shop' }),
  firstSeen: at,
  lastSeen: at,
  firstData: at,
  lastData: at,
  signals: { memory: at },
  versions,
});

describe('noteService()', () => {
  it('writes what is news, however many batches note the service at once', async () => {
    const { records } = store();
    let writes = 0;
    const put: typeof records.put = (record, condition) => {
      writes += condition !== undefined && 'ifVersion' in condition ? 1 : 0;
      return records.put(record, condition);
    };
    const note = (one: ServiceRecord) => noteService({ ...records, put }, 'p', one);
    await Promise.all(Array.from({ length: 100 }, (_, n) => note(seen(NOON + n))));
    await note(seen(NOON + 9999));
    expect(writes).toBe(0);
    await note(seen(NOON + 10_000));
    await note(seen(NOON + 9000, { '2': NOON }));
    await note({ ...seen(NOON), signals: { traces: NOON } });
    await note(seen(NOON - 1));
    expect(writes).toBe(4);
    expect(await readService(records, 'p', 'shop')).toMatchObject({
      ...{ firstSeen: NOON - 1, firstData: NOON - 1, lastSeen: NOON + 10_000, lastData: NOON + 10_000 },
      ...{ versions: { '2': NOON }, signals: { memory: NOON + 10_000, traces: NOON } },
    });
  });
});

describe('mergeService()', () => {
  it('is the same in either order, and twice is once', () => {
    const [a, b] = [seen(5, { '1': 5 }), { ...seen(9, { '1': 4, '2': 9 }), signals: { traces: 9 } }];
    expect(mergeService(a, b)).toEqual({ ...mergeService(b, a) });
    expect(mergeService(a, mergeService(a, b))).toEqual(mergeService(a, b));
    expect(mergeService(a, b)).toMatchObject({
      firstSeen: 5,
      lastSeen: 9,
      signals: { memory: 5, traces: 9 },
      versions: { '1': 4, '2': 9 },
    });
  });

  it('keeps the hundred latest versions', () => {
    const many = Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`v${n}`, n]));
    const { versions } = mergeService(seen(1), seen(2, many));
    expect(Object.values(versions).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 100 }, (_, n) => n + 50),
    );
  });
});
