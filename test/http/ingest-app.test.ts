import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IngestContext } from '../../lib/http/ingest-context.ts';
import { RETRY_AFTER_S } from '../../lib/http/problem.ts';
import { Fault } from '../../lib/model/fault.ts';
import {
  encode,
  jsonBytes,
  logsRequest,
  metricsRequest,
  metricsResponse,
  sample,
  statusMessage,
} from '../formats/otlp-fixtures.ts';
import { countsByNumber, numbered } from '../server/numbered.ts';
import { openProduct, type Product } from '../support/product.ts';
import { AT, doorApp } from './door-app.ts';

let product: Product;
beforeAll(async () => {
  product = await openProduct({ at: AT });
});
afterAll(() => product.close());

type Body = string | Uint8Array;
const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';

interface Sending {
  readonly path?: string;
  readonly type?: string;
  readonly encoding?: string;
  readonly method?: string;
  readonly sender?: string;
}
async function send(
  body: Body,
  { path = '/v1/metrics', type = JSON_TYPE, encoding, method = 'POST', sender }: Sending = {},
  changes: Partial<IngestContext> = {},
): Promise<Response> {
  const headers = {
    ...(type === '' ? {} : { 'content-type': type }),
    ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
    ...(sender === undefined ? {} : { 'user-agent': sender }),
  };
  const init = { method, headers, ...(method === 'GET' ? {} : { body: body as Uint8Array<ArrayBuffer> }) };
  return doorApp(product, changes).request(`http://tidemark.test${path}`, init);
}

/** The Status of an answer, read by protobufjs or as JSON, whichever its type says. */
async function statusOf(response: Response): Promise<{ code: number; message: string; type: string }> {
  const type = response.headers.get('content-type') ?? '';
  const bytes = new Uint8Array(await response.arrayBuffer());
  const read =
    type === PROTOBUF
      ? statusMessage.toObject(statusMessage.decode(bytes))
      : JSON.parse(new TextDecoder().decode(bytes));
  return { ...(read as { code: number; message: string }), type };
}

interface Refused {
  readonly reason: string;
  readonly status: number;
  readonly sender: string;
  readonly count: number;
  readonly examples: readonly {
    readonly route: string;
    readonly firstBytes: string;
    readonly bytes: number;
  }[];
}
async function refusedFrom(sender: string): Promise<Refused[]> {
  const { refused } = await product.get<{ refused: Refused[] }>('/uploads');
  return refused.filter((one) => one.sender === sender);
}

let lastNumber = 0;
const metricsBody = () => {
  lastNumber += 2; // even ones are metrics
  return numbered(lastNumber, AT).body;
};
const countOfLast = async () => {
  await product.settle();
  return (await countsByNumber(product.get)).get(lastNumber);
};

