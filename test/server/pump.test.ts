import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobContext } from '../../lib/jobs/context.ts';
import { objectCreated } from '../../lib/jobs/events.ts';
import { Fault } from '../../lib/model/fault.ts';
import { MIB } from '../../lib/model/units.ts';
import { pumpOnce } from '../../lib/server/pump.ts';
import { openProduct, type Product } from '../support/product.ts';

const AT = Date.UTC(2026, 10, 14, 12, 1);
const never = new AbortController().signal;

let product: Product;
beforeEach(async () => {
  product = await openProduct({ at: AT });
});
afterEach(() => product.close());

const gauge = (service: string) =>
  JSON.stringify({
    resourceMetrics: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
        scopeMetrics: [
          {
            metrics: [
              {
                name: 'process.memory.usage',
                gauge: { dataPoints: [{ timeUnixNano: `${AT}000000`, asInt: '1000000' }] },
              },
            ],
          },
        ],
      },
    ],
  });
const upload = async (body: string) => {
  const headers = { 'content-type': 'application/json' };
  expect((await product.send('/v1/metrics', { method: 'POST', headers, body })).status).toBe(200);
};
const services = async () =>
  (await product.get<{ items: { service: string }[] }>('/services')).items
    .map(({ service }) => service)
    .sort();

describe('the pump', () => {
  it.each([
    '\\ud800',
    '\\udfff half',
    '/'.repeat(300),
    '%'.repeat(300),
    '#'.repeat(300),
    '\\u0000',
    '__proto__',
  ])('takes a service called "%s" and those beside it', async (name) => {
    await upload(gauge('before'));
    await upload(gauge('').replace('"stringValue":""', `"stringValue":"${name}"`));
    await upload(gauge('behind'));
    await product.settle();
    await product.scan();
    const { balance } = await product.get<{ balance: Record<string, number> }>('/uploads');
    expect(balance).toMatchObject({ received: 3, done: 3 });
    expect(await services()).toHaveLength(3);
    for (const service of await services())
      expect((await product.api(`/services/${encodeURIComponent(service)}/memory`)).status).toBe(200);
  });

  it('a message that throws is told, comes again later, and takes no other with it', async () => {
    for (const service of ['a', 'b', 'broken', 'c', 'd']) await upload(gauge(service));
    const { context } = product.local;
    const records: JobContext['records'] = {
      ...context.records,
      async put(record, condition) {
        if (record.sk === 'SVC#broken') throw new TypeError('a bug');
        return context.records.put(record, condition);
      },
    };
    const told: unknown[] = [];
    await pumpOnce({ ...context, records }, never, 0, (error) => void told.push(error));
    expect(told).toEqual([new TypeError('a bug')]);
    expect(await services()).toEqual(['a', 'b', 'c', 'd']);
    product.clock.time += 60_000;
    await product.settle();
    expect(await services()).toEqual(['a', 'b', 'broken', 'c', 'd']);
  });

  it('gives all messages back when a store is away', async () => {
    for (const service of ['a', 'b', 'c']) await upload(gauge(service));
    const { context } = product.local;
    const put = () => Promise.reject(new Fault('unavailable', 'Away'));
    const told: unknown[] = [];
    await pumpOnce(
      { ...context, records: { ...context.records, put } },
      never,
      0,
      (error) => void told.push(error),
    );
    expect(told).toHaveLength(1);
    product.clock.time += 60_000;
    await product.settle();
    expect(await services()).toEqual(['a', 'b', 'c']);
  });

  it('works a backlog of large objects off in parts, each acknowledged when it is done', async () => {
    const { context } = product.local;
    const sizes = [40, 30, 30, 100, 1, 1];
    const done: string[] = [];
    // The last ones came most often: they are begun before anything else may end the process.
    let batch = sizes.map((mib, i) => ({
      ...{ id: `${i}`, receipt: `r${i}`, receiveCount: i < 4 ? 1 : 2 },
      body: objectCreated('embedded', `raw/${i}`, mib * MIB),
    }));
    const uploads: JobContext['uploads'] = {
      ...context.uploads,
      async receive() {
        const taken = batch;
        batch = [];
        return taken;
      },
      ack: async (receipts) => void done.push(`ack ${receipts.join(' ')}`),
    };
    const get = async (key: string) => {
      done.push(`get ${key.slice(4)}`);
      return undefined;
    };
    const world = { ...context, uploads, objects: { ...context.objects, get } };
    expect(await pumpOnce(world, never, 0)).toBe(6);
    expect(done).toEqual([
      'get 4',
      'get 5',
      'get 0',
      'ack r4 r5 r0',
      'get 1',
      'get 2',
      'ack r1 r2',
      'get 3',
      'ack r3',
    ]);
  });
});
