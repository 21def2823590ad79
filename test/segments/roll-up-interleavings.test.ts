import { describe, expect, it } from 'vitest';
import { bucketStart, PARTITION_MS, type Partition } from '../../lib/model/partition.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../lib/model/units.ts';
import { type Contribution, commit } from '../../lib/segments/commit.ts';
import { compact } from '../../lib/segments/compact.ts';
import { segmentReader } from '../../lib/segments/read.ts';
import { rollUpBucket } from '../../lib/segments/roll-up.ts';
import { type HeadStore, segmentCache } from '../../lib/segments/store.ts';
import { chaos, random } from './chaos.ts';
import { contribution, PARTITION, stores } from './one-partition.ts';

const UPLOADS = 16;
const TRIES_MAX = 300;
const { project, service, generation } = PARTITION;
const DAY = bucketStart(PARTITION.start, '1d');
const HOUR = bucketStart(PARTITION.start, '1h');
const place = { project, service, generation };
const hourAt = (start: number): Partition => ({ ...place, step: '1h', start });
const day: Partition = { ...place, step: '1d', start: DAY };

function onlyUnavailable(error: unknown) {
  if ((error as { code?: string }).code !== 'unavailable') throw error;
}

interface Variant {
  readonly heads?: (heads: HeadStore) => HeadStore;
}

/**
 * One history: writers commit to four partitions of two hours while others roll up the hours and the day again and again,
 * and one merges. Returns what a reader is told through the roll-ups, right afterwards and once all are built, and how many
 * of the sums were read from roll-ups.
 */
async function play(seed: number, { heads: wrap = (same) => same }: Variant = {}) {
  const draw = random(seed);
  const world = stores(DAY + DAY_MS + HOUR_MS);
  const { clock, objects, heads, newId } = world;
  const onTurn = () => {
    clock.time += Math.floor(draw() * 2000);
  };
  const store = chaos({ objects, heads: wrap(heads) }, draw, { faultRate: 0.01, onTurn });
  const context = { ...store, clock, newId };
  const again = async (work: () => Promise<unknown>) => {
    for (let attempt = 0; attempt < TRIES_MAX; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        onlyUnavailable(error);
      }
    }
    throw new Error(`Gave up after ${TRIES_MAX} tries`);
  };
  const partitions = [0, 1, 6, 7].map((n) => ({ ...PARTITION, start: HOUR - HOUR_MS + n * PARTITION_MS }));
  const uploads = Array.from({ length: UPLOADS }, (_, n) => ({
    partition: partitions[Math.floor(draw() * 4)] as Partition,
    upload: contribution(n),
  }));
  const calm = { objects, heads, clock, newId };
  const others = Array.from({ length: 24 }, (_, n) => DAY + n * HOUR_MS).filter(
    (start) => start !== HOUR && start !== HOUR - HOUR_MS,
  );
  for (const start of others) await rollUpBucket(calm, segmentCache(objects), hourAt(start));
  let writing = 2;
  const writer = (mine: typeof uploads) => async () => {
    const cache = segmentCache(store.objects);
    for (const { partition, upload } of mine)
      await again(() => commit(context, cache, partition, [upload as Contribution]));
    writing -= 1;
  };
  const roller = async () => {
    const cache = segmentCache(store.objects);
    while (writing > 0) {
      for (const bucket of [hourAt(HOUR - HOUR_MS), hourAt(HOUR), day])
        await rollUpBucket(context, cache, bucket).catch(onlyUnavailable);
    }
  };
  const compactor = async () => {
    const cache = segmentCache(store.objects);
    const partition = partitions[0] as Partition;
    while (writing > 0) await again(() => compact(context, cache, partition, { fully: true }));
  };
  await store.run([
    writer(uploads.filter((_, n) => n % 3 > 0)),
    writer(uploads.filter((_, n) => n % 3 < 2)),
    roller,
    roller,
    compactor,
  ]);
  const found = [await sumOf(world)];
  const cache = segmentCache(objects);
  for (const bucket of [hourAt(HOUR - HOUR_MS), hourAt(HOUR), day]) await rollUpBucket(calm, cache, bucket);
  const dayHead = await heads.read(day);
  found.push(await sumOf(world));
  return { found, built: dayHead?.head.segments.length === 1 && dayHead.head.dirty === undefined };
}

/** The sum of the day as the coarsest reader sees it. */
async function sumOf({ context, objects }: ReturnType<typeof stores>): Promise<number> {
  const reader = segmentReader(context, segmentCache(objects));
  const states = await reader.range('instance', {
    project,
    service,
    from: DAY,
    to: DAY + DAY_MS,
    coarse: true,
  });
  return states
    .flatMap(({ state }) => [...state.instances.values()])
    .flatMap(({ work }) => [...work.values()].flatMap(({ sums }) => sums))
    .reduce((sum, one) => sum + one, 0);
}

