import { describe, expect, it } from 'vitest';
import { Fault } from '../../lib/model/fault.ts';
import { END_OF_TIME } from '../../lib/model/partition.ts';
import { DAY_MS } from '../../lib/model/units.ts';
import { commit } from '../../lib/segments/commit.ts';
import { WRITER_GRACE_MS } from '../../lib/segments/commit-shard.ts';
import { FAN_IN, pickForMerge } from '../../lib/segments/compact.ts';
import type { StateOf } from '../../lib/segments/kinds/index.ts';
import { segmentReader } from '../../lib/segments/read.ts';
import type { HeadStore } from '../../lib/segments/store.ts';
import { segmentCache } from '../../lib/segments/store.ts';
import { random } from './chaos.ts';
import {
  commitTo,
  compactIn,
  contribution,
  fullyCompacted,
  idsOf,
  listedIn,
  PARTITION,
  stores,
  sumOf,
  upTo,
} from './one-partition.ts';

const [first, second, third] = [contribution(0), contribution(1), contribution(2)];

/** The store with one of its calls replaced. */
const withHeads = (world: ReturnType<typeof stores>, change: (heads: HeadStore) => Partial<HeadStore>) => ({
  cache: world.cache,
  context: { ...world.context, heads: { ...world.heads, ...change(world.heads) } },
});

/** Runs `meanwhile` once, between this writer's reading of the head and its first swap. */
function interrupted(world: ReturnType<typeof stores>, meanwhile: () => Promise<unknown>) {
  let done = false;
  return withHeads(world, (heads) => ({
    async swap(partition, head, version) {
      if (!done) {
        done = true;
        await meanwhile();
      }
      return heads.swap(partition, head, version);
    },
  }));
}

