import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { authenticator, KEY_CACHE_MS } from '../../lib/http/auth.ts';
import { SIGNATURE_HEADERS, uploadSecret } from '../../lib/http/signing.ts';
import { Fault } from '../../lib/model/fault.ts';
import { changeKey } from '../../lib/records/api-keys.ts';
import { numbered } from '../server/numbered.ts';
import { openProduct, type Product } from '../support/product.ts';
import {
  AT,
  authOf,
  basic,
  bytesOf,
  doorApp,
  makeKey,
  signedHeaders,
  type TestKey,
  type ToSign,
} from './door-app.ts';

let product: Product;
let key: TestKey;
beforeAll(async () => {
  product = await openProduct({ at: AT, auth: true });
});
beforeEach(async () => {
  product.clock.time = AT;
  key = await makeKey(product);
});
afterAll(() => product.close());

const JSON_TYPE = { 'content-type': 'application/json' };
let lastNumber = 0;
const upload = () => numbered(++lastNumber, AT);
const post = async (headers: Record<string, string>, { path, body } = upload()) =>
  product.send(path, { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body });
const statusOf = async (headers: Record<string, string>) => (await post(headers)).status;

/** What signs a request of its own: changes of `what` are made before signing. */
async function signedPost(changes: Partial<ToSign> = {}, headers: Record<string, string> = {}) {
  const { path, body } = upload();
  const secrets = [await key.secret()];
  const request = {
    keyId: key.key.id,
    secrets,
    id: `id ${lastNumber}`,
    at: product.clock.time,
    target: path,
    body,
  };
  const signed = await signedHeaders({ ...request, ...changes });
  return post({ ...signed, ...headers }, { number: 0, kind: 'delta-sum', path, body });
}

describe('authenticator, carriers', () => {
  it.each<[string, (token: string) => Record<string, string>]>([
    ['Authorization: Bearer', (token) => ({ authorization: `Bearer ${token}` })],
    ['a scheme in any case', (token) => ({ authorization: `bEARER   ${token}` })],
    [
      'Bearer with an encoded space, as OTLP variables hold it',
      (token) => ({ authorization: `Bearer%20${token}` }),
    ],
    ['x-api-key', (token) => ({ 'x-api-key': token })],
    ['the password of Basic', (token) => ({ authorization: basic('anybody', token) })],
  ])('takes %s', async (_name, headers) => {
    expect(await statusOf(headers(key.token))).toBe(200);
    expect(await statusOf(headers(`${key.token}x`))).toBe(401);
  });

  it('takes a signature', async () => {
    expect((await signedPost()).status).toBe(200);
  });

  it('says how to get a key to who has none', async () => {
    const answer = (await (await post({})).json()) as { message: string };
    expect(answer.message).toContain('tidemark keys create');
  });

  it('lets the first carrier decide, and nothing fall through after a failed check', async () => {
    const right = { authorization: `Bearer ${key.token}`, 'x-api-key': key.token };
    const wrongSignature = { [SIGNATURE_HEADERS.signature]: 'v1,x' };
    expect(await statusOf(wrongSignature)).toBe(401);
    expect(await statusOf({ ...right, ...wrongSignature })).toBe(200);
    expect(await statusOf({ 'x-api-key': 'tm_wrong', ...wrongSignature })).toBe(401);
    expect(await statusOf({ ...right, authorization: 'Bearer tm_wrong' })).toBe(401);
    expect(await statusOf({ ...right, authorization: 'Digest x' })).toBe(401);
    expect(await statusOf({ ...right, 'x-api-key': 'tm_wrong' })).toBe(200);
  });

  it.each([
    '',
    'Bearer',
    'Bearer tm_',
    'Basic !!!',
    'Basic',
    `Bearer ${'x'.repeat(5000)}`,
    'Bearer undefined',
  ])('refuses %j', async (authorization) => {
    expect(await statusOf({ authorization })).toBe(401);
  });

  it('holds a key to its scopes, and admin to none', async () => {
    const reader = await makeKey(product, ['read']);
    const admin = await makeKey(product, ['admin']);
    const bearer = ({ token }: TestKey) => ({ authorization: `Bearer ${token}` });
    expect(await statusOf(bearer(reader))).toBe(403);
    expect(await statusOf(bearer(admin))).toBe(200);
    expect((await product.api('/status', { headers: bearer(reader) })).status).toBe(200);
    expect((await product.api('/keys', { headers: bearer(reader) })).status).toBe(403);
    expect((await product.api('/keys', { headers: bearer(admin) })).status).toBe(200);
  });

  it('tells at /v1/validate what a key of any scope is good for', async () => {
    const reader = await makeKey(product, ['read']);
    const answer = await product.send('/v1/validate', { headers: { 'x-api-key': reader.token } });
    expect(await answer.json()).toEqual({
      valid: true,
      project: 'default',
      scopes: ['read'],
      key: reader.key.id,
    });
    expect((await product.send('/v1/validate', { headers: { 'x-api-key': 'tm_wrong' } })).status).toBe(401);
  });

  it(`refuses a revoked key after ${KEY_CACHE_MS / 1000} s at the latest, token and signature alike`, async () => {
    expect(await statusOf({ 'x-api-key': key.token })).toBe(200);
    expect((await signedPost()).status).toBe(200);
    await changeKey(product.local.context.records, key.key.id, (one) => ({ ...one, status: 'revoked' }));
    product.clock.time += KEY_CACHE_MS;
    expect(await statusOf({ 'x-api-key': key.token })).toBe(401);
    expect((await signedPost()).status).toBe(401);
  });

  it('keeps projects apart', async () => {
    const other = await makeKey(product, ['ingest', 'read'], 'other');
    const bearer = { authorization: `Bearer ${other.token}` };
    expect(await statusOf(bearer)).toBe(200);
    await product.settle();
    const services = async (headers: Record<string, string>) =>
      ((await (await product.api('/services', { headers })).json()) as { items: unknown[] }).items.length;
    expect(await services(bearer)).toBe(1);
    expect(await services({ 'x-api-key': (await makeKey(product, ['read'], 'third')).token })).toBe(0);
  });
});

