// How fast joined traces become sums, and what they weigh: spans a second, bytes a trace, memory.
//   node bench/traces/fold.ts --data DIR [--minutes N] [--json]
// DIR holds `*.jsonl.gz` of labelled traces (see labelled.ts). Each file is one minute of arrivals; N minutes (default: all) are
// folded one by one and merged, as joins and compactions do. Beside it, in the same run, what checkNesting alone takes.
import { parseArgs } from 'node:util';
import { partitionStart } from '../../lib/model/partition.ts';
import { spansKind } from '../../lib/segments/kinds/spans.ts';
import { foldTraces } from '../../lib/traces/fold.ts';
import { checkNesting } from '../../lib/traces/nesting/index.ts';
import { readLabelled } from './labelled.ts';

const { values } = parseArgs({
  options: { data: { type: 'string' }, minutes: { type: 'string' }, json: { type: 'boolean' } },
});
if (!values.data) {
  process.stderr.write('Usage: node bench/traces/fold.ts --data DIR [--minutes N] [--json]\n');
  process.exit(2);
}

const cpuMs = (run: () => void): number => {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};

const minutes = readLabelled(values.data)
  .slice(0, Number(values.minutes ?? Number.POSITIVE_INFINITY))
  .map(({ traces }) => traces.map(({ trace }) => trace));
const spans = minutes.flat().reduce((sum, trace) => sum + 1 + trace.spans.length, 0);
const traces = minutes.flat().length;

let state = spansKind.empty();
let bytes = new Uint8Array();
const nestingMs = cpuMs(() => {
  for (const minute of minutes) checkNesting(minute);
});
const foldMs = cpuMs(() => {
  for (const minute of minutes)
    for (const part of foldTraces({ traces: minute, profiles: [] }, partitionStart))
      state = spansKind.merge(state, part.state);
});
const encodeMs = cpuMs(() => {
  bytes = spansKind.encode(state) as typeof bytes;
});
const decodeMs = cpuMs(() => {
  spansKind.decode(bytes, spansKind.codecVersion);
});

const result = {
  traces,
  spans,
  foldSpansPerSecond: Math.round((spans / foldMs) * 1000),
  nestingShareOfFold: nestingMs / foldMs,
  encodedBytes: bytes.length,
  bytesPerTrace: bytes.length / traces,
  encodeMs,
  decodeMs,
  residentMiB: process.memoryUsage.rss() / 2 ** 20,
};
if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
else
  for (const [name, value] of Object.entries(result))
    process.stdout.write(`${name.padEnd(20)} ${Number(value.toPrecision(4))}\n`);
