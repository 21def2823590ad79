// Main-thread work while a flame graph of 10,000 nodes is hovered and zoomed, from the browser's own trace.
//   node bench/ui/flame.ts [--nodes 10000]        needs chromium on PATH; marks: frame p95 ≤ 8 ms, no task > 50 ms
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'vite';
import { findChromium, launch, openPage } from '../../test/browser/browser.ts';
import { startFixture } from '../../test/browser/fixture-api.ts';
import { SERVICE } from '../../test/browser/fixture-data.ts';

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

const { values } = parseArgs({ options: { nodes: { type: 'string', default: '10000' } } });
const executable = findChromium();
if (!executable) throw new Error('No chromium on PATH');
await build({
  configFile: fileURLToPath(new URL('../../web/vite.config.ts', import.meta.url)),
  logLevel: 'error',
});
const browser = await launch(executable);
const fixture = await startFixture('leak');
try {
  const { page } = await openPage(browser, { width: 1440 });
  await page.goto(`${fixture.url}/s/${encodeURIComponent(SERVICE)}/flame?unit=nodes+${values.nodes}`);
  const canvas = page.locator('.flame canvas');
  await canvas.waitFor();
  const box = (await canvas.boundingBox())!;
  await browser.startTracing(page, {
    categories: ['devtools.timeline', 'toplevel', 'disabled-by-default-devtools.timeline'],
  });
  for (let round = 0; round < 20; round += 1) {
    // Along a row, then into the widest frame below it and out again.
    for (let step = 0; step < 12; step += 1)
      await page.mouse.move(box.x + 20 + step * 70, box.y + 12 + 22 * (1 + (round % 8)));
    await page.mouse.click(box.x + 40 + 15 * round, box.y + 12 + 22 * (1 + (round % 5)));
    await page.waitForTimeout(40);
    await canvas.focus();
    await page.keyboard.press('Escape');
    await page.waitForTimeout(40);
  }
  report(JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] });
} finally {
  await browser.close();
  await fixture.close();
}

function report({ traceEvents }: { traceEvents: TraceEvent[] }) {
  const main = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = traceEvents.filter(
    ({ name, ph, pid, tid }) => name === 'RunTask' && ph === 'X' && main.has(`${pid} ${tid}`),
  );
  // What the main thread does within each sixtieth of a second in which it does anything.
  const frames = new Map<number, number>();
  for (const { ts, dur = 0, tdur = dur } of tasks)
    frames.set(Math.floor(ts / 16_667), (frames.get(Math.floor(ts / 16_667)) ?? 0) + tdur / 1000);
  const work = [...frames.values()].sort((a, b) => a - b);
  const at = (share: number) =>
    (work[Math.min(work.length - 1, Math.floor(share * work.length))] ?? 0).toFixed(2);
  const longest = (of: (task: TraceEvent) => number) => Math.max(0, ...tasks.map(of)).toFixed(1);
  const clock = longest(({ dur = 0 }) => dur / 1000);
  const worked = longest(({ dur = 0, tdur = dur }) => tdur / 1000);
  console.log(`${values.nodes} nodes, ${work.length} frames with work, ${tasks.length} tasks`);
  console.log(`work per frame  p50 ${at(0.5)} ms  p95 ${at(0.95)} ms  p99 ${at(0.99)} ms   mark: p95 ≤ 8 ms`);
  console.log(`longest task    ${worked} ms, ${clock} ms by the clock   mark: ≤ 50 ms`);
}
