import { describe, expect, it } from 'vitest';
import { analyze } from '../../lib/jobs/analyze.ts';
import { uploadsReader } from '../../lib/jobs/answers/uploads.ts';
import type { JobContext } from '../../lib/jobs/context.ts';
import { redrive } from '../../lib/jobs/redrive.ts';
import { sweepUploads } from '../../lib/jobs/sweep-uploads.ts';
import { takeEvents } from '../../lib/jobs/take-events.ts';
import { Fault } from '../../lib/model/fault.ts';
import { HOUR_MS, MINUTE_MS } from '../../lib/model/units.ts';
import { pumpOnce } from '../../lib/server/pump.ts';
import { NOON } from '../jobs/facts.ts';
import { message, rawObject, spans, tracesBody, uploadOf, type World, world } from '../jobs/world.ts';
import { memoryQueue } from '../support/memory/queue.ts';

const MAX_RECEIVES = 50;

/** A process that ends, without a word, while it works on one upload: a promise that never settles, left alone. */
async function untilDeath<T>(
  context: JobContext,
  work: (dying: JobContext) => Promise<T>,
): Promise<T | 'died'> {
  let died: (() => void) | undefined;
  const death = new Promise<'died'>((resolve) => {
    died = () => resolve('died');
  });
  const dying: JobContext = {
    ...context,
    heads: {
      ...context.heads,
      async read(partition) {
        if (partition.service === 'killer') {
          died?.();
          await new Promise(() => undefined);
        }
        return context.heads.read(partition);
      },
    },
  };
  return Promise.race([work(dying), death]);
}
const runUntilDeath = (context: JobContext, events: readonly string[], count: number) =>
  untilDeath(context, (dying) =>
    takeEvents(
      dying,
      events.map((body) => message(body, count)),
    ),
  );

/** A queue in memory, whose waiting receive is not ended by the signal that spares the pump its pauses. */
function withQueue(place: World): JobContext {
  const queue = memoryQueue(() => place.clock.time, { maxReceives: MAX_RECEIVES });
  const receive: typeof queue.receive = ({ max, visibilityMs }) => queue.receive({ max, visibilityMs });
  return { ...place.context, uploads: { ...queue, receive } };
}

async function stored(place: World) {
  const killer = await uploadOf(tracesBody(spans(1, { service: 'killer' })), { route: 'otlp-traces' });
  const others = await Promise.all(
    [2, 3, 4].map((n) => uploadOf(tracesBody(spans(n)), { route: 'otlp-traces' })),
  );
  const [first, ...rest] = others;
  // One neighbour in the same object, two in others of the same batch.
  const events = [await rawObject(place, [first!, killer])];
  for (const other of rest) events.push(await rawObject(place, [other]));
  return { killer, events };
}
const balanceOf = async ({ context }: World) =>
  (await uploadsReader(context).read('default', NOON - HOUR_MS, NOON + HOUR_MS)).balance;

const unavailable = () => new Fault('unavailable', 'Cannot reach the store');

