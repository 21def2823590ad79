import { describe, expect, it } from 'vitest';
import { apiApp } from '../../lib/http/api-app.ts';
import { memoryRecords } from '../jobs/world.ts';
import { makeKey, revokeKey, TEST_TOKEN } from '../support/aws/keys.ts';
import { testClock } from '../support/product.ts';

const AT = Date.UTC(2026, 10, 14, 12);
const DAY_MS = 86_400_000;

async function open(scopes: Parameters<typeof makeKey>[1] = ['read']) {
  const clock = testClock(AT);
  const records = memoryRecords(() => clock.time);
  await makeKey(records, scopes);
  let asked = 0;
  const masterSecret = async () => {
    asked += 1;
    return new Uint8Array(32).fill(7);
  };
  const app = apiApp(
    { auth: { records, clock, masterSecret, open: () => false, target: () => '' }, version: 'test' },
    [],
  );
  const call = async (method: string, init: RequestInit = {}) =>
    app.request('https://tidemark.test/api/v1/session', { method, ...init });
  const signIn = (token: string, headers = {}) => call('POST', { headers, body: JSON.stringify({ token }) });
  const cookieOf = (response: Response) => (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  return { clock, records, call, signIn, cookieOf, asked: () => asked };
}

describe('/api/v1/session', () => {
  it('gives a cookie for a key, which no script reads and no other site sends', async () => {
    const { signIn, call, cookieOf } = await open();
    const made = await signIn(TEST_TOKEN);
    expect(made.status).toBe(204);
    expect(made.headers.get('set-cookie')).toMatch(
      /; Max-Age=604800; Path=\/api; HttpOnly; SameSite=Strict; Secure$/,
    );
    expect(made.headers.get('set-cookie')).not.toContain(TEST_TOKEN);
    const told = await call('GET', { headers: { cookie: `other=1; ${cookieOf(made)}` } });
    expect(await told.json()).toEqual({ project: 'default', scopes: ['read'], key: 'k_test' });
  });
  it('does not ask for the master secret before it is needed', async () => {
    const { call, asked } = await open();
    await call('GET', { headers: { authorization: `Bearer ${TEST_TOKEN}` } });
    expect(asked()).toBe(0);
  });
  it('ends with its key', async () => {
    const { signIn, call, cookieOf, clock, records } = await open();
    const cookie = cookieOf(await signIn(TEST_TOKEN));
    await revokeKey(records);
    clock.time += 31_000;
    expect((await call('GET', { headers: { cookie } })).status).toBe(401);
  });
  it('ends after a week, and by DELETE', async () => {
    const { signIn, call, cookieOf, clock } = await open();
    const cookie = cookieOf(await signIn(TEST_TOKEN));
    const status = async () => (await call('GET', { headers: { cookie } })).status;
    clock.time += 7 * DAY_MS - 1;
    expect(await status()).toBe(200);
    clock.time += 1;
    expect(await status()).toBe(401);
    expect((await call('DELETE')).headers.get('set-cookie')).toMatch(/^tidemark_session=; Max-Age=0;/);
  });
  it.each([
    ['another key', (value: string) => value.replace('k_test', 'k_other')],
    ['a later end', (value: string) => value.replace(/\.\d+\./, '.9999999999999.')],
    ['another tag', (value: string) => `${value.slice(0, -3)}abc`],
    ['no tag', (value: string) => value.replace(/\.[^.]*$/, '')],
  ])('refuses a cookie with %s', async (_, forge) => {
    const { signIn, call, cookieOf } = await open();
    const cookie = forge(cookieOf(await signIn(TEST_TOKEN)));
    expect((await call('GET', { headers: { cookie } })).status).toBe(401);
  });
  it('refuses a wrong key, one without the scope, no JSON, and a page of another origin', async () => {
    const { signIn, call } = await open();
    expect((await signIn('tm_wrongwrongwrongwrongwrong')).status).toBe(401);
    expect((await (await open(['ingest'])).signIn(TEST_TOKEN)).status).toBe(403);
    expect((await call('POST', { body: 'token' })).status).toBe(400);
    expect((await signIn(TEST_TOKEN, { origin: 'https://elsewhere.test' })).status).toBe(403);
  });
});
