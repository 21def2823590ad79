import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sign, signedContent, uploadSecret } from '../../lib/http/signing.ts';
import { createKey } from '../../lib/records/api-keys.ts';
import { type OwnServer, raw, startOwn, statusIn } from './own-server.ts';

// Over a socket of our own: `fetch` and URL parsers take `\` for `/`, mend paths and repair methods before a test sees it.

const KEY = 'k_raw';
let own: OwnServer;
let secret: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  own = await startOwn({ auth: true });
  const { records } = own.local.context;
  const key = { id: KEY, project: 'default', scopes: ['ingest' as const], status: 'active' as const };
  const more = { createdAt: 0, note: '', publicKey: '0', secretVersions: [1] };
  await createKey(records, { ...key, ...more }, `tm_${'k'.repeat(32)}`);
  secret = await uploadSecret(own.local.masterSecret, KEY, 1);
});
afterAll(() => own.close());

const BODY = '{"resourceMetrics":[]}';
const METHOD = 'POST';
const TARGET = '/prefix/v1/metrics?service=shop&x=1';
const TYPE = 'application/json';
const ENCODING = 'identity';

/** A whole request as one text, and where its signed parts lie in it. */
async function signedRequest(id: string, target = TARGET) {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const content = await signedContent({
    ...{ id, timestamp, method: METHOD, target, body: new TextEncoder().encode(BODY) },
    ...{ contentType: TYPE, contentEncoding: ENCODING },
  });
  const lines = [
    `${METHOD} ${target} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: close',
    `Content-Length: ${BODY.length}`,
    `tidemark-key: ${KEY}`,
    `webhook-id: ${id}`,
    `webhook-timestamp: ${timestamp}`,
    `webhook-signature: ${await sign(secret, content)}`,
    `Content-Encoding: ${ENCODING}`,
    `Content-Type: ${TYPE}`,
  ];
  const text = `${lines.join('\r\n')}\r\n\r\n${BODY}`;
  const spans = [METHOD, target, `Encoding: ${ENCODING}`, `Type: ${TYPE}`, BODY].map((part) => {
    const value = part.replace(/^(Encoding|Type): /, '');
    const start = text.lastIndexOf(part) + part.length - value.length;
    return { start, end: start + value.length };
  });
  return { text, spans };
}

describe('a signed request on the wire', () => {
  it('is taken as it was signed', async () => {
    expect(statusIn(await raw(own.port, (await signedRequest('first')).text))).toBe(200);
  });

  it('with any one byte of method, path, query, type, encoding or body changed is refused', async () => {
    const { text, spans } = await signedRequest('changed');
    const places = spans.flatMap(({ start, end }) =>
      Array.from({ length: end - start }, (_, i) => start + i),
    );
    const bytes = Buffer.from(text, 'latin1');
    const change = fc.record({ place: fc.constantFrom(...places), byte: fc.integer({ min: 0, max: 255 }) });
    const attempt = async ({ place, byte }: { place: number; byte: number }) => {
      const changed = Uint8Array.from(bytes);
      changed[place] = byte;
      const status = statusIn(await raw(own.port, changed));
      expect([400, 401, 404, 405, 501], `${byte} at ${place}`).toContain(status);
    };
    const different = ({ place, byte }: { place: number; byte: number }) => bytes[place] !== byte;
    await fc.assert(fc.asyncProperty(change.filter(different), attempt), { numRuns: 300 });
    const [method, target] = spans as [{ start: number; end: number }, { start: number; end: number }];
    for (let place = method.start; place < method.end; place += 1) {
      await attempt({ place, byte: (bytes[place] as number) | 0x20 }); // pOST
    }
    for (let place = target.start; place < target.end; place += 1) {
      if (bytes[place] === 0x2f) await attempt({ place, byte: 0x5c }); // '\' for '/'
    }
  });

  it('is signed for its path as it was sent, however a URL parser would mend it', async () => {
    for (const target of [
      '/prefix\\v1/metrics',
      '/a/../v1/metrics',
      '//v1/metrics',
      '/v1/metrics#x',
      '/%761/metrics',
    ]) {
      const { text } = await signedRequest(`mended ${target}`, '/v1/metrics');
      const moved = text.replace('POST /v1/metrics ', `POST ${target} `);
      expect(statusIn(await raw(own.port, moved)), target).not.toBe(200);
    }
  });

  it('cannot carry a second type or encoding past its signature', async () => {
    for (const more of ['Content-Type: application/x-protobuf', 'Content-Encoding: gzip']) {
      const { text } = await signedRequest(`more ${more}`);
      const before = text.replace('Host:', `${more}\r\nHost:`);
      expect(statusIn(await raw(own.port, before)), more).toBe(401);
    }
  });
});

describe('the server, sent what is no request of ours', () => {
  const BEARER = `Authorization: Bearer tm_${'k'.repeat(32)}`;
  const alive = async () => expect((await fetch(`${own.server.url}/healthz`)).status).toBe(200);

  it.each<[string, string]>([
    ['no HTTP', 'hello\r\n\r\n'],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    [
      'two lengths',
      `POST /v1/metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
    ],
    [
      'a length and chunks',
      `POST /v1/metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'a bad chunk',
      `POST /v1/metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n${BEARER}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    ],
    ['no host', 'GET /api/v1/status HTTP/1.1\r\n\r\n'],
    ['a strange host', 'GET /api/v1/status HTTP/1.1\r\nHost: a b/c?d\r\nConnection: close\r\n\r\n'],
    [
      'an address as path',
      `POST http://[ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    ],
    ['a star as path', 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['CONNECT', 'CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['an upgrade', 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
    ['headers beyond all measure', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(200_000)}\r\n\r\n`],
    [
      'a body that ends early',
      `POST /v1/metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n${BEARER}\r\nContent-Length: 100\r\n\r\n{`,
    ],
  ])('%s: refuses it and lives', async (_name, text) => {
    const status = statusIn(await raw(own.port, Buffer.from(text, 'latin1'), { ends: true }));
    expect(status < 200 || status >= 300, String(status)).toBe(true);
    await alive();
  });

  it('answers a body that is too large before all of it has come', async () => {
    const head = `POST /v1/metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n${BEARER}\r\nContent-Type: application/x-protobuf\r\n`;
    const answer = await raw(own.port, `${head}Content-Length: 99999999999\r\n\r\nx`, { ends: true });
    expect(statusIn(answer)).toBe(413);
    expect(answer).toMatch(/content-type: application\/x-protobuf/i);
    await alive();
  });

  it.each([true, false])('answers 413 to 70 MiB from fetch, with a length: %s', async (withLength) => {
    const piece = new Uint8Array(1 << 20);
    let left = 70;
    const stream = new ReadableStream({
      pull(controller) {
        if (left-- === 0) controller.close();
        else controller.enqueue(piece);
      },
    });
    const headers = {
      authorization: BEARER.slice('Authorization: '.length),
      'content-type': 'application/json',
    };
    const body = withLength ? new Uint8Array(70 << 20) : stream;
    const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
    const response = await fetch(`${own.server.url}/v1/metrics`, init);
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: 8 });
    await alive();
  });

  it('answers 401 to 20 MiB without a key', async () => {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Uint8Array(20 << 20),
    };
    expect((await fetch(`${own.server.url}/v1/metrics`, init)).status).toBe(401);
  });
});
