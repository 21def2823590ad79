// Main-thread work while a flame graph of 10,000 nodes is hovered and zoomed, from the browser's own trace.
//   node bench/ui/flame.ts [--nodes 10000] [--runs 3]   needs chromium on PATH
// Marks of zooming: p95 of frames ≤ 8 ms in the worst run, no task > 50 ms; it ends with 1 above them. A frame is what the page's
// thread does from one commit to the compositor until the next. Hovering is told apart: many small frames would hide those of a zoom.
// Beside it, by turns, a page that does as little as such a page can: what of it is the browser's and the machine's.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { build } from 'vite';
import { findChromium, launch, openPage } from '../../test/browser/browser.ts';
import { startFixture } from '../../test/browser/fixture-api.ts';
import { SERVICE } from '../../test/browser/fixture-story.ts';

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly ts: number;
  readonly dur?: number;
  /** What the thread itself worked, which waiting for a core does not add to. */
  readonly tdur?: number;
  readonly pid: number;
  readonly tid: number;
  readonly args?: { readonly name?: string };
}

const ROUNDS = 20;
/** Between zooms: what is told of a frame a frame later is that zoom's work, not part of the next one. */
const PAUSE_MS = 100;
const P95_MS = 8;
const TASK_MS = 50;

const { values } = parseArgs({
  options: { nodes: { type: 'string', default: '10000' }, runs: { type: 'string', default: '3' } },
});
const executable = findChromium();
if (!executable) throw new Error('No chromium on PATH');
await build({
  configFile: fileURLToPath(new URL('../../web/vite.config.ts', import.meta.url)),
  logLevel: 'error',
});
/** What any such page costs here and now: as many rectangles by one call each, a tooltip that follows, a URL that moves. */
const FLOOR = `<!doctype html><canvas width=960 height=374 tabindex=0></canvas><div id=tip style="position:absolute;top:0"></div>
<script>
  const canvas = document.querySelector('canvas');
  const g = canvas.getContext('2d');
  const draw = (n) => {
    g.clearRect(0, 0, 960, 374);
    for (let i = 0; i < 1300; i += 1) {
      g.fillStyle = ['#8fd0bf', '#c9d2dc', '#e3e3dd'][i % 3];
      g.fillRect((i * 7 + n) % 950, 22 * (i % 17), 6, 21);
    }
    for (let i = 0; i < 30; i += 1) g.fillText('a frame ' + (i + n), (31 * i) % 900, 22 * (i % 17) + 12);
    history.pushState(null, '', '/floor?frame=' + n);
  };
  let n = 0;
  canvas.addEventListener('click', () => draw((n += 1)));
  canvas.addEventListener('keydown', () => draw((n += 1)));
  canvas.addEventListener('pointermove', (event) => {
    tip.style.transform = 'translate(' + event.offsetX + 'px,' + event.offsetY + 'px)';
    tip.textContent = 'frame ' + event.offsetX;
  });
  draw(0);
</script>`;

const browser = await launch(executable);
const fixture = await startFixture('leak');
const graph = `${fixture.url}/s/${encodeURIComponent(SERVICE)}/flame?unit=nodes+${values.nodes}`;
try {
  const found: Visit[] = [];
  const floor: Visit[] = [];
  // By turns, so that both see the same machine.
  for (let run = 0; run < Number(values.runs); run += 1) {
    found.push(await measured(graph, '.flame canvas'));
    floor.push(await measured(`${fixture.url}/floor`, 'canvas'));
  }
  for (const what of ['zoom', 'hover'] as const) {
    const of = (visits: readonly Visit[]) => visits.map((visit) => visit[what]);
    print(`${what.padEnd(5)}  ${values.nodes} nodes`, of(found));
    print(`${what.padEnd(5)}  the floor  `, of(floor));
  }
  const zooms = found.map(({ zoom }) => zoom);
  if (zooms.some(({ p95 }) => p95 > P95_MS) || zooms.some(({ longest }) => longest > TASK_MS))
    process.exitCode = 1;
} finally {
  await browser.close();
  await fixture.close();
}

