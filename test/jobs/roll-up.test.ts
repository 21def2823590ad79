import { describe, expect, it } from 'vitest';
import { analyze } from '../../lib/jobs/analyze.ts';
import { expire } from '../../lib/jobs/expire.ts';
import { openReplay } from '../../lib/jobs/replay.ts';
import { ROLL_UP_AFTER_MS, rollUp } from '../../lib/jobs/roll-up.ts';
import { sweepOrphans } from '../../lib/jobs/sweep.ts';
import { bucketStart, type Head, partitionKey, stepOf } from '../../lib/model/partition.ts';
import { serviceName } from '../../lib/model/service.ts';
import { ONE } from '../../lib/model/sketch.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../lib/model/units.ts';
import { ensureProject } from '../../lib/records/api-keys.ts';
import { segmentReader } from '../../lib/segments/read.ts';
import { markStale } from '../../lib/segments/stale.ts';
import { segmentCache } from '../../lib/segments/store.ts';
import { NOON } from './facts.ts';
import { message, rawObject, spans, tracesBody, uploadOf, type World, world } from './world.ts';

const shop = { project: 'default', service: serviceName({ name: 'shop' }) };
const MIDNIGHT = bucketStart(NOON, '1d');

/** `count` requests that ended at `at` and came at `receivedAt`. */
async function send(here: World, count: number, at: number, receivedAt = here.clock.time) {
  const upload = await uploadOf(tracesBody(spans(count, { at })), { route: 'otlp-traces', receivedAt });
  const event = await rawObject(here, [upload]);
  await analyze(here.context, [message(event)]);
  return { upload, event };
}

async function counted(here: World, from: number, to: number, coarse = true) {
  const states = await here.context.reader.range('latency', { ...shop, from, to, coarse });
  return (
    states.flatMap(({ state }) => [...state.units.values()]).reduce((sum, { count }) => sum + count, 0) / ONE
  );
}

async function headsOf({
  context,
}: World): Promise<ReadonlyMap<string, Head & { readonly version: number }>> {
  const heads = await context.heads.all(shop.project, shop.service);
  return new Map(
    heads.map(({ partition, head, version }) => [partitionKey(partition), { ...head, version }]),
  );
}

const tick = async (here: World, at: number) => {
  here.clock.time = at;
  await rollUp(here.context);
};

