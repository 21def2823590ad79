import { Fault } from '../../lib/model/fault.ts';
import type { ObjectStore } from '../../lib/ports/object-store.ts';
import type { HeadStore } from '../../lib/segments/store.ts';

/** mulberry32: the same numbers for the same seed. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Chaos {
  readonly objects: ObjectStore;
  readonly heads: HeadStore;
  /** Runs the tasks side by side: which of the waiting calls goes on next is drawn. */
  run(tasks: readonly (() => Promise<void>)[]): Promise<void>;
}

/** Far more than any history takes that ends. */
const TURNS_MAX = 20_000;

/**
 * Stores of which every call waits for its turn and may fail, with its effect or without it; a swap that was stored may
 * also say 'conflict', as when an SDK has retried it. One seed is one history.
 */
export function chaos(
  stores: { readonly objects: ObjectStore; readonly heads: HeadStore },
  draw: () => number,
  { faultRate, onTurn }: { readonly faultRate: number; readonly onTurn: () => void },
): Chaos {
  const waiting: (() => void)[] = [];
  const turn = () => new Promise<void>((resolve) => waiting.push(resolve));
  const fail = (when: string) => {
    if (draw() < faultRate) throw new Fault('unavailable', `Cannot reach the store: ${when}`);
  };
  async function call<T>(effect: () => Promise<T>): Promise<T> {
    await turn();
    fail('before');
    const answer = await effect();
    await turn();
    fail('after');
    return answer;
  }
  const { objects, heads } = stores;
  return {
    objects: {
      put: (key, body, options) => call(() => objects.put(key, body, options)),
      get: (key, range) => call(() => objects.get(key, range)),
      delete: (key) => call(() => objects.delete(key)),
      list: (prefix, options) => call(() => objects.list(prefix, options)),
    },
    heads: {
      read: (partition) => call(() => heads.read(partition)),
      range: (query) => call(() => heads.range(query)),
      all: (project, service) => call(() => heads.all(project, service)),
      touch: (partition) => call(() => heads.touch(partition)),
      remove: (partition, version) => call(() => heads.remove(partition, version)),
      swap: async (partition, head, version) => {
        const answer = await call(() => heads.swap(partition, head, version));
        return draw() < faultRate ? 'conflict' : answer;
      },
    },
    async run(tasks) {
      let running = tasks.length;
      const all = tasks.map((task) =>
        task().finally(() => {
          running -= 1;
        }),
      );
      const done = Promise.all(all);
      done.catch(() => undefined); // awaited below
      for (let turns = 0; running > 0; turns += 1) {
        if (turns > TURNS_MAX) throw new Error('Gave up: the tasks go on without end');
        await new Promise((resolve) => setImmediate(resolve)); // all that can go on has come to its next call
        const [next] = waiting.splice(Math.floor(draw() * waiting.length), 1);
        onTurn();
        next?.();
      }
      await done;
    },
  };
}
