import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeKey, createKey, ensureProject } from '../../lib/records/api-keys.ts';
import { type OwnServer, startOwn } from '../server/own-server.ts';
import { axeFindings } from './axe.ts';
import { findChromium, launch, openPage } from './browser.ts';

const executable = findChromium();
const TOKEN = `tm_${'b'.repeat(32)}`;

if (!executable)
  console.warn('SKIPPED: signing in, in Chromium: no chromium on PATH (apt-get install chromium)');

describe.skipIf(!executable)('a server that asks for a key, in Chromium', () => {
  let browser: Browser;
  let own: OwnServer;

  beforeAll(async () => {
    const config = fileURLToPath(new URL('../../web/vite.config.ts', import.meta.url));
    await build({ configFile: config, logLevel: 'error' });
    own = await startOwn({ auth: true });
    const key = { id: 'k_reader', project: 'default', scopes: ['read' as const], status: 'active' as const };
    const more = { createdAt: 0, note: '', publicKey: '0', secretVersions: [1] };
    await createKey(own.local.context.records, { ...key, ...more }, TOKEN);
    browser = await launch(executable ?? '');
  });
  afterAll(async () => {
    await browser?.close();
    await own?.close();
  });

  it('asks in place of every page, says what is wrong, and then shows what was opened', async () => {
    const { page, context } = await openPage(browser, { width: 390 });
    await page.goto(`${own.server.url}/findings`);
    await page.getByText('This Tidemark asks for a key.').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.getByLabel('Key with the scope read').fill('tm_wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Tidemark does not know this key').waitFor();
    await page.getByLabel('Key with the scope read').fill(` ${TOKEN}\n`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { level: 1 }).filter({ hasNotText: 'asks for a key' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/findings');
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    expect(cookie?.value).not.toContain(TOKEN);
    await page.reload();
    await page.getByRole('heading', { level: 1 }).filter({ hasNotText: 'asks for a key' }).waitFor();
    await context.close();
  });

  it('ends a session on demand, and one whose key was revoked', async () => {
    const { page, context } = await openPage(browser, { width: 1440 });
    const signIn = async () => {
      await page.getByLabel('Key with the scope read').fill(TOKEN);
      await page.getByRole('button', { name: 'Sign in' }).click();
    };
    await page.goto(`${own.server.url}/keys`);
    await signIn();
    await page.getByText('You are signed in with').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('This Tidemark asks for a key.').waitFor();
    expect(await context.cookies()).toEqual([]);
    await signIn();
    await page.getByText('You are signed in with').waitFor();
    await changeKey(own.local.context.records, 'k_reader', (key) => ({ ...key, status: 'revoked' }));
    await page.getByText('This Tidemark asks for a key.').waitFor({ timeout: 60_000 });
    await context.close();
  }, 90_000);

  it('takes envelopes of a page whose origin the key lists, and tells no other page a word', async () => {
    const shop = createServer((_, answer) => answer.end('<title>shop</title>')).listen(0, '127.0.0.1');
    await once(shop, 'listening');
    const origin = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;
    const { records } = own.local.context;
    const { number } = await ensureProject(records, 'default');
    for (const [id, publicKey, listed] of [
      ['k_page', 'a'.repeat(32), origin],
      ['k_other', 'b'.repeat(32), 'https://other.example'],
    ] as const) {
      const key = { id, publicKey, origins: [listed], project: 'default', scopes: ['ingest' as const] };
      const more = { status: 'active' as const, createdAt: 0, note: '', secretVersions: [1] };
      await createKey(records, { ...key, ...more }, `tm_${publicKey}`);
    }
    const { page, context } = await openPage(browser, { width: 390 });
    await page.goto(origin);
    const send = (publicKey: string, headers: Record<string, string>) =>
      page.evaluate(
        ([url, sent]) =>
          fetch(url, {
            method: 'POST',
            body: '{"event_id":"9ec79c33ec9942ab8353589fcb2e04dc"}',
            headers: sent,
          })
            .then(async (answer) => `${answer.status} ${await answer.text()}`)
            .catch((error: Error) => error.message),
        [
          `${own.server.url}/api/${number}/envelope/?sentry_version=7&sentry_key=${publicKey}`,
          headers,
        ] as const,
      );
    const taken = '200 {"id":"9ec79c33ec9942ab8353589fcb2e04dc"}';
    expect(await send('a'.repeat(32), {})).toBe(taken);
    expect(await send('a'.repeat(32), { 'X-Sentry-Auth': `Sentry sentry_key=${'a'.repeat(32)}` })).toBe(
      taken,
    );
    expect(await send('b'.repeat(32), {})).toBe('Failed to fetch');
    expect(await send('b'.repeat(32), { 'X-Asks': 'first' })).toBe('Failed to fetch');
    await context.close();
    shop.close();
  });
});
