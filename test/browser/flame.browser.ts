import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { decodeProfile, encodeProfile } from '../../lib/formats/profiles/index.ts';
import { axeFindings } from './axe.ts';
import { sideways } from './browser.ts';
import { FILE_STACKS, FRAME_HASH } from './fixture-flame.ts';
import { SERVICE } from './fixture-story.ts';
import { pagesInChromium } from './pages.ts';

const pages = pagesInChromium('flame graphs');
const FLAME = `/s/${encodeURIComponent(SERVICE)}/flame`;
const DIFF = `${FLAME}/diff?left=-2h..-1h&right=-1h..-1m`;

describe.skipIf(!pages.canOpen)('flame graphs in Chromium', () => {
  pages.setUp();

  const open = async (path: string, width = 1440) => {
    const watched = await pages.blank(width);
    await watched.page.goto(pages.fixture().url + path);
    await watched.page.locator('.flame canvas').waitFor();
    return watched;
  };
  /** Colours of the drawing by how many pixels they have. It comes from a thread of its own, so that tests wait for it. */
  const colours = async (page: Page) =>
    new Map(
      await page
        .locator('.flame canvas')
        .first()
        .evaluate((canvas: HTMLCanvasElement) => {
          const g = new OffscreenCanvas(canvas.clientWidth, canvas.clientHeight).getContext('2d')!;
          g.drawImage(canvas, 0, 0);
          const { data } = g.getImageData(0, 0, canvas.clientWidth, canvas.clientHeight);
          const counts: Record<string, number> = {};
          for (let i = 0; i < data.length; i += 4) {
            const colour = data.slice(i, i + 3).join(',');
            counts[colour] = (counts[colour] ?? 0) + 1;
          }
          return Object.entries(counts);
        }),
    );

  it('draws frames in the colours of their kinds, and the table beside it', async () => {
    const { page, context, complaints } = await open(FLAME);
    await expect.poll(async () => (await colours(page)).size).toBeGreaterThan(8);
    expect(await page.locator('.functions tbody tr').count()).toBeGreaterThan(5);
    expect(await page.locator('.keys').first().textContent()).toContain('idle is hidden');
    const figures = async () => {
      const said = await page.locator('h1.say b.nb').textContent();
      const row = page.locator('.functions tr', { hasText: 'snapshotCart' });
      return [said, await row.locator('td').nth(1).textContent()].map((text) => Number.parseFloat(text!));
    };
    const busy = await figures();
    expect(busy[0]).toBeCloseTo(busy[1]!, 0);
    await page.getByRole('link', { name: 'show', exact: true }).click();
    await page.waitForURL(/idle=shown/);
    await expect.poll(async () => (await figures())[0]).toBeLessThan(busy[0]!);
    expect((await figures())[0]).toBeCloseTo((await figures())[1]!, 0);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('turns dark with the page', async () => {
    const { page, context } = await open(FLAME);
    const [light, dark] = ['201,210,220', '68,80,93']; // libraries: --f-lib
    await expect.poll(async () => (await colours(page)).get(light)).toBeGreaterThan(100);
    await page.getByRole('button', { name: 'Light or dark' }).click();
    await expect.poll(async () => (await colours(page)).get(dark)).toBeGreaterThan(100);
    expect((await colours(page)).get(light)).toBeUndefined();
    await context.close();
  });

  it('says when the frame of a link is not in this range, until another is chosen', async () => {
    const { page, context } = await open(`${FLAME}?frame=deadbeef`, 390);
    const note = page.getByText('The frame of this link is not in this range.');
    await note.waitFor();
    expect(await sideways(page)).toBeLessThanOrEqual(0);
    expect(await axeFindings(page)).toEqual([]);
    const box = (await page.locator('.flame canvas').boundingBox())!;
    await page.mouse.click(box.x + 30, box.y + 22 + 8);
    await note.waitFor({ state: 'detached' });
    await page.locator('.crumbs').waitFor();
    await page.goto(`${pages.fixture().url}${FLAME}?frame=${FRAME_HASH}`);
    await page.locator('.crumbs').waitFor();
    expect(await note.count()).toBe(0);
    await context.close();
  });

  it('zooms by click and by key, and Back undoes one zoom', async () => {
    const { page, context } = await open(FLAME);
    const box = (await page.locator('.flame canvas').boundingBox())!;
    await page.mouse.click(box.x + 30, box.y + 22 + 8);
    await page.waitForURL(/frame=[0-9a-f]{8}/);
    const zoomed = page.url();
    expect(await page.locator('.crumbs').textContent()).toContain('all');
    await page.locator('.flame canvas').focus();
    await page.keyboard.press('ArrowDown');
    expect(await page.locator('.flame [aria-live]').textContent()).toMatch(/, total .+, self /);
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.href !== zoomed);
    await page.goBack();
    await page.waitForURL(zoomed);
    await page.reload();
    await page.locator('.crumbs').waitFor(); // the link shows what it showed
    await page.locator('.flame canvas').focus();
    await page.keyboard.press('Escape');
    await page.waitForURL((url) => !url.search.includes('frame'));
    await context.close();
  });

  it('finds frames, says their share, and goes from one to the next', async () => {
    const { page, context } = await open(FLAME);
    await page.getByLabel('Find a frame').fill('snapshot');
    await page.waitForURL(/q=snapshot/);
    expect(await page.locator('.flame-tools .note').textContent()).toMatch(/^\d+\.\d\s%$/);
    await page.keyboard.press('Enter');
    await page.waitForURL(/frame=/);
    const first = page.url();
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.href !== first);
    await page.locator('.functions button.fn').first().click();
    expect(await page.getByLabel('Find a frame').inputValue()).not.toBe('snapshot');
    await context.close();
  });

  it('tells of a frame its time per transaction, its lines, and an upload that shows it', async () => {
    const { page, context, complaints } = await open(`${FLAME}?frame=${FRAME_HASH}`);
    const panel = page.locator('.frame-panel');
    await panel.locator('.lines').waitFor();
    expect(await panel.locator('h2').textContent()).toBe('snapshotCart');
    expect(await panel.locator('.kpi').textContent()).toMatch(/per transaction, p501.9.ms.*p9561.ms/);
    expect(await panel.locator('.tag').textContent()).toBe('Usually fast, sometimes slow');
    const history = panel.getByRole('img', { name: /^Share of snapshotCart over time/ });
    expect(await history.getAttribute('aria-label')).toMatch(/11.% to 22.%, at last 21.%/);
    const question = new URL(
      pages.fixture().requests.find((one) => one.includes('flamegraph/frame'))!,
      'http://x',
    );
    expect(question.searchParams.get('name')).toBe('snapshotCart');
    expect(question.searchParams.get('ignore')).toBe('"(idle)"');
    expect(await panel.locator('.lines tbody tr').allTextContents()).toEqual([
      expect.stringMatching(/^193.ms3.ms$/),
      expect.stringMatching(/^2241.ms0.ms$/),
      expect.stringMatching(/^2344.ms30.ms$/),
      expect.stringMatching(/^319.ms6.ms$/),
    ]);
    expect(await panel.locator('a[download]').getAttribute('href')).toMatch(/uploads\/[0-9a-f]{32}\/raw$/);
    // Asked for only now: a graph that nobody zooms into costs no look at its uploads.
    const asked = () => pages.fixture().requests.filter((one) => one.includes('details=true')).length;
    const before = asked();
    await page.goto(pages.fixture().url + FLAME);
    await page.locator('#functions').waitFor();
    expect(await panel.count()).toBe(0);
    expect(asked()).toBe(before);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('ranks functions by the spread of their time, and leads to each in the graph', async () => {
    const { page, context } = await open(FLAME);
    const names = () => page.locator('#functions tbody .mono.strong').allTextContents();
    await page.locator('#functions').waitFor();
    expect(await names()).toEqual(['snapshotCart', 'handle', 'refreshPrices']);
    expect(await page.locator('#functions tbody tr').first().textContent()).toContain('sometimes slow');
    await page.getByRole('button', { name: 'p50' }).click();
    await page.waitForURL(/sort=-p50/);
    expect(await names()).toEqual(['handle', 'snapshotCart', 'refreshPrices']);
    await page.getByRole('button', { name: 'Libraries too' }).click();
    await page.locator('#functions tbody tr').nth(3).waitFor();
    expect(await names()).toContain('query');
    expect(await page.getByLabel('Trace with snapshotCart of 171').getAttribute('href')).toMatch(
      /^\/traces\/a3/,
    );
    await page.getByRole('link', { name: 'snapshotCart in the flame graph' }).click();
    await page.waitForURL(/q=snapshotCart/);
    expect(new URL(page.url()).searchParams.get('unit')).toBe('http POST /cart/items');
    await page.waitForFunction(() => !document.querySelector('#functions th')?.textContent?.includes('Unit'));
    await context.close();
  });

  it('tells what grew beyond chance, and what only moved or seems to have grown', async () => {
    const { page, context } = await open(DIFF);
    const rows = await page.locator('#regressions tbody tr').allTextContents();
    expect(rows.map((row) => row.replaceAll(/\s/g, ' '))).toEqual([
      expect.stringMatching(/^snapshotCart .*3.1 ms14.9 ms\+11.8 ms \(8.2–15.4\).*it does more/),
      expect.stringMatching(/^snapshotCart .*9.3 %21 %\+12.1 points \(8.4–15.8\).*it does more/),
      expect.stringMatching(/^freezeLines .*moved here from copyLines within addItem/),
      expect.stringMatching(/^handle .*only its share grew: loadCart got faster/),
    ]);
    expect(await page.locator('#regressions svg.interval.above').count()).toBe(2);
    await page.getByRole('link', { name: 'snapshotCart' }).first().click();
    await page.waitForURL(/q=snapshotCart/);
    await page.getByLabel('Release after').selectOption('1.4.2');
    await page.waitForURL(/right=[^&]+,1\.4\.2/);
    const asked = () =>
      pages.fixture().requests.some((one) => /regressions\?.*rightVersion=1\.4\.2/.test(one));
    await expect.poll(asked).toBe(true);
    await context.close();
  });

  it('leads from a graph to what changed, and draws either side', async () => {
    const { page, context, complaints } = await open(FLAME);
    await page.getByRole('link', { name: 'Compare with before' }).click();
    await page.waitForURL(/flame\/diff\?left=.+\.\..+&right=.+\.\./);
    await page.locator('.sides').waitFor();
    expect(await page.locator('h1.say').textContent()).toContain('snapshotCart takes 12');
    await expect.poll(async () => (await colours(page)).size).toBeGreaterThan(3);
    const after = await colours(page);
    await page.getByRole('button', { name: /Widths before/ }).click();
    await page.waitForURL(/width=before/);
    await expect.poll(() => colours(page)).not.toEqual(after);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('turns the graph around, and opens it in speedscope as it was, with the profile in the link', async () => {
    const { page, context, complaints } = await open(FLAME);
    const callers = page.getByRole('button', { name: 'Callers' });
    await callers.click();
    await page.waitForURL(/view=callers/);
    expect(await callers.getAttribute('aria-pressed')).toBe('true');
    const asked = () => pages.fixture().requests.some((one) => one.includes('flamegraph?inverted=true'));
    await expect.poll(asked).toBe(true);
    await context.route('https://www.speedscope.app/**', (route) => route.fulfill({ body: 'speedscope' }));
    const [tab] = await Promise.all([
      context.waitForEvent('page'),
      page.getByRole('button', { name: 'Open in speedscope.app (network)' }).click(),
    ]);
    await tab.waitForURL(/^https:\/\/www\.speedscope\.app\//);
    const hash = new URLSearchParams(new URL(tab.url()).hash.slice(1));
    expect(hash.get('title')).toBe(SERVICE.split('/').at(-1));
    const [, profile = ''] = (hash.get('profileURL') ?? '').split(';base64,');
    const file = Buffer.from(profile, 'base64');
    expect(JSON.parse(file.toString()).$schema).toBe('https://www.speedscope.app/file-format-schema.json');
    expect(Buffer.from(encodeProfile(decodeProfile(file), 'folded')).toString()).toBe(FILE_STACKS);
    const links = await page
      .locator('a[download]')
      .evaluateAll((all) => all.map((one) => one.getAttribute('href')));
    const files = [...links, ...pages.fixture().requests].filter((one) => one?.includes('format='));
    expect(files.length).toBeGreaterThan(2);
    expect(files.filter((one) => one?.includes('inverted'))).toEqual([]);
    await page.keyboard.press('b');
    await page.waitForURL((url) => !url.search.includes('view'));
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('shows who calls a function over what it calls, and goes on from one to the next', async () => {
    const { page, context, complaints } = await open(`${FLAME}?frame=${FRAME_HASH}`);
    await page.locator('.frame-panel').waitFor();
    await page.keyboard.press('s');
    await page.waitForURL(/view=sandwich/);
    const crumbs = page.locator('.crumbs');
    expect(await crumbs.textContent()).toBe('Callers and callees of snapshotCart');
    const callers = (await page.locator('.flame canvas').first().boundingBox())!;
    expect(await page.locator('.flame canvas').count()).toBe(2);
    await expect.poll(async () => (await colours(page)).size).toBeGreaterThan(4);
    // All of its calls, as the table says.
    const row = page.locator('.functions tr', { hasText: 'snapshotCart' });
    const share = (await row.locator('td').nth(2).textContent())!;
    expect((await page.locator('.kpi dd').first().textContent())!.replaceAll(/\s/g, '')).toBe(
      share.replaceAll(/\s/g, ''),
    );
    // The bar above the function at the bottom is who called it.
    await page.mouse.click(callers.x + 30, callers.y + callers.height - 22 - 11);
    await expect.poll(() => crumbs.textContent()).toBe('Callers and callees of (garbage collector)');
    await page.goBack();
    await expect.poll(() => crumbs.textContent()).toBe('Callers and callees of snapshotCart');
    await page.setViewportSize({ width: 390, height: 900 });
    expect(await sideways(page)).toBeLessThanOrEqual(0);
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press('s');
    await page.waitForURL((url) => !url.search.includes('view'));
    expect(await page.locator('.flame canvas').count()).toBe(1);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('leaves functions out and shows only those with one, as links that the API is asked with', async () => {
    const { page, context } = await open(`${FLAME}?q=pg-protocol`);
    const asked = (query: string) =>
      expect.poll(() => pages.fixture().requests.some((one) => one.includes(`flamegraph?${query}`)));
    await page.getByRole('link', { name: 'Without these' }).click();
    await asked('ignore=pg-protocol').toBe(true);
    const box = (await page.locator('.flame canvas').boundingBox())!;
    await page.mouse.move(box.x + 30, box.y + 22 + 8);
    await page.locator('.flame-tip').waitFor();
    await page.keyboard.press('i');
    await asked('ignore=pg-protocol%0A%22handle%22').toBe(true);
    expect(await page.locator('h1.say').textContent()).toContain('of what is shown of its');
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole('link', { name: 'Without pg-protocol: take' }).click();
    await asked('ignore=%22handle%22').toBe(true);
    expect(await page.locator('.filters').textContent()).toBe('Without handle ×');
    await context.close();
  });

  it('opens the source of a frame where the reader says that it is', async () => {
    const { page, context } = await open(`${FLAME}?frame=${FRAME_HASH}`);
    await page.locator('.frame-panel .lines').waitFor();
    await page.keyboard.press('o');
    await page.getByLabel(/^Address/).fill('https://git.example.com/cart/blob/{version}/{file}#L{line}');
    await page.getByLabel(/^Left out/).fill('src/');
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press('Enter');
    const link = page.getByRole('link', { name: 'src/cart/snapshot.ts:23' });
    expect(await link.getAttribute('href')).toBe(
      'https://git.example.com/cart/blob/HEAD/cart/snapshot.ts#L23',
    );
    await context.route('https://git.example.com/**', (route) => route.fulfill({ body: 'source' }));
    const [tab] = await Promise.all([context.waitForEvent('page'), page.keyboard.press('o')]);
    await tab.waitForURL(/^https:\/\/git\.example\.com\/cart/);
    await context.close();
  });

  it('is one click away from an onset and from a release', async () => {
    const { page, context } = await pages.blank();
    await page.goto(`${pages.fixture().url}/findings/f-leak-1`);
    await page.getByRole('link', { name: 'What changed' }).click();
    await page.waitForURL(/flame\/diff\?left=.+\.\..+&right=.+\.\..+&type=inuse_space/);
    await page.locator('.flame canvas').waitFor();
    await page.goto(`${pages.fixture().url}/s/${encodeURIComponent(SERVICE)}/memory`);
    await page.getByRole('link', { name: 'Profiles before and after it' }).first().click();
    await page.waitForURL(/flame\/diff\?left=/);
    await page.locator('.flame canvas').waitFor();
    await context.close();
  });

  it('draws 10,000 nodes as no more bars in a row than it has pixels', async () => {
    const { page, context } = await open(`${FLAME}?unit=nodes+10000`);
    const { cells, widest, pixels } = await page
      .locator('.flame canvas')
      .evaluate((canvas: HTMLCanvasElement) => ({
        cells: Number(canvas.dataset.cells),
        widest: Number(canvas.dataset.widestRow),
        pixels: canvas.clientWidth,
      }));
    expect(cells).toBeGreaterThan(100);
    expect(widest).toBeGreaterThan(50);
    expect(widest).toBeLessThanOrEqual(pixels);
    await context.close();
  });
});
