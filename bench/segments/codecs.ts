import { gunzipSync, gzipSync } from 'node:zlib';
import { parseUpload } from '../../lib/formats/index.ts';
import { tracesOfPieces } from '../../lib/formats/pieces.ts';
import { fold } from '../../lib/jobs/fold.ts';
import { foldJoined } from '../../lib/jobs/fold-joined.ts';
import { uploadId } from '../../lib/model/ids.ts';
import { sketchOf } from '../../lib/model/sketch.ts';
import { decodedBytes } from '../../lib/segments/decoded-bytes.ts';
import { type Kind, mergeAll } from '../../lib/segments/kind.ts';
import type { Allocator, UnitAllocations } from '../../lib/segments/kinds/allocations.ts';
import { machineKey } from '../../lib/segments/kinds/facts.ts';
import { KIND_NAMES, KINDS, mergeSections, type Sections } from '../../lib/segments/kinds/index.ts';
import { countKey, emptyInstance, factKey, levelKey } from '../../lib/segments/kinds/instance.ts';
import { latencyKey } from '../../lib/segments/kinds/latency.ts';
import { countersOf, levelsOf } from '../../lib/segments/kinds/points.ts';
import { PATTERN_THRESHOLDS } from '../../lib/traces/patterns/thresholds.ts';
import { profileOf, tracesOf } from '../store/busy-service.ts';

// Size and speed of the codecs, beside the same states as JSON in gzip. One partition: 10 minutes of 20 instances that export
// every 10 s, 30 routes, 20 profiles of 2,000 stacks and 4,000 traces of six spans. Run: node bench/segments/codecs.ts

const NOON = Date.UTC(2031, 4, 6, 12);
const ROUNDS = 9;
let seed = 7;
const draw = () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
};
const range = <T>(count: number, make: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n));

function instances(): Sections {
  const made = range(20, (n): [string, typeof emptyInstance] => {
    const levels = range(8, (metric): [string, ReturnType<typeof levelsOf>] => [
      levelKey('heap_used', `v8js.memory.${metric}`, ''),
      levelsOf(range(60, (at) => ({ time: NOON + at * 10_000, value: Math.round(1e8 + draw() * 1e7) }))),
    ]);
    const counts = range(30, (unit): [string, ReturnType<typeof countersOf>] => {
      const key = countKey({
        role: 'work',
        unit: `http GET /route/${unit}/:id`,
        status: '2xx',
        metric: 'http.server.request.duration',
        stream: 'scope.1',
        temporality: 'cumulative',
        bounds: '5000,10000,25000,50000,100000,250000,500000,1000000',
      });
      let total = 0;
      const points = range(60, (at) => {
        total += Math.round(draw() * 50);
        return {
          time: NOON + at * 10_000,
          start: NOON - 3_600_000,
          cells: [total, total * 900, ...range(9, () => total >> 2)],
        };
      });
      return [key, countersOf(points)];
    });
    const facts = new Map([[factKey('version', '1.4.2'), { first: NOON, last: NOON + 590_000 }]]);
    return [`pod-${n}`, { ...emptyInstance, facts, levels: new Map(levels), counts: new Map(counts) }];
  });
  return { instance: { instances: new Map(made), unused: new Map() } };
}

function latencies(): Sections {
  const units = range(30, (unit): [string, never] => {
    const durations = range(1000, (): [number, number] => [Math.round(Math.exp(8 + draw() * 4)), 1000]);
    const state = {
      count: 1e6,
      failures: 0,
      sum: 10n ** 15n,
      sketch: sketchOf(durations),
      examples: [],
      slowest: [],
    };
    return [latencyKey(`http GET /route/${unit}/:id`, '1.4.2'), state as never];
  });
  return { latency: { units: new Map(units) } };
}

function profiles(): Sections {
  const parts = range(20, (n) => {
    const sent = profileOf(`pod-${n}`, NOON + n * 10_000);
    const upload = { ...sent, project: 'default', contentEncoding: '', receivedAt: NOON + n * 10_000 };
    const { pieces: _, ...facts } = parseUpload(upload);
    const id = uploadId(n.toString(16).padStart(32, '0'));
    return fold({ project: 'default', uploadId: id, facts, from: 0, to: NOON * 2 }).parts.map(
      ({ sections }) => sections,
    );
  });
  const { flame, functions } = mergeAll(parts.flat(), mergeSections) ?? {};
  return { ...(flame && { flame }), ...(functions && { functions }) };
}

