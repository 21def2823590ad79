import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../lib/model/units.ts';
import { commit, SHARDS_MAX, shardOf } from '../../lib/segments/commit.ts';
import { compact } from '../../lib/segments/compact.ts';
import { rollUpBucket } from '../../lib/segments/roll-up.ts';
import { type HeadStore, segmentCache } from '../../lib/segments/store.ts';
import { chaos, random } from './chaos.ts';
import { contribution, PARTITION, type Stores, stores, sumOf, upTo } from './one-partition.ts';

const split = ({ context, cache }: Pick<Stores, 'context' | 'cache'>, ns: readonly number[], shards = 4) =>
  commit(context, cache, PARTITION, ns.map(contribution), { shards });
const heads = ({ heads: { stored } }: Stores) =>
  [...stored.values()].filter(({ partition }) => partition.step === undefined);

describe('commit() of a hot service', () => {
  it('splits a new partition by upload id, and a reader sees all of it', async () => {
    const world = stores();
    const ns = Array.from({ length: 16 }, (_, n) => n);
    const { committed } = await split(world, ns);
    expect(committed).toHaveLength(16);
    expect(
      heads(world)
        .map(({ partition }) => partition.shard ?? 0)
        .sort(),
    ).toEqual([0, 1, 2, 3]);
    expect(heads(world).find(({ partition }) => (partition.shard ?? 0) === 0)?.head.shards).toBe(4);
    expect(await sumOf(world)).toBe(2 ** 16 - 1);
    expect((await split(world, ns)).already).toHaveLength(16);
  });

  it('keeps the number with which a partition was made, whatever the setting says later', async () => {
    const world = stores();
    await split(world, [0, 1, 2, 3], 4);
    for (const later of [1, 2, 8]) await split(world, [0, 1, 2, 3, 4, 5], later);
    expect(await sumOf(world)).toBe(2 ** 6 - 1);
    expect(heads(world)).toHaveLength(4);
    const whole = stores();
    await split(whole, [0, 1], 1);
    await split(whole, [0, 1, 2, 3], 4);
    expect(heads(whole)).toHaveLength(1);
    expect(await sumOf(whole)).toBe(2 ** 4 - 1);
  });

  it('bounds the number, and rolls all shards up', async () => {
    const world = stores();
    await split(
      world,
      upTo(40).map((_, n) => n),
      1000,
    );
    expect(heads(world).find(({ partition }) => !partition.shard)?.head.shards).toBe(SHARDS_MAX);
    const { project, service, generation, start } = PARTITION;
    const hour = {
      project,
      service,
      generation,
      step: '1h' as const,
      start: Math.floor(start / HOUR_MS) * HOUR_MS,
    };
    expect(await rollUpBucket(world.context, world.cache, hour)).toBe('built');
    expect((await world.heads.read(hour))?.head.segments).toHaveLength(1);
  });

  it('rolls up all shards that a writer makes while the hour is being built', async () => {
    const world = stores();
    const { start, ...place } = PARTITION;
    const hour = { ...place, step: '1h' as const, start: Math.floor(start / HOUR_MS) * HOUR_MS };
    let isLate = true;
    const racing: HeadStore = {
      ...world.heads,
      async read(partition) {
        const seen = await world.heads.read(partition);
        if (partition.step === undefined && partition.start === start && isLate) {
          isLate = false;
          await split(world, [0, 1, 2, 3, 4, 5, 6, 7]);
        }
        return seen;
      },
    };
    expect(await rollUpBucket({ ...world.context, heads: racing }, world.cache, hour)).toBe('built');
    const shards = heads(world).filter(({ partition }) => partition.start === start);
    expect(shards.map(({ head }) => head.sealed)).toEqual([true, true, true, true]);
    const range = { from: hour.start, to: hour.start + HOUR_MS, coarse: true };
    expect(await sumOf(world, range)).toBe(2 ** 8 - 1);
  });

  it('counts once beside writers that believe another setting, with stores that fail', async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const draw = random(seed);
      const world = stores();
      const store = chaos(world, draw, { faultRate: 0.05, onTurn: () => undefined });
      const context = { ...store, clock: world.clock, newId: world.newId };
      const writer = (shards: number) => async () => {
        const cache = segmentCache(store.objects);
        for (let n = 0; n < 8; n += 1) {
          for (;;) {
            try {
              await commit(context, cache, PARTITION, [contribution(n), contribution(n + 1)], { shards });
              if (draw() < 0.3) await compact(context, cache, PARTITION, { fully: true });
              break;
            } catch (error) {
              if ((error as { code?: string }).code !== 'unavailable') throw error;
            }
          }
        }
      };
      await store.run([writer(1), writer(3), writer(4)]);
      expect({ seed, sum: await sumOf(world) }).toEqual({ seed, sum: 2 ** 9 - 1 });
    }
  });

  it('sends every delivery of an upload to the same shard', () => {
    const counts = new Map<number, number>();
    for (const { uploadId } of upTo(1000)) {
      const shard = shardOf(uploadId, 8);
      expect(shardOf(uploadId, 8)).toBe(shard);
      counts.set(shard, (counts.get(shard) ?? 0) + 1);
    }
    expect(counts.size).toBe(8);
  });
});
