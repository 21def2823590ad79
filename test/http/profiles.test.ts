// Profiles through the whole product: door, raw segments, queue, commits, read API. What SDKs sent in recorded runs, and files.
// The truth was computed by decoders of their own (test/fixtures/flame/README.md).
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeProfile, encodeProfile } from '../../lib/formats/profiles/index.ts';
import type {
  ApiFlamegraph,
  ApiFlamegraphDiff,
  ApiFrameHistory,
  ApiProfileType,
} from '../../lib/http/flame-schemas.ts';
import type { ApiService, ApiUploads } from '../../lib/http/schemas.ts';
import { partitionStart } from '../../lib/model/partition.ts';
import type { CapturedRequest } from '../support/captures.ts';
import { openProduct, type Product } from '../support/product.ts';

const FIXTURES = new URL('../fixtures/', import.meta.url).pathname;

interface Recorded {
  readonly startUnixMs: number;
  /** `type:unit` → its sum, or its last value where it is a level. */
  readonly totals: Readonly<Record<string, number>>;
  readonly requests: readonly CapturedRequest[];
}
const recorded = (name: string): Recorded =>
  JSON.parse(gunzipSync(readFileSync(`${FIXTURES}flame/${name}.json.gz`)).toString('utf8')) as Recorded;

/** Run → type and unit of values → unit of work → total. Of runs whose samples name none, nothing. */
const UNITS = JSON.parse(readFileSync(`${FIXTURES}flame/units.json`, 'utf8')) as Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>
>;

/** Sends each request as it came, at its time; returns the statuses. */
async function replay(product: Product, { startUnixMs, requests }: Recorded): Promise<number[]> {
  const statuses: number[] = [];
  for (const { method, path, headers, receivedMs, body } of requests) {
    product.clock.time = startUnixMs + receivedMs;
    const init = {
      method,
      headers: headers.map(([k, v]): [string, string] => [k, v]),
      body: Buffer.from(body, 'base64'),
    };
    statuses.push((await product.send(path, init)).status);
  }
  product.clock.time += 1000;
  await product.settle();
  return statuses;
}

const typesOf = async (product: Product, service: string) =>
  (await product.get<{ items: ApiProfileType[] }>(`/services/${encodeURIComponent(service)}/profiles`)).items;

async function totalsOf(product: Product, service: string): Promise<Record<string, unknown>> {
  const totals: Record<string, unknown> = {};
  for (const { type, unit } of await typesOf(product, service)) {
    const graph = await product.get<ApiFlamegraph>(
      `/services/${encodeURIComponent(service)}/flamegraph?type=${encodeURIComponent(`${type}:${unit}`)}`,
    );
    expect(graph.total).toBe(graph.flamebearer.numTicks);
    totals[`${type}:${unit}`] = graph.total;
  }
  return totals;
}

