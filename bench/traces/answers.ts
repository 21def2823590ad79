// How fast the questions about traces are answered from a day of kept traces, asked of the embedded server over HTTP:
//   node bench/traces/answers.ts [traces = 3] [repeats = 15]
// One service, 20 units, of which each sends that many traces of 40 spans in every ten minutes of a day. They are folded and
// committed by partition as joins do it, and the hours rolled up. First: the server has just started; warm: asked again. Beside
// it, in the same run, the limit: what it takes to decode and merge the same stored states once, without a server.
// Exit code 1 when an answer is wrong, or a first one takes more than 4 times the limit and 100 ms.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../lib/compose/config.ts';
import { openLocal } from '../../lib/compose/local.ts';
import { commitUploads, compactGrown } from '../../lib/jobs/commit-uploads.ts';
import { rollUp } from '../../lib/jobs/roll-up.ts';
import { digest, hexOf, uploadId } from '../../lib/model/ids.ts';
import { PARTITION_MS, partitionStart } from '../../lib/model/partition.ts';
import { serviceName } from '../../lib/model/service.ts';
import { ONE, sketchOf } from '../../lib/model/sketch.ts';
import type { Span, Trace } from '../../lib/model/trace.ts';
import { unitKey } from '../../lib/model/unit-of-work.ts';
import { DAY_MS, HOUR_MS } from '../../lib/model/units.ts';
import { noteService } from '../../lib/records/services.ts';
import { mergeAll } from '../../lib/segments/kind.ts';
import { type LatencyState, latencyKey, noLatency } from '../../lib/segments/kinds/latency.ts';
import { spansKind } from '../../lib/segments/kinds/spans.ts';
import { foldTraces } from '../../lib/traces/fold.ts';
import type { SpansState } from '../../lib/traces/spans-state.ts';
import { spanOf, traceOf } from '../../test/traces/nesting-draw.ts';
import { must, quantile, startMeasured } from '../store/measured-server.ts';

const [perUnit = 3, repeats = 15] = process.argv.slice(2).map(Number);
const UNITS = 20;
const SPANS = 40;
const PARTITIONS = DAY_MS / PARTITION_MS;
const NOW = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
const START = NOW - DAY_MS;
const SERVICE = serviceName({ name: 'shop' });
const US_PER_MS = 1000;
/** What a first answer may take: the limit's time and a request's. */
const SLOWER_MAX = 4;
const REQUEST_MS = 100;

const idOf = (n: number, length: number) => n.toString(16).padStart(length, '0');

/** The n-th trace of a partition: its spans one after the other, and of a length that its number tells. */
function traceAt(partition: number, unit: number, n: number): Trace {
  const number = (partition * UNITS + unit) * perUnit + n + 1;
  const start = (START + partition * PARTITION_MS + n * 1000) * US_PER_MS;
  const spans = Array.from({ length: SPANS }, (_, i): Span => {
    const from = start + i * 5000;
    const what = {
      op: i % 2 === 0 ? 'db' : 'function',
      description: `SELECT t${unit} FROM u${i} WHERE id = ${n}`,
    };
    return spanOf({
      ...what,
      spanId: idOf(number * SPANS + i, 16),
      parentSpanId: idOf(number, 16),
      start: from,
      end: from + 3000 + (number % 100) * 10,
    });
  });
  const root = spanOf({
    spanId: idOf(number, 16),
    parentSpanId: '',
    op: 'http.server',
    start,
    end: start + SPANS * 6000,
  });
  const name = `GET /unit-${unit}`;
  return traceOf(spans, {
    traceId: idOf(number, 32),
    root,
    name,
    unit: { kind: 'http', name },
    service: SERVICE,
  });
}

/** What analysis folds of the same traces at once. */
function latencyOf(traces: readonly Trace[]): LatencyState {
  const units = Map.groupBy(traces, ({ unit, version }) => latencyKey(unitKey(unit), version));
  return {
    units: new Map(
      [...units].map(([key, list]) => [
        key,
        {
          ...noLatency,
          sketch: sketchOf(list.map(({ root }) => [root.end - root.start, ONE])),
          count: list.length * ONE,
          sum: list.reduce((sum, { root }) => sum + BigInt(Math.round(root.end - root.start) * ONE), 0n),
        },
      ]),
    ),
  };
}

/** What the day's states say by themselves, and what it takes to read them. */
interface Stored {
  readonly limitMs: number;
  readonly bytes: number;
  readonly traceIds: readonly string[];
}

