import { afterEach, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../../lib/ports/object-store.ts';

export interface OpenObjectStore {
  readonly store: ObjectStore;
  /** Ends this user of the store and begins another one on the same data, as a restart does. */
  reopen(): Promise<ObjectStore>;
  close(): Promise<void>;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const RACERS = 40;

/** What every ObjectStore must do. An adapter's test is a call of this function, and what is special to it. */
export const objectStoreContract = (name: string, open: () => Promise<OpenObjectStore>) =>
  describe(`ObjectStore contract: ${name}`, () => {
    const opened: OpenObjectStore[] = [];
    const fresh = async () => {
      const one = await open();
      opened.push(one);
      return one;
    };
    const store = async () => (await fresh()).store;
    const filled = async (keys: readonly string[]) => {
      const one = await store();
      for (const key of keys) await one.put(key, bytes(key));
      return one;
    };
    const keysOf = async (one: ObjectStore, prefix: string, options?: { after?: string; limit?: number }) =>
      (await one.list(prefix, options)).map((info) => info.key);
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
    });

    describe('put and get', () => {
      it('get() is undefined for a key that was never put, also below and above a key that was', async () => {
        const one = await filled(['a/b']);
        for (const key of ['missing', 'a', 'a/b/c', 'a/c']) expect(await one.get(key)).toBeUndefined();
      });
      it('put() replaces what was there, with a shorter body too', async () => {
        const one = await store();
        expect(await one.put('k', bytes('long body'))).toBe('stored');
        expect(await one.put('k', bytes('short'))).toBe('stored');
        expect(await one.get('k')).toEqual(bytes('short'));
      });
      it('put() with ifAbsent keeps what was there', async () => {
        const one = await store();
        expect(await one.put('k', bytes('first'), { ifAbsent: true })).toBe('stored');
        expect(await one.put('k', bytes('second'), { ifAbsent: true })).toBe('exists');
        expect(await one.get('k')).toEqual(bytes('first'));
      });
      it('keeps every byte value, an empty body and a large one', async () => {
        const one = await store();
        const all = Uint8Array.from({ length: 256 }, (_, at) => at);
        const large = new Uint8Array(5 * 1024 * 1024).map((_, at) => (at * 31) >> 3);
        await one.put('all', all);
        await one.put('empty', new Uint8Array(0));
        await one.put('large', large);
        expect(await one.get('all')).toEqual(all);
        expect(await one.get('empty')).toEqual(new Uint8Array(0));
        expect(Buffer.compare((await one.get('large')) ?? new Uint8Array(0), large)).toBe(0);
      });
      it('shares no buffer: neither later changes of the body nor of an answer reach the store', async () => {
        const one = await store();
        const body = bytes('body');
        await one.put('k', body);
        body.fill(0);
        (await one.get('k'))?.fill(0);
        expect(await one.get('k')).toEqual(bytes('body'));
      });
      it('stores a view of a larger buffer as what it shows', async () => {
        const one = await store();
        await one.put('k', bytes('0123456789').subarray(3, 6));
        expect(await one.get('k')).toEqual(bytes('345'));
      });
      it.each([
        [2, 5, '234'],
        [0, 10, '0123456789'],
        [8, 100, '89'],
        [10, 12, ''],
        [50, 60, ''],
        [4, 4, ''],
      ])('get() with range [%i, %i) is "%s"', async (start, end, expected) => {
        const one = await store();
        await one.put('k', bytes('0123456789'));
        expect(await one.get('k', { start, end })).toEqual(bytes(expected));
      });
      it('takes every character that a key may have, and 900 bytes of them', async () => {
        const keys = ['AZaz09._=,@+-', '-/+/@', '.hidden/..x/x..', `${'d/'.repeat(325)}${'n'.repeat(250)}`];
        const one = await filled(keys);
        for (const key of keys) expect(await one.get(key)).toEqual(bytes(key));
      });
      it.each([
        '',
        '/',
        'a//b',
        '/a',
        'a/',
        '.',
        '..',
        'a/../b',
        './a',
        'a b',
        'ü',
        'a\\b',
        'a%2Fb',
        'a\n',
        'a\0b',
      ])('refuses the key %j', async (key) => {
        const one = await store();
        await expect(one.put(key, bytes('x'))).rejects.toMatchObject({ code: 'invalid-input' });
      });
      it('refuses a key of more than 900 bytes', async () => {
        const one = await store();
        await expect(one.put(`${'abcdefghi/'.repeat(90)}a`, bytes('x'))).rejects.toMatchObject({
          code: 'invalid-input',
        });
      });
    });

    describe('races', () => {
      it(`of ${RACERS} conditional puts of one key exactly one is stored, and its body stays`, async () => {
        const one = await store();
        const outcomes = await Promise.all(
          Array.from({ length: RACERS }, (_, at) =>
            one.put('race/k', bytes(`writer ${at}`), { ifAbsent: true }),
          ),
        );
        expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(1);
        expect(await one.get('race/k')).toEqual(bytes(`writer ${outcomes.indexOf('stored')}`));
      });
      it('replacing puts leave one whole body, and readers never see a part of one', async () => {
        const one = await store();
        const bodies = Array.from({ length: 10 }, (_, at) => new Uint8Array(100_000).fill(at));
        await one.put('k', bodies[0] ?? bytes(''));
        const reads = Array.from({ length: 40 }, () => one.get('k'));
        await Promise.all(bodies.map((body) => one.put('k', body)));
        for (const seen of [...(await Promise.all(reads)), await one.get('k')]) {
          expect(seen?.length).toBe(100_000);
          expect(new Set(seen).size).toBe(1);
        }
      });
      it('puts and deletes in one folder do not disturb each other', async () => {
        const one = await store();
        const keys = Array.from({ length: 30 }, (_, at) => `deep/er/still/${at}`);
        for (let round = 0; round < 5; round += 1) {
          await Promise.all(keys.map((key) => one.put(key, bytes(key))));
          expect(await keysOf(one, 'deep/')).toHaveLength(30);
          await Promise.all(
            keys.flatMap((key, at) => [one.delete(key), ...(at % 3 ? [] : [one.put(`${key}x`, bytes(key))])]),
          );
          const left = await keysOf(one, 'deep/');
          expect(left).toHaveLength(10);
          await Promise.all(left.map((key) => one.delete(key)));
        }
      });
    });

    describe('delete', () => {
      it('removes the object, and is a success for what is not there', async () => {
        const one = await filled(['a/b/c', 'a/d']);
        await one.delete('a/b/c');
        await one.delete('a/b/c');
        await one.delete('never/was');
        await one.delete('a');
        expect(await one.get('a/b/c')).toBeUndefined();
        expect(await keysOf(one, '')).toEqual(['a/d']);
      });
      it('makes way for a new conditional put', async () => {
        const one = await filled(['a/b']);
        await one.delete('a/b');
        expect(await one.put('a/b', bytes('new'), { ifAbsent: true })).toBe('stored');
      });
    });

    describe('list', () => {
      const KEYS = [
        'a,b',
        'a-b/1',
        'a.b',
        'a/x',
        'a/x.y/z',
        'a/xx/1',
        'a/xy',
        'a0',
        'aB',
        'aa/1',
        'b',
        'B',
        '_',
        '=',
        '@',
      ];
      const sorted = [...KEYS].sort((a, b) => Buffer.compare(bytes(a), bytes(b)));

      it('orders by bytes across folders', async () => {
        expect(await keysOf(await filled(KEYS), '')).toEqual(sorted);
      });
      it.each(['a', 'a/', 'a/x', 'a/x.y/', 'a/x/', 'a-', 'b', 'none', 'a/none/', '../', '..', '/', 'ä'])(
        'with prefix %j gives exactly the keys that begin with it',
        async (prefix) => {
          expect(await keysOf(await filled(KEYS), prefix)).toEqual(
            sorted.filter((key) => key.startsWith(prefix)),
          );
        },
      );
      it('gives the keys after any key, stored or not', async () => {
        const one = await filled(KEYS);
        for (const after of [...KEYS, 'a', 'a/', 'a/x.', 'a/x/zzz', 'Z', 'zzz', '']) {
          expect(await keysOf(one, '', { after }), after).toEqual(sorted.filter((key) => key > after));
          expect(await keysOf(one, 'a/', { after }), after).toEqual(
            sorted.filter((key) => key.startsWith('a/') && key > after),
          );
        }
      });
      it('pages without repeating or losing a key', async () => {
        const one = await filled(KEYS);
        const seen: string[] = [];
        for (;;) {
          const page = await keysOf(one, '', { after: seen.at(-1) ?? '', limit: 4 });
          expect(page.length).toBeLessThanOrEqual(4);
          if (page.length === 0) break;
          seen.push(...page);
        }
        expect(seen).toEqual(sorted);
        expect(await keysOf(one, '', { limit: 0 })).toEqual([]);
      });
      it('gives at most 1,000 keys', async () => {
        const one = await store();
        const keys = Array.from(
          { length: 1005 },
          (_, at) => `many/${String(at % 7)}/${String(at).padStart(4, '0')}`,
        );
        for (let at = 0; at < keys.length; at += 50) {
          await Promise.all(keys.slice(at, at + 50).map((key) => one.put(key, bytes('.'))));
        }
        const page = await keysOf(one, 'many/', { limit: 5000 });
        expect(page).toHaveLength(1000);
        expect(page).toEqual([...keys].sort().slice(0, 1000));
        expect(await keysOf(one, 'many/', { after: page.at(-1) ?? '' })).toHaveLength(5);
      });
      it('tells size and time', async () => {
        const one = await filled(['abc']);
        const [info] = await one.list('');
        expect(info?.size).toBe(3);
        // The store's own clock stamps objects, which no test can set: not the Date that tests may shift.
        const now = performance.timeOrigin + performance.now();
        expect(Math.abs((info?.modified ?? 0) - now)).toBeLessThan(60_000);
      });
      it('is empty for an empty store', async () => {
        expect(await (await store()).list('')).toEqual([]);
      });
    });

    it('keeps its objects when it is closed and opened again', async () => {
      const one = await fresh();
      await one.store.put('a/b', bytes('kept'));
      await one.store.put('a/gone', bytes('gone'));
      await one.store.delete('a/gone');
      const again = await one.reopen();
      expect(await again.get('a/b')).toEqual(bytes('kept'));
      expect(await keysOf(again, '')).toEqual(['a/b']);
    });
  });
