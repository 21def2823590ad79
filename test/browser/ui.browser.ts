import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { axeFindings } from './axe.ts';
import { findChromium, launch, openPage, sideways, type Watched } from './browser.ts';
import { checkFindingPage } from './finding-page.ts';
import { startFixture } from './fixture-api.ts';
import { FRAME_HASH } from './fixture-flame.ts';
import { USAGE } from './fixture-health.ts';
import { SERVICE } from './fixture-story.ts';
import { LONG_TRACE_ID, STOREFRONT, TRACE_ID } from './fixture-traces.ts';

const executable = findChromium();
const base = `/s/${encodeURIComponent(SERVICE)}`;
const LEAK = '/findings/f-leak-1';
const storefront = `/s/${encodeURIComponent(STOREFRONT)}`;
const PAGES: [string, string][] = [
  ['services', '/'],
  ['findings', '/findings'],
  ['resolved findings', '/findings?state=resolved'],
  ['leak', LEAK],
  ['leak with evidence', `${LEAK}?evidence=1`],
  ['killed', '/findings/f-killed-1'],
  ['resolved', '/findings/f-leak-0'],
  ['memory', `${base}/memory`],
  ['flame', `${base}/flame`],
  ['flame, searched', `${base}/flame?q=cart`],
  ['flame, zoomed to a frame', `${base}/flame?frame=${FRAME_HASH}`],
  ['flame diff', `${base}/flame/diff?left=-2h..-1h&right=-1h..-1m`],
  ['transactions', `${base}/transactions`],
  ['transaction', `${base}/t/http/${encodeURIComponent('POST /cart/items')}`],
  ['transaction with gaps', `${storefront}/t/http/${encodeURIComponent('GET /checkout')}`],
  ['trace', `/traces/${TRACE_ID}?service=${encodeURIComponent(STOREFRONT)}`],
  ['trace as reported', `/traces/${TRACE_ID}?nesting=reported&span=7832303030303030`],
  ['long trace', `/traces/${LONG_TRACE_ID}`],
  ['wrong nesting', '/findings/f-nesting-1'],
  ['slower, with evidence', '/findings/f-latency-1?evidence=1'],
  ['health', `${base}/health`],
  ['set-up', '/setup'],
  ['uploads', '/uploads'],
  ['rules', '/rules'],
  ['aliases', '/aliases'],
  ['keys', '/keys'],
  ['nowhere', '/nowhere'],
];
const WIDTHS = [320, 360, 390, 480, 600, 720, 768, 900, 1024, 1180, 1280, 1440, 1920];

if (!executable)
  console.warn('SKIPPED: web pages in Chromium: no chromium on PATH (apt-get install chromium)');

