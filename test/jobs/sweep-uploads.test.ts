import { describe, expect, it } from 'vitest';
import { analyze } from '../../lib/jobs/analyze.ts';
import { uploadsReader } from '../../lib/jobs/answers/uploads.ts';
import type { JobContext } from '../../lib/jobs/context.ts';
import { keysOfEvent } from '../../lib/jobs/events.ts';
import { POISON_AFTER } from '../../lib/jobs/finish-upload.ts';
import { redrive } from '../../lib/jobs/redrive.ts';
import { UNSEEN_AFTER_MS } from '../../lib/jobs/sweep-mark.ts';
import { sweepUploads } from '../../lib/jobs/sweep-uploads.ts';
import { runTask } from '../../lib/jobs/tasks.ts';
import { Fault } from '../../lib/model/fault.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../lib/model/units.ts';
import { listSweeps, UNFINISHED_MAX } from '../../lib/records/sweeps.ts';
import { NOON } from './facts.ts';
import {
  message,
  metricsBody,
  rawObject,
  requests,
  untilPoison,
  uploadOf,
  type World,
  world,
} from './world.ts';

const TICK_MS = 15 * MINUTE_MS;
const body = (count: number, at = NOON - 1000) => uploadOf(metricsBody(requests(count, { at })));

/** Stores an upload whose event the queue loses, named by the door's clock. Returns its key. */
async function lost(here: World, number: number, receivedAt = here.clock.time): Promise<string> {
  const upload = { ...(await body(number)), receivedAt };
  return keysOfEvent(await rawObject(here, [upload]))[0] as string;
}

/** One whose event was taken in vain until its uploads were set aside, an hour ago. Returns its key. */
async function poisoned(here: World): Promise<string> {
  const key = await lost(here, 1);
  await here.objects.put(key, Uint8Array.of(1, 2, 3));
  const event = JSON.stringify({ Records: [{ s3: { object: { key, size: 3 } } }] });
  await untilPoison(here.context, event);
  here.clock.time += HOUR_MS;
  return key;
}

/** By somebody whose events are lost. */
function redriveWithoutEvent(context: JobContext) {
  const uploads = { ...context.uploads, redrive: async () => 0, send: async () => undefined };
  const range = { project: 'default', from: NOON - HOUR_MS, to: context.clock.now() };
  return redrive({ ...context, uploads }, range);
}

/** A world that tells which raw objects the sweep has opened, and whose queue may lag. */
async function watchedWorld() {
  const here = await world();
  const opened: string[] = [];
  const queue = { visible: 0, inFlight: 0, dead: 0, oldestMs: 0 };
  const context: JobContext = {
    ...here.context,
    objects: {
      ...here.objects,
      get: (key, range) => {
        if (key.startsWith('raw/')) opened.push(key);
        return here.objects.get(key, range);
      },
    },
    uploads: { ...here.context.uploads, depth: async () => queue },
  };
  const sentKeys = () => here.sent.splice(0).flatMap(keysOfEvent);
  const sweep = async (options?: { readonly olderThanMs?: number }) => {
    opened.length = 0;
    await sweepUploads(context, options);
    return { sent: sentKeys().sort(), opened: opened.toSorted() };
  };
  /** Delivers all events of these objects. */
  const finish = async (...keys: readonly string[]) => {
    const events = keys.map((key) => JSON.stringify({ Records: [{ s3: { object: { key, size: 1 } } }] }));
    await analyze(
      here.context,
      events.map((event) => message(event)),
    );
  };
  return { here, clock: here.clock, context, queue, sweep, finish };
}

const AWAY = new Fault('unavailable', 'Cannot read it');
const NOTHING = { sent: [], opened: [] };