describe.each<[name: string, service: string, version: string, status?: number]>([
  ['pyroscope-node', 'production//mill', '1.4.0'],
  ['pyroscope-node-0.6.1', 'production//mill', '1.4.0'],
  ['pyroscope-go', 'production//depot', '1.4.0'],
  ['pyroscope-python', 'shop', '1.4.2'],
  ['pyroscope-python-0.8', 'shop', '1.4.2'],
  ['dd-trace', 'production//mill', '1.4.0', 202],
  ['ddtrace', 'production//shop', '1.4.2', 202],
])('what %s sent', (name, service, version, status = 200) => {
  let product: Product;
  const run = recorded(name);
  let statuses: number[] = [];
  beforeAll(async () => {
    product = await openProduct({ at: run.startUnixMs });
    statuses = await replay(product, run);
  });
  afterAll(() => product.close());

  it('is taken, and counted once', async () => {
    expect(new Set(statuses)).toEqual(new Set([status]));
    const { balance } = await product.get<ApiUploads>('/uploads');
    expect(balance).toMatchObject({ received: run.requests.length, done: run.requests.length, pending: 0 });
  });

  it('belongs to the service that its labels name', async () => {
    const { items } = await product.get<{ items: ApiService[] }>('/services');
    expect(items.map(({ service: found, signals }) => [found, signals])).toEqual([[service, ['profiles']]]);
    const versions = (await typesOf(product, service)).flatMap((type) => type.versions);
    expect(new Set(versions)).toEqual(new Set([version]));
  });

  it('adds up to the totals of the files', async () => {
    expect(await totalsOf(product, service)).toEqual(run.totals);
  });

  it('is divided by the unit of work that labels of samples name', async () => {
    for (const [type, byUnit] of Object.entries(UNITS[name] ?? {})) {
      const named = Object.entries(byUnit).filter(([unit]) => unit !== '');
      const known = (await typesOf(product, service)).find((one) => `${one.type}:${one.unit}` === type);
      expect(new Set(known?.units)).toEqual(new Set(named.map(([unit]) => ({ kind: 'http', name: unit }))));
      for (const [unit, total] of named) {
        const query = new URLSearchParams({ type, unit: `http ${unit}` });
        const graph = await product.get<ApiFlamegraph>(
          `/services/${encodeURIComponent(service)}/flamegraph?${query}`,
        );
        expect([unit, graph.total]).toEqual([unit, total]);
      }
    }
  });

  it('changes nothing when it comes again', async () => {
    await replay(product, run);
    expect(await totalsOf(product, service)).toEqual(run.totals);
  });
});

describe('what the Java agent sent', () => {
  it('is refused with a way out, and counted', async () => {
    const run = recorded('pyroscope-java');
    const product = await openProduct({ at: run.startUnixMs });
    try {
      expect(await replay(product, run)).toEqual([415]);
      const { refused } = await product.get<ApiUploads>('/uploads');
      expect(refused.map(({ examples }) => examples[0]?.detail)).toEqual([
        expect.stringContaining('jfrconv --pprof'),
      ]);
    } finally {
      await product.close();
    }
  });
});

interface Facts {
  readonly file: string;
  readonly types: readonly { readonly type: string; readonly unit: string; readonly total: number }[];
}
/** One of each format and producer; the decoders have tests of their own on all of them. */
const FILES = (JSON.parse(readFileSync(`${FIXTURES}profiles/facts.json`, 'utf8')) as readonly Facts[]).filter(
  ({ file: name }) =>
    /^(gdu-cpu|own-go-(allocs|mutex|goroutine)|own-node-(wall|heap|transaction|chunk)|parca-alloc|own-inspector|node10\.|simple-utf16|sampled)/.test(
      name,
    ),
);
const AT = Date.UTC(2031, 4, 6, 7, 3);
const file = (name: string) => readFileSync(`${FIXTURES}profiles/${name}`);