describe('rollUp()', () => {
  it('builds an hour and its day once they have ended, and what they tell is what they were made of', async () => {
    const here = await world();
    for (const [n, minute] of [1, 11, 59, 61].entries()) {
      here.clock.time = MIDNIGHT + minute * MINUTE_MS;
      await send(here, 2 ** n, here.clock.time - 1000);
    }
    await tick(here, MIDNIGHT + HOUR_MS + ROLL_UP_AFTER_MS - 1);
    expect([...(await headsOf(here)).keys()].filter((key) => key.includes('1h'))).toEqual([]);
    await tick(here, MIDNIGHT + HOUR_MS + ROLL_UP_AFTER_MS);
    expect([...(await headsOf(here)).keys()].filter((key) => key.includes('1h'))).toHaveLength(1);
    await tick(here, MIDNIGHT + DAY_MS + ROLL_UP_AFTER_MS);
    for (const coarse of [true, false]) {
      expect(await counted(here, MIDNIGHT, MIDNIGHT + DAY_MS, coarse)).toBe(15);
      expect(await counted(here, MIDNIGHT, MIDNIGHT + HOUR_MS, coarse)).toBe(7);
    }
    expect(
      await here.context.reader.range('latency', {
        ...shop,
        from: MIDNIGHT,
        to: MIDNIGHT + DAY_MS,
        coarse: true,
      }),
    ).toMatchObject([{ step: '1d' }]);
    expect(await rollUp(here.context)).toEqual({ built: 0 });
  });

  it('is told of a late upload at once, and builds exactly the hour and the day again that it touched', async () => {
    const here = await world();
    for (const hour of [1, 2, 25]) {
      here.clock.time = MIDNIGHT + hour * HOUR_MS + MINUTE_MS;
      await send(here, hour, here.clock.time - 1000);
    }
    await tick(here, MIDNIGHT + 2 * DAY_MS + ROLL_UP_AFTER_MS);
    const before = await headsOf(here);
    const range = [MIDNIGHT, MIDNIGHT + 2 * DAY_MS] as const;
    expect(await counted(here, ...range)).toBe(28);
    await send(here, 100, MIDNIGHT + 2 * HOUR_MS + 30 * MINUTE_MS);
    expect(await counted(here, ...range)).toBe(128);
    const marked = await headsOf(here);
    const dirty = [...marked].filter(([, head]) => head.dirty !== undefined).map(([key]) => key);
    expect(dirty.map((key) => key.split(' ').slice(1, 3))).toEqual(
      expect.arrayContaining([
        ['1h', String(MIDNIGHT + 2 * HOUR_MS)],
        ['1d', String(MIDNIGHT)],
      ]),
    );
    expect(dirty).toHaveLength(2);
    expect(await rollUp(here.context)).toEqual({ built: 2 });
    const after = await headsOf(here);
    for (const [key, { segments }] of after) {
      if (!key.includes('1h') && !key.includes('1d')) continue;
      if (dirty.includes(key)) expect(segments).not.toEqual(before.get(key)?.segments);
      else expect(segments).toEqual(before.get(key)?.segments);
    }
    expect([...after.values()].some((head) => head.dirty !== undefined)).toBe(false);
    expect(await counted(here, ...range)).toBe(128);
  });

  it('builds what it can, however many buckets wait for a replay or cannot be built', async () => {
    const here = await world();
    await send(here, 1, NOON - 1000);
    await openReplay(here.context, 'default');
    const { heads } = here.context;
    const bad = serviceName({ name: 'bad' });
    for (let n = 1; n <= 1100; n += 1) {
      const start = bucketStart(NOON, '1h') - n * HOUR_MS;
      await heads.touch({ ...shop, start, generation: 1 });
      await heads.touch({ ...shop, service: bad, start, generation: 0 });
    }
    const failing: typeof heads.read = async (partition) => {
      if (partition.service === bad) throw new Error('Cannot read this service');
      return heads.read(partition);
    };
    here.clock.time = NOON + HOUR_MS + ROLL_UP_AFTER_MS;
    await expect(rollUp({ ...here.context, heads: { ...heads, read: failing } })).rejects.toThrow(
      'Cannot read',
    );
    const hours = [...(await headsOf(here)).keys()].filter((key) => key.includes('1h'));
    expect(hours).toHaveLength(1);
  });

  it('leaves a bucket alone for a day that ends the processes that build it, says so, and builds the others', async () => {
    const here = await world();
    await send(here, 1, NOON - 1000);
    await send(here, 2, NOON + 1000);
    const { objects, heads } = here.context;
    const deadly = `/1h/${new Date(NOON - HOUR_MS).toISOString().slice(0, 13)}`;
    const put: typeof objects.put = (key, ...rest) =>
      key.includes(deadly) ? new Promise(() => undefined) : objects.put(key, ...rest);
    const dying = { ...here.context, objects: { ...objects, put } };
    here.clock.time = NOON + HOUR_MS + ROLL_UP_AFTER_MS;
    for (let death = 1; death <= 3; death += 1) {
      void rollUp(dying);
      for (let turn = 0; turn < 200; turn += 1) await new Promise(setImmediate);
    }
    const hour = (start: number) => heads.read({ ...shop, start, step: '1h', generation: 0 });
    expect((await hour(NOON))?.head.segments ?? []).toEqual([]);
    await expect(rollUp(dying)).rejects.toThrow('3 processes ended over it');
    expect((await hour(NOON))?.head.segments).toHaveLength(1);
    expect((await hour(NOON - HOUR_MS))?.head.segments).toEqual([]);
    expect(await counted(here, NOON - HOUR_MS, NOON + HOUR_MS)).toBe(3);
    here.clock.time += DAY_MS;
    await rollUp(here.context);
    expect((await hour(NOON - HOUR_MS))?.head.segments).toHaveLength(1);
  });

  it('makes 30 days readable from at most 100 objects', async () => {
    const here = await world();
    const start = MIDNIGHT;
    let sent = 0;
    for (let at = start + 30 * MINUTE_MS; at < start + 30 * DAY_MS; at += 2 * HOUR_MS) {
      here.clock.time = at + 1000;
      await send(here, 1, at);
      sent += 1;
      if (sent % 24 === 0) await rollUp(here.context);
    }
    await tick(here, start + 30 * DAY_MS + ROLL_UP_AFTER_MS);
    let reads = 0;
    const objects = {
      ...here.objects,
      get: (...args: Parameters<typeof here.objects.get>) => {
        reads += 1;
        return here.objects.get(...args);
      },
    };
    const reader = segmentReader({ ...here.context, objects }, segmentCache(objects));
    const from = start + 5 * HOUR_MS + 7 * MINUTE_MS;
    const states = await reader.range('latency', { ...shop, from, to: from + 29.5 * DAY_MS, coarse: true });
    const all = states.flatMap(({ state }) => [...state.units.values()]);
    expect(all.reduce((sum, { count }) => sum + count, 0) / ONE).toBe(sent - 6);
    expect(reads).toBeLessThanOrEqual(100);
    expect(reads).toBeGreaterThan(25);
  });
});

