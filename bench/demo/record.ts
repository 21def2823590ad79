// Records what the demo's shop sends, without our server: input for tuning the leak analysis.
//   node bench/demo/record.ts <folder> <seed> [--no-leak] [--seconds 120]
// Writes <folder>/seed-N.json (noleak-N.json). Times are seconds since the first request; counts are cumulative.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  bugOf,
  type ShopReport,
  shopCommand,
  shopPort,
  startChild,
  stopChild,
} from '../../lib/cli/demo/children.ts';
import { startLoad } from '../../lib/cli/demo/load.ts';
import { planOf, ROUTES, RUN_S } from '../../lib/cli/demo/plan.ts';
import { type SinkPoint, startSink } from './otlp-sink.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'no-leak': { type: 'boolean', default: false }, seconds: { type: 'string' } },
});
const [folder, seedText] = positionals;
if (folder === undefined || seedText === undefined)
  throw new Error('Usage: record.ts <folder> <seed> [--no-leak]');
const noLeak = values['no-leak'];
const seconds = Number(values.seconds ?? RUN_S);
const plan = planOf(Number(seedText));

const exports: SinkPoint[][] = [];
const sink = await startSink((points) => exports.push(points));
const shop = startChild(shopCommand(bugOf(plan, noLeak), sink.endpoint, process.env), true);
let report: ShopReport | undefined;
const gcAtS: [number, number][] = [];
const port = await shopPort(shop);
const load = startLoad(plan, () => port);
shop.process.on('message', (next: ShopReport) => {
  report = next;
  gcAtS.push([(Date.now() - load.startedAt) / 1000, next.majorCollections]);
});
await Promise.race([new Promise((resolve) => setTimeout(resolve, seconds * 1000)), shop.ended]);
load.stop();
const died = shop.process.exitCode !== null || shop.process.signalCode !== null;
if (died) process.stderr.write(`shop ${await shop.ended}: ${shop.lastWords()}\n`);
await stopChild(shop);
sink.close();

const startMs = report?.firstRequestAt ?? load.startedAt;
const rows = exports.map((points) => {
  const value = (metric: string, wanted: Record<string, string>) =>
    points
      .filter((p) => p.metric === metric && Object.entries(wanted).every(([k, v]) => p.attributes[k] === v))
      .reduce((sum, p) => sum + p.value, 0);
  const heap = points.filter((p) => p.metric === 'v8js.memory.heap.used');
  return {
    timeS: ((heap[0]?.timeMs ?? Number.NaN) - startMs) / 1000,
    oldSpace: value('v8js.memory.heap.used', { 'v8js.heap.space.name': 'old_space' }),
    heapUsed: heap.reduce((sum, p) => sum + p.value, 0),
    majorGc: value('v8js.gc.duration', { 'v8js.gc.type': 'major' }),
    counts: ROUTES.map((route) => {
      const [method = '', path = ''] = route.split(' ');
      return value('http.server.request.duration', { 'http.request.method': method, 'http.route': path });
    }),
  };
});
const column = <T>(pick: (row: (typeof rows)[number]) => T) => rows.map(pick);
mkdirSync(folder, { recursive: true });
const file = join(folder, `${noLeak ? 'noleak' : 'seed'}-${plan.seed}.json`);
const afterOnset =
  (report?.majorCollections ?? 0) - (gcAtS.findLast(([t]) => t < plan.leak.onsetS)?.[1] ?? 0);
writeFileSync(
  file,
  JSON.stringify({
    times_s: column((row) => row.timeS),
    oldSpace: column((row) => row.oldSpace),
    heapUsed: column((row) => row.heapUsed),
    majorGc: column((row) => row.majorGc),
    counts: Object.fromEntries(ROUTES.map((route, i) => [route, column((row) => row.counts[i])])),
    truth: {
      unit: plan.leak.unit,
      onset_s: plan.leak.onsetS,
      bytesPerUnit: plan.leak.bytesPerUnit,
      noLeak,
      decoy: plan.decoy.unit,
      doubling: plan.doubling,
      leaked: report?.leaked,
    },
  }),
);
process.stdout.write(
  `${file}  ${plan.leak.unit} ${plan.leak.bytesPerUnit} B at ${plan.leak.onsetS} s  major ${report?.majorCollections}, ` +
    `${afterOnset} after the onset  leaked ${report?.leaked}  heap ${((report?.heapUsed ?? 0) / 1e6).toFixed(0)} MB  ` +
    `rss ${((report?.rss ?? 0) / 1e6).toFixed(0)} MB  failed ${load.failed}\n`,
);