describe('POST /v1/profiles', () => {
  let product: Product;
  beforeAll(async () => {
    product = await openProduct({ at: AT });
  });
  afterAll(() => product.close());

  const send = (query: string, body: Uint8Array, headers: Record<string, string> = {}) =>
    product.send(`/v1/profiles?${query}`, { method: 'POST', body: Buffer.from(body), headers });
  /** The files carry times of their own years: the request's come first. */
  const now = `from=${AT - 10_000}&until=${AT}`;
  const graphOf = (service: string, query: string) =>
    product.get<ApiFlamegraph>(`/services/${service}/flamegraph?from=${AT - 600_000}&to=${AT + 1}&${query}`);

  it('takes every format with exact totals', async () => {
    const serviceOf = (name: string) => `of-${name.replaceAll('.', '-')}`;
    for (const { file: name } of FILES) {
      const response = await send(`service=${serviceOf(name)}&${now}`, file(name));
      expect([name, response.status]).toEqual([name, 202]);
    }
    await product.settle();
    for (const { file: name, types } of FILES) {
      // Types that only have zeros have no graph.
      for (const { type, unit, total } of types.filter((one) => one.total !== 0)) {
        // speedscope's times are kept as nanoseconds.
        const [kept, per] = unit === 'seconds' ? ['nanoseconds', 1e9] : [unit, 1];
        const graph = await graphOf(serviceOf(name), `type=${encodeURIComponent(`${type}:${kept}`)}`);
        expect([name, type, graph.total]).toEqual([name, type, total * per]);
      }
    }
  });

  const cpu = file('gdu-cpu.pb.gz');

  it('counts one upload once, however it is packed', async () => {
    await send(`service=once&${now}`, cpu);
    await send(`${now}&service=once`, gunzipSync(cpu));
    await product.settle();
    expect((await graphOf('once', 'type=cpu')).total).toBe(134_000_000_000);
  });

  it('counts equal bytes twice where the sender says that they are two', async () => {
    for (const key of ['a', 'b', 'b']) await send(`service=twice&${now}`, cpu, { 'idempotency-key': key });
    await product.settle();
    expect((await graphOf('twice', 'type=cpu')).total).toBe(268_000_000_000);
  });

  it('gives the same graph for one heap of an instance and for ten', async () => {
    const heap = file('node10.heapprofile');
    await send('service=heap-1&pod=a', heap);
    for (let i = 0; i < 10; i += 1)
      await send('service=heap-10&pod=a', heap, { 'idempotency-key': String(i) });
    await send('service=heap-2&pod=a', heap);
    await send('service=heap-2&pod=b', heap);
    await product.settle();
    const [one, ten, two] = await Promise.all(
      ['heap-1', 'heap-10', 'heap-2'].map((service) => graphOf(service, '')),
    );
    expect(ten!.flamebearer).toEqual(one!.flamebearer);
    expect([one!.instances, two!.instances]).toEqual([1, 2]);
    expect(two!.total).toBe(2 * Number(one!.total));
  });

  it('gives the heap of one instance alone', async () => {
    for (const pod of ['a', 'b']) await send(`service=heaps&pod=${pod}`, file('node10.heapprofile'));
    await send(`service=heaps&pod=b&${now}`, cpu);
    await product.settle();
    const heap = (await typesOf(product, 'heaps')).find(({ temporality }) => temporality === 'level')!;
    expect(heap.instances).toHaveLength(2);
    const type = `type=${heap.type}`;
    const one = await graphOf('heaps', `${type}&instance=${encodeURIComponent(heap.instances[0]!)}`);
    expect(one).toMatchObject({ total: Number((await graphOf('heaps', type)).total) / 2, instances: 1 });
    const range = `from=${AT - 600_000}&to=${AT + 1}`;
    const asked = async (query: string) =>
      (await product.api(`/services/heaps/flamegraph?${range}&${query}`)).status;
    expect([await asked('type=cpu&instance=b'), await asked(`${type}&instance=c`)]).toEqual([400, 404]);
    const hours = `leftFrom=${AT - 7_200_000}&leftTo=${AT - 3_600_000}&rightFrom=${AT - 3_600_000}&rightTo=${AT + 1}`;
    const both = (instance: string) =>
      product.api(`/services/heaps/flamegraph/diff?${hours}&${type}&instance=${instance}`);
    expect(await (await both('b')).json()).toMatchObject({
      left: { total: 0, instances: 0 },
      right: { instances: 1 },
    });
    expect((await both('c')).status).toBe(404);
  });

  it('differences what Go counts since its start', async () => {
    const allocs = file('own-go-allocs.pb.gz');
    const before = AT - 600_000;
    await send(`service=go&pod=a&until=${before}`, allocs);
    await send(`service=go&pod=a&until=${AT}`, allocs);
    await product.settle();
    const [type] = (await typesOf(product, 'go')).filter(({ temporality }) => temporality === 'cumulative');
    const graph = await product.get<ApiFlamegraph>(
      `/services/go/flamegraph?type=${type!.type}&temporality=cumulative&from=${AT - 60_000}&to=${AT + 1}`,
    );
    expect(graph.total).toBe(0); // the same count ten minutes later: nothing was allocated
  });

  it.each([
    ['an hour and a half', 90, 0],
    ['half a day, which is too far back to be found', 720, 1],
  ])('differences uploads of one instance %s apart', async (_, minutes, newInstances) => {
    const [service, allocs] = [`go-${minutes}`, file('own-go-allocs.pb.gz')];
    const earlier = AT - minutes * 60_000;
    await send(`service=${service}&pod=a&until=${earlier}`, allocs);
    await send(`service=${service}&pod=a&until=${AT}`, allocs);
    await product.settle();
    const graph = await product.get<ApiFlamegraph>(
      `/services/${service}/flamegraph?type=alloc_space&from=${AT - 60_000}&to=${AT + 1}`,
    );
    const whole = (await graphOf(`of-own-go-allocs-pb-gz`, 'type=alloc_space')).total;
    expect(graph).toMatchObject({ total: newInstances * Number(whole), newInstances });
  });

  it('prunes with exact totals, focuses, inverts', async () => {
    const graph = await graphOf('once', 'type=cpu&maxNodes=20');
    expect(graph.total).toBe(134_000_000_000);
    expect(graph.flamebearer.levels.flat().length / 4).toBeLessThanOrEqual(2 * 20 + 1);
    const focused = await graphOf('once', 'type=cpu&focus=processDir');
    expect(Number(focused.total)).toBeLessThan(134_000_000_000);
    const ignored = await graphOf('once', 'type=cpu&ignore=processDir');
    expect(Number(focused.total) + Number(ignored.total)).toBe(134_000_000_000);
    const inverted = await graphOf('once', 'type=cpu&inverted=true');
    expect(inverted.total).toBe(134_000_000_000);
    expect(inverted.frames).toHaveLength(inverted.flamebearer.names.length);
  });

  it('tells uploads that show a bar, and the lines of functions', async () => {
    const sent = await send(`service=detailed&${now}`, cpu);
    const { id } = (await sent.json()) as { id: string };
    await product.settle();
    const graph = await graphOf('detailed', 'type=cpu&maxNodes=50&details=true');
    const { levels } = graph.flamebearer;
    expect(graph.examples!.uploads).toEqual([id]);
    expect(graph.examples!.levels.map((level) => level.length)).toEqual(levels.map((one) => one.length / 4));
    expect(graph.examples!.levels[0]).toEqual([0]);
    const { lines } = graph.functionLines!.find(({ name }) => name === graph.top[0]!.name)!;
    const self = lines.reduce((sum, line) => sum + Number(line.self), 0);
    expect(self).toBe(Number(graph.top[0]!.self));
    expect((await graphOf('detailed', 'type=cpu')).examples).toBeUndefined();
  });

  it('tells what a function took of the whole over time, of what is left of it', async () => {
    const step = 600_000;
    for (const [i, text] of [
      'main;work 30\nmain;rest 10\n(idle) 60\n',
      'main;rest 5\n',
      'main;work 6\nmain;rest 2\n',
    ].entries())
      await send(
        `service=history&format=folded&from=${AT - 10}&until=${AT - (3 - i) * step}`,
        Buffer.from(text),
      );
    await product.settle();
    const asked = (more: string) =>
      product.get<ApiFrameHistory>(
        `/services/history/flamegraph/frame?from=${AT - 4 * step}&to=${AT}&name=work${more}`,
      );
    const sharesOf = ({ points }: ApiFrameHistory) => points.map(({ self }) => self);
    expect(sharesOf(await asked(''))).toEqual([0.3, 0, 0.75]);
    expect(sharesOf(await asked('&ignore="(idle)"'))).toEqual([0.75, 0, 0.75]);
    expect(sharesOf(await asked('&focus=work'))).toEqual([1, 1]);
    expect(sharesOf(await asked('&file=other.js'))).toEqual([0, 0, 0]);
    await expect(asked('&instance=pod-1')).rejects.toThrow('Cannot tell instances apart by');
    const { points } = await product.get<ApiFrameHistory>(
      `/services/history/flamegraph/frame?from=${AT - 4 * step}&to=${AT}&name=main`,
    );
    expect(points.map(({ t, total }) => [t, total])).toEqual(
      [0.4, 1, 1].map((total, i) => [partitionStart(AT - (3 - i) * step), total]),
    );
  });

  it('shows a bar by an upload in which it has what the focus left', async () => {
    const ids = new Map<string, string>();
    for (const leaf of ['reads', 'writes']) {
      const sent = await send(`service=focused&format=folded&${now}`, Buffer.from(`main;${leaf} 5\n`));
      ids.set(leaf, ((await sent.json()) as { id: string }).id);
    }
    await product.settle();
    const [type] = await typesOf(product, 'focused');
    for (const [leaf, id] of ids) {
      const query = `type=${type!.type}:${type!.unit}&details=true&focus=${leaf}`;
      for (const turned of ['', '&inverted=true'])
        expect((await graphOf('focused', query + turned)).examples!.uploads).toEqual([id]);
    }
  });

  it('shows a bar by an upload of the version that is asked for, whichever way the graph is turned', async () => {
    const ids: string[] = [];
    for (const version of ['1', '2']) {
      const sent = await send(`service=versions&version=${version}&${now}`, cpu);
      ids.push(((await sent.json()) as { id: string }).id);
    }
    const allocs = await send(`service=versions&version=2&${now}`, file('own-go-allocs.pb.gz'));
    await product.settle();
    const shownBy = async (query: string) => {
      const { examples } = await graphOf('versions', `details=true&maxNodes=50&${query}`);
      const bars = examples!.levels.flat().filter((place) => place >= 0).length;
      return { uploads: examples!.uploads, most: bars > examples!.levels.flat().length / 2 };
    };
    const [one, two] = ids as [string, string];
    for (const turned of ['', '&inverted=true']) {
      expect(await shownBy(`type=cpu&version=1${turned}`)).toEqual({ uploads: [one], most: true });
      expect(await shownBy(`type=cpu&version=2${turned}`)).toEqual({ uploads: [two], most: true });
      expect(await shownBy(`type=alloc_space${turned}`)).toEqual({
        uploads: [((await allocs.clone().json()) as { id: string }).id],
        most: true,
      });
    }
  });

  it.each(['pprof', 'speedscope', 'folded'])('gives the graph as %s, nothing lost', async (format) => {
    const response = await product.api(
      `/services/once/flamegraph?type=cpu&format=${format}&from=${AT - 600_000}&to=${AT + 1}`,
    );
    expect(response.headers.get('content-disposition')).toMatch(/^attachment/);
    const { samples } = decodeProfile(new Uint8Array(await response.arrayBuffer()));
    expect((samples.values[0] as Float64Array).reduce((sum, value) => sum + value, 0)).toBe(134_000_000_000);
  });

  it.each(['pprof', 'speedscope', 'folded'])(
    'gives %s with the roots first, also where callers are shown',
    async (format) => {
      const range = `from=${AT - 600_000}&to=${AT + 1}`;
      const stacks = async (query: string) => {
        const response = await product.api(
          `/services/once/flamegraph?type=cpu&format=${format}&${range}${query}`,
        );
        return encodeProfile(decodeProfile(new Uint8Array(await response.arrayBuffer())), 'folded');
      };
      expect(await stacks('&inverted=true')).toEqual(await stacks(''));
    },
  );

  it('prunes files as well where so many nodes are asked for', async () => {
    const bytes = async (query: string) => {
      const range = `from=${AT - 600_000}&to=${AT + 1}`;
      const response = await product.api(`/services/once/flamegraph?type=cpu&format=folded&${range}${query}`);
      return new Uint8Array(await response.arrayBuffer());
    };
    const [whole, pruned] = [await bytes(''), await bytes('&maxNodes=5')];
    expect(pruned.length).toBeLessThan(whole.length / 4);
    const { samples } = decodeProfile(pruned);
    expect((samples.values[0] as Float64Array).reduce((sum, value) => sum + value, 0)).toBe(134_000_000_000);
  });

  it("keeps Go's mutex and block profiles apart where the sender says which is which", async () => {
    const locks = file('own-go-mutex.pb.gz');
    for (const type of ['mutex', 'block']) await send(`service=locks&pod=a&type=${type}&until=${AT}`, locks);
    await product.settle();
    expect((await typesOf(product, 'locks')).map(({ type }) => type).sort()).toEqual([
      'block_count',
      'block_duration',
      'mutex_count',
      'mutex_duration',
    ]);
  });

  it('takes the names of py-spy apart, so that a function is one whatever its line', async () => {
    const stacks =
      'run (threading.py:975);work (shop/app.py:7) 3\nrun (threading.py:975);work (shop/app.py:9) 4\n';
    await send(`service=py&from=20310506&until=${AT}`, Buffer.from(stacks));
    await product.settle();
    const { top, functionLines } = await graphOf('py', 'details=true');
    expect(top.map(({ name, file, self }) => [name, file, self])).toEqual([
      ['work', 'shop/app.py', 7],
      ['run', 'threading.py', 0],
    ]);
    expect(functionLines![0]!.lines.map(({ line, self }) => [line, self])).toEqual([
      [7, 3],
      [9, 4],
    ]);
  });

  it('compares two versions in one picture', async () => {
    await send(`service=shop&version=1&${now}`, cpu);
    await send(`service=shop&version=2&${now}`, file('node-wall-react.pb'));
    await send(`service=shop&version=2&${now}`, cpu);
    await product.settle();
    const diff = await product.get<ApiFlamegraphDiff>(
      `/services/shop/flamegraph/diff?type=cpu&leftVersion=1&rightVersion=2&from=${AT - 600_000}&to=${AT + 1}`,
    );
    expect([diff.leftTicks, diff.rightTicks]).toEqual([134_000_000_000, 134_000_000_000]);
    expect(diff.changed.every(({ selfShare }) => selfShare === 0)).toBe(true);
    expect(diff.flamebearer.levels[0]).toHaveLength(7);
  });

  it.each([
    ['a file that is cut', `service=x&${now}`, cpu.subarray(0, 30_000), 400],
    ['what is no profile', `service=x&${now}`, Buffer.from([1, 2, 3, 0, 255]), 415],
    ['nothing', `service=x&${now}`, Buffer.from(''), 415],
    ['a profile without a service', now, cpu, 400],
    ['a time that is none', 'service=x&until=soon', cpu, 400],
  ])('refuses %s as a problem, and counts it', async (_, query, body, status) => {
    const before = await product.get<ApiUploads>('/uploads');
    const response = await send(query, body);
    expect([response.status, response.headers.get('content-type')]).toEqual([
      status,
      'application/problem+json',
    ]);
    expect(((await response.json()) as { detail: string }).detail).toMatch(/^Cannot /);
    const counted = ({ refused }: ApiUploads) => refused.reduce((sum, { count }) => sum + count, 0);
    expect(counted(await product.get<ApiUploads>('/uploads'))).toBe(counted(before) + 1);
  });

  it('answers 404 for a type that the service does not send', async () => {
    const response = await product.api('/services/once/flamegraph?type=wall');
    expect(response.status).toBe(404);
  });
});