interface Figures {
  readonly frames: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly longest: number;
  readonly clock: number;
}

interface Visit {
  readonly hover: Figures;
  readonly zoom: Figures;
}

/** Main-thread work of one visit: twenty times along a row; then twenty times into a frame, and out again. */
async function measured(url: string, selector: string): Promise<Visit> {
  const { page, context } = await openPage(browser, { width: 1440 });
  await page.route('**/floor', (route) => route.fulfill({ contentType: 'text/html', body: FLOOR }));
  await page.goto(url);
  const canvas = page.locator(selector);
  await canvas.waitFor();
  // Loading is no zooming.
  await page.waitForLoadState('networkidle');
  const box = (await canvas.boundingBox())!;
  const hover = await traced(page, async () => {
    for (let round = 0; round < ROUNDS; round += 1)
      for (let step = 0; step < 12; step += 1)
        await page.mouse.move(box.x + 20 + step * 70, box.y + 12 + 22 * (1 + (round % 8)));
  });
  const zoom = await traced(page, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      await page.mouse.click(box.x + 40 + 15 * round, box.y + 12 + 22 * (1 + (round % 5)));
      await page.waitForTimeout(PAUSE_MS);
      // The click has put the focus there: to ask for it would run the driver's own script on the thread that is measured.
      await page.keyboard.press('Escape');
      await page.waitForTimeout(PAUSE_MS);
    }
  });
  await context.close();
  return { hover, zoom };
}

async function traced(page: Page, act: () => Promise<void>): Promise<Figures> {
  await browser.startTracing(page, {
    categories: ['devtools.timeline', 'toplevel', 'disabled-by-default-devtools.timeline'],
  });
  await act();
  return figuresOf(JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] });
}

function figuresOf({ traceEvents }: { traceEvents: TraceEvent[] }): Figures {
  const main = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const onMain = (wanted: string) =>
    traceEvents.filter(
      ({ name, ph, pid, tid }) => name === wanted && ph === 'X' && main.has(`${pid} ${tid}`),
    );
  const tasks = onMain('RunTask').sort((a, b) => a.ts - b.ts);
  const commits = onMain('Commit').map(({ ts }) => ts);
  if (commits.length === 0) throw new Error('The trace has no frames');
  commits.sort((a, b) => a - b).push(Number.POSITIVE_INFINITY);
  // The task that a commit lies in began before it.
  const work: number[] = [0];
  for (const { ts, dur = 0, tdur = dur } of tasks) {
    if (ts > commits[work.length - 1]!) work.push(0);
    work[work.length - 1]! += tdur / 1000;
  }
  work.sort((a, b) => a - b);
  const at = (share: number) => work[Math.min(work.length - 1, Math.floor(share * work.length))] ?? 0;
  const longest = (of: (task: TraceEvent) => number) => Math.max(0, ...tasks.map(of));
  return {
    frames: work.length,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    longest: longest(({ dur = 0, tdur = dur }) => tdur / 1000),
    clock: longest(({ dur = 0 }) => dur / 1000),
  };
}

/** Medians over the runs; of the longest tasks the longest. */
function print(name: string, runs: readonly Figures[]) {
  const median = (of: (run: Figures) => number) =>
    (runs.map(of).sort((a, b) => a - b)[Math.floor(runs.length / 2)] ?? 0).toFixed(1).padStart(5);
  const most = (of: (run: Figures) => number) =>
    Math.max(...runs.map(of))
      .toFixed(1)
      .padStart(5);
  console.log(
    `${name}  work per frame  p50 ${median(({ p50 }) => p50)} ms  p95 ${median(({ p95 }) => p95)} ms, worst run ${most(({ p95 }) => p95)} ms  p99 ${median(({ p99 }) => p99)} ms` +
      `  longest task ${most(({ longest }) => longest)} ms, ${most(({ clock }) => clock)} ms by the clock` +
      `  (median of ${runs.length} runs of ${Math.round(Number(median(({ frames }) => frames)))} frames)`,
  );
}