describe('an upload that ends the process that analyses it', () => {
  it('is set aside after few tries, with its reason, and its neighbours count', async () => {
    const place = await world();
    const { killer, events } = await stored(place);
    let deaths = 0;
    let pending: readonly string[] = events;
    for (let count = 1; count <= MAX_RECEIVES && pending.length > 0; count += 1) {
      const result = await runUntilDeath(place.context, pending, count);
      if (result === 'died') deaths += 1;
      else pending = result.map(({ body }) => body);
    }
    expect(deaths).toBe(4);
    expect(await balanceOf(place)).toEqual({ received: 4, done: 3, rejected: 0, poison: 1, pending: 0 });
    const record = await place.context.ledger.get('default', killer.id);
    expect(record).toMatchObject({ state: 'poison', reason: 'Its analysis ended the process 2 times' });
  });

  it('is set aside though each start sends a new event of it, which has never come before', async () => {
    const place = await world();
    const { killer, events } = await stored(place);
    const context = withQueue(place);
    await context.uploads.send(events);
    let deaths = 0;
    for (let start = 1; start <= 10; start += 1) {
      await sweepUploads(context, { olderThanMs: 0 });
      const result = await untilDeath(context, (dying) => pumpOnce(dying, AbortSignal.abort(), 0));
      if (result === 'died') deaths += 1;
      place.clock.time += MINUTE_MS;
    }
    expect(deaths).toBe(4);
    expect(await balanceOf(place)).toEqual({ received: 4, done: 3, rejected: 0, poison: 1, pending: 0 });
    expect(await context.ledger.get('default', killer.id)).toMatchObject({ state: 'poison' });
  });

  it('is analysed after a redrive, once the code can', async () => {
    const place = await world();
    const { events } = await stored(place);
    for (let count = 1; count <= 6; count += 1) await runUntilDeath(place.context, events, count);
    const range = { project: 'default', from: NOON - HOUR_MS, to: NOON + HOUR_MS };
    const redriven = { ...place.context, uploads: { ...place.context.uploads, redrive: async () => 0 } };
    expect(await redrive(redriven, range)).toEqual({ dead: 0, poison: 1 });
    expect(
      await takeEvents(
        place.context,
        place.sent.map((body) => message(body)),
      ),
    ).toEqual([]);
    expect(await balanceOf(place)).toMatchObject({ done: 4, poison: 0 });
  });

  it.each(['heads', 'objects'])(
    'is none when the store of %s was away for long: its tries came to an end',
    async (gone) => {
      const place = await world();
      const { events } = await stored(place);
      const { heads, objects } = place.context;
      const away: JobContext = {
        ...place.context,
        heads: { ...heads, ...(gone === 'heads' && { read: () => Promise.reject(unavailable()) }) },
        objects: { ...objects, ...(gone === 'objects' && { put: () => Promise.reject(unavailable()) }) },
      };
      for (let count = 1; count < 20; count += 1) {
        const messages = events.map((body) => message(body, count));
        const failed = await takeEvents(away, messages).catch(() => messages);
        expect(failed).toHaveLength(events.length);
      }
      expect(
        await takeEvents(
          place.context,
          events.map((body) => message(body, 20)),
        ),
      ).toEqual([]);
      expect(await balanceOf(place)).toMatchObject({ done: 4, poison: 0 });
    },
  );

  it('is not looked for in a backlog that this process has seen fail, and lived', async () => {
    const puts: number[] = [];
    for (const lived of [0, 5]) {
      const place = await world();
      const { events } = await stored(place);
      const messages = events.map((body) => message(body, 6));
      const before = place.objects.stored.size;
      await takeEvents(place.context, messages, new Map(messages.map(({ id }) => [id, lived])));
      puts.push(place.objects.stored.size - before);
      expect(await balanceOf(place)).toMatchObject({ done: 4 });
    }
    const [oneByOne, together] = puts as [number, number];
    expect(together).toBeLessThan(oneByOne);
  });

  it.each([
    [1, 4],
    [1_000_000, 1],
  ])(
    'has fewer at stake where %i bytes are held before they are committed',
    async (pendingBytes, commits) => {
      const place = await world();
      const { events } = await stored(place);
      const { objects } = place.context;
      let pieces = 0;
      const put: typeof objects.put = (key, body, options) => {
        const isPieces: boolean = key.startsWith('pieces/');
        if (isPieces) pieces += 1;
        return objects.put(key, body, options);
      };
      const messages = events.map((body) => message(body));
      const context = { ...place.context, objects: { ...objects, put } };
      expect(await analyze(context, messages, { pendingBytes })).toMatchObject({ failed: [], uploads: 4 });
      expect(await balanceOf(place)).toMatchObject({ done: 4 });
      expect(pieces).toBe(commits);
    },
  );

  it('reads an object of many uploads once for all of them', async () => {
    const place = await world();
    const uploads = await Promise.all(
      Array.from({ length: 10 }, (_, n) => uploadOf(tracesBody(spans(n + 1)), { route: 'otlp-traces' })),
    );
    const event = await rawObject(place, uploads);
    let whole = 0;
    const { objects } = place.context;
    const get: typeof objects.get = (key, range) => {
      if (key.startsWith('raw/') && range === undefined) whole += 1;
      return objects.get(key, range);
    };
    await takeEvents({ ...place.context, objects: { ...objects, get } }, [message(event, 6)]);
    expect(await balanceOf(place)).toMatchObject({ done: 10 });
    expect(whole).toBe(1);
  });
});
