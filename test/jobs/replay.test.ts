import { describe, expect, it } from 'vitest';
import { parseUpload } from '../../lib/formats/index.ts';
import { analyze } from '../../lib/jobs/analyze.ts';
import { keysOfEvent } from '../../lib/jobs/events.ts';
import { expire, RETIRED_AFTER_MS } from '../../lib/jobs/expire.ts';
import { writePieces } from '../../lib/jobs/pieces.ts';
import { openReplay, REPLAY_AFTER_MS, replayStep, resumeReplays } from '../../lib/jobs/replay.ts';
import { rollUp } from '../../lib/jobs/roll-up.ts';
import { sweepOrphans } from '../../lib/jobs/sweep.ts';
import { Fault } from '../../lib/model/fault.ts';
import { bucketStart } from '../../lib/model/partition.ts';
import { serviceName } from '../../lib/model/service.ts';
import { ONE } from '../../lib/model/sketch.ts';
import { DAY_MS, HOUR_MS, MIB, MINUTE_MS } from '../../lib/model/units.ts';
import { compact } from '../../lib/segments/compact.ts';
import { NOON } from './facts.ts';
import { message, rawObject, spans, tracesBody, uploadOf, type World, world } from './world.ts';

const shop = { project: 'default', service: serviceName({ name: 'shop' }) };

async function store(here: World, count: number, at = here.clock.time - 1000) {
  const upload = await uploadOf(tracesBody(spans(count, { at })), {
    route: 'otlp-traces',
    receivedAt: here.clock.time,
  });
  return rawObject(here, [upload]);
}
const send = async (here: World, count: number, at?: number) => {
  const event = await store(here, count, at);
  await analyze(here.context, [message(event)]);
  return event;
};

async function counted({ context }: World, generation?: number) {
  const query = { ...shop, from: NOON - 3 * DAY_MS, to: NOON + 3 * DAY_MS, coarse: true };
  const states = await context.reader.range(
    'latency',
    generation === undefined ? query : { ...query, generation },
  );
  return (
    states.flatMap(({ state }) => [...state.units.values()]).reduce((sum, { count }) => sum + count, 0) / ONE
  );
}

async function finish(here: World, each: () => Promise<unknown> = async () => undefined) {
  for (let step = 0; step < 1000; step += 1) {
    const done = await replayStep(here.context, 'default');
    await each();
    if (done === 'flipped') return;
    if (done === 'waiting') here.clock.time += REPLAY_AFTER_MS;
  }
  throw new Error('The replay does not end');
}

/** Some turns of the event loop. */
async function turns(count: number): Promise<undefined> {
  for (let n = 0; n < count; n += 1) await new Promise(setImmediate);
}

const eras = async ({ context }: World) => (await context.generations.read('default')).eras;