const ALL = { found: [2 ** UPLOADS - 1, 2 ** UPLOADS - 1], built: true };
const seeds = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

describe('rollUpBucket() beside writers, a compactor, other builders and failing stores', () => {
  it('leaves every roll-up true or marked: a reader is told each upload exactly once', async () => {
    for (const seed of seeds(50)) expect({ seed, ...(await play(seed)) }).toEqual({ seed, ...ALL });
  });
});

// The harness must see what it is there for.
describe('the same histories with one rule left out', () => {
  const wrongs = async (variant: Variant) => {
    for (const seed of seeds(60)) {
      const told = await play(seed, variant);
      if (told.found.some((sum) => sum !== ALL.found[0])) return true;
    }
    return false;
  };

  it('show uploads that a roll-up misses when writers do not mark it', async () => {
    const heads = (same: HeadStore): HeadStore => ({
      ...same,
      async swap(partition, head, version) {
        const before = await same.read(partition);
        const marks = partition.step !== undefined && before !== undefined && before.head.dirty === undefined;
        if (marks && head.dirty !== undefined) return 'stored';
        return same.swap(partition, head, version);
      },
    });
    expect(await wrongs({ heads })).toBe(true);
  });

  it('show uploads that a roll-up misses when children are not sealed anew', async () => {
    const heads = (same: HeadStore): HeadStore => ({
      ...same,
      async swap(partition, head, version) {
        const before = await same.read(partition);
        const seals = before?.head.sealed === true && before.head.segments.length === head.segments.length;
        return seals && partition.step === undefined ? 'stored' : same.swap(partition, head, version);
      },
    });
    expect(await wrongs({ heads })).toBe(true);
  });
});

describe('rollUpBucket()', () => {
  const setUp = async () => {
    const world = stores(DAY + DAY_MS + HOUR_MS);
    const { context, cache } = world;
    await commit(context, cache, PARTITION, [contribution(0), contribution(1)]);
    const build = (bucket: Partition) => rollUpBucket(context, cache, bucket);
    return { world, context, cache, build };
  };

  it('does nothing when the roll-up is true', async () => {
    const { build, world } = await setUp();
    expect(await build(hourAt(HOUR))).toBe('built');
    const puts = world.objects.puts;
    expect(await build(hourAt(HOUR))).toBe('fresh');
    expect(world.objects.puts).toBe(puts);
  });

  it('of a day waits for its hours', async () => {
    const { build } = await setUp();
    expect(await build(day)).toBe('waiting');
  });

  it('writes the mark before the swap: a writer that ends in between leaves the roll-up out of date, and true', async () => {
    const { build, world, context, cache } = await setUp();
    await build(hourAt(HOUR));
    const dying = {
      ...context,
      heads: {
        ...context.heads,
        swap: (...args: Parameters<typeof context.heads.swap>) =>
          args[0].step === undefined
            ? Promise.reject(new Error('The process ends here'))
            : context.heads.swap(...args),
      },
    };
    await expect(commit(dying, cache, PARTITION, [contribution(2)])).rejects.toThrow('ends here');
    expect((await world.heads.read(hourAt(HOUR)))?.head.dirty).toBeDefined();
    expect(await sumOf(world)).toBe(0b11);
    await commit(context, cache, PARTITION, [contribution(2)]);
    expect(await sumOf(world)).toBe(0b111);
  });

  it('is never rebuilt once what it was made of is gone', async () => {
    const { build, world } = await setUp();
    await build(hourAt(HOUR));
    const hour = await world.heads.read(hourAt(HOUR));
    const leaf = await world.heads.read(PARTITION);
    await world.heads.remove(PARTITION, leaf?.version ?? 0);
    await world.heads.swap(hourAt(HOUR), { ...hour!.head, dirty: 'late' }, hour?.version);
    expect(await build(hourAt(HOUR))).toBe('final');
    expect((await world.heads.read(hourAt(HOUR)))?.head.segments).toEqual(hour?.head.segments);
  });

  it('by an analyzer that does not know what a segment holds is left to a later one', async () => {
    const { build, world } = await setUp();
    const leaf = await world.heads.read(PARTITION);
    const segments = (leaf?.head.segments ?? []).map((ref) => ({ ...ref, version: 9999 }));
    await world.heads.swap(PARTITION, { ...leaf!.head, segments }, leaf?.version);
    expect(await build(hourAt(HOUR))).toBe('waiting');
    world.clock.time += MINUTE_MS;
    expect(await compact(world.context, world.cache, PARTITION, { fully: true })).toBe(0);
  });
});
