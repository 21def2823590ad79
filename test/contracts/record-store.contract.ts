import { afterEach, describe, expect, it } from 'vitest';
import type { QueryOptions, RecordStore, StoredRecord } from '../../lib/ports/record-store.ts';

export interface OpenRecordStore {
  readonly store: RecordStore;
  /** Moves the store's clock. */
  advance(ms: number): void;
  now(): number;
  reopen(): Promise<RecordStore>;
  close(): Promise<void>;
}

const RACERS = 40;
// Pairs that UTF-16 and UTF-8 order differently, and what quoting, paths and C strings stumble over.
const ODD = [
  ...[
    'a',
    'A',
    'ab',
    'a b',
    ' a',
    'a#b',
    "a'b",
    'a"b',
    'a%b',
    'a_b',
    'a\\b',
    'a/b',
    'a\0b',
    'a\nb',
    '-',
    '~',
  ],
  ...[
    'é',
    'e\u0301',
    'ß',
    'z',
    '\u{ff61}',
    '\u{10000}',
    '\u{1f600}',
    '\u{e000}',
    '\u{d7ff}',
    '\u{7f}',
    '\u{80}',
  ],
];
const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** What every RecordStore must do. */
export const recordStoreContract = (name: string, open: () => Promise<OpenRecordStore>) =>
  describe(`RecordStore contract: ${name}`, () => {
    const opened: OpenRecordStore[] = [];
    const fresh = async () => {
      const one = await open();
      opened.push(one);
      return one;
    };
    const store = async () => (await fresh()).store;
    const filled = async (sks: readonly string[], pk = 'p') => {
      const one = await store();
      for (const sk of sks) await one.put({ pk, sk, body: sk });
      return one;
    };
    const collect = async (one: RecordStore, pk: string, options: QueryOptions = {}) => {
      const found: StoredRecord[] = [];
      let cursor: string | undefined;
      do {
        const page = await one.query(pk, { ...options, ...(cursor === undefined ? {} : { cursor }) });
        expect(page.records.length).toBeLessThanOrEqual(options.limit ?? 1000);
        found.push(...page.records);
        cursor = page.cursor;
      } while (cursor !== undefined);
      return found;
    };
    const sks = async (one: RecordStore, options?: QueryOptions) =>
      (await collect(one, 'p', options)).map((record) => record.sk);
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
    });

    describe('put, get and delete', () => {
      it('get() is undefined for what was never put, and reads what was', async () => {
        const one = await store();
        const body = { text: 'ü\0\u{1f600}', list: [1, 2.5, -0.1, null, true], deep: { er: { est: [] } } };
        const put = await one.put({ pk: 'p', sk: 's', body });
        expect(put.outcome).toBe('stored');
        const version = put.outcome === 'stored' ? put.version : -1;
        expect(await one.get('p', 's')).toEqual({ pk: 'p', sk: 's', body, version });
        expect(await one.get('p', 'other')).toBeUndefined();
        expect(await one.get('s', 'p')).toBeUndefined();
      });
      it.each([null, 0, '', false, [], {}, 'text', 1e300])('keeps the body %j', async (body) => {
        const one = await store();
        await one.put({ pk: 'p', sk: 's', body });
        expect((await one.get('p', 's'))?.body).toEqual(body);
      });
      it('keeps 290 KB and refuses 310 KB', async () => {
        const one = await store();
        const body = 'x'.repeat(290_000);
        await one.put({ pk: 'p', sk: 's', body });
        expect((await one.get('p', 's'))?.body).toBe(body);
        const over = one.put({ pk: 'p', sk: 's', body: 'x'.repeat(310 * 1024) });
        await expect(over).rejects.toMatchObject({ code: 'too-large' });
        expect((await one.get('p', 's'))?.body).toBe(body);
      });
      it('tells odd keys apart, up to 1,024 bytes', async () => {
        const one = await store();
        const keys = [...ODD, 'ü'.repeat(512)];
        for (const key of keys) await one.put({ pk: key, sk: key, body: key });
        for (const key of keys) expect((await one.get(key, key))?.body).toBe(key);
      });
      it.each([
        ['', 's'],
        ['p', ''],
        ['ü'.repeat(513), 's'],
        ['p', 'x'.repeat(1025)],
        ['p', 'a\ud800b'],
      ])('refuses a key that is empty, too long or no text (%#)', async (pk, sk) => {
        const one = await store();
        await expect(one.put({ pk, sk, body: 1 })).rejects.toMatchObject({ code: 'invalid-input' });
      });
      it('put() replaces the whole record, its expiry too', async () => {
        const { store: one, now, advance } = await fresh();
        await one.put({ pk: 'p', sk: 's', body: { a: 1 }, expiresAt: now() + 1000 });
        await one.put({ pk: 'p', sk: 's', body: { b: 2 } });
        advance(5000);
        expect((await one.get('p', 's'))?.body).toEqual({ b: 2 });
      });
      it('delete() removes, and is "deleted" for what is not there', async () => {
        const one = await filled(['s']);
        expect(await one.delete('p', 's')).toBe('deleted');
        expect(await one.delete('p', 's')).toBe('deleted');
        expect(await one.delete('p', 's', { ifVersion: 7 })).toBe('deleted');
        expect(await one.get('p', 's')).toBeUndefined();
      });
    });

    describe('conditions', () => {
      const version = async (one: RecordStore, body: unknown) => {
        const put = await one.put({ pk: 'p', sk: 's', body });
        return put.outcome === 'stored' ? put.version : -1;
      };
      it('ifAbsent stores once', async () => {
        const one = await store();
        const put = () => one.put({ pk: 'p', sk: 's', body: 1 }, { ifAbsent: true });
        expect((await put()).outcome).toBe('stored');
        expect((await put()).outcome).toBe('conflict');
        await one.delete('p', 's');
        expect((await put()).outcome).toBe('stored');
      });
      it('ifVersion stores over that version only, and not where nothing is', async () => {
        const one = await store();
        const first = await version(one, 1);
        const put = (ifVersion: number, body: unknown) => one.put({ pk: 'p', sk: 's', body }, { ifVersion });
        expect((await put(first, 2)).outcome).toBe('stored');
        expect((await put(first, 3)).outcome).toBe('conflict');
        expect((await one.get('p', 's'))?.body).toBe(2);
        expect((await one.put({ pk: 'p', sk: 'absent', body: 1 }, { ifVersion: 1 })).outcome).toBe(
          'conflict',
        );
      });
      it('delete() with ifVersion spares another version', async () => {
        const one = await store();
        const first = await version(one, 1);
        const second = await version(one, 2);
        expect(await one.delete('p', 's', { ifVersion: first })).toBe('conflict');
        expect(await one.delete('p', 's', { ifVersion: second })).toBe('deleted');
      });
      it('versions of a key grow with every write', async () => {
        const one = await store();
        const seen: number[] = [];
        for (let at = 0; at < 5; at += 1) seen.push(await version(one, at));
        expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
      });
      it(`of ${RACERS} writers with ifAbsent, and with one version, exactly one is stored`, async () => {
        const one = await store();
        const winners = async (condition: { ifAbsent: true } | { ifVersion: number }) => {
          const puts = Array.from({ length: RACERS }, (_, at) =>
            one.put({ pk: 'p', sk: 's', body: at }, condition),
          );
          const outcomes = await Promise.all(puts);
          const won = outcomes.flatMap(({ outcome }, at) => (outcome === 'stored' ? [at] : []));
          expect((await one.get('p', 's'))?.body).toBe(won[0]);
          return won.length;
        };
        expect(await winners({ ifAbsent: true })).toBe(1);
        expect(await winners({ ifVersion: (await one.get('p', 's'))?.version ?? -1 })).toBe(1);
      });
      it('increments by read and conditional write lose none', async () => {
        const one = await store();
        await one.put({ pk: 'p', sk: 'n', body: 0 });
        const increment = async () => {
          for (;;) {
            const seen = await one.get('p', 'n');
            if (!seen) throw new Error('the counter is gone');
            const next = { pk: 'p', sk: 'n', body: Number(seen.body) + 1 };
            if ((await one.put(next, { ifVersion: seen.version })).outcome === 'stored') return;
          }
        };
        await Promise.all(Array.from({ length: 20 }, increment));
        expect((await one.get('p', 'n'))?.body).toBe(20);
      });
    });

    describe('query', () => {
      it('orders by UTF-8 bytes, both ways, within the partition', async () => {
        const one = await filled(ODD);
        await one.put({ pk: 'q', sk: 'other', body: 1 });
        await one.put({ pk: 'p\0', sk: 'other', body: 1 });
        const sorted = [...ODD].sort(byBytes);
        expect(await sks(one)).toEqual(sorted);
        expect(await sks(one, { reverse: true })).toEqual([...sorted].reverse());
        expect(await sks(one, { limit: 4 })).toEqual(sorted);
        expect(await sks(one, { limit: 3, reverse: true })).toEqual([...sorted].reverse());
      });
      it('takes [from, to)', async () => {
        const one = await filled(['a', 'b', 'c', 'd', 'e']);
        expect(await sks(one, { from: 'b', to: 'd' })).toEqual(['b', 'c']);
        expect(await sks(one, { from: 'bb' })).toEqual(['c', 'd', 'e']);
        expect(await sks(one, { to: 'c', reverse: true })).toEqual(['b', 'a']);
        expect(await sks(one, { from: 'b', to: 'e', reverse: true, limit: 1 })).toEqual(['d', 'c', 'b']);
        expect(await sks(one, { from: 'd', to: 'b' })).toEqual([]);
      });
      it('has no cursor on the last page, full or not, nor where nothing is', async () => {
        const one = await filled(['a', 'b', 'c', 'd']);
        expect((await one.query('p', { limit: 4 })).cursor).toBeUndefined();
        expect((await one.query('p', { limit: 3 })).cursor).toBeDefined();
        expect(await one.query('nothing')).toEqual({ records: [], cursor: undefined });
      });
      it('goes on behind the cursor although that record was deleted and others came', async () => {
        const one = await filled(['a', 'b', 'c', 'd']);
        const { cursor } = await one.query('p', { limit: 2 });
        await one.delete('p', 'b');
        await one.put({ pk: 'p', sk: 'bb', body: 1 });
        const rest = await one.query('p', cursor === undefined ? {} : { cursor });
        expect(rest.records.map((record) => record.sk)).toEqual(['bb', 'c', 'd']);
      });
      it('gives at most 1,000 records, and pages of large ones', async () => {
        const many = await store();
        for (let from = 0; from < 1010; from += 101) {
          const some = Array.from({ length: 101 }, (_, at) => String(from + at).padStart(5, '0'));
          await Promise.all(some.map((sk) => many.put({ pk: 'p', sk, body: sk })));
        }
        const page = await many.query('p', { limit: 9999 });
        expect(page.records.length).toBeLessThanOrEqual(1000);
        expect(await sks(many)).toHaveLength(1010);
        const large = await store();
        const body = 'x'.repeat(250_000);
        for (let at = 0; at < 60; at += 1) await large.put({ pk: 'p', sk: String(at), body });
        const found = await collect(large, 'p');
        expect(found).toHaveLength(60);
        expect(found.every((record) => record.body === body)).toBe(true);
      });
    });

    describe('expiry', () => {
      it('an expired record is absent for get, query and every condition', async () => {
        const { store: one, now, advance } = await fresh();
        const expiresAt = now() + 1000;
        const put = await one.put({ pk: 'p', sk: 's', body: 1, expiresAt });
        await one.put({ pk: 'p', sk: 't', body: 2 });
        expect((await one.get('p', 's'))?.expiresAt).toBe(expiresAt);
        advance(999);
        expect(await sks(one)).toEqual(['s', 't']);
        advance(2);
        expect(await one.get('p', 's')).toBeUndefined();
        expect(await sks(one)).toEqual(['t']);
        const over = { ifVersion: put.outcome === 'stored' ? put.version : -1 };
        expect((await one.put({ pk: 'p', sk: 's', body: 3 }, over)).outcome).toBe('conflict');
        expect(await one.delete('p', 's', { ifVersion: 123_456 })).toBe('deleted');
      });
      it('ifAbsent stores over an expired record, with a greater version', async () => {
        const { store: one, now, advance } = await fresh();
        const first = await one.put({ pk: 'p', sk: 's', body: 1, expiresAt: now() + 10 });
        advance(20);
        const second = await one.put({ pk: 'p', sk: 's', body: 2 }, { ifAbsent: true });
        expect(second.outcome).toBe('stored');
        if (first.outcome !== 'stored' || second.outcome !== 'stored') throw new Error('not stored');
        expect(second.version).toBeGreaterThan(first.version);
        expect((await one.get('p', 's'))?.body).toBe(2);
      });
      it('pages over expired records without an empty end or a lost record', async () => {
        const { store: one, now, advance } = await fresh();
        for (let at = 10; at < 40; at += 1) {
          const expiresAt = at % 3 === 0 ? {} : { expiresAt: now() + 10 };
          await one.put({ pk: 'p', sk: String(at), body: at, ...expiresAt });
        }
        advance(20);
        expect(await sks(one, { limit: 2 })).toEqual([
          '12',
          '15',
          '18',
          '21',
          '24',
          '27',
          '30',
          '33',
          '36',
          '39',
        ]);
      });
    });

    it('keeps its records and goes on with the versions when it is opened again', async () => {
      const one = await fresh();
      const put = await one.store.put({ pk: 'p', sk: 's', body: { kept: true } });
      const again = await one.reopen();
      const found = await again.get('p', 's');
      expect(found?.body).toEqual({ kept: true });
      expect(found?.version).toBe(put.outcome === 'stored' ? put.version : -1);
      const next = await again.put({ pk: 'p', sk: 's', body: 2 }, { ifVersion: found?.version ?? -1 });
      expect(next).toMatchObject({ outcome: 'stored' });
      expect((await again.get('p', 's'))?.version).toBeGreaterThan(found?.version ?? Infinity);
    });
  });
