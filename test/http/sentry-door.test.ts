import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureProject } from '../../lib/records/api-keys.ts';
import { openProduct, type Product } from '../support/product.ts';
import { capturedRequests } from '../traces/captures.ts';
import { AT, authOf, doorApp, makeKey } from './door-app.ts';

const KEY = '8d3f1c6a5b2e4f70918273645a6b7c8d';
const OTHER_KEY = 'abc0123456789abc0123456789abcdef';
const ID = '9ec79c33ec9942ab8353589fcb2e04dc';

let product: Product;
let project = 0;
beforeAll(async () => {
  product = await openProduct({ at: AT, auth: true });
  await makeKey(product, ['ingest'], 'members', KEY);
  await makeKey(product, ['ingest'], 'other', OTHER_KEY);
  project = (await ensureProject(product.local.context.records, 'members')).number;
});
afterAll(() => product.close());

const seconds = (offset: number) => AT / 1000 - 60 + offset;
let lastId = 0;
function transactionEnvelope(header: object = { event_id: ID }): string {
  lastId += 1;
  const event = {
    type: 'transaction',
    transaction: 'GET /door',
    contexts: {
      trace: {
        trace_id: lastId.toString(16).padStart(32, 'a'),
        span_id: '9370efa599e1d957',
        op: 'http.server',
        status: 'ok',
      },
    },
    start_timestamp: seconds(0),
    timestamp: seconds(0.25),
    environment: 'test',
  };
  return `${JSON.stringify(header)}\n{"type":"transaction"}\n${JSON.stringify(event)}\n`;
}

interface Sending {
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly open?: boolean;
}
const AUTH = {
  'x-sentry-auth': `Sentry sentry_key=${KEY}, sentry_version=7, sentry_client=sentry.python/2.75.0`,
};
async function send(
  body: string | Uint8Array,
  { path = `/api/${project}/envelope/`, headers = AUTH, open = false }: Sending = {},
) {
  const app = doorApp(product, { auth: authOf(product, open) });
  const init = {
    method: 'POST',
    headers: headers as Record<string, string>,
    body: body as Uint8Array<ArrayBuffer>,
  };
  const response = await app.request(`http://tidemark.test${path}`, init);
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}