describe('OTLP, taken', () => {
  it.each([
    ['metrics', PROTOBUF, 'metrics-gauge.pb'],
    ['metrics', JSON_TYPE, 'metrics-gauge.json'],
    ['traces', PROTOBUF, 'traces-frontend.pb'],
    ['traces', JSON_TYPE, 'traces-frontend.json'],
  ])('%s as %s: 200 with partial_success unset, in the same type', async (signal, type, file) => {
    const response = await send(sample(file), { path: `/v1/${signal}`, type });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, type]);
    expect(await response.text()).toBe(type === PROTOBUF ? '' : '{}');
  });

  it.each([
    'application/json; charset=utf-8',
    'Application/JSON;charset="UTF-8"',
    'application/json ; a=b; c=d',
    'application/protobuf',
    'APPLICATION/X-PROTOBUF',
  ])('reads the type %s', async (type) => {
    const body = /json/i.test(type) ? metricsBody() : sample('metrics-sum.pb');
    expect((await send(body, { type })).status).toBe(200);
  });

  it.each<[string, Body, string]>([
    ['no bytes', new Uint8Array(), PROTOBUF],
    ['an empty envelope', '{}', JSON_TYPE],
    ['no resources', '{"resourceMetrics":[]}', JSON_TYPE],
    ['a resource without scopes', '{"resourceMetrics":[{}]}', JSON_TYPE],
    ['a resource without scopes', encode(metricsRequest, { resourceMetrics: [{}] }), PROTOBUF],
    ['unknown fields', '{"resourceMetrics":[],"what":{"is":["this"]}}', JSON_TYPE],
  ])('an empty request is a success: %s', async (_name, body, type) => {
    const response = await send(body, { type });
    expect([response.status, metricsResponse.decode(new Uint8Array()).toJSON()]).toEqual([200, {}]);
  });

  it.each(['/some/prefix/v1/metrics', '/a/v1/metrics?token=1', '/v1/v1/metrics'])(
    'a base endpoint may have a prefix: %s',
    async (path) => {
      expect((await send(metricsBody(), { path })).status).toBe(200);
      expect(await countOfLast()).toBe(1);
    },
  );

  it('a body in pieces, without a length', async () => {
    const pieces = metricsBody().match(/.{1,7}/gs) as string[];
    const body = new ReadableStream({
      pull(controller) {
        const piece = pieces.shift();
        if (piece === undefined) controller.close();
        else controller.enqueue(new TextEncoder().encode(piece));
      },
    });
    const init = { method: 'POST', headers: { 'content-type': JSON_TYPE }, body, duplex: 'half' };
    const response = await doorApp(product).request('http://tidemark.test/v1/metrics', init as RequestInit);
    expect(response.status).toBe(200);
    expect(await countOfLast()).toBe(1);
  });

  const cut = (body: string) => [body.slice(0, 40), body.slice(40)] as const;
  it.each<[string, string | undefined, (body: string) => Uint8Array]>([
    ['gzip', 'gzip', (body) => gzipSync(body)],
    ['x-gzip', 'x-gzip', (body) => gzipSync(body)],
    ['GZIP', 'GZIP', (body) => gzipSync(body)],
    ['several gzip members', 'gzip', (body) => Buffer.concat(cut(body).map((part) => gzipSync(part)))],
    ['deflate, zlib form', 'deflate', (body) => deflateSync(body)],
    ['deflate, raw form', 'deflate', (body) => deflateRawSync(body)],
    ['zstd', 'zstd', (body) => zstdCompressSync(body)],
    ['several zstd frames', 'zstd', (body) => Buffer.concat(cut(body).map((part) => zstdCompressSync(part)))],
    ['gzip that no header names', undefined, (body) => gzipSync(body)],
    ['zstd that no header names', undefined, (body) => zstdCompressSync(body)],
    ['identity', 'identity', (body) => Buffer.from(body)],
    ['a header and plain JSON', '', (body) => Buffer.from(body)],
  ])('packed as %s, and its points counted', async (_name, encoding, pack) => {
    const response = await send(pack(metricsBody()), encoding === undefined ? {} : { encoding });
    expect(response.status).toBe(200);
    expect(await countOfLast()).toBe(1);
  });

  it('an upload that comes again, packed in another way, counts once', async () => {
    const body = metricsBody();
    for (const packed of [body, gzipSync(body), gzipSync(body, { level: 1 }), zstdCompressSync(body)]) {
      expect((await send(packed)).status).toBe(200);
    }
    expect(await countOfLast()).toBe(1);
  });
});

