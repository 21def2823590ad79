import { describe, expect, it, vi } from 'vitest';
import { keysOfEvent } from '../../lib/jobs/events.ts';
import { decodeRaw, type Upload } from '../../lib/jobs/raw-segment.ts';
import { groupingSink } from '../../lib/jobs/raw-sink.ts';
import { Fault } from '../../lib/model/fault.ts';
import type { ObjectStore } from '../../lib/ports/object-store.ts';
import { idOf } from '../segments/states.ts';
import { uploadOf, type World, world } from './world.ts';

const sinkOf = (here: World, { objects = here.objects as ObjectStore, groupMs = 0, companyMs = 0 } = {}) =>
  groupingSink({ ...here.context, objects, bucket: 'test' }, { groupMs, companyMs });

const upload = async (n: number, facts: Partial<Upload> = {}) => ({
  ...(await uploadOf(`${n}`)),
  id: idOf(n),
  ...facts,
});
const many = (count: number) => Promise.all(Array.from({ length: count }, (_, n) => upload(n)));

/** A store whose puts wait until they are let go. */
function slow(here: World) {
  const waiting: (() => void)[] = [];
  const objects: ObjectStore = {
    ...here.objects,
    async put(...args) {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return here.objects.put(...args);
    },
  };
  return { objects, waiting, go: () => waiting.shift()?.() };
}
const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

const storedIds = (here: World) =>
  [...here.objects.stored.values()].map(({ body }) => decodeRaw(body).map(({ id }) => id));

