// How well and how fast gaps are explained, and how fast envelopes are read:
//   node bench/traces/time.ts --data DIR [--data DIR …] [--repeat N] [--json]
// DIR holds the `requests/*.body` and the `truth.json` of a recorded run. Quality: explained milliseconds against what the
// program measured around its functions (`zerofillMs`, `wallMs`, `work`) or between its queries. Speed beside its limit in
// the same run: JSON.parse of the same payloads, which every parser of them has to do.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { decompress } from '../../lib/formats/decompress.ts';
import { decodeProfile } from '../../lib/formats/profiles/index.ts';
import { decodeEnvelope, parseEnvelope } from '../../lib/formats/sentry/index.ts';
import type { Trace } from '../../lib/model/trace.ts';
import { analyzeTraces, type TracesResult } from '../../lib/traces/analyze.ts';
import type { TraceProfile } from '../../lib/traces/sampled.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string', multiple: true },
    repeat: { type: 'string' },
    json: { type: 'boolean' },
  },
});
if (!values.data) {
  process.stderr.write('Usage: node bench/traces/time.ts --data DIR [--data DIR …] [--repeat N] [--json]\n');
  process.exit(2);
}
const REPEAT = Number(values.repeat ?? 20);
const LIMITS = { maxBytes: 2 ** 30, maxRatio: 1e6 };

interface Row {
  readonly run: string;
  readonly traces: number;
  readonly spans: number;
  readonly profiled: number;
  readonly quality: readonly string[];
  readonly parseUsPerSpan: number;
  readonly parseOverJson: number;
  readonly analyzeUsPerSpan: number;
  readonly heapMb: number;
}

const rows = values.data.map((folder): Row => {
  const bodies = readdirSync(join(folder, 'requests'))
    .filter((file) => file.endsWith('.body'))
    .map((file) => decompress(readFileSync(join(folder, 'requests', file)), '', LIMITS));
  const { traces, profiles } = decoded(bodies);
  const spans = traces.reduce((sum, trace) => sum + 1 + trace.spans.length, 0);
  const parse = cpuMs(() => bodies.map((body) => decodeEnvelope(parseEnvelope(body), '')));
  const json = cpuMs(() =>
    bodies.map((body) => parseEnvelope(body).items.map(({ payload }) => safeJson(payload))),
  );
  const analyze = cpuMs(() => analyzeTraces({ traces, profiles }));
  const result = analyzeTraces({ traces, profiles });
  return {
    run: basename(folder),
    traces: traces.length,
    spans,
    profiled: result.transactions.reduce((sum, { profiled }) => sum + profiled, 0),
    quality: qualityOf(folder, result),
    parseUsPerSpan: (parse * 1000) / spans,
    parseOverJson: parse / json,
    analyzeUsPerSpan: (analyze * 1000) / spans,
    heapMb: process.memoryUsage().heapUsed / 2 ** 20,
  };
});

function decoded(bodies: readonly Uint8Array[]) {
  const traces: Trace[] = [];
  const profiles: TraceProfile[] = [];
  for (const body of bodies) {
    const found = decodeEnvelope(parseEnvelope(body), '');
    traces.push(...found.traces);
    for (const { payload, ...facts } of found.profiles)
      profiles.push({ ...facts, profile: decodeProfile(payload) });
  }
  return { traces, profiles };
}

function safeJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return undefined;
  }
}

/** Processor time of the fastest of REPEAT runs: a busy machine disturbs it least. */
function cpuMs(run: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < REPEAT; i += 1) {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

interface Truth {
  readonly perRequest?: readonly {
    readonly queries?: readonly (readonly [number, number, string])[];
    readonly zerofillMs?: number;
    readonly points?: number;
    readonly wallMs?: Readonly<Record<string, number>>;
  }[];
  readonly lives?: readonly { readonly work?: Readonly<Record<string, { readonly wallMs?: number }>> }[];
}

/** `name: explained of measured ms (difference)` */
function qualityOf(folder: string, { transactions }: TracesResult): string[] {
  const truth = JSON.parse(readFileSync(join(folder, 'truth.json'), 'utf8')) as Truth;
  const causes = transactions.flatMap(({ gaps }) => gaps.flatMap((gap) => gap.causes));
  const by = (name: string) =>
    causes.filter(({ callers }) => callers.includes(name)).reduce((sum, { ms }) => sum + ms, 0);
  const measured = new Map<string, number>();
  const add = (name: string, ms: number) => measured.set(name, (measured.get(name) ?? 0) + ms);
  for (const request of truth.perRequest ?? []) {
    if (request.points === 4000 && request.zerofillMs !== undefined) add('zerofill', request.zerofillMs);
    for (const [name, ms] of Object.entries(request.wallMs ?? {})) add(name, ms);
  }
  for (const life of truth.lives ?? [])
    for (const [name, { wallMs }] of Object.entries(life.work ?? {}))
      if (wallMs !== undefined) add(name, wallMs);
  const lines = [...measured]
    .filter(([name]) => by(name) > 0)
    .map(([name, ms]) => compared(name, by(name), ms));
  return [...lines, ...betweenQueries(truth, transactions)];
}

function betweenQueries({ perRequest = [] }: Truth, transactions: TracesResult['transactions']): string[] {
  const sums: number[] = [];
  for (const { queries = [] } of perRequest)
    for (let i = 1; i < queries.length; i += 1)
      sums[i - 1] = (sums[i - 1] ?? 0) + (queries[i]![0] - queries[i - 1]![1]) * 1000;
  const gaps = transactions.flatMap((one) => one.gaps);
  return sums
    .map((ms, i) => ({ ms, i }))
    .sort((a, b) => b.ms - a.ms)
    .slice(0, 2)
    .map(({ ms, i }, rank) => compared(`after query ${i + 1}`, gaps[rank]?.causes[0]?.ms ?? 0, ms));
}

function compared(name: string, explained: number, ms: number): string {
  return `${name}: ${explained.toFixed(0)} of ${ms.toFixed(0)} ms (${((100 * (explained - ms)) / ms).toFixed(1)} %)`;
}

if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
else
  for (const row of rows) {
    const { run, traces, spans, profiled, quality } = row;
    process.stdout.write(
      `${run}: ${traces} traces, ${spans} spans, ${profiled} with a profile\n` +
        `  read ${row.parseUsPerSpan.toFixed(1)} µs a span (${row.parseOverJson.toFixed(2)} × JSON.parse), analyse ${row.analyzeUsPerSpan.toFixed(1)} µs a span, heap ${row.heapMb.toFixed(0)} MB\n` +
        quality.map((line) => `  ${line}\n`).join(''),
    );
  }