describe('authenticator, an open server', () => {
  const open = (headers: Record<string, string>, path = '/v1/deploys') => {
    const body = JSON.stringify({ service: 'shop', version: '1' });
    return doorApp(product).request(`http://127.0.0.1:4040${path}`, { method: 'POST', headers, body });
  };

  it('takes programs, which name no origin, and its own pages', async () => {
    expect((await open({})).status).toBe(201);
    expect((await open({ origin: 'http://127.0.0.1:4040', 'sec-fetch-site': 'same-origin' })).status).toBe(
      201,
    );
  });

  it.each<Record<string, string>>([
    { origin: 'https://evil.example' },
    { origin: 'http://127.0.0.1:3000' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
  ])('refuses what a page of another origin sends: %j', async (headers) => {
    expect((await open({ ...headers, 'content-type': 'text/plain' })).status).toBe(403);
  });

  it('still refuses a wrong key', async () => {
    expect((await open({ 'x-api-key': 'tm_wrong' })).status).toBe(401);
  });

  // Browsers show the cookies of 127.0.0.1 to every port of it.
  it('takes the cookie of another Tidemark for none', async () => {
    const cookie = 'tidemark_session=k_other.9999999999999.AAAA';
    expect((await open({ cookie })).status).toBe(201);
    expect((await open({ cookie, origin: 'https://evil.example' })).status).toBe(403);
    expect((await product.api('/services', { headers: { cookie } })).status).toBe(401);
  });
});

describe('authenticator, signatures', () => {
  it.each([-300, 0, 300])('takes a timestamp %d s off', async (seconds) => {
    expect((await signedPost({ at: product.clock.time + seconds * 1000 })).status).toBe(200);
  });

  it.each([-301, 301, -1e6])('refuses a timestamp %d s off', async (seconds) => {
    expect((await signedPost({ at: product.clock.time + seconds * 1000 })).status).toBe(401);
  });

  it.each(['', 'now', '1.5', '-1', '0x10', '1e9', ` ${'9'.repeat(13)}`])(
    'refuses the timestamp %j',
    async (text) => {
      expect((await signedPost({}, { [SIGNATURE_HEADERS.timestamp]: text })).status).toBe(401);
    },
  );

  it('takes either secret during a rotation, the new one at once, and after the next rotation only the newer two', async () => {
    const { records } = product.local.context;
    const rotateTo = (versions: number[]) =>
      changeKey(records, key.key.id, (one) => ({ ...one, secretVersions: versions }));
    const status = async (version: number) =>
      (await signedPost({ secrets: [await uploadSecret(product.local.masterSecret, key.key.id, version)] }))
        .status;
    expect(await status(1)).toBe(200); // the key is remembered from here on
    expect(await status(2)).toBe(401);
    await rotateTo([1, 2]);
    expect([await status(1), await status(2)]).toEqual([200, 200]);
    await rotateTo([2, 3]);
    product.clock.time += KEY_CACHE_MS;
    expect([await status(1), await status(2), await status(3)]).toEqual([401, 200, 200]);
  });

  it('looks through several signatures, and no further than eight', async () => {
    const right = await key.secret();
    const wrong = new Uint8Array(32);
    expect((await signedPost({ secrets: [wrong, right] })).status).toBe(200);
    expect((await signedPost({ secrets: [...Array(8).fill(wrong), right] })).status).toBe(401);
  });

  it.each<[string, (signature: string) => string]>([
    ['without its version', (text) => text.slice(3)],
    ['of another version', (text) => text.replace('v1,', 'v1a,')],
    ['without padding', (text) => text.replace(/=$/, '')],
    ['in the URL alphabet', (text) => text.replaceAll('+', '-').replaceAll('/', '_').replace(/=$/, '')],
    ['cut', (text) => text.slice(0, -5)],
    ['with bits after its end', (text) => text.replace(/.=$/, (end) => `${nextLetter(end[0] as string)}=`)],
    ['that is empty', () => ''],
  ])('refuses a signature %s', async (_name, change) => {
    const { path, body } = upload();
    const signed = await signedHeaders({
      ...{ keyId: key.key.id, secrets: [await key.secret()], id: 'x', at: AT, target: path, body },
    });
    const signature = change(signed[SIGNATURE_HEADERS.signature] as string);
    const headers = { ...signed, [SIGNATURE_HEADERS.signature]: signature };
    expect((await post(headers, { number: 0, kind: 'delta-sum', path, body })).status).toBe(401);
  });

  it('refuses an unknown key, a missing id and one that is too long', async () => {
    expect((await signedPost({ keyId: 'k_unknown' })).status).toBe(401);
    expect((await signedPost({ keyId: '' })).status).toBe(401);
    expect((await signedPost({ id: '' })).status).toBe(401);
    expect((await signedPost({ id: 'x'.repeat(257) })).status).toBe(401);
  });

  it('refuses an unknown key and an old timestamp before it reads the body', async () => {
    const refused = async (headers: Record<string, string>) => {
      let pulled = 0;
      const body = new ReadableStream({
        pull(controller) {
          pulled += 1;
          controller.enqueue(new Uint8Array(1024));
          if (pulled > 50) controller.close();
        },
      });
      const request = new Request('http://tidemark.test/v1/metrics', {
        ...{ method: 'POST', headers, body, duplex: 'half' },
      } as RequestInit);
      const response = await doorApp(product, { auth: authOf(product) }).fetch(request);
      return [response.status, pulled <= 1];
    };
    const signed = await signedHeaders({
      ...{
        keyId: 'k_unknown',
        secrets: [await key.secret()],
        id: 'x',
        at: AT,
        target: '/v1/metrics',
        body: '',
      },
    });
    expect(await refused(signed)).toEqual([401, true]);
    expect(await refused({ ...signed, [SIGNATURE_HEADERS.timestamp]: '1' })).toEqual([401, true]);
    expect(await refused({ authorization: 'Bearer tm_wrong' })).toEqual([401, true]);
    expect(await refused({})).toEqual([401, true]);
    const cookie = 'tidemark_session=k_test.9999999999999.AAAA';
    expect(await refused({ cookie })).toEqual([401, true]);
  });
});

const nextLetter = (letter: string) => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  return alphabet[alphabet.indexOf(letter) + 1] as string;
};