describe.skipIf(!executable)('web pages in Chromium', () => {
  let browser: Browser;
  let leak: Awaited<ReturnType<typeof startFixture>>;

  beforeAll(async () => {
    const config = fileURLToPath(new URL('../../web/vite.config.ts', import.meta.url));
    await build({ configFile: config, logLevel: 'error' });
    expect(existsSync(fileURLToPath(new URL('../../web/dist/index.html', import.meta.url)))).toBe(true);
    browser = await launch(executable ?? '');
    leak = await startFixture('leak');
  });
  afterAll(async () => {
    await browser?.close();
    await leak?.close();
  });

  const visit = async (watched: Watched, path: string, origin = leak.url) => {
    await watched.page.goto(origin + path);
    await watched.page.locator('h1.say').waitFor();
    await watched.page.waitForLoadState('networkidle');
  };

  describe.each([
    [1440, 'light'],
    [1440, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)('at %d px, %s', (width, theme) => {
    let watched: Watched;
    beforeAll(async () => {
      watched = await openPage(browser, { width, theme });
    });
    afterAll(() => watched.context.close());

    it.each(PAGES)('%s has no axe finding, no complaint, no sideways scroll', async (_, path) => {
      await visit(watched, path);
      expect(await axeFindings(watched.page)).toEqual([]);
      expect(await sideways(watched.page)).toBeLessThanOrEqual(0);
      expect(watched.complaints.splice(0)).toEqual([]);
    });
  });

  it.each(PAGES)('%s fits every width from 320 to 1920 px', async (_, path) => {
    const watched = await openPage(browser, { width: WIDTHS[0]! });
    await visit(watched, path);
    const over: string[] = [];
    for (const width of WIDTHS) {
      await watched.page.setViewportSize({ width, height: 900 });
      await watched.page.waitForTimeout(60); // charts measure themselves a frame later
      const pixels = await sideways(watched.page);
      if (pixels > 0) over.push(`${pixels} px at ${width}`);
    }
    expect(over).toEqual([]);
    await watched.context.close();
  });

  it('the leak page answers: sentence, onset, suspect, cleared, next step', async () => {
    const { page, context } = await openPage(browser, { width: 1440 });
    const { sentence, suspect, cleared } = await checkFindingPage(page, leak.url);
    expect(sentence).toContain('812 ± 40 B');
    expect(suspect).toBe('POST /cart/items');
    expect(cleared).toHaveLength(5);
    await page.locator('#units tr.undecided').waitFor();
    expect(await page.locator('#units tr.undecided').textContent()).toContain('POST /login');
    expect(await page.locator('.mini').count()).toBe(4);
    expect(await page.locator('svg.interval.above').count()).toBe(1);
    expect(await page.locator('.release').count()).toBe(1);
    expect(await page.locator('.forecast').count()).toBe(1);
    expect(await page.locator('.raw').count()).toBe(4); // three lives, one of them with a gap
    expect(await page.locator('#lines tbody tr').allTextContents()).toEqual([
      expect.stringMatching(/CartStore\.retain.*src\/cart\/store\.js:42/),
      expect.stringMatching(/addBreadcrumb.*SDK or agent.*called from postItems/),
    ]);
    expect(await page.locator('#parts tbody').textContent()).toContain('CartItem');
    expect(await page.locator('#releases').textContent()).toMatch(
      /first bad release is 1\.4\.2; 1\.4\.1 kept nothing/,
    );
    expect(await page.locator('#units .allocated').textContent()).toContain('cart/store.py');
    await page.goto(`${leak.url}/findings/f-killed-1`);
    await page.locator('#deaths').waitFor();
    expect(await page.locator('#deaths').textContent()).toMatch(/killed for memory.*CartStore\.retain/);
    await context.close();
  });

  it('drag zooms every state into the URL, z undoes it', async () => {
    const { page, context } = await openPage(browser, { width: 1440 });
    await page.goto(leak.url + LEAK);
    const box = (await page.locator('.chart svg[role=img]').first().boundingBox())!;
    const y = box.y + 150;
    await page.mouse.move(box.x + 520, y);
    await page.mouse.down();
    await page.mouse.move(box.x + 640, y, { steps: 4 });
    await page.mouse.up();
    expect(page.url()).toMatch(/from=2026-11-1\dT.*&to=2026/);
    await page.waitForLoadState('networkidle');
    await page.locator('.onset-band').waitFor({ state: 'detached' });
    await page.keyboard.press('z');
    await page.waitForURL((url) => url.search === '');
    await page.locator('.onset-band').waitFor();
    await page.keyboard.press('z'); // nothing left to undo: stays
    expect(page.url()).toContain(LEAK);
    await context.close();
  });

  it('changes a rule of one service and leaves the others as people set them', async () => {
    const { page, context } = await openPage(browser, { width: 390 });
    await page.goto(`${leak.url}/rules`);
    await page.getByRole('button', { name: /^Change HeapGrowth of/ }).click();
    await page.getByLabel('Threshold, bytes per second').fill('20000');
    const sent = page.waitForRequest((request) => request.method() === 'PUT');
    await page.getByRole('button', { name: 'Keep' }).click();
    const changed = { threshold: 20_000, forMs: 1_800_000, off: false };
    expect((await sent).postDataJSON()).toEqual({
      rules: { MemoryNearLimit: { off: true }, HeapGrowth: changed },
    });
    await page.locator('dialog').waitFor({ state: 'detached' });
    await context.close();
  });

  it('joins a pair that looks like one service, and takes an alias back', async () => {
    const { page, context } = await openPage(browser, { width: 390 });
    await page.goto(`${leak.url}/aliases`);
    await page.getByRole('button', { name: /^Join prod\/shop\/cart-go and/ }).click();
    const joined = page.waitForRequest((request) => request.method() === 'PUT');
    await page.getByRole('button', { name: 'Join', exact: true }).click();
    expect((await joined).postDataJSON()).toEqual({ from: 'prod/shop/cart-go', to: SERVICE });
    await page.locator('dialog').waitFor({ state: 'detached' });
    const parted = page.waitForRequest((request) => request.method() === 'DELETE');
    await page.getByRole('button', { name: 'Take back production//checkout' }).click();
    expect(decodeURIComponent(new URL((await parted).url()).pathname)).toBe(
      '/api/v1/aliases/production//checkout',
    );
    await context.close();
  });

  it('everything is reached by keys', async () => {
    const { page, context } = await openPage(browser, { width: 1440 });
    await page.goto(leak.url);
    await page.locator('a.find').first().waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to content');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForURL(/f-leak-1/);
    await page.locator('.chart svg[role=img]').first().waitFor();

    await page.keyboard.press('e');
    await page.locator('dialog[open]').waitFor();
    expect(page.url()).toContain('evidence=1');
    await page.keyboard.press('Escape');
    await page.waitForURL((url) => !url.search.includes('evidence'));

    await page.locator('.chart svg[role=img]').first().focus();
    await page.keyboard.press('ArrowLeft');
    expect(await page.locator('.tip').textContent()).toContain('UTC');
    await page.keyboard.press('u');
    await page.waitForURL(/tz=local/);
    await page.keyboard.press('u');

    await page.keyboard.press('g');
    await page.keyboard.press('t');
    await page.waitForURL(/transactions/);
    await page.keyboard.press('/');
    await page.locator('.search input:focus').waitFor();
    await page.keyboard.type('storefr');
    await page.locator('#hits').getByText('storefront').first().waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(/storefront\/memory/);
    await page.keyboard.press('?');
    await page.locator('dialog.help').waitFor();
    await page.locator('dialog.help input[type=checkbox]').uncheck();
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    expect(page.url()).toMatch(/storefront\/memory/);
    await context.close();
  });

  it('keeps one heading on a page whose data cannot be read', async () => {
    const { page, context } = await openPage(browser, { width: 1440 });
    await page.route('**/api/v1/**', (route) => route.fulfill({ status: 503, body: '{}' }));
    for (const path of [LEAK, `${base}/memory`, `${base}/transactions`, '/uploads', '/']) {
      await page.goto(leak.url + path);
      await page.getByRole('alert').first().waitFor();
      expect(await page.getByRole('heading', { level: 1 }).count(), path).toBe(1);
    }
    await page.unroute('**/api/v1/**');
    await page.goto(`${leak.url}${base}/transactions`);
    await page.locator('h1.say').waitFor();
    expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
    await context.close();
  });

  it('says with the data health what Tidemark itself costs, where something is billed', async () => {
    const { page, context } = await openPage(browser, { width: 1440 });
    await page.goto(`${leak.url}${base}/health`);
    await page.getByText('US$ 8.20 per million uploads').waitFor();
    expect(await page.locator('#cost tbody tr').first().textContent()).toMatch(/^ingest/);
    await page.route('**/api/v1/usage', (route) =>
      route.fulfill({ json: { ...USAGE, uploads: 0, usd: 0, usdPerMillion: null, items: [] } }),
    );
    await page.reload();
    await page.getByRole('heading', { name: 'Received, not used' }).waitFor();
    await page.waitForLoadState('networkidle');
    expect(await page.locator('#cost').count()).toBe(0);
    await context.close();
  });

  it('sorts transactions and says so', async () => {
    const { page, context } = await openPage(browser, { width: 1440 });
    await page.goto(`${leak.url}${base}/transactions`);
    await page.getByRole('button', { name: 'p99' }).click();
    expect(page.url()).toContain('sort=-p99');
    expect(await page.locator('th[aria-sort=descending]').textContent()).toContain('p99');
    expect(await page.locator('#transactions tbody tr').first().textContent()).toContain('GET /checkout');
    await context.close();
  });

  it('says of a transaction which release made it slower or faster, and what each took', async () => {
    const { page, context } = await openPage(browser, { width: 1440 });
    await page.goto(`${leak.url}${base}/transactions`);
    const row = (name: string) => page.locator('#transactions tbody tr', { hasText: name });
    expect(await row('GET /checkout').textContent()).toContain('Slower p95 rose by 29');
    expect(await row('GET /cart').textContent()).toContain('Faster p95 fell by 48');
    expect(await row('GET /search').locator('.shift').count()).toBe(0);
    await row('GET /cart').locator('a').first().click();
    await page.locator('#by-release').waitFor();
    const releases = page.locator('#by-release tbody tr');
    expect(await releases.locator('td:first-child').allTextContents()).toEqual(['1.4.2', '1.4.1']);
    expect(await releases.first().textContent()).toMatch(/42\sms/);
    await context.close();
  });

  it('snoozes with a time and dismisses with a reason', async () => {
    const { page, context } = await openPage(browser, { width: 1440 });
    const sent: [string, unknown][] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST') sent.push([new URL(request.url()).pathname, request.postDataJSON()]);
    });
    await page.goto(leak.url + LEAK);
    await page.locator('h1.say').waitFor();
    await page.keyboard.press('s');
    await page.getByRole('button', { name: '1 day' }).click();
    await page.getByRole('button', { name: 'Dismiss…' }).click();
    await page.getByLabel('Why is this no finding?').fill('A cache of ours, bounded at 2 GiB');
    await page.getByRole('button', { name: 'Dismiss', exact: true }).click();
    await expect.poll(() => sent.length).toBe(2);
    expect(sent[0]?.[0]).toBe('/api/v1/findings/f-leak-1/snooze');
    expect(sent[0]?.[1]).toEqual({ untilMs: expect.any(Number) });
    expect(sent[1]).toEqual([
      '/api/v1/findings/f-leak-1/dismiss',
      { reason: 'A cache of ours, bounded at 2 GiB' },
    ]);
    await context.close();
  });

  it('keeps a chosen theme', async () => {
    const { page, context } = await openPage(browser, { width: 1440, theme: 'light' });
    await page.goto(leak.url);
    await page.getByRole('button', { name: 'Light or dark' }).click();
    await page.reload();
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark');
    await context.close();
  });

  it('first run: the lines to paste, and a live wait', async () => {
    const empty = await startFixture('empty');
    for (const width of [1440, 390]) {
      const watched = await openPage(browser, { width });
      await visit(watched, '/', empty.url);
      expect(await watched.page.locator('h1.say').textContent()).toBe('Nothing has arrived yet.');
      expect(await watched.page.locator('.paste').first().textContent()).toContain('npm install');
      await watched.page.getByRole('button', { name: 'Python' }).click();
      expect(watched.page.url()).toContain('sdk=otel-python');
      expect(await axeFindings(watched.page)).toEqual([]);
      expect(await sideways(watched.page)).toBeLessThanOrEqual(0);
      expect(watched.complaints).toEqual([]);
      await watched.context.close();
    }
    await empty.close();
  });

  it('an error says what could not be read, and tries again', async () => {
    const broken = await startFixture('error');
    const { page, context } = await openPage(browser, { width: 1440 });
    await page.goto(broken.url);
    await page.locator('.msg.err').first().waitFor();
    expect(await page.locator('.msg.err').first().textContent()).toContain('locked by another process (503)');
    expect(await axeFindings(page)).toEqual([]);
    const before = broken.requests.filter((one) => one.includes('/findings')).length;
    await page.getByRole('button', { name: 'Try again' }).first().click();
    await expect
      .poll(() => broken.requests.filter((one) => one.includes('/findings')).length)
      .toBeGreaterThan(before);
    await context.close();
    await broken.close();
  });

  it('a finding that is not there says so, and where the others are', async () => {
    const { page, context } = await openPage(browser, { width: 390 });
    await page.goto(`${leak.url}/findings/f-none`);
    await page.locator('.msg.err').first().waitFor();
    expect(await page.locator('h1.say').textContent()).toBe('There is no such finding.');
    expect(await page.getByRole('link', { name: 'All findings' }).getAttribute('href')).toBe('/findings');
    expect(await axeFindings(page)).toEqual([]);
    await context.close();
  });

  it('asks for one small thing every five seconds at rest', async () => {
    const quiet = await startFixture('leak');
    const { page, context } = await openPage(browser, { width: 1440 });
    await page.goto(quiet.url + LEAK);
    await page.waitForLoadState('networkidle');
    const before = quiet.requests.length;
    await page.waitForTimeout(6000);
    expect(quiet.requests.slice(before)).toEqual(['GET /api/v1/status']);
    await context.close();
    await quiet.close();
  });
});
