import { describe, expect, it } from 'vitest';
import type { DurableFs } from '../../lib/adapters/durable-fs.ts';
import { filesObjectStore } from '../../lib/adapters/files-object-store.ts';
import type { ObjectStore } from '../../lib/ports/object-store.ts';
import { forgetfulFs, type Random, seeded } from './forgetful-fs.ts';

const ROOT = '/data/objects';
const LEAF_DEPTH = ROOT.split('/').length + 2; // keys are two folders deep
const WRITERS = 6;
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

interface Write {
  readonly key: string;
  readonly body: string;
  readonly start: number;
  /** Undefined until the store answered. */
  end?: number;
}

/** Lets writers race until the power goes, and says which promises were broken. */
async function promisesBroken(seed: number, wrap: (fs: DurableFs) => DurableFs): Promise<string[]> {
  const random = seeded(seed);
  const disk = forgetfulFs(random, 40 + Math.floor(random() * 500));
  // Two stores are two processes, of which none may delete; one alone may.
  const stores = Array.from({ length: 1 + (seed % 2) }, () => filesObjectStore(ROOT, wrap(disk.fs)));
  const deletes = stores.length === 1;
  const writes: Write[] = [];
  const promised = new Set<string>();
  const failed: string[] = [];
  const writing = Array.from({ length: WRITERS }, (_, writer) =>
    write(stores[writer % stores.length]!, deletes, random, writes, promised).catch((error: unknown) => {
      failed.push(`No put may fail before the power does: ${error}`);
    }),
  );
  await Promise.race([disk.powerLoss, ...writing]);
  if (failed.length > 0) throw new Error(failed[0]);
  return check(filesObjectStore(ROOT, disk.restarted()), writes, promised);
}

async function write(
  store: ObjectStore,
  deletes: boolean,
  random: Random,
  writes: Write[],
  promised: Set<string>,
): Promise<void> {
  const pick = (count: number) => Math.floor(random() * count);
  for (;;) {
    const folder = `f${pick(3)}/g${pick(2)}`;
    const passing = `${folder}/passing-${pick(3)}`; // keys that are deleted, so that folders come and go
    if (deletes && random() < 0.4) await store.delete(passing);
    const key = random() < 0.4 ? passing : `${folder}/k${pick(4)}`;
    const body = `${writes.length}:${'x'.repeat(pick(60))}:end`;
    const one: Write = { key, body, start: writes.length };
    writes.push(one);
    const outcome = await store.put(key, new TextEncoder().encode(body), { ifAbsent: random() < 0.6 });
    if (outcome === 'stored') one.end = writes.length;
    if (key !== passing) promised.add(key);
  }
}

async function check(store: ObjectStore, writes: readonly Write[], promised: Set<string>): Promise<string[]> {
  const broken: string[] = [];
  const listed = new Set((await store.list('')).map((info) => info.key));
  for (const key of promised) if (!listed.has(key)) broken.push(`lost ${key}`);
  for (const key of listed) {
    const body = text((await store.get(key)) ?? new Uint8Array(0));
    const written = writes.find((one) => one.key === key && one.body === body);
    const { end } = written ?? {};
    if (!written) broken.push(`torn ${key}`);
    else if (end !== undefined && promised.has(key)) {
      const later = writes.some((one) => one.key === key && one.end !== undefined && one.start >= end);
      if (later) broken.push(`${key} went back to an older body`);
    }
  }
  return broken;
}

const same = (fs: DurableFs) => fs;
/** The faults that the harness must see; each drops one kind of sync. */
const BROKEN: Record<string, (fs: DurableFs) => DurableFs> = {
  'no file is synced': (fs) => ({
    ...fs,
    create: async (path) => ({ ...(await fs.create(path)), sync: async () => undefined }),
  }),
  'no folder is synced': (fs) => ({ ...fs, syncFolder: async () => undefined }),
  'only the folder of the object is synced, not those above': (fs) => ({
    ...fs,
    syncFolder: async (path) => {
      if (path.split('/').length === LEAF_DEPTH) await fs.syncFolder(path);
    },
  }),
};

describe('filesObjectStore after a power loss', () => {
  it('has every object whose put was answered, whole', async () => {
    for (let seed = 0; seed < 300; seed += 1) {
      expect(await promisesBroken(seed, same), `seed ${seed}`).toEqual([]);
    }
  });

  it.each(Object.keys(BROKEN))('is seen to lose objects when %s', async (fault) => {
    let seen = 0;
    for (let seed = 0; seed < 100; seed += 1) {
      if ((await promisesBroken(seed, BROKEN[fault] ?? same)).length > 0) seen += 1;
    }
    expect(seen).toBeGreaterThan(50);
  });
});