/** Limits of twenty containers, as the kubelet tells them every 10 s. */
function machines(): Sections {
  const facts = range(40, (n): [string, ReturnType<typeof levelsOf>] => [
    machineKey({
      by: 'pod-uid',
      id: `6f8c1a3e-${n >> 1}`,
      kind: n % 2 === 0 ? 'container_limit' : 'container_restarts',
      metric: n % 2 === 0 ? 'k8s.container.memory_limit' : 'k8s.container.restarts',
    }),
    levelsOf(range(60, (at) => ({ time: NOON + at * 10_000, value: n % 2 === 0 ? 536_870_912 : n >> 2 }))),
  ]);
  return { facts: { machines: new Map(facts) } };
}

/** Of thirty routes, with the twenty files that allocate most in each. */
function allocations(): Sections {
  const sketch = () =>
    sketchOf(range(500, (): [number, number] => [Math.round(Math.exp(8 + draw() * 6)), 1000]));
  const units = range(30, (unit): [string, UnitAllocations] => {
    const top = range(20, (file): [string, Allocator] => [
      `app/services/module_${(unit * 7 + file * 3) % 90}.py`,
      { requests: Math.round(draw() * 1e6), bytes: BigInt(Math.round(draw() * 1e12)) },
    ]);
    return [`http GET /route/${unit}/:id`, { grown: sketch(), shrunk: sketch(), top: new Map(top) }];
  });
  return { allocations: { units: new Map(units) } };
}

/** Joined: of each of twenty instances two hundred traces of six spans. */
function traces(): Sections {
  const sections = range(20, (n) => {
    const uploads = range(10, (at) => tracesOf(`pod-${n}`, NOON + at * 59_000));
    const pieces = uploads.flatMap((sent) => {
      const upload = { ...sent, project: 'default', contentEncoding: '', receivedAt: NOON };
      return parseUpload(upload).pieces?.() ?? [];
    });
    const joined = { traces: tracesOfPieces(pieces), witnesses: [], profiles: [] };
    return foldJoined('default', { ...joined, thresholdsOf: () => PATTERN_THRESHOLDS }, () => NOON);
  });
  return (
    mergeAll(
      sections.flat().map((part) => part.sections),
      mergeSections,
    ) ?? {}
  );
}

const plain = (_: string, value: unknown): unknown => {
  if (value instanceof Map) return [...value];
  if (typeof value === 'bigint') return String(value);
  return ArrayBuffer.isView(value) ? [...(value as unknown as number[])].map(String) : value;
};

/** Median of some runs, ms of CPU. */
function cpuMs(work: () => unknown): number {
  const times = range(ROUNDS, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return times.sort((a, b) => a - b)[ROUNDS >> 1] ?? 0;
}

const all: Sections = {
  ...instances(),
  ...machines(),
  ...latencies(),
  ...allocations(),
  ...profiles(),
  ...traces(),
};
for (const name of KIND_NAMES) if (all[name] === undefined) throw new Error(`Nothing of kind ${name}`);
const rows: string[][] = [
  ['kind', 'KiB', 'json.gz KiB', 'size', 'encode ms', 'json.gz ms', 'decode ms', 'json.gz ms', 'decoded KiB'],
];
for (const [name, state] of Object.entries(all)) {
  const kind = KINDS[name as keyof typeof KINDS] as Kind<unknown>;
  const bytes = kind.encode(state);
  const packed = gzipSync(JSON.stringify(state, plain));
  const cells = [
    bytes.length / 1024,
    packed.length / 1024,
    bytes.length / packed.length,
    cpuMs(() => kind.encode(state)),
    cpuMs(() => gzipSync(JSON.stringify(state, plain))),
    cpuMs(() => kind.decode(bytes, kind.codecVersion)),
    cpuMs(() => JSON.parse(gunzipSync(packed).toString())),
    decodedBytes(state) / 1024,
  ];
  rows.push([name, ...cells.map((cell) => cell.toFixed(cell < 10 ? 2 : 0))]);
}
for (const row of rows)
  console.log(row.map((cell, i) => (i === 0 ? cell.padEnd(12) : cell.padStart(12))).join(''));