describe('OTLP, refused', () => {
  const away = {
    store: () => Promise.reject(new Fault('unavailable', 'Cannot put: ENOSPC')),
    close: async () => {},
  };
  const broken = { store: () => Promise.reject(new TypeError('a bug')), close: async () => {} };
  const garbage = Uint8Array.of(0xff, 0xff, 0xff, 0xff);
  const gzipBomb = () => gzipSync(Buffer.alloc(80 * 1024 * 1024));
  const CASES: [string, number, number, () => Body, Sending, Partial<IngestContext>][] = [
    ['broken JSON', 400, 3, () => '{"resourceMetrics":[', {}, {}],
    ['JSON that is no message', 400, 3, () => '[]', {}, {}],
    ['broken protobuf', 400, 3, () => garbage, { type: PROTOBUF }, {}],
    ['a cut message', 400, 3, () => sample('broken-cut-metrics.pb'), { type: PROTOBUF }, {}],
    ['broken gzip', 400, 3, () => gzipSync(metricsBody()).subarray(0, 30), { encoding: 'gzip' }, {}],
    ['broken zstd', 400, 3, () => zstdCompressSync(metricsBody()).subarray(0, 30), { encoding: 'zstd' }, {}],
    ['a gzip bomb', 413, 8, gzipBomb, { encoding: 'gzip' }, {}],
    ['a deflate bomb', 413, 8, () => deflateSync(Buffer.alloc(80 << 20)), { encoding: 'deflate' }, {}],
    ['a zstd bomb', 413, 8, () => zstdCompressSync(Buffer.alloc(80 << 20)), { encoding: 'zstd' }, {}],
    [
      'a bomb of many zstd frames',
      413,
      8,
      () => Buffer.concat(Array(80).fill(zstdCompressSync(Buffer.alloc(1 << 20)))),
      { encoding: 'zstd' },
      {},
    ],
    [
      'nesting without end',
      413,
      8,
      () => `{"a":${'['.repeat(70)}${']'.repeat(70)}}`,
      { type: JSON_TYPE },
      {},
    ],
    ['a body beyond the limit', 413, 8, () => metricsBody(), {}, { limits: limitsOf({ bodyBytes: 100 }) }],
    ['a store that is away', 503, 14, () => metricsBody(), { type: JSON_TYPE }, { sink: away }],
    ['an away store', 503, 14, () => sample('metrics-sum.pb'), { type: PROTOBUF }, { sink: away }],
    ['a bug, and never 500', 503, 14, () => metricsBody(), { type: JSON_TYPE }, { sink: broken }],
    [
      'too many bodies at once',
      503,
      14,
      () => metricsBody(),
      {},
      { limits: limitsOf({ inFlightBytes: 10 }) },
    ],
    ['an unknown encoding', 415, 3, () => metricsBody(), { encoding: 'snappy' }, {}],
    ['two encodings', 415, 3, () => gzipSync(gzipSync(metricsBody())), { encoding: 'gzip, gzip' }, {}],
  ];

  it.each(CASES)(
    '%s: %d with a Status in the type of the request, counted',
    async (...[name, status, code, body, sending, changes]) => {
      const sender = `refused: ${name}`;
      for (const type of sending.type === undefined ? [JSON_TYPE, PROTOBUF] : [sending.type]) {
        const response = await send(body(), { ...sending, type, sender }, changes);
        const told = await statusOf(response.clone());
        // Garbage for one type may be garbage in another way for the other.
        expect([response.status, told.type], JSON.stringify(told)).toEqual([status, type]);
        expect(told).toMatchObject({ code, message: expect.stringMatching(/^[A-Z].+[^.]$/s) });
        expect(response.headers.get('retry-after')).toBe(status === 503 ? String(RETRY_AFTER_S) : null);
      }
      const counted = await refusedFrom(sender);
      expect(counted.map((one) => one.status)).toEqual([status]);
      expect(counted[0]?.examples[0]).toMatchObject({ route: '/v1/metrics' });
    },
  );

  it('asks for another try within the 5 s that exporters wait', () => {
    expect(RETRY_AFTER_S).toBeGreaterThan(0);
    expect(RETRY_AFTER_S).toBeLessThanOrEqual(5);
  });

  it.each([
    '',
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'json',
    ';',
  ])('type %j: 415 in JSON, which people can read', async (type) => {
    const response = await send('{}', { type: type === '' ? 'x/y' : type });
    expect(response.status).toBe(415);
    expect(await statusOf(response)).toMatchObject({ code: 3, type: JSON_TYPE });
  });

  it.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'])(
    '%s: 405, and POST is named',
    async (method) => {
      for (const path of ['/v1/metrics', '/v1/traces', '/v1/logs', '/prefix/v1/metrics']) {
        const sender = `method ${method}`;
        const headers = { 'content-type': PROTOBUF, 'user-agent': sender };
        const response = await doorApp(product).request(`http://tidemark.test${path}`, { method, headers });
        expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
        if (method !== 'HEAD') expect(await statusOf(response)).toMatchObject({ code: 12, type: PROTOBUF });
      }
      expect(await refusedFrom(`method ${method}`)).toMatchObject([{ status: 405, count: 4 }]);
    },
  );

  it('a wrong key: 401, counted, and nothing of the key in what is shown', async () => {
    const headers = {
      'content-type': PROTOBUF,
      'x-api-key': 'tm_secret-of-somebody',
      'user-agent': 'stranger',
    };
    const response = await product.send('/v1/traces', { method: 'POST', headers, body: 'x' });
    expect(response.status).toBe(401);
    expect(await statusOf(response)).toMatchObject({ code: 16, type: PROTOBUF });
    const counted = await refusedFrom('stranger');
    expect(counted).toMatchObject([{ reason: 'unauthorized', status: 401, count: 1 }]);
    expect(JSON.stringify(counted)).not.toContain('secret-of-somebody');
  });

  it('counts what was refused by its kind of bytes, three examples and all of the count', async () => {
    const bodies = [gzipSync('x'), '{', '<html>', 'plain'];
    for (const body of bodies) await send(body, { sender: 'kinds' });
    const [first, ...others] = await refusedFrom('kinds');
    expect(others).toEqual([]);
    expect(first).toMatchObject({ reason: 'invalid-input', status: 400, count: 4 });
    expect(first?.examples.map(({ firstBytes }) => firstBytes)).toEqual(['gzip', 'json?', 'markup']);
  });

  it.each<[string, (body: Uint8Array) => Uint8Array]>([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['zstd', zstdCompressSync],
  ])('counts what a %s body becomes among what all requests hold', async (encoding, pack) => {
    const body = pack(Buffer.from(`${' '.repeat(900_000)}{}`));
    expect((await send(body, { encoding })).status).toBe(200);
    const limits = limitsOf({ inFlightBytes: 500_000 });
    expect((await send(body, { encoding }, { limits })).status).toBe(503);
  });

  it('a body that breaks off is counted as such, and is no bug', async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{'));
        controller.error(new Error('aborted'));
      },
    });
    const headers = { 'content-type': JSON_TYPE, 'user-agent': 'breaks off' };
    const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
    const bugs: unknown[] = [];
    const app = doorApp(product, { onBug: (error) => void bugs.push(error) });
    expect((await app.request('/v1/metrics', init)).status).toBe(400);
    expect(await refusedFrom('breaks off')).toMatchObject([{ reason: 'invalid-input', count: 1 }]);
    expect(bugs).toEqual([]);
  });

  it('lets go of what a refused body held', async () => {
    const limits = limitsOf({ inFlightBytes: 2000 });
    const app = doorApp(product, { limits });
    const post = (body: string) =>
      app.request('/v1/metrics', { method: 'POST', headers: { 'content-type': JSON_TYPE }, body });
    for (let turn = 0; turn < 5; turn += 1) expect((await post('x'.repeat(3000))).status).toBe(503);
    for (let turn = 0; turn < 5; turn += 1) expect((await post('{"broken')).status).toBe(400);
    expect((await post(metricsBody())).status).toBe(200);
  });
});