describe('expire()', () => {
  const retention = async () => ({ retentionDays: 20, rollUpDays: 60 });
  const withRetention = async () => {
    const here = await world();
    return { ...here, context: { ...here.context, retention } };
  };
  const keys = ({ objects }: World, prefix: string) =>
    [...objects.stored.keys()].filter((key) => key.startsWith(prefix));

  it('removes partitions and raw objects from the bucket, and their roll-ups still tell what they held', async () => {
    const here = await withRetention();
    await send(here, 3, NOON - 1000);
    await tick(here, NOON + 20 * DAY_MS - 1);
    expect(await expire(here.context)).toMatchObject({ segments: 0, raw: 0 });
    here.clock.time += DAY_MS;
    expect(await expire(here.context)).toMatchObject({ segments: 1, raw: 1 });
    expect(keys(here, 'raw/')).toEqual([]);
    expect(
      keys(here, 'seg/')
        .map((key) => key.split('/')[4])
        .sort(),
    ).toEqual(['1d', '1h']);
    const steps = (await here.context.heads.all(shop.project, shop.service)).map(({ partition }) =>
      stepOf(partition),
    );
    expect(new Set(steps)).toEqual(new Set(['1h', '1d']));
    for (const coarse of [true, false]) expect(await counted(here, NOON - HOUR_MS, NOON, coarse)).toBe(3);
    here.clock.time = NOON + 61 * DAY_MS;
    await expire(here.context);
    expect(keys(here, 'seg/')).toEqual([]);
    expect(await here.context.heads.all(shop.project, shop.service)).toEqual([]);
    expect(await counted(here, NOON - HOUR_MS, NOON)).toBe(0);
  });

  it('keeps each project for as long as it says, in one run', async () => {
    const here = await world();
    await ensureProject(here.records, 'long');
    for (const project of ['default', 'long']) {
      const upload = await uploadOf(tracesBody(spans(3)), { route: 'otlp-traces', project });
      await analyze(here.context, [message(await rawObject(here, [upload]))]);
    }
    const days = (name: string) => (name === 'long' ? 40 : 20);
    const context = {
      ...here.context,
      retention: async (name: string) => ({ retentionDays: days(name), rollUpDays: 60 }),
    };
    const left = () => keys(here, '').map((key) => key.split('/').slice(0, 5));
    const of = (project: string) =>
      left().filter(([top, ...path]) => path.includes(project) && (top === 'raw' || path.includes('10m')));
    expect([of('default'), of('long')]).toMatchObject([{ length: 2 }, { length: 2 }]);
    await tick(here, NOON + 21 * DAY_MS);
    expect(await expire(context)).toMatchObject({ segments: 1, raw: 1 });
    expect([of('default'), of('long')]).toMatchObject([{ length: 0 }, { length: 2 }]);
    await tick(here, NOON + 41 * DAY_MS);
    expect(await expire(context)).toMatchObject({ segments: 1, raw: 1 });
    expect(of('long')).toHaveLength(0);
  });

  it('rolls up what was never rolled up before it removes it', async () => {
    const here = await withRetention();
    await send(here, 3, NOON - 1000);
    here.clock.time = NOON + 21 * DAY_MS;
    await expire(here.context);
    expect(keys(here, 'seg/').filter((key) => key.includes('/10m/'))).toEqual([]);
    expect(await counted(here, NOON - HOUR_MS, NOON)).toBe(3);
  });

  it('leaves no hole in an answer, whenever it runs meanwhile', async () => {
    for (let n = 1; n <= 6; n += 1) {
      const here = await withRetention();
      await send(here, 3, NOON - 1000);
      await tick(here, NOON + 21 * DAY_MS);
      let calls = 0;
      const late =
        <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
        async (...args: A) => {
          calls += 1;
          if (calls === n) await expire(here.context);
          return call(...args);
        };
      const { heads, objects } = here.context;
      const context = {
        ...here.context,
        heads: { ...heads, range: late(heads.range), read: late(heads.read) },
        objects: { ...objects, get: late(objects.get) },
      };
      const reader = segmentReader(context, segmentCache(context.objects));
      expect([
        n,
        await counted({ ...here, context: { ...context, reader } }, NOON - HOUR_MS, NOON, false),
      ]).toEqual([n, 3]);
    }
  });

  it('counts from the last upload, not from the time of the data', async () => {
    const here = await withRetention();
    const wide = {
      ...here,
      context: { ...here.context, settings: { ...here.context.settings, acceptPastMs: 100 * DAY_MS } },
    };
    await send(wide, 3, NOON - 50 * DAY_MS);
    here.clock.time += DAY_MS;
    expect(await expire(wide.context)).toEqual({ heads: 0, segments: 0, raw: 0 });
    here.clock.time += 20 * DAY_MS;
    expect(await expire(wide.context)).toMatchObject({ segments: 1 });
  });

  it('finds again what a crash left half removed', async () => {
    const here = await withRetention();
    await send(here, 3, NOON - 1000);
    await tick(here, NOON + 21 * DAY_MS);
    let calls = 0;
    for (let dies = 1; dies < 20; dies += 1) {
      calls = 0;
      const die =
        <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
        async (...args: A) => {
          calls += 1;
          if (calls === dies) throw new Error('The process ends here');
          return call(...args);
        };
      const { heads, objects } = here.context;
      const context = {
        ...here.context,
        heads: { ...heads, swap: die(heads.swap), remove: die(heads.remove) },
        objects: { ...objects, delete: die(objects.delete) },
      };
      await expire(context).catch(() => undefined);
      expect(await counted(here, NOON - HOUR_MS, NOON)).toBe(3);
    }
    expect(
      keys(here, 'seg/')
        .map((key) => key.split('/')[4])
        .sort(),
    ).toEqual(['1d', '1h']);
  });

  it('leaves a late upload after roll-up and after child expiry out, counted as too late, and the roll-up as it was', async () => {
    const here = await withRetention();
    const wide = {
      ...here,
      context: { ...here.context, settings: { ...here.context.settings, acceptPastMs: 100 * DAY_MS } },
    };
    await send(here, 3, NOON - 1000);
    await tick(here, NOON + 21 * DAY_MS);
    await expire(here.context);
    const before = await headsOf(here);
    const { upload } = await send(wide, 5, NOON - 2000);
    expect(await here.context.ledger.get('default', upload.id)).toMatchObject({
      state: 'done',
      dropped: { 'too-late': 1 },
    });
    expect(await headsOf(here)).toEqual(before);
    expect(await counted(here, NOON - HOUR_MS, NOON)).toBe(3);
    expect(await rollUp(here.context)).toEqual({ built: 0 });
  });

  it('leaves it out of the shards of a hot service too, and while the head that expires is still there', async () => {
    for (const [shards, isFinalOnly] of [
      [4, false],
      [1, true],
    ] as const) {
      const here = await withRetention();
      const settings = { ...here.context.settings, acceptPastMs: 100 * DAY_MS };
      const wide = { ...here, context: { ...here.context, settings, shards: async () => shards } };
      await send(here, 3, NOON - 1000);
      await tick(here, NOON + 21 * DAY_MS);
      const { heads } = here.context;
      const dies = isFinalOnly && { remove: () => Promise.reject(new Error('The process ends here')) };
      const noMark: typeof heads.swap = async (partition, head, version) =>
        isFinalOnly && head.expired ? 'conflict' : heads.swap(partition, head, version);
      const dying = { ...here.context, heads: { ...heads, ...dies, swap: noMark } };
      await expire(dying).catch(() => undefined);
      const { upload } = await send(wide, 5, NOON - 2000);
      expect(await here.context.ledger.get('default', upload.id)).toMatchObject({
        state: 'done',
        dropped: { 'too-late': 1 },
      });
      expect(await counted(here, NOON - HOUR_MS, NOON)).toBe(3);
    }
  });

  it('rebuilds an hour that was rolled up between the touch and the swap of a late upload', async () => {
    const here = await world();
    await send(here, 1, NOON - 1000);
    await tick(here, NOON + 30 * HOUR_MS);
    const { heads } = here.context;
    let touches = 0;
    const touch: typeof heads.touch = async (partition) => {
      await heads.touch(partition);
      touches += 1;
      if (touches === 1) await rollUp(here.context);
    };
    await send({ ...here, context: { ...here.context, heads: { ...heads, touch } } }, 2, NOON - 2000);
    await tick(here, NOON + 40 * HOUR_MS);
    const dirty = [...(await headsOf(here)).values()].filter((head) => head.dirty !== undefined);
    expect(dirty).toEqual([]);
    expect(await counted(here, MIDNIGHT, MIDNIGHT + DAY_MS)).toBe(3);
  });

  it('rebuilds what a writer marked that ended before it asked for it, once the sweep has been there', async () => {
    const here = await world();
    await send(here, 1, NOON - 1000);
    for (const hours of [30, 31]) await tick(here, NOON + hours * HOUR_MS);
    await markStale(here.context, { ...shop, start: bucketStart(NOON - 1000, '10m'), generation: 0 });
    const dirty = async () =>
      [...(await headsOf(here)).values()].filter((head) => head.dirty !== undefined).length;
    await tick(here, NOON + 32 * HOUR_MS);
    expect(await dirty()).toBe(2);
    await sweepOrphans(here.context);
    await tick(here, NOON + 33 * HOUR_MS);
    expect(await dirty()).toBe(0);
    expect(await counted(here, MIDNIGHT, MIDNIGHT + DAY_MS)).toBe(1);
  });

  it('redelivery 30 days later changes nothing', async () => {
    const here = await world();
    const { event } = await send(here, 3, NOON - 1000);
    await tick(here, NOON + 30 * DAY_MS);
    await expire(here.context);
    const before = await headsOf(here);
    await analyze(here.context, [message(event, 7)]);
    await tick(here, NOON + 40 * DAY_MS);
    await analyze(here.context, [message(event, 8)]);
    await expire(here.context);
    expect(await counted(here, NOON - HOUR_MS, NOON)).toBe(3);
    expect([...before.keys()].filter((key) => key.includes('1h'))).toEqual(
      [...(await headsOf(here)).keys()].filter((key) => key.includes('1h')),
    );
  });
});
