import { describe, expect, it } from 'vitest';
import { analyze } from '../../lib/jobs/analyze.ts';
import { healthAnswer } from '../../lib/jobs/answers/health.ts';
import { statusAnswer } from '../../lib/jobs/answers/status.ts';
import { transactionsAnswer } from '../../lib/jobs/answers/transactions.ts';
import { expire } from '../../lib/jobs/expire.ts';
import { openReplay, REPLAY_AFTER_MS, replayStep } from '../../lib/jobs/replay.ts';
import { buildBucket } from '../../lib/jobs/roll-up.ts';
import { serviceName } from '../../lib/model/service.ts';
import { ONE } from '../../lib/model/sketch.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../lib/model/units.ts';
import { segmentReader } from '../../lib/segments/read.ts';
import { readFooter } from '../../lib/segments/segment.ts';
import { segmentCache } from '../../lib/segments/store.ts';
import { NOON } from '../jobs/facts.ts';
import { message, rawObject, spans, tracesBody, uploadOf, type World, world } from '../jobs/world.ts';

const SHOP = serviceName({ name: 'shop' });
const AT = NOON - 1000;

/** A process that has just begun: nothing of what is stored is in its memory. */
function restarted(place: World): World {
  const cache = segmentCache(place.objects);
  return { ...place, context: { ...place.context, cache, reader: segmentReader(place.context, cache) } };
}
async function send(place: World, count: number, at = AT) {
  const upload = await uploadOf(tracesBody(spans(count, { at })), { route: 'otlp-traces' });
  const event = await rawObject(place, [upload]);
  expect((await analyze(place.context, [message(event)])).failed).toEqual([]);
  return { upload, event };
}
async function requestsOf({ context }: World): Promise<number> {
  const [one] = await transactionsAnswer(context, 'default', SHOP, NOON - HOUR_MS, NOON + MINUTE_MS);
  return one?.count ?? 0;
}
const listedIn = async ({ context }: World) =>
  (await context.heads.all('default', SHOP)).flatMap(({ head }) => head.segments.map(({ key }) => key));
const segmentsOf = (place: World) =>
  [...place.objects.stored.keys()].filter((key) => key.startsWith('seg/') && key.includes('/shop/'));

/** Ways in which the bytes of a segment cannot be read. */
const DAMAGES: Record<string, (body: Uint8Array) => Uint8Array | undefined> = {
  'cut in its middle': (body) => body.slice(0, body.length >> 1),
  'with a changed byte in a section': (body) => {
    const { offset } = readFooter(body).sections.find(({ kind }) => kind === 'latency') ?? { offset: 0 };
    return body.with(offset, (body[offset] ?? 0) ^ 1);
  },
  'with a changed byte in its footer': (body) => body.with(body.length - 12, (body.at(-12) ?? 0) ^ 1),
  'of a format that comes later': (body) => body.with(4, 9),
  'without a byte': () => new Uint8Array(0),
  'whose object is gone': () => undefined,
};

describe.each(Object.entries(DAMAGES))('a segment %s', (_, damage) => {
  async function damaged() {
    const before = await world();
    for (const count of [1, 2, 4]) await send(before, count);
    const [key = ''] = segmentsOf(before);
    const { body } = before.objects.stored.get(key) as { body: Uint8Array };
    const changed = damage(body);
    if (changed === undefined) await before.objects.delete(key);
    else await before.objects.put(key, changed);
    return { place: restarted(before), key };
  }

  it('is left out of answers, which say so', async () => {
    const { place } = await damaged();
    expect(await requestsOf(place)).toBe(2 + 4);
    const health = await healthAnswer(place.context, 'default', SHOP);
    expect(health.unreadable).toMatchObject([{ segments: 1 }]);
    expect(health.sentence).toContain('1 stored segment cannot be read');
    expect(await statusAnswer(place.context, 'default', { lastAt: null })).toMatchObject({ unreadable: 1 });
  });

  it('keeps no upload from being committed, none counts twice, and merges pass it by', async () => {
    const { place, key } = await damaged();
    for (const count of [8, 16, 32, 64, 128, 256]) await send(place, count);
    expect(await listedIn(place)).toContain(key);
    expect(await requestsOf(place)).toBe(2 ** 9 - 1 - 1);
    for (const body of place.sent) await analyze(place.context, [message(body)]);
    expect(await requestsOf(place)).toBe(2 ** 9 - 1 - 1);
  });

  it('keeps no roll-up from being built, which says what it lacks', async () => {
    const { place } = await damaged();
    const start = Math.floor(AT / HOUR_MS) * HOUR_MS;
    const hour = { project: 'default', service: SHOP, generation: 0, step: '1h' as const, start };
    place.clock.time = start + 3 * HOUR_MS;
    expect(await buildBucket(place.context, hour)).toBe('built');
    expect((await place.context.heads.read(hour))?.head).toMatchObject({ missing: 1 });
  });

  it('keeps no upload out of the generation that a replay builds', async () => {
    const place = await world();
    for (const count of [1, 2]) {
      const upload = await uploadOf(tracesBody(spans(count, { at: AT })), {
        route: 'otlp-traces',
        receivedAt: place.clock.time,
      });
      await analyze(place.context, [message(await rawObject(place, [upload]))]);
      place.clock.time += HOUR_MS;
    }
    await openReplay(place.context, 'default');
    place.clock.time += REPLAY_AFTER_MS;
    expect(await replayStep(place.context, 'default')).toBe('folded'); // the hour in which the first of them came
    const [key = ''] = segmentsOf(place).filter((one) => one.startsWith('seg/g1/'));
    const changed = damage(place.objects.stored.get(key)?.body as Uint8Array);
    if (changed === undefined) await place.objects.delete(key);
    else await place.objects.put(key, changed);
    const later = restarted(place);
    while ((await replayStep(later.context, 'default')) !== 'flipped');
    const found = await later.context.reader.range('latency', {
      project: 'default',
      service: SHOP,
      generation: 1,
      from: NOON - HOUR_MS,
      to: NOON,
    });
    expect(found).toMatchObject([{ missing: 1 }]);
    const units = found.flatMap(({ state }) => [...state.units.values()]);
    expect(units.map(({ count }) => count / ONE)).toEqual([2]);
  });

  it('is removed with its partition when that expires', async () => {
    const { place } = await damaged();
    place.clock.time += 40 * DAY_MS;
    expect(await expire(place.context)).toMatchObject({ heads: 1, segments: 2 });
  });
});