const limitsOf = (changes: Partial<IngestContext['limits']>): IngestContext['limits'] => ({
  ...{ bodyBytes: 64 << 20, inflatedBytes: 64 << 20, inflateRatio: 200, inFlightBytes: 512 << 20 },
  ...changes,
});

describe('/v1/logs', () => {
  const records = {
    resourceLogs: [{ scopeLogs: [{ logRecords: [{ severityNumber: 9 }, { severityNumber: 9 }] }] }],
  };
  it.each<[string, Body]>([
    [PROTOBUF, encode(logsRequest, records)],
    [JSON_TYPE, jsonBytes(records)],
  ])('%s: taken, counted and not kept', async (type, body) => {
    const before = (await product.get<{ balance: { received: number } }>('/uploads')).balance.received;
    const response = await send(body, { path: '/v1/logs', type, sender: `logs as ${type}` });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, type]);
    expect(await refusedFrom(`logs as ${type}`)).toMatchObject([
      { reason: 'logs are not kept', status: 200, count: 1, examples: [{ detail: '2 log records' }] },
    ]);
    expect((await product.get<{ balance: { received: number } }>('/uploads')).balance.received).toBe(before);
  });

  it('that are broken are refused like any other body', async () => {
    expect((await send('{"resourceLogs":', { path: '/v1/logs' })).status).toBe(400);
  });
});

