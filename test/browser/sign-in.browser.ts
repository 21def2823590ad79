import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeKey, createKey } from '../../lib/records/api-keys.ts';
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
});