describe('POST /ingest', () => {
  let product: Product;
  beforeAll(async () => {
    product = await openProduct({ at: AT });
  });
  afterAll(() => product.close());
  const send = (query: string, body: Uint8Array, headers: Record<string, string> = {}) =>
    product.send(`/ingest?from=${AT / 1000 - 10}&until=${AT / 1000}&${query}`, {
      method: 'POST',
      body: Buffer.from(body),
      headers,
    });
  const FOLDED = 'main;a 3\nmain;b 4\n';

  it.each([
    [
      'counts by the sampling rate',
      'name=till.cpu&sampleRate=50',
      FOLDED,
      'till',
      'cpu:nanoseconds',
      140_000_000,
    ],
    ['the usual rate without a word', 'name=kiosk', FOLDED, 'kiosk', 'cpu:nanoseconds', 70_000_000],
    [
      'lines',
      'name=desk.alloc_objects&format=lines',
      'main;a\nmain;a\nmain;b\n',
      'desk',
      'alloc_objects:count',
      3,
    ],
    ['a level', 'name=shelf.inuse_space&format=folded', FOLDED, 'shelf', 'inuse_space:bytes', 7],
    [
      'a name with dots that end in no type',
      'name=shop.example',
      FOLDED,
      'shop.example',
      'cpu:nanoseconds',
      70_000_000,
    ],
    [
      'a comma in a label',
      'name=cart.wall{version="1, beta"}',
      FOLDED,
      'cart',
      'wall:nanoseconds',
      70_000_000,
    ],
  ])('takes text: %s', async (_, query, body, service, type, total) => {
    expect((await send(query, Buffer.from(body))).status).toBe(200);
    await product.settle();
    const [found, ...others] = await typesOf(product, service);
    expect([`${found?.type}:${found?.unit}`, found?.temporality, others]).toEqual([
      type,
      type.startsWith('inuse') ? 'level' : 'delta',
      [],
    ]);
    expect(found?.versions).toEqual([service === 'cart' ? '1, beta' : '']);
    expect((await product.get<ApiFlamegraph>(`/services/${service}/flamegraph`)).total).toBe(total);
  });

  it.each([
    ['trie', 'name=old&format=trie', {}, 'x', 415, /form "trie" of old agents/],
    [
      'tree by its content type',
      'name=old',
      { 'content-type': 'binary/octet-stream+tree' },
      'x',
      415,
      /\+tree" of old/,
    ],
    [
      'a previous profile',
      'name=old',
      { 'content-type': 'multipart/form-data; boundary=b' },
      '--b\r\ncontent-disposition: form-data; name="prev_profile"\r\n\r\nx\r\n--b--\r\n',
      415,
      /"prev_profile" comes from an agent of 2022/,
    ],
    ['no name', 'format=folded', {}, FOLDED, 400, /"name" names no application/],
  ])('refuses %s', async (_, query, headers, body, status, words) => {
    const response = await send(query, Buffer.from(body), headers);
    const { detail } = (await response.json()) as { detail: string };
    expect([response.status, detail]).toEqual([status, expect.stringMatching(words)]);
  });
});

