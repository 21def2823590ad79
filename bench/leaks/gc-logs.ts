// Verdicts on made logs of generational heaps, through `tidemark scan --json` with many files in one call:
//   node bench/leaks/gc-logs.ts [--runs 100] [--seed 1]
import { parseArgs } from 'node:util';
import { scan } from '../../lib/cli/scan.ts';
import { type GcLog, KINDS, makeLog } from './gc-heap.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '100' }, seed: { type: 'string', default: '1' } },
});

const asLog = ({ collections }: GcLog): string => {
  const rows = collections.map(({ time, before, after, capacity, full }) =>
    [time.toFixed(3), Math.round(before), Math.round(after), Math.round(capacity), Number(full)].join(),
  );
  return ['time_s,before_bytes,after_bytes,capacity_bytes,full', ...rows].join('\n');
};

/** What a scraper sees: straight from what one collection left to what the next one found, every 60 s or 2,000 times. */
function asScraped({ collections }: GcLog): string {
  const rows = ['time_s,value,limit_bytes'];
  const begin = collections[0]!.time;
  const end = collections.at(-1)!.time;
  const step = Math.min(60, (end - begin) / 2000);
  let place = 0;
  for (let time = begin; time <= end; time += step) {
    while (collections[place + 1] && collections[place + 1]!.time <= time) place += 1;
    const { time: from, after, capacity } = collections[place]!;
    const next = collections[place + 1];
    const value = next ? after + ((next.before - after) * (time - from)) / (next.time - from) : after;
    rows.push([time.toFixed(3), Math.round(value), Math.round(capacity)].join());
  }
  return rows.join('\n');
}

/** Verdicts by how many logs have them. */
async function verdictsOf(logs: readonly GcLog[], write: (log: GcLog) => string) {
  const files = new Map(logs.map((log, i) => [`${i}.csv`, write(log)]));
  let out = '';
  await scan([...files.keys(), '--role', 'heap_used', '--json'], {
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => process.stderr.write(text),
    readFile: async (path) => new TextEncoder().encode(files.get(path)),
  });
  const { results } = JSON.parse(out) as { results: readonly { verdict: string }[] };
  return [...Map.groupBy(results, ({ verdict }) => verdict)]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([verdict, { length }]) => `${length} ${verdict}`)
    .join(', ');
}

process.stdout.write('| log of | as scraped | as a list of collections |\n|---|---|---|\n');
for (const kind of KINDS) {
  const seeds = Array.from({ length: Number(values.runs) }, (_, i) => Number(values.seed) * 1_000_003 + i);
  const logs = seeds.map((seed) => makeLog(kind, seed));
  const cells = [await verdictsOf(logs, asScraped), await verdictsOf(logs, asLog)];
  process.stdout.write(`| ${kind} | ${cells.join(' | ')} |\n`);
}
