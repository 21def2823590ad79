import { describe, expect, it } from 'vitest';
import { analyze } from '../../lib/jobs/analyze.ts';
import { healthAnswer } from '../../lib/jobs/answers/health.ts';
import { transactionsAnswer } from '../../lib/jobs/answers/transactions.ts';
import { Fault } from '../../lib/model/fault.ts';
import { serviceName } from '../../lib/model/service.ts';
import { HOUR_MS, MINUTE_MS } from '../../lib/model/units.ts';
import { senderClocks } from '../../lib/records/clocks.ts';
import { NOON } from '../jobs/facts.ts';
import { message, rawObject, spans, tracesBody, uploadOf, type World, world } from '../jobs/world.ts';

async function opened(): Promise<World> {
  const place = await world();
  return { ...place, context: { ...place.context, clocks: senderClocks(place.records, place.clock) } };
}
/** One request of a service whose clock is off, received at the world's time. Returns what became of the upload. */
async function send(place: World, aheadMs: number, service = 'shop'): Promise<string | undefined> {
  const receivedAt = place.clock.time;
  const body = tracesBody(spans(1, { service, at: receivedAt - 1000 + aheadMs }));
  const upload = await uploadOf(body, { route: 'otlp-traces', receivedAt });
  const event = await rawObject(place, [upload]);
  for (let copy = 0; copy < 2; copy += 1) await analyze(place.context, [message(event)]);
  const record = await place.context.ledger.get('default', upload.id);
  return record?.reason ?? record?.state;
}
async function requestsOf({ context }: World, service: string, from: number, to: number): Promise<number> {
  const [one] = await transactionsAnswer(context, 'default', serviceName({ name: service }), from, to);
  return one?.count ?? 0;
}

describe('the acceptance window', () => {
  it('keeps what is too late or in the future, names it, and folds it not', async () => {
    const place = await opened();
    expect(await send(place, 6 * MINUTE_MS)).toBe('in-future');
    expect(await send(place, 4 * MINUTE_MS)).toBe('done');
    expect(await send(place, -49 * HOUR_MS)).toBe('too-late');
    expect(await send(place, -47 * HOUR_MS)).toBe('done');
    expect(await requestsOf(place, 'shop', NOON - 60 * HOUR_MS, NOON + HOUR_MS)).toBe(2);
  });
});

describe('a sender whose clock is ahead', () => {
  it('is corrected after five uploads by their median, from a minute later on, and shown', async () => {
    const place = await opened();
    const told: (string | undefined)[] = [];
    for (let n = 0; n < 9; n += 1) {
      told.push(await send(place, HOUR_MS + (n % 3) * 1000));
      place.clock.time += MINUTE_MS;
    }
    expect(told.slice(0, 5)).toEqual(Array(5).fill('in-future'));
    expect(told.slice(6)).toEqual(['done', 'done', 'done']);
    expect(await requestsOf(place, 'shop', NOON, place.clock.time)).toBe(
      told.filter((t) => t === 'done').length,
    );
    const health = await healthAnswer(place.context, 'default', serviceName({ name: 'shop' }));
    expect(health.clocks).toMatchObject([{ aheadMs: HOUR_MS }]);
  });

  it('is corrected from after what a door has received whose clock is ahead of the analyzer', async () => {
    const place = await opened();
    const receivedAt = place.clock.time + 10 * MINUTE_MS;
    for (let n = 0; n < 5; n += 1) {
      const body = tracesBody(spans(1, { at: receivedAt + HOUR_MS + n }));
      const upload = await uploadOf(body, { route: 'otlp-traces', receivedAt });
      await analyze(place.context, [message(await rawObject(place, [upload]))]);
    }
    place.clock.time += MINUTE_MS;
    const [sender] = [...((await place.context.clocks?.of('default')) ?? [])].map(([, one]) => one);
    expect(sender?.eras).toMatchObject([{ since: receivedAt + MINUTE_MS }]);
  });

  it('tells of itself once by an upload, however often that is delivered before it is finished', async () => {
    const place = await opened();
    const unavailable = () => Promise.reject(new Fault('unavailable', 'Cannot reach the store'));
    const heads = { ...place.context.heads, swap: unavailable };
    const body = tracesBody(spans(1, { at: NOON + 3 * MINUTE_MS }));
    const event = await rawObject(place, [await uploadOf(body, { route: 'otlp-traces' })]);
    for (let delivery = 1; delivery <= 6; delivery += 1) {
      const { failed } = await analyze({ ...place.context, heads }, [message(event, delivery)]);
      expect(failed).toHaveLength(1);
    }
    for (let delivery = 7; delivery <= 8; delivery += 1)
      expect((await analyze(place.context, [message(event, delivery)])).failed).toEqual([]);
    place.clock.time += MINUTE_MS;
    const [clock] = [...((await place.context.clocks?.of('default')) ?? [])].map(([, one]) => one);
    expect(clock?.recent).toHaveLength(1);
  });

  it('is left alone again once it is right', async () => {
    const place = await opened();
    for (let n = 0; n < 8; n += 1, place.clock.time += MINUTE_MS) await send(place, HOUR_MS);
    const mended = place.clock.time;
    for (let n = 0; n < 10; n += 1, place.clock.time += HOUR_MS) await send(place, 0);
    expect(await requestsOf(place, 'shop', mended + 5.5 * HOUR_MS, place.clock.time)).toBe(4);
    expect((await healthAnswer(place.context, 'default', serviceName({ name: 'shop' }))).clocks).toEqual([]);
  });

  it('moves nobody else, and lateness moves nothing', async () => {
    const place = await opened();
    for (let n = 0; n < 8; n += 1, place.clock.time += MINUTE_MS) {
      await send(place, HOUR_MS);
      expect(await send(place, 0, 'right')).toBe('done');
      expect(await send(place, -5 * HOUR_MS, 'late')).toBe('done');
    }
    expect(await requestsOf(place, 'right', NOON - MINUTE_MS, place.clock.time)).toBe(8);
    expect(await requestsOf(place, 'late', NOON - 6 * HOUR_MS, NOON - 4 * HOUR_MS)).toBe(8);
  });
});

describe("Sentry's sent_at", () => {
  const envelope = (end: number, sentAt: number) =>
    [
      { sent_at: new Date(sentAt).toISOString() },
      { type: 'transaction' },
      {
        type: 'transaction',
        transaction: 'GET /orders/:id',
        start_timestamp: (end - 50) / 1000,
        timestamp: end / 1000,
        contexts: { trace: { trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16), op: 'http.server' } },
      },
    ]
      .map((part) => JSON.stringify(part))
      .join('\n');
  it.each([
    ['ahead', 2 * HOUR_MS, NOON],
    ['behind', -2 * HOUR_MS, NOON],
    ['of a recording of yesterday, whose times are kept', -24 * HOUR_MS, NOON - 24 * HOUR_MS],
  ])('corrects a clock that is %s', async (_, off, expected) => {
    const place = await opened();
    const upload = await uploadOf(envelope(NOON - 2000 + off, NOON + off), { route: 'sentry-envelope' });
    await analyze(place.context, [message(await rawObject(place, [upload]))]);
    expect(await requestsOf(place, 'default', expected - MINUTE_MS, expected)).toBe(1);
  });
});
