import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { ApiFlamegraph } from '../../lib/http/flame-schemas.ts';
import type { ApiUploads } from '../../lib/http/schemas.ts';
import { takeEvents } from '../../lib/jobs/take-events.ts';
import { Fault } from '../../lib/model/fault.ts';
import { serviceName } from '../../lib/model/service.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../lib/model/units.ts';
import { makeKey } from '../http/door-app.ts';
import {
  message,
  metricsBody,
  rawObject,
  requests,
  spans,
  tracesBody,
  uploadOf,
  world,
} from '../jobs/world.ts';
import { openProduct, type Product } from '../support/product.ts';

// Cases in which stores of telemetry count twice, or lose what they took for a copy: through the whole product.

const AT = Date.UTC(2031, 4, 6, 12);
const opened: Product[] = [];
afterEach(async () => {
  for (const product of opened.splice(0)) await product.close();
});
async function product(auth = false): Promise<Product> {
  const one = await openProduct({ at: AT, auth });
  opened.push(one);
  return one;
}

const profile = (one: Product, body: string, query = '', headers: Record<string, string> = {}) =>
  one.send(`/v1/profiles?service=shop&type=cpu${query}`, { method: 'POST', body, headers });
async function total(one: Product): Promise<string> {
  one.clock.time += MINUTE_MS;
  await one.settle();
  const graph = await one.get<ApiFlamegraph>('/services/shop/flamegraph');
  return String(graph.total);
}
const balance = async (one: Product) => (await one.get<ApiUploads>('/uploads')).balance;

describe('profiles', () => {
  it('of equal bytes that tell no time are two, unless the sender says that they are one', async () => {
    const one = await product();
    for (let n = 0; n < 2; n += 1, one.clock.time += SECOND_MS)
      expect((await profile(one, 'main;work 5\n')).status).toBe(202);
    expect(await total(one)).toBe('10');
    const headers = { 'idempotency-key': 'run 7' };
    for (let n = 0; n < 2; n += 1, one.clock.time += SECOND_MS)
      await profile(one, 'main;work 5\n', '', headers);
    expect(await total(one)).toBe('15');
  });

  it('that differ count both though they are of one series and one time', async () => {
    const one = await product();
    const time = `&from=${AT - 10_000}&until=${AT}`;
    await profile(one, 'main;work 5\n', time);
    await profile(one, 'main;work 7\n', time);
    await profile(one, 'main;work 7\n', time);
    expect(await total(one)).toBe('12');
    expect(await balance(one)).toMatchObject({ received: 2, done: 2 });
  });

  it('add up exactly beyond 2^53', async () => {
    const one = await product();
    await profile(one, 'main;work 9007199254740993\n', `&until=${AT - 1000}`);
    await profile(one, 'main;work 9007199254740993\nmain;rest 1\n', `&until=${AT}`);
    expect(await total(one)).toBe('18014398509481987');
  });
});

describe('a retry', () => {
  /** gzip stamps the second in which it packs: Python's SDKs pack again for each try. */
  const packedAt = (body: string, second: number) => {
    const bytes = new Uint8Array(gzipSync(body));
    new DataView(bytes.buffer).setUint32(4, second, true);
    return bytes;
  };
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };

  it("of Python's exporter, packed again, counts once", async () => {
    const one = await product();
    const body = JSON.stringify(metricsBody(requests(3, { at: AT - 1000 })));
    for (const second of [1, 2, 3])
      expect(
        (await one.send('/v1/metrics', { method: 'POST', headers, body: packedAt(body, second) })).status,
      ).toBe(200);
    await one.settle();
    const { items } = await one.get<{ items: { count: number }[] }>('/services/shop/units');
    expect(items.map(({ count }) => count)).toEqual([3]);
  });

  it('of 20 at once counts once, and equal bytes count in each of two projects', async () => {
    const one = await product(true);
    const keys = [await makeKey(one), await makeKey(one, ['ingest', 'read'], 'second')];
    const body = JSON.stringify(tracesBody(spans(3, { at: AT - 1000 })));
    const sent = keys.flatMap(({ token }) =>
      Array.from({ length: 20 }, (_, n) =>
        one.send('/v1/traces', {
          method: 'POST',
          headers: { ...headers, authorization: `Bearer ${token}` },
          body: packedAt(body, n),
        }),
      ),
    );
    expect(new Set((await Promise.all(sent)).map(({ status }) => status))).toEqual(new Set([200]));
    await one.settle();
    for (const { token } of keys) {
      const answer = await one.api('/services/shop/units', { headers: { authorization: `Bearer ${token}` } });
      const { items } = (await answer.json()) as { items: { count: number }[] };
      expect(items.map(({ count }) => count)).toEqual([3]);
    }
  });
});

/**
 * Eight counters fed by a stream, as a function behind DynamoDB streams or Kinesis keeps them: a batch that fails half-way
 * comes again as a whole, and `ADD` adds again what was added before the failure.
 */
describe('the eight-counter aggregator', () => {
  const COUNTERS = 8;
  const BATCH = 16;
  const EVENTS = 160;

  it('counts twice under the retries of a stream, and once on partitions that know their uploads', async () => {
    const place = await world();
    const naive = new Map<string, number>();
    const truth = new Map<string, number>();
    const events: { readonly event: string; readonly counter: string }[] = [];
    for (let n = 0; n < EVENTS; n += 1) {
      const counter = `counter-${n % COUNTERS}`;
      const upload = await uploadOf(tracesBody(spans(1, { service: counter, at: AT - 1000 - n })), {
        route: 'otlp-traces',
      });
      events.push({ counter, event: await rawObject(place, [upload]) });
      truth.set(counter, (truth.get(counter) ?? 0) + 1);
    }
    // Every batch fails once, after some of its counters were written.
    let writes = 0;
    let failAt = 0;
    const swap: typeof place.context.heads.swap = async (partition, head, version) => {
      writes += 1;
      if (writes === failAt) throw new Fault('unavailable', 'Cannot write: throttled');
      return place.context.heads.swap(partition, head, version);
    };
    const throttled = { ...place.context, heads: { ...place.context.heads, swap } };
    for (let at = 0; at < events.length; at += BATCH) {
      const batch = events.slice(at, at + BATCH);
      const breaksAfter = (at / BATCH) % COUNTERS;
      for (const attempt of [0, 1]) {
        const reached = attempt === 0 ? batch.slice(0, breaksAfter) : batch;
        for (const { counter } of reached) naive.set(counter, (naive.get(counter) ?? 0) + 1);
        [writes, failAt] = [0, attempt === 0 ? breaksAfter + 1 : 0];
        await takeEvents(
          throttled,
          batch.map(({ event }) => message(event, attempt + 1)),
        );
      }
    }
    const counted = new Map<string, number>();
    for (const counter of truth.keys()) {
      const query = { project: 'default', service: serviceName({ name: counter }) };
      const range = { ...query, from: AT - HOUR_MS, to: AT + MINUTE_MS };
      for (const { state } of await place.context.reader.range('latency', range))
        for (const { count } of state.units.values())
          counted.set(counter, (counted.get(counter) ?? 0) + count / 1000);
    }
    expect(counted).toEqual(truth);
    expect([...naive.values()].reduce((a, b) => a + b, 0)).toBeGreaterThan(EVENTS);
  });
});