describe('a replay of a signed request', () => {
  const received = async () => {
    const bearer = { authorization: `Bearer ${key.token}` };
    const range = `from=${AT - 3_600_000}&to=${AT + 3_600_000}`;
    const answer = await product.api(`/uploads?${range}`, { headers: bearer });
    return ((await answer.json()) as { balance: { received: number } }).balance.received;
  };

  it('gets the first answer and changes nothing', async () => {
    const body = JSON.stringify({ service: 'replayed', version: '1' });
    const target = '/v1/deploys';
    const secrets = [await key.secret()];
    const headers = await signedHeaders({ keyId: key.key.id, secrets, id: 'deploy', at: AT, target, body });
    const send = () => product.send(target, { method: 'POST', headers, body });
    const first = await send();
    const answer = await first.text();
    product.clock.time += 60_000; // a deploy without a time is one of now
    const again = await send();
    expect([again.status, await again.text()]).toEqual([201, answer]);
    expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
    const bearer = { authorization: `Bearer ${key.token}` };
    const deploys = await product.api('/deploys?service=replayed', { headers: bearer });
    expect(((await deploys.json()) as { items: unknown[] }).items).toHaveLength(1);
  });

  it('that comes while the first is in work waits for its answer', async () => {
    const { path, body } = upload();
    const secrets = [await key.secret()];
    const headers = await signedHeaders({
      keyId: key.key.id,
      secrets,
      id: 'race',
      at: AT,
      target: path,
      body,
    });
    const { sink } = product.local;
    let stored = 0;
    const counting = {
      ...sink,
      async store(one: Parameters<typeof sink.store>[0]) {
        stored += 1;
        await sink.store(one);
      },
    };
    const app = doorApp(product, { auth: authOf(product), sink: counting });
    const copies = Array.from({ length: 10 }, () =>
      app.fetch(new Request(`http://tidemark.test${path}`, { method: 'POST', headers, body })),
    );
    const answers = await Promise.all(copies);
    expect([new Set(answers.map(({ status }) => status)), stored]).toEqual([new Set([200]), 1]);
  });

  it('that comes while another request of its id is in work is refused as a conflict', async () => {
    const both = await Promise.all([signedPost({ id: 'shared' }), signedPost({ id: 'shared' })]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  it('tries by itself when the first one, which it waited for, met a store that was away', async () => {
    const { path, body } = upload();
    const secrets = [await key.secret()];
    const headers = await signedHeaders({
      keyId: key.key.id,
      secrets,
      id: 'later',
      at: AT,
      target: path,
      body,
    });
    let tries = 0;
    const store = async () => {
      tries += 1;
      if (tries === 1) throw new Fault('unavailable', 'Away');
    };
    const app = doorApp(product, { auth: authOf(product), sink: { store, close: async () => undefined } });
    const copies = Array.from({ length: 3 }, () =>
      app.fetch(new Request(`http://tidemark.test${path}`, { method: 'POST', headers, body })),
    );
    expect((await Promise.all(copies)).map(({ status }) => status).sort()).toEqual([200, 200, 503]);
    expect(tries).toBe(2);
  });

  it('may be signed anew with a later time, as a retry whose first answer was lost is', async () => {
    const { path, body } = upload();
    const before = await received();
    const secrets = [await key.secret()];
    for (const at of [AT, AT + 1000, AT + 200_000]) {
      product.clock.time = at;
      const headers = await signedHeaders({
        keyId: key.key.id,
        secrets,
        id: 'retry',
        at,
        target: path,
        body,
      });
      expect((await product.send(path, { method: 'POST', headers, body })).status).toBe(200);
    }
    expect(await received()).toBe(before + 1);
  });

  it('under the id of another request is refused as a conflict', async () => {
    const { path, body } = upload();
    expect((await signedPost({ id: 'taken', target: path, body }, {})).status).toBe(401); // signed for another body
    expect((await signedPost({ id: 'taken' })).status).toBe(200);
    expect((await signedPost({ id: 'taken' })).status).toBe(409);
  });

  it('is tried again when the first one met a store that was away', async () => {
    const { path, body } = upload();
    const secrets = [await key.secret()];
    const headers = await signedHeaders({
      keyId: key.key.id,
      secrets,
      id: 'away',
      at: AT,
      target: path,
      body,
    });
    const away = {
      store: () => Promise.reject(new Fault('unavailable', 'Away')),
      close: async () => undefined,
    };
    const app = doorApp(product, { auth: authOf(product), sink: away });
    const request = () => new Request(`http://tidemark.test${path}`, { method: 'POST', headers, body });
    expect((await app.fetch(request())).status).toBe(503);
    expect((await product.send(path, { method: 'POST', headers, body })).status).toBe(200);
  });
});

describe('a signed request, changed', () => {
  const PARTS = ['method', 'target', 'contentType', 'contentEncoding', 'body'] as const;
  interface Sent {
    readonly method: string;
    readonly target: string;
    readonly contentType: string;
    readonly contentEncoding: string;
    readonly body: string;
  }
  const ORIGINAL: Sent = {
    method: 'POST',
    target: '/some/prefix/v1/metrics?service=shop&at=1',
    contentType: 'application/json; charset=utf-8',
    contentEncoding: 'gzip',
    body: '{"resourceMetrics":[]}',
  };

  /** undefined: no such request can be made at all. */
  async function answerTo(sent: Sent, signed: Record<string, string>): Promise<string | undefined> {
    const { method, contentType, contentEncoding } = sent;
    const headers = { ...signed, 'content-type': contentType, 'content-encoding': contentEncoding };
    const auth = { ...authOf(product), target: () => sent.target };
    let request: Request;
    try {
      request = new Request('http://tidemark.test/', { method, headers });
    } catch {
      return undefined;
    }
    if (request.method !== method) return undefined; // `fetch` makes pOST a POST; servers refuse it, see test/server
    try {
      return (await authenticator(auth).identify(request, undefined, bytesOf(sent.body), 'ingest')).keyId;
    } catch (error) {
      return (error as Fault).code;
    }
  }

  it('in any one byte of method, path, query, type, encoding or body is refused', async () => {
    const secrets = [await key.secret()];
    const signed = await signedHeaders({ ...ORIGINAL, keyId: key.key.id, secrets, id: 'whole', at: AT });
    expect(await answerTo(ORIGINAL, signed)).toBe(key.key.id);
    const change = fc.record({
      part: fc.constantFrom(...PARTS),
      at: fc.nat(),
      byte: fc.integer({ min: 0, max: 255 }),
      how: fc.constantFrom('replace', 'insert', 'remove'),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ part, at, byte, how }) => {
        const before = ORIGINAL[part];
        const place = at % before.length;
        const rest = before.slice(how === 'insert' ? place : place + 1);
        const after = `${before.slice(0, place)}${how === 'remove' ? '' : String.fromCharCode(byte)}${rest}`;
        // Blanks around a header's value are no part of it.
        fc.pre(after.trim() !== before);
        expect([undefined, 'unauthorized']).toContain(await answerTo({ ...ORIGINAL, [part]: after }, signed));
      }),
      { numRuns: 1500 },
    );
  });

  it('cannot be told from its parts put together in another way', async () => {
    const secrets = [await key.secret()];
    const signed = await signedHeaders({ ...ORIGINAL, keyId: key.key.id, secrets, id: 'whole', at: AT });
    const moved = { ...ORIGINAL, contentType: '', contentEncoding: 'application/json; charset=utf-8 gzip' };
    expect(await answerTo(moved, signed)).toBe('unauthorized');
    expect(await answerTo(ORIGINAL, { ...signed, [SIGNATURE_HEADERS.id]: 'whole2' })).toBe('unauthorized');
    const timestamp = String(AT / 1000 + 1);
    expect(await answerTo(ORIGINAL, { ...signed, [SIGNATURE_HEADERS.timestamp]: timestamp })).toBe(
      'unauthorized',
    );
    const other = await makeKey(product);
    expect(await answerTo(ORIGINAL, { ...signed, [SIGNATURE_HEADERS.key]: other.key.id })).toBe(
      'unauthorized',
    );
  });
});