describe('the door for Sentry', () => {
  it('answers with the event id, which it makes up when none came and one is needed', async () => {
    expect(await send(transactionEnvelope())).toMatchObject({ status: 200, body: { id: ID } });
    const made = await send(transactionEnvelope({}));
    expect(made.body.id).toMatch(/^[0-9a-f]{32}$/);
    expect(await send('{}\n{"type":"session"}\n{}')).toMatchObject({ status: 200, body: {} });
    expect(await send('{}')).toMatchObject({ status: 200, body: {} });
  });

  it.each([
    ['identity', (body: Buffer) => body],
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
    ['', (body: Buffer) => body],
    ['utf-8', (body: Buffer) => body],
    ['utf-8', gzipSync],
  ] as const)('takes Content-Encoding "%s"', async (encoding, pack) => {
    const body = pack(Buffer.from(transactionEnvelope()));
    const sent = await send(body, { headers: { ...AUTH, 'content-encoding': encoding } });
    expect(sent).toMatchObject({ status: 200, body: { id: ID } });
  });

  it.each([
    ['no slash at the end', (n: number) => `/api/${n}/envelope`],
    ['slashes in numbers', (n: number) => `//api//${n}//envelope//`],
    ['a prefix', (n: number) => `/some/prefix/api/${n}/envelope/`],
  ])('serves a path with %s', async (_, path) => {
    expect((await send(transactionEnvelope(), { path: path(project) })).status).toBe(200);
  });

  it.each([
    [
      'the query',
      (n: number): Sending => ({
        path: `/api/${n}/envelope/?sentry_version=7&sentry_key=${KEY}`,
        headers: {},
      }),
    ],
    ['Authorization: Sentry', () => ({ headers: { authorization: `Sentry sentry_key=${KEY}` } })],
    ['Basic auth', () => ({ headers: { authorization: `Basic ${btoa(`${KEY}:`)}` } })],
    [
      'two places that agree',
      (n: number) => ({ path: `/api/${n}/envelope/?sentry_key=${KEY}`, headers: AUTH }),
    ],
    ['upper case', () => ({ headers: { 'x-sentry-auth': `Sentry sentry_key=${KEY.toUpperCase()}` } })],
  ] as [string, (n: number) => Sending][])('knows the key in %s', async (_, sending) => {
    expect((await send(transactionEnvelope(), sending(project))).status).toBe(200);
  });

  it('knows the key in the dsn of the envelope, packed or not', async () => {
    const body = transactionEnvelope({ event_id: ID, dsn: `http://${KEY}@host/${project}` });
    expect((await send(body, { headers: {} })).status).toBe(200);
    expect((await send(gzipSync(body), { headers: { 'content-encoding': 'gzip' } })).status).toBe(200);
  });

  it.each([
    ['none', 401, () => ({ headers: {} })],
    [
      'two that differ',
      401,
      (n: number) => ({ path: `/api/${n}/envelope/?sentry_key=${OTHER_KEY}`, headers: AUTH }),
    ],
    [
      'one that is unknown',
      403,
      () => ({ headers: { 'x-sentry-auth': `Sentry sentry_key=${'0'.repeat(32)}` } }),
    ],
    [
      'one of another project',
      403,
      () => ({ headers: { 'x-sentry-auth': `Sentry sentry_key=${OTHER_KEY}` } }),
    ],
    ['one that is none', 400, () => ({ headers: { 'x-sentry-auth': 'Sentry sentry_key=abc' } })],
    ['a header without one', 401, () => ({ headers: { 'x-sentry-auth': 'Sentry sentry_version=7' } })],
    [
      'a protocol of the future',
      400,
      () => ({ headers: { 'x-sentry-auth': `Sentry sentry_key=${KEY}, sentry_version=8` } }),
    ],
    ['a project that is no number', 400, () => ({ path: '/api/shop/envelope/' })],
  ] as [string, number, (n: number) => Sending][])('refuses %s with %i', async (_, status, sending) => {
    const sent = await send(transactionEnvelope(), sending(project));
    expect(sent.status).toBe(status);
    expect(sent.body).toEqual({ detail: expect.any(String), causes: expect.any(Array) });
  });

  it('does not fall back to an open door after a wrong key', async () => {
    const headers = { 'x-sentry-auth': `Sentry sentry_key=${'0'.repeat(32)}` };
    expect((await send(transactionEnvelope(), { headers, open: true })).status).toBe(403);
    expect((await send(transactionEnvelope(), { headers: {}, open: true })).status).toBe(200);
  });

  it('refuses an envelope whose dsn is of another project or key', async () => {
    const wrongKey = transactionEnvelope({ dsn: `http://${OTHER_KEY}@host/${project}` });
    const wrongProject = transactionEnvelope({ dsn: `http://${KEY}@host/${project + 1}` });
    for (const body of [wrongKey, wrongProject]) expect((await send(body)).status).toBe(400);
  });

  it.each([
    ['nothing', ''],
    ['no envelope', 'hello'],
    ['a cut item', '{}\n{"type":"transaction","length":99}\n{}'],
  ])('refuses %s with 400', async (_, body) => {
    expect((await send(body)).status).toBe(400);
  });

  it('refuses broken compression with 400 and a bomb with 413', async () => {
    const gzip = { ...AUTH, 'content-encoding': 'gzip' };
    expect((await send(Uint8Array.of(0x1f, 0x8b, 8, 0, 1, 2, 3), { headers: gzip })).status).toBe(400);
    const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024));
    expect((await send(bomb, { headers: gzip })).status).toBe(413);
  });

  it('says 429 with both headers when it is overloaded, never 5xx', async () => {
    const app = doorApp(product, {
      auth: authOf(product, false),
      limits: { bodyBytes: 1e6, inflatedBytes: 1e6, inflateRatio: 200, inFlightBytes: 10 },
    });
    const response = await app.request(`http://tidemark.test/api/${project}/envelope/`, {
      method: 'POST',
      headers: AUTH,
      body: transactionEnvelope(),
    });
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(response.headers.get('x-sentry-rate-limits')).toMatch(/^\d+::organization:/);
  });

  it('takes /store/: JSON, base64, base64 of zlib, an envelope', async () => {
    const event = transactionEnvelope().split('\n')[2]!;
    const path = `/api/${project}/store/`;
    for (const body of [event, btoa(event), deflateSync(event).toString('base64')])
      expect((await send(body, { path })).status).toBe(200);
    const headers = { ...AUTH, 'content-type': 'application/x-sentry-envelope' };
    expect((await send(transactionEnvelope(), { path, headers })).status).toBe(200);
    expect((await send('{"a":', { path })).status).toBe(400);
  });
});