describe('commit()', () => {
  it('makes uploads visible once, and tells a redelivery from what is new', async () => {
    const world = stores();
    expect(await commitTo(world, [first, second])).toMatchObject({
      committed: idsOf([first, second]),
      already: [],
    });
    expect(await commitTo(world, [second, third])).toMatchObject({
      committed: idsOf([third]),
      already: idsOf([second]),
    });
    expect(await commitTo(world, [first, second, third])).toMatchObject({ committed: [] });
    expect(await sumOf(world)).toBe(0b111);
    expect(await listedIn(world)).toHaveLength(2);
  });

  it('adds nothing to the store when all of its uploads are there already', async () => {
    const world = stores();
    await commitTo(world, [first]);
    const { puts } = world.objects;
    await commitTo(world, [first]);
    expect(world.objects.puts).toBe(puts);
  });

  it('that lost a race against other uploads lists the same segment', async () => {
    const world = stores();
    const slow = interrupted(world, () => commitTo(world, [second]));
    expect(await commitTo(slow, [first])).toMatchObject({ committed: idsOf([first]), already: [] });
    expect(world.objects.puts).toBe(2);
    expect(await sumOf(world)).toBe(0b11);
  });

  it('that lost a race against some of its own uploads is rebuilt without them', async () => {
    const world = stores();
    const slow = interrupted(world, () => commitTo(world, [second, third]));
    expect(await commitTo(slow, [first, second])).toMatchObject({
      committed: idsOf([first]),
      already: idsOf([second]),
    });
    expect(world.objects.puts).toBe(3);
    expect(await sumOf(world)).toBe(0b111);
  });

  it('that lost a race against all of its uploads adds nothing', async () => {
    const world = stores();
    const slow = interrupted(world, () => commitTo(world, [first, second]));
    expect(await commitTo(slow, [first, second])).toMatchObject({
      committed: [],
      already: idsOf([first, second]),
    });
    expect(await sumOf(world)).toBe(0b11);
  });

  it('takes a swap that says conflict for a success when its own segment stands', async () => {
    const world = stores();
    let lies = 1;
    const lying = withHeads(world, (heads) => ({
      async swap(...args) {
        const outcome = await heads.swap(...args);
        lies -= 1;
        return lies >= 0 ? 'conflict' : outcome;
      },
    }));
    expect(await commitTo(lying, [first])).toMatchObject({ committed: idsOf([first]), already: [] });
    expect(world.objects.puts).toBe(1);
    expect(await sumOf(world)).toBe(1);
  });

  it('counts its uploads once when its answer was lost and a compaction took its segment', async () => {
    const world = stores();
    for (let n = 1; n < FAN_IN; n += 1) await commitTo(world, [contribution(n)]);
    let lies = 1;
    const lying = withHeads(world, (heads) => ({
      async swap(...args) {
        const outcome = await heads.swap(...args);
        lies -= 1;
        if (lies < 0) return outcome;
        expect(await compactIn(world)).toBe(FAN_IN);
        return 'conflict';
      },
    }));
    await commitTo(lying, [first]);
    expect(await sumOf(world)).toBe(2 ** FAN_IN - 1);
    expect(await listedIn(world)).toHaveLength(1);
  });

  it.each(['before', 'after'])('that failed %s its swap can be called again', async (when) => {
    const world = stores();
    const failing = withHeads(world, (heads) => ({
      async swap(...args) {
        if (when === 'after') await heads.swap(...args);
        throw new Fault('unavailable', 'Cannot reach the store');
      },
    }));
    await expect(commitTo(failing, [first, second])).rejects.toMatchObject({ code: 'unavailable' });
    await commitTo(world, [first, second]);
    expect(await sumOf(world)).toBe(0b11);
  });

  it.each(['before', 'after'])('that failed %s its PUT can be called again', async (when) => {
    const world = stores();
    const { objects } = world;
    const failing = {
      cache: world.cache,
      context: {
        ...world.context,
        objects: {
          ...objects,
          put: async (key: string, body: Uint8Array) => {
            if (when === 'after') await objects.put(key, body);
            throw new Fault('unavailable', 'Cannot reach the store');
          },
        },
      },
    };
    await expect(commitTo(failing, [first])).rejects.toMatchObject({ code: 'unavailable' });
    expect(await listedIn(world)).toEqual([]);
    await commitTo(world, [first]);
    expect(await sumOf(world)).toBe(1);
  });

  it('reads the head again when a compaction has removed a segment that it had listed', async () => {
    const world = stores();
    for (const one of upTo(FAN_IN)) await commitTo(world, [one]);
    const before = await world.heads.read(PARTITION);
    await compactIn(world);
    for (const { key } of before?.head.segments ?? []) await world.objects.delete(key);
    let stale = 1;
    const behind = withHeads(world, (heads) => ({
      read: async (partition) => {
        stale -= 1;
        return stale >= 0 ? before : heads.read(partition);
      },
    }));
    const cold = { ...behind, cache: segmentCache(world.objects) };
    expect(await commitTo(cold, [contribution(FAN_IN)])).toMatchObject({ already: [] });
    expect(await sumOf(world)).toBe(2 ** (FAN_IN + 1) - 1);
  });

  it('that has held its segment for longer than the grace time puts a new one', async () => {
    const world = stores();
    const slow = interrupted(world, async () => {
      await commitTo(world, [second]);
      world.clock.time += WRITER_GRACE_MS + 1;
    });
    await commitTo(slow, [first]);
    expect(world.objects.puts).toBe(3);
    const [, ours] = await listedIn(world);
    expect(world.objects.stored.get(ours?.key ?? '')?.modified).toBe(world.clock.time);
    expect(await sumOf(world)).toBe(0b11);
  });

  it('lists nothing by a clock that was set back meanwhile: nobody knows how long it took', async () => {
    const world = stores();
    const slow = interrupted(world, async () => {
      await commitTo(world, [second]);
      world.clock.time -= DAY_MS;
    });
    await expect(commitTo(slow, [first])).rejects.toThrow(/held for more than/);
    expect(await sumOf(world)).toBe(0b10);
  });

  it('gives the work back when races never end', async () => {
    const world = stores();
    const losing = withHeads(world, () => ({ swap: async () => 'conflict' as const }));
    await expect(commitTo(losing, [first])).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('commit() and compact()', () => {
  it('give the same section bytes for a set of uploads in any order, batching and duplication', async () => {
    const set = upTo(30);
    const reference = stores();
    await commitTo(reference, set);
    const expected = await fullyCompacted(reference);
    for (let seed = 1; seed <= 25; seed += 1) {
      const draw = random(seed);
      const world = stores();
      const order = [...set, ...set.filter(() => draw() < 0.3)]
        .map((one) => ({ one, place: draw() }))
        .sort((a, b) => a.place - b.place)
        .map(({ one }) => one);
      while (order.length > 0) {
        const batch = new Map(order.splice(0, 1 + Math.floor(draw() * 4)).map((one) => [one.uploadId, one]));
        await commitTo(world, [...batch.values()]);
        if (draw() < 0.5) await compactIn(world);
      }
      expect(await fullyCompacted(world)).toEqual(expected);
      expect(await sumOf(world)).toBe(2 ** 30 - 1);
    }
  });
});

describe('compact()', () => {
  it('merges from eight segments of a level on, and leaves fewer alone', async () => {
    const world = stores();
    for (const one of upTo(FAN_IN - 1)) await commitTo(world, [one]);
    expect(await compactIn(world)).toBe(0);
    await commitTo(world, [contribution(FAN_IN - 1)]);
    expect(await compactIn(world)).toBe(FAN_IN);
    expect(await listedIn(world)).toMatchObject([{ level: 1, uploads: FAN_IN }]);
  });

  it('decodes each section once, though the cache has no room for any', async () => {
    const world = stores();
    for (const one of upTo(FAN_IN)) await commitTo(world, [one]);
    const decoded: string[] = [];
    const cold = segmentCache(world.objects, { decodedBytes: 1 });
    const cache: typeof cold = {
      ...cold,
      async load(key) {
        const segment = await cold.load(key);
        if (segment === undefined) return undefined;
        const section: typeof segment.section = (name) => {
          decoded.push(`${key} ${name}`);
          return segment.section(name);
        };
        return { ...segment, section };
      },
    };
    expect(await compactIn({ ...world, cache })).toBe(FAN_IN);
    expect(decoded).toHaveLength(new Set(decoded).size);
  });

  it('leaves to the sweep what it replaced, so that readers of the old head still find it', async () => {
    const world = stores();
    for (const one of upTo(FAN_IN)) await commitTo(world, [one]);
    const before = await listedIn(world);
    await compactIn(world);
    for (const { key } of before) expect(world.objects.stored.has(key)).toBe(true);
  });

  it('beside another compaction loses nothing', async () => {
    const world = stores();
    for (const one of upTo(FAN_IN)) await commitTo(world, [one]);
    const slow = interrupted(world, () => compactIn(world));
    await compactIn(slow);
    expect(await sumOf(world)).toBe(2 ** FAN_IN - 1);
    expect(await listedIn(world)).toHaveLength(1);
  });

  it('keeps a segment that was committed while it merged', async () => {
    const world = stores();
    for (const one of upTo(FAN_IN)) await commitTo(world, [one]);
    const slow = interrupted(world, () => commitTo(world, [contribution(FAN_IN)]));
    expect(await compactIn(slow)).toBe(FAN_IN);
    expect(await sumOf(world)).toBe(2 ** (FAN_IN + 1) - 1);
  });

  // One that stood still, and one whose clock was set back meanwhile.
  it.each([WRITER_GRACE_MS + 1, -DAY_MS])(
    'does not list what it merged %s ms ago by its clock',
    async (offMs) => {
      const world = stores();
      for (const one of upTo(FAN_IN)) await commitTo(world, [one]);
      const slow = interrupted(world, async () => {
        await commitTo(world, [contribution(FAN_IN)]); // the swap fails, and by the next try it is late
        world.clock.time += offMs;
      });
      await compactIn(slow);
      const now = world.clock.time;
      for (const { key, level } of await listedIn(world)) {
        if (level > 0) expect(world.objects.stored.get(key)?.modified).toBe(now);
      }
      expect(await sumOf(world)).toBe(2 ** (FAN_IN + 1) - 1);
    },
  );
});

describe('pickForMerge()', () => {
  const ref = (level: number, key: number) => ({ key: String(key), bytes: 1, uploads: 1, level });
  const many = (level: number, count: number) =>
    Array.from({ length: count }, (_, i) => ref(level, level * 100 + i));

  it('takes the lowest full level', () => {
    expect(pickForMerge([...many(1, 8), ...many(0, 9)])).toEqual(many(0, 9));
    expect(pickForMerge([...many(1, 8), ...many(0, 7)])).toEqual(many(1, 8));
    expect(pickForMerge([...many(1, 7), ...many(0, 7)])).toEqual([]);
  });

  it('takes the two lowest levels when too many are listed', () => {
    const levels = [0, 1, 2, 3, 4].flatMap((level) => many(level, 7));
    expect(pickForMerge(levels)).toEqual([...many(0, 7), ...many(1, 7)]);
  });
});

describe('segmentReader()', () => {
  it('reads the head again when a segment that it lists is gone', async () => {
    const world = stores();
    for (const one of upTo(FAN_IN)) await commitTo(world, [one]);
    const { heads } = world;
    const behind = await heads.range({ ...PARTITION, from: PARTITION.start, to: PARTITION.start + 1 });
    const listed = await listedIn(world);
    await compactIn(world);
    for (const { key } of listed) await world.objects.delete(key);
    const context = { ...world.context, heads: { ...heads, range: async () => behind } };
    expect(await sumOf({ context, objects: world.objects })).toBe(2 ** FAN_IN - 1);
  });

  it('goes on without a listed object that is lost, and says so', async () => {
    const world = stores();
    for (const one of upTo(3)) await commitTo(world, [one]);
    const [lost] = await listedIn(world);
    await world.objects.delete(lost?.key ?? '');
    const reader = segmentReader(world.context, segmentCache(world.objects));
    const { start, ...rest } = PARTITION;
    const range = () => reader.range('instance', { ...rest, from: start, to: start + 1000 });
    expect(await range()).toMatchObject([{ missing: 1 }]);
    expect(await sumOf(world)).toBe(2 ** 3 - 1 - 1);
    expect(reader.unreadable?.(PARTITION.project)).toMatchObject([{ segments: 1, start }]);
  });

  it('sees a commit at once, through the cache of merged partitions', async () => {
    const world = stores();
    const reader = segmentReader(world.context, world.cache);
    const { start, ...rest } = PARTITION;
    const instances = async () =>
      (await reader.range('instance', { ...rest, from: start, to: start + 1000 }))[0]?.state.instances.size;
    expect(await instances()).toBeUndefined();
    await commitTo(world, [first]);
    expect(await instances()).toBe(1);
    await commitTo(world, [second]);
    expect(await instances()).toBe(2);
  });

  it('cuts parts from a whole that it knows, and sees a commit in each at once', async () => {
    const world = stores();
    let gets = 0;
    const objects: typeof world.objects = {
      ...world.objects,
      get: (...args) => {
        gets += 1;
        return world.objects.get(...args);
      },
    };
    const forgetful = segmentCache(objects, { encodedBytes: 1, decodedBytes: 1 });
    const reader = segmentReader({ ...world.context, objects }, forgetful);
    const { start, ...rest } = PARTITION;
    const sizeIn = async (name: string, factor: number) => {
      const part = {
        name,
        of: (state: StateOf<'instance'>) => ({ ...state, size: factor * state.instances.size }),
      };
      const [found] = await reader.range('instance', { ...rest, from: start, to: start + 1000 }, part);
      return (found?.state as { size?: number } | undefined)?.size;
    };
    await commitTo(world, [first]);
    expect(await sizeIn('one', 1)).toBe(1);
    const read = gets;
    expect(await sizeIn('ten', 10)).toBe(10);
    expect(gets).toBe(read);
    await commitTo(world, [second]);
    expect([await sizeIn('ten', 10), await sizeIn('one', 1)]).toEqual([20, 2]);
  });

  it('looks once more when the generation that it read was replaced meanwhile', async () => {
    const world = stores();
    const { start, generation: _, ...rest } = PARTITION;
    await commit(world.context, world.cache, { ...PARTITION, generation: 1 }, [first]); // 0 is gone already
    let asked = 0;
    const erasOf = async () => {
      asked += 1;
      return [{ from: 0, to: END_OF_TIME, generation: asked === 1 ? 0 : 1 }];
    };
    const reader = segmentReader(world.context, world.cache, erasOf);
    expect(await reader.range('instance', { ...rest, from: start, to: start + 1000 })).toHaveLength(1);
  });
});