async function fill(dataDir: string): Promise<Stored> {
  const local = await openLocal(readConfig({}, { dataDir }), { now: () => NOW });
  const encoded: Uint8Array[] = [];
  for (let p = 0; p < PARTITIONS; p += 1) {
    const traces = Array.from({ length: UNITS * perUnit }, (_, k) =>
      traceAt(p, k % UNITS, Math.floor(k / UNITS)),
    );
    const parts = foldTraces({ traces, profiles: [] }, partitionStart).map(({ service, start, state }) => ({
      partition: { project: 'default', service, start, generation: 0 },
      sections: { spans: state, latency: latencyOf(traces) },
    }));
    for (const { sections } of parts) encoded.push(spansKind.encode(sections.spans));
    const id = uploadId(hexOf(await digest('answers', String(p))).slice(0, 32));
    const { grown } = await commitUploads(local.context, [{ uploadId: id, parts }], NOW);
    await compactGrown(local.context, grown);
  }
  await noteService(local.context.records, 'default', {
    ...{ service: SERVICE, firstSeen: START, lastSeen: NOW, firstData: START, lastData: NOW },
    ...{ signals: { traces: NOW }, versions: {} },
  });
  while ((await rollUp(local.context)).built > 0);
  await local.close();
  return { ...measured(encoded), bytes: encoded.reduce((sum, { length }) => sum + length, 0) };
}

function measured(encoded: readonly Uint8Array[]): Pick<Stored, 'limitMs' | 'traceIds'> {
  const began = performance.now();
  const states = encoded.map((bytes): SpansState => spansKind.decode(bytes, spansKind.codecVersion));
  const all = mergeAll(states, spansKind.merge) as SpansState;
  return {
    limitMs: performance.now() - began,
    traceIds: [...all.traces.keys()].map((key) => key.slice(0, 32)),
  };
}

const folder = mkdtempSync(join(tmpdir(), 'answers-bench-'));
try {
  const { limitMs, bytes, traceIds } = await fill(join(folder, 'data'));
  console.log(
    `${PARTITIONS * UNITS * perUnit} traces, ${PARTITIONS * UNITS * perUnit * (SPANS + 1)} spans: ${(bytes / 1e6).toFixed(1)} MB of states, ` +
      `${traceIds.length} traces kept; decoding and merging them takes ${limitMs.toFixed(0)} ms`,
  );
  const range = `from=${START}&to=${NOW}`;
  const unit = '/services/shop/transactions/http%20GET%20%2Funit-7';
  const seen = PARTITIONS * perUnit;
  const all = ({ items }: { items: readonly unknown[] }) => items.length === UNITS;
  const questions: readonly (readonly [string, string, (answer: never) => boolean])[] = [
    ['suspects', `${unit}/suspects?${range}`, ({ seen: n }: { seen: number }) => n === seen],
    ['transactions', `/services/shop/transactions?${range}`, all],
    ['gaps', `${unit}/gaps?${range}`, ({ seen: n }: { seen: number }) => n === seen],
    [
      'a kept trace',
      `/traces/${traceIds.at(-1)}?${range}`,
      ({ items }: { items: readonly unknown[] }) => items.length === 1,
    ],
    [
      'a trace that is not kept',
      `/traces/${'f'.repeat(32)}?${range}`,
      ({ status }: { status: number }) => status === 404,
    ],
    [
      'nesting',
      `/services/shop/nesting?${range}`,
      ({ items }: { items: readonly unknown[] }) => items.length === 1,
    ],
  ];
  for (const [name, path, isRight] of questions) {
    // A server of its own for each: what one question read would be warm for the next.
    const server = await startMeasured(folder);
    try {
      const ask = async () => {
        const began = performance.now();
        const answer = (await (await server.get(`/api/v1${path}`)).json()) as never;
        return { ms: performance.now() - began, isRight: isRight(answer) };
      };
      const first = await ask();
      const warm: number[] = [];
      for (let i = 0; i < repeats; i += 1) warm.push((await ask()).ms);
      console.log(
        `${name}: first ${first.ms.toFixed(0)} ms (${(first.ms / limitMs).toFixed(2)} × the limit), warm p50 ${quantile(warm, 0.5).toFixed(1)} ms, p99 ${quantile(warm, 0.99).toFixed(1)} ms, ${server.rssMb().toFixed(0)} MB`,
      );
      must(first.isRight, 'the answer is right');
      must(
        first.ms <= SLOWER_MAX * limitMs + REQUEST_MS,
        `at most ${SLOWER_MAX} × the limit and ${REQUEST_MS} ms`,
      );
    } finally {
      await server.stop();
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
