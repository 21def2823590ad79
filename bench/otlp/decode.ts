import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import protobuf from 'protobufjs';
import {
  checkMetrics,
  checkTraces,
  decodeMetrics,
  decodeTraces,
  metricsFacts,
  tracesFacts,
} from '../../lib/formats/otlp/index.ts';
import { OTLP_PROTO } from '../../test/formats/otlp-proto.ts';

// Decoding OTLP requests: ours against protobufjs (reflection) and JSON.parse, on recorded requests and on a batch of
// 100 resources as a Collector makes it. Run: node bench/otlp/decode.ts [seconds per measurement]

const CAPTURES = new URL('../../test/fixtures/captures/', import.meta.url);
const SECONDS = Number(process.argv[2] ?? 0.7);
const ROUNDS = 7;
const RESOURCES_PER_BATCH = 100;

const root = protobuf.parse(OTLP_PROTO).root;
const metricsType = root.lookupType('otlp.ExportMetricsServiceRequest');
const tracesType = root.lookupType('otlp.ExportTraceServiceRequest');

/** Mean time of one call, in microseconds. */
function timeUs(work: () => unknown): number {
  let calls = 0;
  const start = performance.now();
  let now = start;
  while (now - start < (SECONDS * 1000) / ROUNDS) {
    work();
    calls += 1;
    now = performance.now();
  }
  return ((now - start) * 1000) / calls;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] as number;

function lastBody(run: string, signal: 'metrics' | 'traces'): Uint8Array {
  const folder = new URL(`${run}/`, CAPTURES);
  const names = readdirSync(folder).filter((name) => name.includes(signal) && name.endsWith('.body'));
  const bytes = readFileSync(new URL(names.sort().at(-1) as string, folder));
  return bytes[0] === 0x1f ? gunzipSync(bytes) : bytes;
}

/** A request is a list of resources (field 1), so requests can be strung together. */
function repeat(body: Uint8Array, times: number): Uint8Array {
  const batch = new Uint8Array(body.length * times);
  for (let i = 0; i < times; i += 1) batch.set(body, i * body.length);
  return batch;
}

function report(name: string, bytes: number, rows: readonly (readonly [string, () => unknown])[]): void {
  console.log(`\n${name}, ${(bytes / 1000).toFixed(1)} kB`);
  for (const [, work] of rows) for (let i = 0; i < 20; i += 1) work(); // warm up all before any is timed
  const times = rows.map((): number[] => []);
  // All take turns in every round, so that a busy machine is busy for all of them; ratios are medians over rounds.
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [i, [, work]] of rows.entries()) times[i]?.push(timeUs(work));
  }
  for (const [i, [label]] of rows.entries()) {
    const us = median(times[i] ?? []);
    const ratio = median((times[i] ?? []).map((time, round) => time / (times[0]?.[round] ?? 1)));
    console.log(`  ${label.padEnd(28)} ${us.toFixed(0).padStart(8)} µs   × ${ratio.toFixed(2)}`);
  }
}

const one = lastBody('otel-node-proto', 'metrics');
const batch = repeat(one, RESOURCES_PER_BATCH);
const spans = lastBody('otel-node-proto', 'traces');
const spanBatch = repeat(spans, RESOURCES_PER_BATCH);
const json = lastBody('otel-node-json', 'metrics');

for (const [name, body] of [
  ['metrics, one process', one],
  [`metrics, ${RESOURCES_PER_BATCH} resources`, batch],
] as const) {
  const decoded = decodeMetrics(body, 'protobuf');
  report(`${name} (${decoded.points} points)`, body.length, [
    ['decodeMetrics', () => decodeMetrics(body, 'protobuf')],
    ['checkMetrics', () => checkMetrics(body, 'protobuf')],
    ['metricsFacts', () => metricsFacts(decoded)],
    ['protobufjs decode', () => metricsType.decode(body)],
  ]);
}
for (const [name, body] of [
  ['traces, one process', spans],
  [`traces, ${RESOURCES_PER_BATCH} resources`, spanBatch],
] as const) {
  const decoded = decodeTraces(body, 'protobuf');
  report(`${name} (${decoded.spans} spans)`, body.length, [
    ['decodeTraces', () => decodeTraces(body, 'protobuf')],
    ['checkTraces', () => checkTraces(body, 'protobuf')],
    ['tracesFacts', () => tracesFacts(decoded)],
    ['protobufjs decode', () => tracesType.decode(body)],
  ]);
}
const text = new TextDecoder();
report('metrics in JSON, one process', json.length, [
  ['decodeMetrics', () => decodeMetrics(json, 'json')],
  ['JSON.parse alone', () => JSON.parse(text.decode(json))],
]);