describe('POST /push.v1.PusherService/Push', () => {
  it("keeps Go's mutex and block profiles apart", async () => {
    const locks = file('own-go-mutex.pb.gz');
    const product = await openProduct({ at: decodeProfile(locks).start! + 1000 });
    try {
      const rawProfile = locks.toString('base64');
      const series = ['mutex', 'godeltaprof_block'].map((name) => ({
        labels: [
          { name: '__name__', value: name },
          { name: 'service_name', value: 'alloy' },
        ],
        samples: [{ rawProfile }],
      }));
      const response = await product.send('/push.v1.PusherService/Push', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ series }),
      });
      expect(response.status).toBe(200);
      await product.settle();
      expect(await totalsOf(product, 'alloy')).toEqual({
        'mutex_count:count': 16_252,
        'mutex_duration:nanoseconds': 7_735_502_652,
        'block_count:count': 16_252,
        'block_duration:nanoseconds': 7_735_502_652,
      });
    } finally {
      await product.close();
    }
  });

  it('takes JSON as well, and says what is wrong in the form of Connect', async () => {
    const product = await openProduct({ at: AT });
    try {
      const send = (body: string) =>
        product.send('/push.v1.PusherService/Push', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
        });
      const labels = [
        { name: '__name__', value: 'process_cpu' },
        { name: 'service_name', value: 'alloy' },
      ];
      const rawProfile = file('node-wall-react.pb').toString('base64');
      const good = await send(JSON.stringify({ series: [{ labels, samples: [{ rawProfile }] }] }));
      expect([good.status, await good.text()]).toEqual([200, '{}']);
      const bad = await send(JSON.stringify({ series: [{ labels, samples: [{ rawProfile: 'AAAA' }] }] }));
      expect([bad.status, await bad.json()]).toEqual([
        expect.any(Number),
        { code: 'invalid_argument', message: expect.stringMatching(/^Cannot /) },
      ]);
      const samples = Array.from({ length: 1001 }, () => ({ rawProfile: 'MgA=' }));
      const many = await send(JSON.stringify({ series: [{ labels, samples }] }));
      expect(await many.json()).toMatchObject({ message: 'Cannot read push: more than 1000 profiles' });
    } finally {
      await product.close();
    }
  });
});