describe('/v1/deploys', () => {
  const deploy = (body: unknown, type = JSON_TYPE) =>
    send(typeof body === 'string' ? body : JSON.stringify(body), { path: '/v1/deploys', type });
  const stored = async (service: string) =>
    (await product.get<{ items: unknown[] }>(`/deploys?service=${encodeURIComponent(service)}`)).items;

  it('takes a service and a version, now', async () => {
    const response = await deploy({ service: 'plain', version: '1.2.3' });
    expect([response.status, await response.json()]).toEqual([
      201,
      { service: 'plain', version: '1.2.3', at: AT, url: null, commit: null, project: 'default' },
    ]);
    expect(await stored('plain')).toEqual([
      { service: 'plain', version: '1.2.3', at: AT, url: null, commit: null, source: 'reported' },
    ]);
  });

  it('takes a time in either form, an address and a commit', async () => {
    const at = AT - 60_000;
    const more = { url: 'https://ci.example/1', commit: 'abc' };
    await deploy({ service: 'timed', version: '1', at, ...more });
    await deploy({ service: 'timed', version: '2', at: new Date(at + 1000).toISOString(), ...more });
    expect(await stored('timed')).toMatchObject([
      { version: '1', at, ...more },
      { version: '2', at: at + 1000, ...more },
    ]);
  });

  it('takes a service in its environment and namespace', async () => {
    expect((await deploy({ service: 'production/shop/cart', version: '1' })).status).toBe(201);
    expect(await stored('production/shop/cart')).toHaveLength(1);
  });

  it.each<[string, unknown]>([
    ['no JSON', '{'],
    ['bytes that are no text', '\ud800{'],
    ['a list', []],
    ['no service', { version: '1' }],
    ['no version', { service: 'shop' }],
    ['an empty service', { service: '', version: '1' }],
    ['a number as version', { service: 'shop', version: 1 }],
    ['a long version', { service: 'shop', version: 'x'.repeat(256) }],
    ['a time that is none', { service: 'shop', version: '1', at: 'yesterday' }],
    ['a time before all times', { service: 'shop', version: '1', at: -1 }],
    ['a time beyond all times', { service: 'shop', version: '1', at: 1e300 }],
    ['a script as address', { service: 'shop', version: '1', url: 'javascript:alert(1)' }],
    ['nothing', ''],
  ])('refuses %s with a problem that says what is wrong', async (_name, body) => {
    const response = await deploy(body);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({
        type: '/problems/invalid-input',
        status: 400,
        detail: expect.stringMatching(/^Cannot /),
      }),
    ]);
  });
});

describe('everything else', () => {
  it.each([
    '/',
    '/v1',
    '/v2/metrics',
    '/v1/metrics/',
    '/V1/METRICS',
    '/v1/traces/x',
    '/../v1/metricsx',
    '/%2e%2e/etc/passwd',
  ])('POST %s: 404 as a problem, counted', async (path) => {
    const response = await send('x', { path, sender: `lost at ${path}` });
    expect([response.status, response.headers.get('content-type')]).toEqual([
      404,
      'application/problem+json',
    ]);
    expect(await refusedFrom(`lost at ${path}`)).toMatchObject([
      { reason: 'not-found', status: 404, count: 1, examples: [{ route: 'unknown path' }] },
    ]);
  });

  it('a flood of senders is counted in full and kept small', async () => {
    for (let sender = 0; sender < 1000; sender += 1) await send('{', { sender: `flood ${sender}` });
    const { refused } = await product.get<{ refused: Refused[] }>('/uploads');
    const flood = refused.filter(({ sender }) => sender.startsWith('flood') || sender === 'other senders');
    expect(flood.reduce((sum, { count }) => sum + count, 0)).toBe(1000);
    expect(refused.length).toBeLessThan(400);
  });

  it('/healthz lives while /readyz says whether the stores answer', async () => {
    const ready = async () => undefined;
    const down = () => Promise.reject(new Fault('unavailable', 'Cannot use the database'));
    const get = async (path: string, changes: Partial<IngestContext>) =>
      (await doorApp(product, changes).request(`http://tidemark.test${path}`)).status;
    expect([await get('/healthz', { ready: down }), await get('/readyz', { ready: down })]).toEqual([
      200, 503,
    ]);
    expect(await get('/readyz', { ready })).toBe(200);
  });
});
