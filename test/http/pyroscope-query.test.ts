// What Grafana's data source for Pyroscope asks, of profiles that real SDKs sent. Shapes: api/querier/v1/querier.proto.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pyroscopeApp } from '../../lib/http/pyroscope/app.ts';
import { parseSelector } from '../../lib/http/pyroscope/selector.ts';
import { openProduct, type Product } from '../support/product.ts';
import { authOf } from './door-app.ts';

const AT = Date.UTC(2031, 4, 6, 7, 3);
const CPU = 'process_cpu:cpu:nanoseconds:cpu:nanoseconds';
const file = (name: string) => readFileSync(new URL(`../fixtures/profiles/${name}`, import.meta.url));

describe('querier.v1.QuerierService', () => {
  let product: Product;
  let app: ReturnType<typeof pyroscopeApp>;
  beforeAll(async () => {
    product = await openProduct({ at: AT });
    app = pyroscopeApp({ auth: authOf(product, true), jobs: product.local.context });
    const send = (query: string, name: string) =>
      product.send(`/v1/profiles?${query}&from=${AT - 10_000}&until=${AT}`, {
        method: 'POST',
        body: file(name),
      });
    await send('service=gdu&version=5', 'gdu-cpu.pb.gz');
    await send('service=routes', 'own-go-cpu-routes.pb.gz');
    await product.settle();
  });
  afterAll(() => product.close());

  const post = (method: string, body: BodyInit, type = 'application/json') =>
    app.request(`/querier.v1.QuerierService/${method}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    });
  const ask = async <T>(method: string, request: object): Promise<T> =>
    (await (await post(method, JSON.stringify(request))).json()) as T;
  const range = { start: AT - 600_000, end: String(AT + 1) };

  it('lists types, labels and series', async () => {
    const { profileTypes } = await ask<{ profileTypes: { ID: string }[] }>('ProfileTypes', range);
    expect(profileTypes.map(({ ID }) => ID)).toContain(CPU);
    expect(await ask('LabelValues', { ...range, name: 'service_name' })).toEqual({
      names: ['gdu', 'routes'],
    });
    expect(await ask('LabelNames', range)).toMatchObject({
      names: expect.arrayContaining(['service_name', '__profile_type__']),
    });
    const { labelsSet } = await ask<{ labelsSet: { labels: object[] }[] }>('Series', {
      ...range,
      matchers: ['{service_name="gdu"}'],
      labelNames: ['service_name', 'service_version'],
    });
    expect(labelsSet).toEqual([
      {
        labels: [
          { name: 'service_name', value: 'gdu' },
          { name: 'service_version', value: '5' },
        ],
      },
    ]);
  });

  it('merges stacks exactly, by selector', async () => {
    type Merged = { flamegraph: { total: string; levels: { values: string[] }[]; names: string[] } };
    const merge = (labelSelector: string) =>
      ask<Merged>('SelectMergeStacktraces', { ...range, profile_typeID: CPU, labelSelector, maxNodes: 50 });
    const gdu = await merge('{service_name="gdu"}');
    expect(gdu.flamegraph.total).toBe('134000000000');
    expect(gdu.flamegraph.levels[0]!.values.slice(0, 2)).toEqual(['0', '134000000000']);
    const [all, routes] = [await merge('{}'), await merge('{service_name=~"routes|none"}')];
    expect(BigInt(all.flamegraph.total) - BigInt(routes.flamegraph.total)).toBe(134_000_000_000n);
    expect((await merge('{service_name="gdu",pod="x"}')).flamegraph.total).toBe('0');
  });

  it('gives points over time, grouped by unit of work', async () => {
    type Points = { series: { labels: { value: string }[]; points: { value: number }[] }[] };
    const { series } = await ask<Points>('SelectSeries', {
      ...range,
      profileTypeID: CPU,
      labelSelector: '{service_name="routes"}',
      groupBy: ['unit'],
      step: 15,
    });
    expect(series.length).toBeGreaterThan(2);
    const sum = series.flatMap(({ points }) => points).reduce((total, { value }) => total + value, 0);
    const whole = await ask<{ flamegraph: { total: string } }>('SelectMergeStacktraces', {
      ...range,
      profileTypeID: CPU,
      labelSelector: '{service_name="routes"}',
    });
    expect(String(sum)).toBe(whole.flamegraph.total);
  });

  it('speaks protobuf as well', async () => {
    const text = (field: number, value: string) => [(field << 3) | 2, value.length, ...Buffer.from(value)];
    const int = (field: number, value: number) => {
      const bytes = [field << 3];
      for (let rest = value; rest > 0; rest = Math.floor(rest / 128))
        bytes.push(rest >= 128 ? (rest % 128) | 128 : rest);
      return bytes;
    };
    const request = Uint8Array.from([
      ...text(1, CPU),
      ...text(2, '{service_name="gdu"}'),
      ...int(3, range.start),
      ...int(4, AT + 1),
    ]);
    const reply = await post('SelectMergeStacktraces', request, 'application/proto');
    expect(reply.headers.get('content-type')).toBe('application/proto');
    const bytes = new Uint8Array(await reply.arrayBuffer());
    expect(bytes[0]).toBe((1 << 3) | 2);
    const names = new TextDecoder().decode(bytes);
    expect(names).toContain('processDir');
    const broken = await post('SelectMergeStacktraces', Uint8Array.of(0x0a, 200), 'application/proto');
    expect([broken.status, ((await broken.json()) as { code: string }).code]).toEqual([
      400,
      'invalid_argument',
    ]);
  });

  it('draws /pyroscope/render and /pyroscope/render-diff', async () => {
    const query = encodeURIComponent(`${CPU}{service_name="gdu"}`);
    const render = await (await app.request(`/pyroscope/render?query=${query}&from=now-1h&until=now`)).json();
    expect(render).toMatchObject({
      version: 1,
      metadata: { format: 'single', units: 'samples', sampleRate: 1e9, name: 'cpu' },
      flamebearer: { numTicks: 134_000_000_000 },
      timeline: { samples: [134_000_000_000], durationDelta: 600 },
    });
    const times = `leftFrom=now-3h&leftUntil=now-2h&rightFrom=now-1h&rightUntil=now`;
    const diff = await app.request(`/pyroscope/render-diff?leftQuery=${query}&rightQuery=${query}&${times}`);
    expect(await diff.json()).toMatchObject({
      metadata: { format: 'double' },
      leftTicks: 0,
      rightTicks: 134_000_000_000,
    });
    expect((await app.request('/pyroscope/render')).status).toBe(400);
  });

  it('asks for a key that may read', async () => {
    const closed = pyroscopeApp({ auth: authOf(product), jobs: product.local.context });
    const reply = await closed.request('/querier.v1.QuerierService/LabelNames', {
      method: 'POST',
      body: '{}',
    });
    expect([reply.status, await reply.json()]).toMatchObject([401, { code: 'unauthenticated' }]);
    const unknown = await post('SelectMergeProfile', '{}');
    expect(unknown.status).toBe(404);
  });

  it('counts what Go sends every hour and a half from the last time, and not from its start', async () => {
    for (const minutes of [180, 90, 0]) {
      const query = `service=depot&pod=a&until=${AT - minutes * 60_000}`;
      await product.send(`/v1/profiles?${query}`, { method: 'POST', body: file('own-go-allocs.pb.gz') });
    }
    await product.settle();
    const query = encodeURIComponent('memory:alloc_space:bytes:space:bytes{service_name="depot"}');
    const points = async (from: string) => {
      const { timeline } = (await (
        await app.request(`/pyroscope/render?query=${query}&from=${from}&until=now`)
      ).json()) as { timeline: { samples: number[] } };
      return timeline.samples.filter((value) => value !== 0);
    };
    expect(await points('now-1h')).toEqual([]);
    expect(await points('now-2h')).toEqual([]);
    expect(await points('now-4h')).toHaveLength(1); // the first upload of all
  });
});

describe('parseSelector()', () => {
  const fits = (selector: string, value: string) =>
    parseSelector(selector).every((one) => one.matches(value));

  it.each([
    ['{a="x"}', 'x', true],
    ['{a!="x"}', 'x', false],
    ['{a=~"x|y.*"}', 'yes', true],
    ['{a=~"x|y.*"}', 'xyes', false],
    ['{a=~".+z"}', 'z', false],
    ['{a=~"a.*b.*a"}', 'aba', true],
    ['{a=~"a.*a"}', 'a', false],
    ['{a!~"(x|y)"}', 'y', false],
    ['{a="\\"q\\\\"}', '"q\\', true],
    ['', 'anything', true],
  ])('%s matches %s: %s', (selector, value, expected) => {
    expect(fits(selector, value)).toBe(expected);
  });

  it.each(['{', 'a="x"', '{a=x}', '{a=~"[a-z]"}', '{a="x" b="y"}'])('refuses %s', (selector) => {
    expect(() => parseSelector(selector)).toThrow(/^Cannot /);
  });
});
