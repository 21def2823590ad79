import { describe, expect, it } from 'vitest';
import { analyze } from '../../lib/jobs/analyze.ts';
import { uploadsReader } from '../../lib/jobs/answers/uploads.ts';
import { objectCreated } from '../../lib/jobs/events.ts';
import { POISON_AFTER } from '../../lib/jobs/finish-upload.ts';
import type { Upload } from '../../lib/jobs/raw-segment.ts';
import { Fault } from '../../lib/model/fault.ts';
import { type ServiceName, serviceName } from '../../lib/model/service.ts';
import { ONE } from '../../lib/model/sketch.ts';
import { HOUR_MS, MINUTE_MS } from '../../lib/model/units.ts';
import { ensureProject } from '../../lib/records/api-keys.ts';
import { listRejections } from '../../lib/records/rejections.ts';
import { listServices } from '../../lib/records/services.ts';
import { FAN_IN } from '../../lib/segments/compact.ts';
import { decodePieces } from '../../lib/segments/pieces.ts';
import { NOON } from './facts.ts';
import {
  message,
  metricsBody,
  rawObject,
  requests,
  spans,
  tracesBody,
  untilPoison,
  uploadOf,
  type World,
  world,
} from './world.ts';

/** How many requests the stored spans of a service add up to. */
async function spansOf({ context }: World, service = 'shop', project = 'default'): Promise<number> {
  const name = serviceName({ name: service });
  const query = { project, service: name, from: NOON - HOUR_MS, to: NOON + HOUR_MS, generation: 0 };
  const states = await context.reader.range('latency', query);
  return (
    states.flatMap(({ state }) => [...state.units.values()]).reduce((sum, { count }) => sum + count, 0) / ONE
  );
}
const traces = (count: number, facts: Partial<Upload> = {}, service?: string) =>
  uploadOf(tracesBody(spans(count, service === undefined ? {} : { service })), {
    route: 'otlp-traces',
    ...facts,
  });

async function balance({ context }: World, project = 'default') {
  const answer = await uploadsReader(context).read(project, NOON - HOUR_MS, NOON + HOUR_MS);
  const { received, done, rejected, poison, pending } = answer.balance;
  expect(done + rejected + poison + pending).toBe(received);
  return answer;
}

/** An envelope of a span below some segment, and of what its SDK left out. */
const STREAMED = [
  {},
  { type: 'span' },
  {
    items: [
      {
        trace_id: 'a'.repeat(32),
        span_id: 'b'.repeat(16),
        name: 'work',
        start_timestamp: (NOON - 500) / 1000,
        end_timestamp: NOON / 1000,
        attributes: { 'sentry.segment.id': { type: 'string', value: 'c'.repeat(16) } },
      },
    ],
  },
  { type: 'client_report' },
  { discarded_events: [{ reason: 'sample_rate', category: 'span', quantity: 3 }] },
]
  .map((part) => JSON.stringify(part))
  .join('\n');

const store = async (here: World, ...uploads: Upload[]) => {
  const event = await rawObject(here, uploads);
  return (receiveCount = 1) => message(event, receiveCount);
};