describe('a page in a browser', () => {
  const PAGE_KEY = 'c'.repeat(32);
  const PAGE = 'https://shop.example';
  beforeAll(() => makeKey(product, ['ingest'], 'members', PAGE_KEY, [PAGE]));

  /** What a browser sends across origins: SDKs put the key into the query and send text, which needs no preflight. */
  async function fromPage(method: string, origin: string, key = PAGE_KEY, changes: object = {}) {
    const app = doorApp(product, { auth: authOf(product, false) });
    const target = `http://tidemark.test/api/${project}/envelope/?sentry_version=7&sentry_key=${key}`;
    const sent = method === 'POST' && { body: transactionEnvelope() };
    const headers = { origin, 'content-type': 'text/plain;charset=UTF-8', 'sec-fetch-site': 'cross-site' };
    const response = await app.request(target, { method, headers, ...sent, ...changes });
    return {
      status: response.status,
      allowed: response.headers.get('access-control-allow-origin'),
      response,
    };
  }

  it('may send with a key that lists its origin, and read the answer', async () => {
    const { status, allowed, response } = await fromPage('POST', PAGE);
    expect([status, allowed]).toEqual([200, PAGE]);
    expect(await response.json()).toEqual({ id: ID });
    expect(response.headers.get('access-control-expose-headers')).toContain('x-sentry-rate-limits');
    expect(response.headers.get('vary')).toBe('Origin');
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
  });

  it('gets its preflight answered, for POST and the headers it asks for', async () => {
    const asked = {
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'x-sentry-auth',
    };
    const { status, allowed, response } = await fromPage('OPTIONS', PAGE, PAGE_KEY, {
      headers: { origin: PAGE, ...asked },
    });
    expect([status, allowed]).toEqual([204, PAGE]);
    expect(response.headers.get('access-control-allow-methods')).toBe('POST');
    expect(response.headers.get('access-control-allow-headers')).toBe('x-sentry-auth');
  });

  it('reads refusals too: how long to stay away, and why', async () => {
    const { status, allowed } = await fromPage('POST', PAGE, PAGE_KEY, { body: 'no envelope' });
    expect([status, allowed]).toEqual([400, PAGE]);
  });

  it.each([
    ['of another origin', 'https://shop.example.evil.test', PAGE_KEY, 403],
    ['that has no origin to name', 'null', PAGE_KEY, 403],
    ['with a key that nobody knows', PAGE, '0'.repeat(32), 403],
    ['with a key of programs', PAGE, KEY, 200],
  ])('%s is told nothing', async (_, origin, key, status) => {
    expect(await fromPage('POST', origin, key)).toMatchObject({ status, allowed: null });
    expect(await fromPage('OPTIONS', origin, key)).toMatchObject({ allowed: null });
  });

  it('of any origin may, where the key says so', async () => {
    const anyKey = 'd'.repeat(32);
    await makeKey(product, ['ingest'], 'members', anyKey, ['*']);
    expect(await fromPage('POST', PAGE, anyKey)).toMatchObject({ status: 200, allowed: PAGE });
  });

  it('is not needed: programs send with the same key', async () => {
    const path = `/api/${project}/envelope/?sentry_key=${PAGE_KEY}`;
    const { status, headers } = await send(transactionEnvelope(), { path, headers: {} });
    expect([status, headers.get('vary')]).toEqual([200, null]);
  });
});

describe('what the door stored', () => {
  it('counts each request of the captures once, however often it is sent', async () => {
    const requests = capturedRequests('sentry-django-prefetch');
    const other = await openProduct({ at: 1_795_248_600_000, auth: true });
    try {
      await makeKey(other, ['ingest'], 'members', KEY);
      const { number } = await ensureProject(other.local.context.records, 'members');
      const app = doorApp(other, { auth: authOf(other, false) });
      for (const { path, headers, body } of [...requests, ...requests.slice(0, 5)]) {
        const target = `http://tidemark.test${path.replace('/api/7/', `/api/${number}/`)}`;
        const init = { method: 'POST', headers: headers as [string, string][], body };
        expect((await app.request(target, init)).status).toBe(200);
      }
      await other.settle();
      const token = await makeKey(other, ['read'], 'members');
      const answer = await other.api(
        '/services/production%2F%2Fmembers/units?from=1795248000000&to=1795249000000',
        {
          headers: { authorization: `Bearer ${token.token}` },
        },
      );
      const { items } = (await answer.json()) as { items: { unit: { name: string }; count: number }[] };
      const counts = Object.fromEntries(items.map(({ unit, count }) => [unit.name, count]));
      expect(counts).toEqual({ 'GET /users': 12, 'GET /users/joined': 12 });
    } finally {
      await other.close();
    }
  });
});