describe('sweepUploads()', () => {
  it('sends the event of an upload again that the queue has lost, and it is analysed', async () => {
    const { here, clock, sweep, finish } = await watchedWorld();
    const key = await lost(here, 1);
    clock.time += UNSEEN_AFTER_MS;
    expect((await sweep()).sent).toEqual([key]);
    await finish(key);
    clock.time += TICK_MS;
    expect((await sweep()).sent).toEqual([]);
  });

  it('waits for the queue before it takes an event for lost, but not at start-up', async () => {
    const { here, clock, sweep } = await watchedWorld();
    const key = await lost(here, 1);
    clock.time += UNSEEN_AFTER_MS - 1;
    expect(await sweep()).toEqual(NOTHING);
    expect((await sweep({ olderThanMs: 0 })).sent).toEqual([key]);
  });

  it('finds an object of which some uploads alone are finished', async () => {
    const { here, clock, sweep } = await watchedWorld();
    const [one, two] = [await body(1), await body(2)];
    await analyze(here.context, [message(await rawObject(here, [one]))]);
    const both = keysOfEvent(await rawObject(here, [one, two]));
    clock.time += HOUR_MS;
    expect((await sweep()).sent).toEqual(both);
  });

  it('opens an object that is finished once in its life', async () => {
    const { here, clock, sweep, finish } = await watchedWorld();
    const keys: string[] = [];
    const opens: string[] = [];
    for (let tick = 0; tick < 100; tick += 1) {
      if (tick < 10) {
        keys.push(await lost(here, tick + 1));
        await finish(keys.at(-1) as string);
      }
      clock.time += TICK_MS;
      opens.push(...(await sweep()).opened);
    }
    expect(opens.sort()).toEqual(keys.sort());
  });

  it('looks back to where it ended, however long it was off', async () => {
    const { here, clock, sweep, finish } = await watchedWorld();
    const before = await lost(here, 1);
    await finish(before);
    clock.time += HOUR_MS;
    await sweep();
    const keys: string[] = [];
    for (const number of [2, 3]) {
      keys.push(await lost(here, number));
      clock.time += 5 * DAY_MS;
    }
    expect(await sweep()).toEqual({ sent: keys.sort(), opened: keys.sort() });
  });

  it('leaves alone what is past its retention: the ledger has forgotten it', async () => {
    const { here, clock, sweep } = await watchedWorld();
    await lost(here, 1);
    clock.time += 31 * DAY_MS;
    expect(await sweep()).toEqual(NOTHING);
  });

  it.each([
    ['a slow writer', 3 * HOUR_MS],
    ['a writer that was stopped for most of a day', 20 * HOUR_MS],
    ['a door whose clock is a day behind', DAY_MS],
    ['a door whose clock is a day ahead', -DAY_MS],
  ])('finds within a day what %s stored', async (_, late) => {
    const { here, clock, sweep, finish } = await watchedWorld();
    for (let tick = 0; tick < 4; tick += 1) {
      await finish(await lost(here, tick + 1));
      clock.time += TICK_MS;
      await sweep();
    }
    const key = await lost(here, 9, clock.time - late);
    const seen: string[] = [];
    let opens = 0;
    for (let tick = 0; tick < 120; tick += 1) {
      clock.time += TICK_MS;
      const { sent, opened } = await sweep();
      opens += opened.filter((one) => one === key).length;
      if (sent.includes(key)) await finish(key);
      if (tick < 98) seen.push(...sent);
      else expect(sent).toEqual([]);
    }
    expect(seen).toEqual([key]);
    expect(opens).toBe(2);
  });

  it('sends again what stays unfinished, ever more rarely, until it is finished', async () => {
    const { here, clock, sweep, finish } = await watchedWorld();
    const key = await lost(here, 1);
    const ticks: number[] = [];
    for (let tick = 1; tick <= 96; tick += 1) {
      clock.time += TICK_MS;
      if ((await sweep()).sent.includes(key)) ticks.push(tick);
    }
    expect(ticks).toEqual([1, 2, 4, 8, 16, 32, 48, 64, 80, 96]);
    await finish(key);
    clock.time += 4 * HOUR_MS;
    expect(await sweep()).toEqual({ sent: [], opened: [key] });
    clock.time += 5 * HOUR_MS;
    expect(await sweep()).toEqual(NOTHING);
  });

  it('sends nothing again that a lagging queue still holds, and all that is lost once it has caught up', async () => {
    const { here, clock, queue, sweep } = await watchedWorld();
    const key = await lost(here, 1);
    for (let tick = 1; tick < 8; tick += 1) {
      clock.time += TICK_MS;
      queue.oldestMs = tick * TICK_MS;
      expect(await sweep()).toEqual(NOTHING);
    }
    queue.oldestMs = MINUTE_MS;
    expect((await sweep()).sent).toEqual([key]);
    clock.time += HOUR_MS;
    queue.oldestMs = HOUR_MS;
    expect(await sweep()).toEqual(NOTHING); // its second event is queued as well
  });

  it('takes the latest objects for queued where the queue tells no ages', async () => {
    const { here, clock, queue, sweep } = await watchedWorld();
    const keys: string[] = [];
    for (let number = 1; number <= 4; number += 1) {
      // All in one shard.
      const upload = { ...(await body(number)), receivedAt: clock.time };
      const [key = ''] = keysOfEvent(await rawObject({ ...here, newId: () => `00${number}` }, [upload]));
      keys.push(key);
      clock.time += MINUTE_MS;
    }
    clock.time += HOUR_MS;
    queue.visible = 3 * 64;
    expect((await sweep()).sent).toEqual(keys.slice(0, 1));
    queue.visible = 63;
    clock.time += MINUTE_MS;
    expect((await sweep()).sent).toEqual(keys.slice(1));
  });

  it('goes no further where too many are unfinished, and goes on when they are not', async () => {
    const { here, clock, sweep, finish } = await watchedWorld();
    const keys: string[] = [];
    for (let number = 0; number < UNFINISHED_MAX + 20; number += 1) {
      const upload = { ...(await body(number + 1)), receivedAt: clock.time };
      const newId = () => `00${String(number).padStart(4, '0')}`;
      keys.push(keysOfEvent(await rawObject({ ...here, newId }, [upload]))[0] as string);
      clock.time += 1;
    }
    clock.time += HOUR_MS;
    expect((await sweep()).sent).toEqual(keys.slice(0, UNFINISHED_MAX));
    clock.time += MINUTE_MS;
    expect(await sweep()).toEqual(NOTHING);
    await finish(...keys.slice(0, UNFINISHED_MAX));
    clock.time += HOUR_MS;
    await sweep();
    expect((await sweep()).sent).toEqual([]);
    clock.time += HOUR_MS;
    expect((await sweep()).opened).toEqual(expect.arrayContaining(keys.slice(UNFINISHED_MAX)));
  });

  it('loses nothing to a run that ends half-way, or to two at once', async () => {
    const { here, clock, context, sweep, finish } = await watchedWorld();
    const keys = [await lost(here, 1), await lost(here, 2)];
    clock.time += HOUR_MS;
    let puts = 0;
    const crashing: JobContext = {
      ...context,
      records: {
        ...context.records,
        put: (record, condition) => {
          puts += 1;
          return puts > 3
            ? Promise.reject(new Error('It ends here'))
            : context.records.put(record, condition);
        },
      },
    };
    await expect(sweepUploads(crashing)).rejects.toThrow('It ends here');
    await Promise.all([sweepUploads(context), sweepUploads(context)]);
    const { sent } = await sweep();
    expect([...new Set(sent)]).toEqual(keys.sort());
    await finish(...keys);
    clock.time += HOUR_MS;
    await sweep();
    clock.time += HOUR_MS;
    expect(await sweep()).toEqual(NOTHING);
  });

  it('passes by an object that cannot be read, ever more rarely, and finds what lies beside it', async () => {
    const { here, clock, context } = await watchedWorld();
    const keys = [await lost(here, 1), await lost(here, 2)];
    const objects: JobContext['objects'] = {
      ...here.objects,
      get: (key, range) => (key === keys[0] ? Promise.reject(AWAY) : here.objects.get(key, range)),
    };
    const ticks: number[] = [];
    for (let tick = 1; tick <= 16; tick += 1) {
      clock.time += TICK_MS;
      await sweepUploads({ ...context, objects });
      const sent = here.sent.splice(0).flatMap(keysOfEvent);
      if (tick === 1) expect(sent.sort()).toEqual(keys.toSorted());
      if (sent.includes(keys[0] as string)) ticks.push(tick);
    }
    expect(ticks).toEqual([1, 2, 4, 8, 16]);
  });

  it('sweeps all other shards when one cannot be listed, and the direct uploads too, and says so', async () => {
    const { here, clock, context } = await watchedWorld();
    const keys = [await lost(here, 1), await lost(here, 2)];
    clock.time += TICK_MS;
    const objects: JobContext['objects'] = {
      ...here.objects,
      list: (prefix, options) =>
        prefix.startsWith('direct/') || keys[0]?.startsWith(prefix)
          ? Promise.reject(AWAY)
          : here.objects.list(prefix, options),
    };
    const told: unknown[] = [];
    const run = runTask({ ...context, objects }, { job: 'sweep' }, (error) => void told.push(error));
    await expect(run).rejects.toBe(AWAY);
    expect(told).toEqual([]);
    expect(here.sent.flatMap(keysOfEvent)).toEqual([keys[1]]);
  });

  it('writes the mark of an idle shard once an hour, so that it does not come first for ever', async () => {
    const { here, clock, sweep } = await watchedWorld();
    const written = async () => {
      const marks = await listSweeps(here.records, 'default');
      return Math.max(...[...marks.values()].map(({ mark }) => clock.time - mark.until));
    };
    await sweep();
    const ages: number[] = [];
    for (let tick = 0; tick < 12; tick += 1) {
      clock.time += TICK_MS;
      await sweep();
      ages.push(await written());
    }
    expect(Math.max(...ages)).toBeLessThan(UNSEEN_AFTER_MS + HOUR_MS);
    expect(Math.max(...ages)).toBeGreaterThan(UNSEEN_AFTER_MS + 2 * TICK_MS); // seldom
  });

  it('finds what a redrive made unfinished and whose event was lost once more', async () => {
    const { here, context, sweep } = await watchedWorld();
    const key = await poisoned(here);
    expect((await sweep()).sent).toEqual([]);
    expect(await redriveWithoutEvent(context)).toMatchObject({ poison: 1 });
    expect((await sweep()).sent).toEqual([key]);
  });

  it('finds it too when a sweep came just before the redrive made it unfinished', async () => {
    const { here, context, sweep } = await watchedWorld();
    const key = await poisoned(here);
    await sweep();
    const ledger: JobContext['ledger'] = {
      ...context.ledger,
      async forget(...args) {
        expect(await sweep()).toEqual({ sent: [], opened: [key] });
        return context.ledger.forget(...args);
      },
    };
    expect(await redriveWithoutEvent({ ...context, ledger })).toMatchObject({ poison: 1 });
    expect((await sweep()).sent).toEqual([key]);
  });

  it('finds everything that is stored after the clock of the store was set back', async () => {
    const { here, clock, sweep, finish } = await watchedWorld();
    const old = await lost(here, 1);
    await finish(old);
    clock.time += HOUR_MS;
    await sweep();
    const between = await lost(here, 2);
    clock.time -= 8 * HOUR_MS;
    const after = await lost(here, 3);
    clock.time += TICK_MS;
    const found = await sweep();
    expect(found.sent).toEqual([between, after].sort());
    expect(found.opened).not.toContain(old);
    await finish(between, after);
    const opens: string[] = [];
    for (let tick = 0; tick < 96; tick += 1) {
      clock.time += TICK_MS;
      opens.push(...(await sweep()).opened);
    }
    // Once more when the clock has come to where they were stored, and those that were sent to see them finished.
    for (const key of [old, between, after])
      expect(opens.filter((one) => one === key).length, key).toBeLessThanOrEqual(2);
  });

  it('sends a damaged object again until it is set aside, visible with its reason', async () => {
    const { here, clock, sweep } = await watchedWorld();
    const [key, whole] = [await lost(here, 1), await lost(here, 2)];
    await here.objects.put(key, Uint8Array.of(1, 2, 3));
    clock.time += HOUR_MS;
    expect((await sweep()).sent).toEqual([key, whole].sort());
    const deliver = (receiveCount: number) =>
      analyze(
        here.context,
        [key, whole].map((one) =>
          message(JSON.stringify({ Records: [{ s3: { object: { key: one, size: 1 } } }] }), receiveCount),
        ),
      );
    for (let count = 1; count < POISON_AFTER; count += 1)
      expect((await deliver(count)).failed).toHaveLength(1);
    expect((await deliver(POISON_AFTER)).failed).toEqual([]);
    expect((await sweep({ olderThanMs: 0 })).sent).toEqual([]);
    const answer = await uploadsReader(here.context).read('default', NOON - HOUR_MS, NOON + HOUR_MS);
    expect(answer.balance).toMatchObject({ received: 2, done: 1, poison: 1, pending: 0 });
    expect(answer.items[0]).toMatchObject({ state: 'poison', reason: expect.stringContaining('begin') });
  });

  it('reads the index of an object, and none of its bodies', async () => {
    const here = await world();
    const large = await uploadOf('x'.repeat(500_000));
    const key = keysOfEvent(await rawObject(here, [large]))[0];
    const asked: unknown[] = [];
    const objects = {
      ...here.objects,
      get: (name: string, range?: { start: number; end: number }) => {
        if (name === key) asked.push(range?.end);
        return here.objects.get(name, range);
      },
    };
    await sweepUploads({ ...here.context, objects }, { olderThanMs: 0 });
    expect(asked).toEqual([64 * 1024]);
  });
});