describe('groupingSink()', () => {
  it('stores uploads of one moment as one object with one event', async () => {
    const here = await world();
    const sink = sinkOf(here, { groupMs: 5 });
    const uploads = await many(50);
    await Promise.all(uploads.map((one) => sink.store(one)));
    expect(here.objects.puts).toBe(1);
    expect(storedIds(here)).toEqual([uploads.map(({ id }) => id)]);
    expect(here.sent).toHaveLength(1);
    expect(keysOfEvent(here.sent[0] ?? '')).toEqual([...here.objects.stored.keys()]);
  });

  it('keeps projects apart', async () => {
    const here = await world();
    const sink = sinkOf(here);
    const uploads = [await upload(1), await upload(2, { project: 'other' }), await upload(3)];
    await Promise.all(uploads.map((one) => sink.store(one)));
    expect(storedIds(here)).toEqual([[idOf(1), idOf(3)], [idOf(2)]]);
  });

  it('gathers what comes while the disk is busy into the next object', async () => {
    const here = await world();
    const disk = slow(here);
    const sink = sinkOf(here, disk);
    const first = sink.store(await upload(0));
    await turns(5);
    while (disk.waiting.length === 0) await new Promise((resolve) => setTimeout(resolve));
    const rest = (await many(20)).slice(1).map((one) => sink.store(one));
    disk.go();
    await first;
    await turns(2);
    disk.go();
    await Promise.all(rest);
    expect(storedIds(here).map((ids) => ids.length)).toEqual([1, 19]);
  });

  it('acknowledges none before its object is stored', async () => {
    const here = await world();
    const disk = slow(here);
    const sink = sinkOf(here, disk);
    const told: string[] = [];
    const all = (await many(3)).map((one) => sink.store(one).then(() => told.push(one.id)));
    while (disk.waiting.length === 0) await new Promise((resolve) => setTimeout(resolve));
    expect(told).toEqual([]);
    disk.go();
    await Promise.all(all);
    expect(told).toHaveLength(3);
  });

  it.each(['put', 'send'])('refuses all of a group when %s fails, and takes the next group', async (step) => {
    const here = await world();
    let failures = 1;
    const fail = () => {
      failures -= 1;
      if (failures >= 0) throw new Fault('unavailable', 'Cannot reach the store');
    };
    const { uploads } = here.context;
    const sink = groupingSink(
      {
        ...here.context,
        bucket: 'test',
        objects: {
          ...here.objects,
          async put(...args) {
            if (step === 'put') fail();
            return here.objects.put(...args);
          },
        },
        uploads: {
          ...uploads,
          async send(bodies) {
            if (step === 'send') fail();
            return uploads.send(bodies);
          },
        },
      },
      { groupMs: 0, companyMs: 0 },
    );
    const outcomes = await Promise.allSettled((await many(3)).map((one) => sink.store(one)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await sink.store(await upload(9));
    expect(here.sent).toHaveLength(1);
  });

  it('fails the uploads of one project alone when only its object cannot be stored', async () => {
    const here = await world();
    const objects: ObjectStore = {
      ...here.objects,
      put: async (key, ...rest) => {
        if (key.includes('/bad/')) throw new Fault('unavailable', 'Cannot reach the store');
        return here.objects.put(key, ...rest);
      },
    };
    const sink = sinkOf(here, { objects });
    const [bad, good] = [await upload(1, { project: 'bad' }), await upload(2)];
    const outcomes = await Promise.allSettled([sink.store(bad), sink.store(good)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });

  it('writes no more than 8 MB into one object, however much has come meanwhile', async () => {
    const here = await world();
    const sink = sinkOf(here, { groupMs: 5 });
    const body = new Uint8Array(3 * 1024 * 1024);
    await Promise.all((await many(7)).map((one) => sink.store({ ...one, body })));
    expect(storedIds(here).map((ids) => ids.length)).toEqual([2, 2, 2, 1]);
  });

  it('refuses an upload while too many wait for the disk', async () => {
    const here = await world();
    const sink = sinkOf(here, { groupMs: 60_000, objects: slow(here).objects });
    const body = new Uint8Array(90 * 1024 * 1024);
    const outcomes: string[] = [];
    for (const one of await many(6))
      void sink.store({ ...one, body }).then(undefined, ({ code }) => outcomes.push(code));
    await turns(2);
    expect(outcomes.length).toBeGreaterThan(0);
    expect(new Set(outcomes)).toEqual(new Set(['unavailable']));
  });

  describe('with 100 ms for company', () => {
    /** Sends uploads at these times; returns how many were stored together, and when. */
    async function groupsOf(timesMs: readonly number[]) {
      const here = await world();
      const uploads = await many(timesMs.length);
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
      try {
        const sink = sinkOf(here, { companyMs: 100, groupMs: 5 });
        const from = performance.now();
        const storedAt = new Map<number, number>();
        for (const [n, at] of timesMs.entries()) {
          await vi.advanceTimersByTimeAsync(from + at - performance.now());
          void sink.store(uploads[n]!).then(() => {
            const now = performance.now() - from;
            storedAt.set(now, (storedAt.get(now) ?? 0) + 1);
          });
        }
        await vi.advanceTimersByTimeAsync(1000);
        return [...storedAt].map(([at, count]) => `${count} at ${at}`);
      } finally {
        vi.useRealTimers();
      }
    }

    it('stores those of a row together', async () => {
      const row = [0, 30, 60, 90, 120, 150, 180];
      expect(await groupsOf(row)).toEqual(['1 at 5', '4 at 130', '2 at 250']);
    });

    it('lets nobody wait who comes alone', async () => {
      expect(await groupsOf([0, 150, 300, 2000])).toEqual(['1 at 5', '1 at 155', '1 at 305', '1 at 2005']);
    });

    it.each([1, 2, 16])('lets %i who wait for their answer wait in vain once a second', async (senders) => {
      const here = await world();
      const uploads = await many(40);
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
      try {
        const sink = sinkOf(here, { companyMs: 100, groupMs: 5 });
        const from = performance.now();
        const inTurn = async () => {
          for (const one of uploads) await sink.store(one);
        };
        const took = Promise.all(Array.from({ length: senders }, inTurn)).then(
          () => performance.now() - from,
        );
        await vi.advanceTimersByTimeAsync(6000);
        expect(await took).toBeLessThanOrEqual(40 * 5 + 100);
      } finally {
        vi.useRealTimers();
      }
    });
  });

  it('close() writes what waits, and takes no more', async () => {
    const here = await world();
    const sink = sinkOf(here, { groupMs: 60_000 });
    const waiting = (await many(3)).map((one) => sink.store(one));
    await sink.close();
    await Promise.all(waiting);
    expect(storedIds(here)).toHaveLength(1);
    await expect(sink.store(await upload(9))).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('forgets none that comes in the very turn in which a write ends', async () => {
    for (let hops = 0; hops < 25; hops += 1) {
      const here = await world();
      const sink = sinkOf(here);
      await sink.store(await upload(1));
      for (let hop = 0; hop < hops; hop += 1) await undefined;
      let stored = false;
      const second = {
        ...(await Promise.resolve({ id: idOf(2) })),
        project: 'default',
        receivedAt: 0,
        body: new Uint8Array(),
      };
      void sink.store(second as Upload).then(() => {
        stored = true;
      });
      for (let tick = 0; tick < 50 && !stored; tick += 1) await new Promise((resolve) => setTimeout(resolve));
      expect({ hops, stored }).toEqual({ hops, stored: true });
    }
  });
});
