import { describe, expect, it } from 'vitest';
import { axeFindings } from './axe.ts';
import { sideways } from './browser.ts';
import { LONG_TRACE_ID, STOREFRONT, TRACE_ID } from './fixture-traces.ts';
import { pagesInChromium } from './pages.ts';

const pages = pagesInChromium('traces');
const service = encodeURIComponent(STOREFRONT);
const TRACE = `/traces/${TRACE_ID}?service=${service}`;
const UNIT = `/s/${service}/t/http/${encodeURIComponent('GET /checkout')}`;
const UNIT_API = `/api/v1/services/${service}/transactions/${encodeURIComponent('http GET /checkout')}`;

describe.skipIf(!pages.canOpen)('traces in Chromium', () => {
  pages.setUp();

  const open = async (path: string, width = 1440) => {
    const watched = await pages.blank(width);
    const sent: [string, unknown][] = [];
    watched.page.on('request', (request) => {
      if (request.method() === 'POST') sent.push([new URL(request.url()).pathname, request.postDataJSON()]);
    });
    await watched.page.goto(pages.fixture().url + path);
    await watched.page.locator('h1.say').waitFor();
    return { ...watched, sent };
  };

  it('answers: time without a span, its main cause, rows with gaps between them', async () => {
    const { page, context, complaints } = await open(TRACE);
    const say = (await page.locator('h1.say').textContent())?.replace(/[\u2009\u202f\u00a0]/g, ' ');
    expect(say).toBe(
      '486 of 1,240 ms have no span. The larger gap ran from_db for 314 ms, called by product.',
    );
    expect(await page.getByRole('treeitem').count()).toBe(17);
    expect(await page.locator('.gapr .gapfill').count()).toBe(2);
    expect(await page.locator('.mv').first().textContent()).toBe('moved from GET inventory/stock');
    expect(await page.getByText('ambiguous', { exact: true }).count()).toBe(1);
    const causes = await page.locator('.facts.causes > div').allTextContents();
    expect(causes).toHaveLength(3);
    expect(causes[1]).toContain('GET /export held the loop');
    expect(await page.locator('.paste').textContent()).toContain('enable_asyncio_integration()');
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('shows what was reported by the key n, and says what is wrong with it', async () => {
    const { page, context } = await open(TRACE);
    await page.keyboard.press('n');
    await page.waitForURL(/nesting=reported/);
    expect(await page.locator('h1.say').textContent()).toContain('5 spans hang under the wrong parent');
    expect(await page.locator('.tr i.bad').count()).toBe(5);
    const rates = page.getByRole('treeitem', { name: /GET shipping\/rates/ });
    expect(await rates.textContent()).toContain('219, not 337');
    expect(await rates.getAttribute('aria-level')).toBe('6');
    await page.keyboard.press('n');
    await page.waitForURL((url) => !url.search.includes('nesting'));
    await context.close();
  });

  it('moves, folds and chooses by keys alone', async () => {
    const { page, context } = await open(TRACE);
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
    await page.keyboard.press('j');
    await expect.poll(focused).not.toBe(''); // the row takes the focus a frame later
    await page.keyboard.press('Home');
    await expect.poll(focused).toContain('http.server GET /checkout');
    await page.keyboard.press('ArrowRight');
    await expect.poll(focused).toContain('SessionMiddleware');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => page.getByRole('treeitem').count()).toBe(2);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    await expect.poll(focused).toContain('cache.get session:*');
    await page.keyboard.press('Enter');
    await page.waitForURL(/span=[0-9a-f]{16}/);
    expect(await page.locator('[aria-selected=true]').getAttribute('aria-label')).toContain('cache.get');
    expect(await page.getByRole('heading', { name: 'session:*', exact: true }).count()).toBe(1);
    await page.reload(); // the link shows what it showed
    await page.getByRole('heading', { name: 'session:*', exact: true }).waitFor();
    await context.close();
  });

  it('draws what ran in the chosen part, and goes from part to part by the key f', async () => {
    const { page, context, complaints } = await open(TRACE);
    const graph = page.locator('#trace-flame');
    await graph.locator('canvas').waitFor();
    expect(await graph.locator('h2').first().textContent()).toBe('What ran in the gap');
    expect(await graph.locator('.note.under').textContent()).toContain('41 samples cover 92');
    const asked = () =>
      pages
        .fixture()
        .requests.filter((one) => one.includes('/flamegraph'))
        .at(-1);
    expect(asked()).toMatch(/focus=gap.*startUs=422000/);
    for (const focus of ['span', 'tree', 'all']) {
      await page.keyboard.press('f');
      await page.waitForURL((url) => url.searchParams.get('focus') === focus);
      await expect.poll(asked).toContain(`focus=${focus}`);
    }
    await page.reload(); // the link shows what it showed
    await graph.getByRole('heading', { name: 'What ran in the whole request' }).waitFor();
    await page.getByRole('treeitem', { name: /SessionMiddleware/ }).click();
    await graph.getByRole('heading', { name: 'What ran in SessionMiddleware and its children' }).waitFor();
    expect(await graph.getByRole('button', { name: 'Gap', exact: true }).count()).toBe(0);
    expect(await axeFindings(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
    const long = await open(`/traces/${LONG_TRACE_ID}`);
    expect(await long.page.locator('#trace-flame').count()).toBe(0); // was not profiled
    await long.context.close();
  });

  it('says that nothing is missing in a gap', async () => {
    const { page, context, sent } = await open(TRACE);
    await page.getByRole('button', { name: /^Nothing is missing/ }).click();
    await expect.poll(() => sent.length).toBe(1);
    expect(sent[0]).toEqual([
      `${UNIT_API}/gaps/dismiss`,
      { after: 'http.client GET shipping/rates', before: 'db SELECT * FROM address', dismissed: true },
    ]);
    await context.close();
  });

  it('has only the rows near the window of a long trace, and reaches all of them', async () => {
    for (const width of [1440, 390]) {
      const { page, context } = await open(`/traces/${LONG_TRACE_ID}`, width);
      expect(await page.getByRole('treeitem').count()).toBeLessThan(120);
      await page.keyboard.press('j');
      await page.keyboard.press('End');
      await expect
        .poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? ''))
        .toContain('step 380 ');
      expect(await page.locator(':focus').isVisible()).toBe(true);
      expect(await sideways(page)).toBeLessThanOrEqual(0);
      await context.close();
    }
  });

  it('leads from a gap of a unit to a request with that gap', async () => {
    const { page, context } = await open(UNIT);
    await page.locator('table.gaps').waitFor();
    expect(await page.locator('.comparison').textContent()).toContain('Slower p95 rose by 29');
    expect(await page.locator('table.gaps tbody tr').count()).toBe(3);
    expect(await page.locator('#unit-functions tbody tr').first().textContent()).toContain(
      'usually fast, sometimes slow',
    );
    await page.getByRole('link', { name: /^Trace with the gap between .* of 76/ }).click();
    await page.waitForURL(/traces\/4f1c.*gap=/);
    await page.getByRole('heading', { name: /The gap of 76/ }).waitFor();
    await context.close();
  });

  it('shows where the time of a unit goes, before and after the release', async () => {
    const { page, context } = await open(UNIT);
    const bars = page.locator('#budget .bar');
    await expect.poll(() => bars.count()).toBe(3);
    const said = await bars.evaluateAll((all) => all.map((bar) => bar.getAttribute('aria-label') ?? ''));
    expect(said.map((text) => text.split(':')[0])).toEqual(['Before 5.12.0', 'Since 5.12.0', 'Slowest kept']);
    expect(said[1]).toContain('from_db');
    expect(said[0]).not.toContain('from_db');
    await page.getByRole('link', { name: 'Slowest kept' }).click();
    await page.waitForURL(/traces\/4f1c/);
    await context.close();
  });

  it('sets gaps and patterns of a unit aside, and takes them back', async () => {
    const { page, context, sent } = await open(UNIT);
    await page.getByRole('button', { name: 'Show 1 set aside' }).click();
    await page.getByRole('button', { name: /^Show again/ }).click();
    await expect.poll(() => sent.length).toBe(1);
    await page.getByRole('button', { name: /^Ignore/ }).click();
    await expect.poll(() => sent.length).toBe(2);
    expect(sent).toEqual([
      [`${UNIT_API}/gaps/dismiss`, { after: 'template checkout.html', before: null, dismissed: false }],
      [
        `${UNIT_API}/patterns/ignore`,
        { kind: 'n-plus-one-db', subject: 'db SELECT * FROM product WHERE id = ?', ignored: true },
      ],
    ]);
    await page.getByRole('button', { name: 'Total', exact: true }).click();
    await page.waitForURL(/by=total/);
    expect(await axeFindings(page)).toEqual([]);
    await context.close();
  });

  it('leads from wrong nesting to the lines, the request, and the processes', async () => {
    const { page, context } = await open('/findings/f-nesting-1');
    expect(await page.locator('.paste').textContent()).toContain('enable_asyncio_integration()');
    expect(await page.locator('.chart').count()).toBe(0);
    await page.getByRole('link', { name: 'Data health' }).last().click();
    await page.locator('#nesting').waitFor();
    const rows = await page.locator('#nesting tbody tr').allTextContents();
    expect(rows[0]).toContain('Wrong nesting94');
    expect(rows[2]).toContain('Sound0');
    expect(await page.locator('#nesting .paste').count()).toBe(1); // one text for two processes
    await page.goBack();
    await page.getByRole('link', { name: /^Trace 4f1c/ }).click();
    await page.waitForURL(/traces\/.*nesting=reported/);
    await context.close();
  });

  it('shows what SDKs say that they threw away', async () => {
    const { page, context } = await open('/uploads');
    const rows = await page.locator('#left-out tbody tr').allTextContents();
    expect(rows[0]).toMatch(/^left out by the SDK \(sample_rate\): transaction12\.3/);
    expect(await axeFindings(page)).toEqual([]);
    await context.close();
  });

  it('says of a trace that is not kept where others are', async () => {
    const { page, context } = await open(`/traces/${'ab'.repeat(16)}?service=${service}`, 390);
    expect(await page.locator('h1.say').textContent()).toBe('This trace is not retained.');
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press('/');
    await page.locator('.search input:focus').waitFor();
    await page.keyboard.type(TRACE_ID);
    await page.locator('#hits').getByText(TRACE_ID).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('treeitem').first().waitFor();
    await context.close();
  });
});