describe('replayStep()', () => {
  it('computes everything again from raw objects, and flips once', async () => {
    const here = await world();
    for (const count of [1, 2, 4]) await send(here, count);
    await openReplay(here.context, 'default');
    expect(await replayStep(here.context, 'default')).toBe('waiting');
    await finish(here);
    expect(await eras(here)).toMatchObject([{ generation: 1 }]);
    expect(await counted(here)).toBe(7);
    expect(await counted(here, 1)).toBe(7);
    expect(await replayStep(here.context, 'default')).toBe('idle');
  });

  it('that lasts longer than the trim age, under live traffic, leaves every sum exact after the flip', async () => {
    const here = await world();
    let expected = 0;
    const live = async (count: number) => {
      await send(here, count);
      expected += count;
    };
    for (let count = 1; count <= 12; count += 1) {
      here.clock.time += 5 * MINUTE_MS;
      await live(count);
    }
    const kept = await store(here, 1000); // its event comes late: the replay is faster
    await openReplay(here.context, 'default');
    const first = bucketStart(NOON + 5 * MINUTE_MS, '10m');
    await finish(here, async () => {
      here.clock.time += 45 * MINUTE_MS; // more than an hour: ids may leave footers
      await live(3);
      for (const generation of [0, 1]) {
        for (let start = first; start < here.clock.time; start += 10 * MINUTE_MS)
          await compact(here.context, here.context.cache, { ...shop, start, generation }, { fully: true });
      }
      await sweepOrphans(here.context);
      const told = await counted(here);
      expect([expected, expected + 1000]).toContain(told);
    });
    expect(here.clock.time - NOON).toBeGreaterThan(3 * HOUR_MS);
    expect(await eras(here)).toMatchObject([{ generation: 1 }]);
    expect(await counted(here)).toBe(expected + 1000);
    await analyze(here.context, [message(kept)]);
    expect(await counted(here)).toBe(expected + 1000);
    here.clock.time += 3 * HOUR_MS;
    for (let start = first; start < here.clock.time; start += 10 * MINUTE_MS)
      await compact(here.context, here.context.cache, { ...shop, start, generation: 1 }, { fully: true });
    await analyze(here.context, [message(kept)]);
    expect(await counted(here)).toBe(expected + 1000);
  });

  it('of some days leaves the others as they are, and their live uploads where they are read', async () => {
    const here = await world();
    const yesterday = bucketStart(NOON, '1d') - HOUR_MS;
    await send(here, 1, yesterday);
    await send(here, 2);
    const day = bucketStart(NOON, '1d');
    await openReplay(here.context, 'default', { from: day + HOUR_MS, to: day + 2 * HOUR_MS });
    await send(here, 4, yesterday + 1000);
    await send(here, 8);
    await finish(here);
    expect(await eras(here)).toMatchObject([
      { from: 0, to: day, generation: 0 },
      { from: day, to: day + DAY_MS, generation: 1 },
      { from: day + DAY_MS, generation: 0 },
    ]);
    expect(await counted(here, 1)).toBe(10);
    await send(here, 16, yesterday + 2000);
    await send(here, 32, NOON - 5000);
    expect(await counted(here)).toBe(63);
  });

  it('covers an upload whose writer had not heard of the generation, however long it then stood still', async () => {
    const here = await world();
    const event = await store(here, 5);
    let go: (() => void) | undefined;
    const slow = {
      ...here.context,
      objects: {
        ...here.objects,
        put: async (...args: Parameters<typeof here.objects.put>) => {
          await new Promise<void>((resolve) => {
            go = resolve;
          });
          return here.objects.put(...args);
        },
      },
    };
    const late = analyze(slow, [message(event)]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await openReplay(here.context, 'default');
    await finish(here);
    go?.();
    await late;
    expect(await counted(here)).toBe(5);
    await analyze(here.context, [message(event)]);
    expect(await counted(here)).toBe(5);
  });

  it('tells of uploads that the present analyzer refuses, and goes on', async () => {
    const here = await world();
    await send(here, 1);
    const bad = await uploadOf('{"resourceSpans": 7}', { route: 'otlp-traces' });
    await rawObject(here, [bad]);
    await openReplay(here.context, 'default');
    let refused = 0;
    await finish(here, async () => {
      refused = (await here.context.generations.read('default')).building?.refused ?? refused;
    });
    expect(refused).toBe(1);
    expect(await counted(here)).toBe(1);
  });

  it('goes on where a worker ended, and no second replay begins beside it', async () => {
    const here = await world();
    await send(here, 1);
    await openReplay(here.context, 'default');
    await expect(openReplay(here.context, 'default')).rejects.toMatchObject({ code: 'conflict' });
    here.clock.time += REPLAY_AFTER_MS;
    const dying = { ...here.objects, get: () => Promise.reject(new Error('The process ends here')) };
    await expect(replayStep({ ...here.context, objects: dying }, 'default')).rejects.toThrow('ends here');
    expect(await replayStep(here.context, 'default')).toBe('busy'); // its worker may still be there
    expect(await resumeReplays(here.context)).toBe(0);
    here.clock.time += 5 * MINUTE_MS;
    expect(await resumeReplays(here.context)).toBeGreaterThan(0);
    expect(await eras(here)).toMatchObject([{ generation: 1 }]);
  });

  it('is given up when its workers end in one step again and again, and what it folded goes', async () => {
    const here = await world();
    for (const count of [1, 2]) await send(here, count);
    await openReplay(here.context, 'default');
    await send(here, 4); // to both generations
    here.clock.time += REPLAY_AFTER_MS;
    const dying = { ...here.objects, get: () => new Promise<undefined>(() => undefined) };
    let deaths = 0;
    let reached = 0;
    for (; ; here.clock.time += 5 * MINUTE_MS) {
      const { building } = await here.context.generations.read('default');
      if (building === null) break;
      reached = building.generation;
      const step = replayStep({ ...here.context, objects: dying }, 'default');
      if ((await Promise.race([step, turns(50)])) === undefined) deaths += 1;
      expect(deaths).toBeLessThan(20);
    }
    expect(deaths).toBe(12);
    expect(await eras(here)).toMatchObject([{ generation: 0 }]);
    expect(await counted(here)).toBe(7);
    await send(here, 8);
    expect(await counted(here)).toBe(15);
    here.clock.time += RETIRED_AFTER_MS;
    await expire(here.context);
    const left = [...here.objects.stored.keys()].filter((key) => key.startsWith(`seg/g${reached}/`));
    expect(left).toEqual([]);
    await openReplay(here.context, 'default');
    await finish(here);
    expect(await counted(here)).toBe(15);
  });

  it('is gone on with at once where a store was away', async () => {
    const here = await world();
    await send(here, 1);
    await openReplay(here.context, 'default');
    here.clock.time += REPLAY_AFTER_MS;
    const away = { ...here.objects, get: () => Promise.reject(new Fault('unavailable', 'Cannot read')) };
    for (let time = 0; time < 20; time += 1)
      await expect(replayStep({ ...here.context, objects: away }, 'default')).rejects.toThrow('Cannot read');
    expect(await replayStep(here.context, 'default')).toBe('folded');
  });

  it('is done by one of the workers that are at it', async () => {
    const here = await world();
    for (const count of [1, 2, 4]) await send(here, count);
    const reads = new Map<string, number>();
    const objects = {
      ...here.objects,
      get: (...args: Parameters<typeof here.objects.get>) => {
        const [key] = args;
        if (key.startsWith('raw/')) reads.set(key, (reads.get(key) ?? 0) + 1);
        return here.objects.get(...args);
      },
    };
    await openReplay(here.context, 'default');
    here.clock.time += REPLAY_AFTER_MS;
    for (let round = 0; (await eras(here))[0]?.generation === 0; round += 1) {
      const step = () => replayStep({ ...here.context, objects }, 'default');
      const steps = await Promise.all([step(), step(), step()]);
      expect(steps.filter((done) => done === 'busy').length).toBeGreaterThanOrEqual(round === 0 ? 2 : 0);
    }
    expect([...reads.values()]).toEqual([1, 1, 1]);
    expect(await counted(here)).toBe(7);
  });

  it('takes as much of an hour as one step should hold, and goes on behind it', async () => {
    const here = await world();
    for (const count of [1, 2, 4, 8, 16]) await send(here, count);
    const reads: string[] = [];
    // Two raw objects are more than a step takes.
    const large = {
      ...here.objects,
      list: async (...args: Parameters<typeof here.objects.list>) =>
        (await here.objects.list(...args)).map((object) => ({ ...object, size: 40 * MIB })),
      get: (...args: Parameters<typeof here.objects.get>) => {
        if (args[0].startsWith('raw/')) reads.push(args[0]);
        return here.objects.get(...args);
      },
    };
    const there = { ...here, context: { ...here.context, objects: large } };
    await openReplay(there.context, 'default');
    here.clock.time += REPLAY_AFTER_MS;
    const told: number[] = [];
    while ((await replayStep(there.context, 'default')) === 'folded') {
      const { building } = await here.context.generations.read('default');
      told.push(building?.uploads ?? 0);
    }
    expect(told.slice(0, 6)).toEqual(expect.arrayContaining([1, 2, 3, 4, 5]));
    expect(reads).toHaveLength(5);
    expect(new Set(reads).size).toBe(5);
    expect(await counted(here, 1)).toBe(31);
  });

  it('leaves a generation behind that expires, while answers stay as they were', async () => {
    const here = await world();
    for (const count of [1, 2, 4]) await send(here, count);
    here.clock.time += 2 * HOUR_MS;
    await rollUp(here.context);
    await openReplay(here.context, 'default');
    await finish(here);
    const left = () => [...here.objects.stored.keys()].filter((key) => key.startsWith('seg/g0/')).length;
    expect(left()).toBeGreaterThan(0);
    await expire(here.context);
    expect(left()).toBeGreaterThan(0); // readers may still have the old record
    here.clock.time += RETIRED_AFTER_MS;
    await rollUp(here.context);
    expect(await counted(here)).toBe(7);
    await expire(here.context);
    await sweepOrphans(here.context);
    expect(left()).toBe(0);
    await expire(here.context); // what the sweep fenced
    expect(await counted(here)).toBe(7);
    const heads = await here.context.heads.all(shop.project, shop.service);
    expect(new Set(heads.map(({ partition }) => partition.generation))).toEqual(new Set([1]));
  });

  it('leaves days whose raw objects have expired in the generation that still holds them', async () => {
    const here = await world();
    const retention = async () => ({ retentionDays: 18, rollUpDays: 400 });
    const there = { ...here, context: { ...here.context, retention } };
    await send(there, 1);
    here.clock.time += 19 * DAY_MS;
    await send(there, 2);
    await expire(there.context);
    await send(there, 4, here.clock.time - 2 * HOUR_MS);
    const { building } = await openReplay(there.context, 'default');
    expect(building?.from).toBeGreaterThan(NOON);
    await finish(there);
    const query = { ...shop, from: NOON - DAY_MS, to: here.clock.time, coarse: true };
    const states = await here.context.reader.range('latency', query);
    const units = states.flatMap(({ state }) => [...state.units.values()]);
    expect(units.reduce((sum, { count }) => sum + count, 0) / ONE).toBe(7);
    await expect(
      openReplay(there.context, 'default', { from: NOON - DAY_MS, to: NOON + DAY_MS }),
    ).rejects.toMatchObject({ code: 'invalid-input' });
  });

  it('keeps raw objects that are past their retention until it has folded them', async () => {
    const here = await world();
    const retention = async () => ({ retentionDays: 18, rollUpDays: 400 });
    const there = { ...here, context: { ...here.context, retention } };
    await send(there, 1);
    here.clock.time += 17 * DAY_MS;
    await send(there, 2);
    here.clock.time += 12 * HOUR_MS;
    await rollUp(there.context);
    await openReplay(there.context, 'default');
    here.clock.time += DAY_MS; // now the first upload is due
    const raw = () => [...here.objects.stored.keys()].filter((key) => key.startsWith('raw/')).length;
    await expire(there.context);
    expect(raw()).toBe(2);
    await finish(there);
    const query = { ...shop, from: NOON - DAY_MS, to: here.clock.time, coarse: true };
    const states = await here.context.reader.range('latency', query);
    const units = states.flatMap(({ state }) => [...state.units.values()]);
    expect(units.reduce((sum, { count }) => sum + count, 0) / ONE).toBe(3);
    await expire(there.context);
    expect(raw()).toBe(1);
  });

  it('is not taken for old while it is built, however old its data are', async () => {
    const here = await world();
    const retention = async () => ({ retentionDays: 18, rollUpDays: 400 });
    const there = { ...here, context: { ...here.context, retention } };
    await send(there, 1);
    here.clock.time += 20 * DAY_MS;
    await openReplay(there.context, 'default');
    // As the sweep leaves it, or a commit to the shards of a hot service.
    const partition = { ...shop, start: bucketStart(NOON, '10m') - 10 * MINUTE_MS, generation: 1 };
    const empty = { writeToken: 'fence', segments: [], updatedAt: here.clock.time };
    await here.context.heads.swap(partition, empty, undefined);
    await expire(there.context);
    await finish(there);
    await expire(there.context);
    expect(await counted(here)).toBe(1);
  });

  it('leaves alone what was set aside as poison, and says so', async () => {
    const here = await world();
    await send(here, 1);
    const upload = await uploadOf(tracesBody(spans(2)), { route: 'otlp-traces' });
    const event = await rawObject(here, [upload]);
    await here.context.ledger.finish('default', {
      uploadId: upload.id,
      rawKey: keysOfEvent(event)[0] as string,
      receivedAt: NOON,
      state: 'poison',
      reason: 'Its analysis ended the process 2 times',
      dropped: {},
      finishedAt: NOON,
    });
    await openReplay(here.context, 'default');
    const reasons: Record<string, number>[] = [];
    await finish(here, async () => {
      const { building } = await here.context.generations.read('default');
      if (building !== null) reasons.push(building.reasons);
    });
    expect(await counted(here)).toBe(1);
    expect(reasons.at(-1)).toEqual({ 'Set aside as poison: redrive it': 1 });
  });

  it('leaves no pieces behind that a worker wrote after others had ended it', async () => {
    const here = await world();
    await send(here, 1);
    await openReplay(here.context, 'default');
    const upload = await uploadOf(tracesBody(spans(1, { at: NOON - 1000 })), { route: 'otlp-traces' });
    const pieces = parseUpload(upload).pieces?.() ?? [];
    const left = () => [...here.objects.stored.keys()].filter((key) => key.startsWith('pieces/g1/')).length;
    await writePieces(here.context, 1, [{ upload, pieces, shiftMs: 0 }]);
    await expire(here.context);
    expect(left()).toBe(1);
    await finish(here);
    await writePieces(here.context, 1, [{ upload, pieces, shiftMs: 0 }]);
    await expire(here.context);
    expect(left()).toBe(0);
  });
});