describe('analyze()', () => {
  it('makes an upload visible, and its ledger record done', async () => {
    const here = await world();
    const upload = await traces(3);
    const event = await store(here, upload);
    expect((await balance(here)).balance).toMatchObject({ received: 1, pending: 1 });
    expect(await analyze(here.context, [event()])).toEqual({ failed: [], uploads: 1 });
    expect(await spansOf(here)).toBe(3);
    expect((await balance(here)).balance).toMatchObject({ received: 1, done: 1 });
    expect(await listServices(here.context.records, 'default')).toMatchObject([
      { service: 'shop', signals: { traces: NOON } },
    ]);
  });

  it('counts an upload once however often and in whatever company its event comes again', async () => {
    const here = await world();
    const [one, two] = [await store(here, await traces(3)), await store(here, await traces(5))];
    for (const batch of [[one()], [one(), one()], [two(), one()], [one(2), two(2), one(3)]]) {
      await analyze(here.context, batch);
    }
    expect(await spansOf(here)).toBe(8);
  });

  it('counts an upload once when 20 copies of it are stored and analysed at once', async () => {
    const here = await world();
    const upload = await traces(3);
    const events = await Promise.all(Array.from({ length: 20 }, () => store(here, upload)));
    await Promise.all(events.map((event) => analyze(here.context, [event(), event()])));
    expect(await spansOf(here)).toBe(3);
    expect((await balance(here)).balance).toMatchObject({ received: 1, done: 1 });
  });

  it('counts equal bytes once in each of two projects', async () => {
    const here = await world();
    await ensureProject(here.context.records, 'other');
    const [mine, theirs] = [await traces(3), await traces(3, { project: 'other' })];
    expect(mine.id).not.toBe(theirs.id);
    const events = [await store(here, mine), await store(here, theirs)];
    await analyze(
      here.context,
      events.map((event) => event()),
    );
    expect(await spansOf(here)).toBe(3);
    expect(await spansOf(here, 'shop', 'other')).toBe(3);
  });

  it.each([1, 2, 3])(
    'finishes an upload for three services of which %i were committed before a crash',
    async (survived) => {
      const here = await world();
      const services = ['a', 'b', 'c'];
      const upload = await uploadOf(tracesBody(...services.map((service, i) => spans(i + 1, { service }))), {
        route: 'otlp-traces',
      });
      const event = await store(here, upload);
      let swaps = 0;
      const crashing = {
        ...here.context,
        heads: {
          ...here.context.heads,
          swap: async (...args: Parameters<typeof here.context.heads.swap>) => {
            swaps += 1;
            if (swaps > survived) throw new Error('The process ends here');
            return here.context.heads.swap(...args);
          },
        },
        // A process that has ended writes no ledger record either.
        ledger: { ...here.context.ledger, finish: () => Promise.reject(new Error('The process ends here')) },
      };
      await analyze(crashing, [event()]).catch(() => undefined);
      expect((await balance(here)).balance).toMatchObject({ pending: 1, done: 0 });
      await analyze(here.context, [event(2)]);
      for (const [i, service] of services.entries()) expect(await spansOf(here, service)).toBe(i + 1);
      expect((await balance(here)).balance).toMatchObject({ pending: 0, done: 1 });
    },
  );

  it('knows a service before its first segment is listed, so that no sweep takes the segment for an orphan', async () => {
    const here = await world();
    const event = await store(here, await traces(3));
    let known: readonly ServiceName[] = [];
    const watching = {
      ...here.context,
      heads: {
        ...here.context.heads,
        swap: async (...args: Parameters<typeof here.context.heads.swap>) => {
          known = (await listServices(here.context.records, 'default')).map(({ service }) => service);
          return here.context.heads.swap(...args);
        },
      },
    };
    await analyze(watching, [event()]);
    expect(known).toEqual(['shop']);
  });

  it('rejects what no parser can read, with the reason, and takes its neighbours', async () => {
    const here = await world();
    const bad = await uploadOf('{"resourceSpans": 7}', { route: 'otlp-traces' });
    const event = await store(here, await traces(1), bad, await traces(2));
    expect(await analyze(here.context, [event()])).toMatchObject({ failed: [] });
    expect(await spansOf(here)).toBe(3);
    const { balance: counts, items } = await balance(here);
    expect(counts).toMatchObject({ received: 3, done: 2, rejected: 1 });
    expect(items[0]).toMatchObject({ state: 'rejected', reason: expect.stringContaining('resourceSpans') });
  });

  it('rejects an upload whose points are all too late or in the future, and names the reason', async () => {
    const here = await world();
    const late = await uploadOf(metricsBody(requests(1, { at: NOON - 49 * HOUR_MS })));
    const early = await uploadOf(metricsBody(requests(1, { at: NOON + 6 * MINUTE_MS })));
    const partly = await uploadOf(metricsBody(requests(1), requests(1, { at: NOON - 49 * HOUR_MS })));
    await analyze(here.context, [(await store(here, late, early, partly))()]);
    const { items, balance: counts } = await balance(here);
    expect(counts).toMatchObject({ received: 3, done: 1, rejected: 2 });
    expect(new Map(items.map(({ id, reason }) => [id, reason]))).toEqual(
      new Map([
        [late.id, 'too-late'],
        [early.id, 'in-future'],
        [partly.id, 'Left out: 1 points too-late'],
      ]),
    );
  });

  it('takes an export for the spans that belong to roots of others, where none of its own is accepted', async () => {
    const here = await world();
    const calls = spans(9);
    for (const one of calls.scopeSpans[0]?.spans ?? []) one.kind = 3;
    const clockOff = spans(1, { service: 'cart', at: NOON - 72 * HOUR_MS });
    const batch = await uploadOf(tracesBody(calls, clockOff), { route: 'otlp-traces' });
    const streamed = await uploadOf(STREAMED, { route: 'sentry-envelope' });
    await analyze(here.context, [(await store(here, batch, streamed))()]);
    const { items, balance: counts } = await balance(here);
    expect(counts).toMatchObject({ received: 2, done: 2 });
    expect(new Map(items.map(({ id, reason }) => [id, reason]))).toEqual(
      new Map([
        [batch.id, 'Left out: 1 points too-late'],
        [streamed.id, 'Left out: 3 points left out by the SDK (sample_rate): span'],
      ]),
    );
    const left: string[] = [];
    for (const [key, { body }] of here.objects.stored)
      if (key.startsWith('pieces/')) left.push(...decodePieces(body).map(({ upload }) => upload));
    expect(new Set(left)).toEqual(new Set([batch.id, streamed.id]));
  });

  it('asks the store for many uploads at once, and commits them in one batch', async () => {
    const here = await world();
    const events = [];
    for (let n = 1; n <= 40; n += 1) events.push((await store(here, await traces(1, {}, `s${n}`)))());
    const most = { get: 0, finish: 0 };
    const under = { get: 0, finish: 0 };
    const counted = <A extends unknown[], T>(name: keyof typeof most, call: (...args: A) => Promise<T>) => {
      return async (...args: A) => {
        under[name] += 1;
        most[name] = Math.max(most[name], under[name]);
        await new Promise(setImmediate);
        under[name] -= 1;
        return call(...args);
      };
    };
    const context = {
      ...here.context,
      objects: { ...here.objects, get: counted('get', here.objects.get) },
      ledger: { ...here.context.ledger, finish: counted('finish', here.context.ledger.finish) },
    };
    expect(await analyze(context, events)).toEqual({ failed: [], uploads: 40 });
    expect(most).toEqual({ get: 32, finish: 32 });
  });

  it('holds a batch of uploads that the store refuses, and drops none of them', async () => {
    const here = await world();
    const event = await store(here, await traces(3));
    const down = { ...here.context, heads: { ...here.context.heads, read: unavailable } };
    for (let receiveCount = 1; receiveCount < 3 * POISON_AFTER; receiveCount += 1) {
      const delivery = event(receiveCount);
      expect((await analyze(down, [delivery])).failed).toEqual([delivery]);
    }
    expect((await balance(here)).balance).toMatchObject({ pending: 1, poison: 0 });
    // Of which none was the upload's fault: neither is it set aside when it fails for the first time.
    const broken = { ...here.context, heads: { ...here.context.heads, read: bug } };
    expect((await analyze(broken, [event(98)])).failed).toHaveLength(1);
    expect((await balance(here)).balance).toMatchObject({ pending: 1, poison: 0 });
    expect((await analyze(here.context, [event(99)])).failed).toEqual([]);
    expect(await spansOf(here)).toBe(3);
  });

  it('sets an upload aside as poison after its tries, with the reason, and keeps its neighbours out of it', async () => {
    const here = await world();
    const [good, bad] = [await traces(3), await traces(5, {}, 'cursed')];
    const event = await store(here, bad, good);
    const broken = { ...here.context, heads: { ...here.context.heads, read: cursed(here) } };
    for (let receiveCount = 1; receiveCount < POISON_AFTER; receiveCount += 1) {
      expect((await analyze(broken, [event(receiveCount)])).failed).toHaveLength(1);
      expect(await spansOf(here)).toBe(3);
      expect((await balance(here)).balance).toMatchObject({ done: 1, pending: 1 });
    }
    expect((await analyze(broken, [event(POISON_AFTER)])).failed).toEqual([]);
    const { balance: counts, items } = await balance(here);
    expect(counts).toMatchObject({ received: 2, done: 1, poison: 1 });
    expect(items[0]).toMatchObject({ id: bad.id, reason: `Failed ${POISON_AFTER} times: Cannot happen` });
  });

  it('finds the one upload of a batch that cannot be committed to a partition that it shares', async () => {
    const here = await world();
    const uploads = await Promise.all([1, 2, 4, 8, 16, 32, 64].map((count) => traces(count)));
    const bad = uploads[3] as Upload;
    const event = await store(here, ...uploads);
    const broken = {
      ...here.context,
      objects: {
        ...here.objects,
        put: async (...[key, bytes, options]: Parameters<typeof here.objects.put>) => {
          if (key.startsWith('seg/') && Buffer.from(bytes).includes(Buffer.from(bad.id, 'hex')))
            throw new RangeError('Cannot happen');
          return here.objects.put(key, bytes, options);
        },
      },
    };
    expect((await analyze(broken, [event()])).failed).toHaveLength(1);
    expect(await spansOf(here)).toBe(127 - 8);
    expect((await balance(here)).balance).toMatchObject({ done: 6, pending: 1 });
  });

  it('forgets a poison record on redrive, and the upload counts', async () => {
    const here = await world();
    const bad = await traces(5, {}, 'cursed');
    const event = await store(here, bad);
    const broken = { ...here.context, heads: { ...here.context.heads, read: cursed(here) } };
    await untilPoison(broken, event().body);
    await here.context.ledger.forget('default', bad.id);
    await analyze(here.context, [event()]);
    expect(await spansOf(here, 'cursed')).toBe(5);
    expect((await balance(here)).balance).toMatchObject({ received: 1, done: 1, poison: 0 });
  });

  it.each([
    ['no JSON', '{'],
    ['no Records', '{"a":1}'],
    ['a record without a key', '{"Records":[{"s3":{}}]}'],
    ['a key that is not URL-encoded', '{"Records":[{"s3":{"object":{"key":"%"}}}]}'],
    ['null', 'null'],
  ])('hands back an event with %s, and notes it after its tries', async (_, body) => {
    const here = await world();
    const good = await store(here, await traces(3));
    const bad = message(body);
    expect((await analyze(here.context, [bad, good()])).failed).toEqual([bad]);
    expect(await spansOf(here)).toBe(3);
    expect((await analyze(here.context, [message(body, POISON_AFTER)])).failed).toEqual([]);
    await here.context.rejections.flush();
    expect(
      await listRejections(here.context.records, 'default', NOON - HOUR_MS, NOON + HOUR_MS),
    ).toMatchObject([{ reason: 'unreadable event', count: 1 }]);
  });

  it.each([
    ['cut in its header', 7],
    ['cut in its index', 40],
    ['cut in a body', -3],
  ])('hands back an event whose object is %s', async (_, end) => {
    const here = await world();
    await store(here, await traces(3));
    const [[key, { body }]] = [...here.objects.stored] as unknown as [[string, { body: Uint8Array }]];
    await here.objects.put(key, body.slice(0, end));
    const bad = message(objectCreated('test', key, 1));
    expect((await analyze(here.context, [bad])).failed).toEqual([bad]);
    expect((await untilPoison(here.context, bad.body)).failed).toEqual([]);
  });

  it('takes an event whose object has expired, and one of S3 that names none', async () => {
    const here = await world();
    const gone = message(objectCreated('test', 'raw/00/default/2031/05/06/11/0000', 9));
    expect(await analyze(here.context, [gone, message('{"Event":"s3:TestEvent"}')])).toEqual({
      failed: [],
      uploads: 0,
    });
  });

  it('keeps what it committed when a compaction fails, and finishes its ledger records', async () => {
    const here = await world();
    for (let n = 1; n < FAN_IN; n += 1) await analyze(here.context, [(await store(here, await traces(n)))()]);
    const event = await store(here, await traces(FAN_IN));
    let [segments, refused] = [0, 0];
    const broken = {
      ...here.context,
      objects: {
        ...here.objects,
        put: async (...args: Parameters<typeof here.objects.put>) => {
          if (args[0].startsWith('seg/')) segments += 1;
          if (segments > 1) {
            refused += 1;
            throw new Fault('unavailable', 'The disk is full');
          }
          return here.objects.put(...args);
        },
      },
    };
    expect((await analyze(broken, [event()])).failed).toEqual([]);
    expect((await balance(here)).balance).toMatchObject({ pending: 0, done: FAN_IN });
    expect(await spansOf(here)).toBe(1 + 2 + 3 + 4 + 5 + 6 + 7 + 8);
    expect(refused).toBe(1);
  });
});

const bug = () => Promise.reject(new RangeError('Cannot happen'));
const unavailable = () => Promise.reject(new Fault('unavailable', 'Cannot reach the store'));
const cursed =
  ({ context }: World): typeof context.heads.read =>
  async (partition) => {
    if (partition.service === 'cursed') throw new Error('Cannot happen');
    return context.heads.read(partition);
  };
