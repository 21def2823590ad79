// What one upload costs in store operations, counted on stores in memory: no number depends on the machine, but for CPU.
//
//   growth   10^3 … 10^N uploads, 100 to a partition, in one batch and in ten: operations and bytes per upload must not grow
//            (within 10 %)
//   single   all in one partition: bytes per upload at most one rewrite more per factor of 8, at most 32 segments listed
//   batches  operations per upload for 1, 10, 100 and 1,000 events a batch, and what they cost at list price
//   ranges   objects and bytes of each kind that a reader with empty caches reads for an hour, a day and 30 days
//   waits    how long the analysis of an upload takes where stores take as long as a cloud's
//
// Run: node bench/store/operations.ts [N = 5] [growth|single|batches|ranges|waits …]. Exit code 1 when a limit is not kept.
import { foldJoined } from '../../lib/jobs/fold-joined.ts';
import { joinDue } from '../../lib/jobs/join-due.ts';
import { rollUp } from '../../lib/jobs/roll-up.ts';
import { serviceName } from '../../lib/model/service.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../lib/model/units.ts';
import type { Kind } from '../../lib/segments/kind.ts';
import { KINDS as KINDS_BY_NAME } from '../../lib/segments/kinds/index.ts';
import { segmentReader } from '../../lib/segments/read.ts';
import { segmentCache } from '../../lib/segments/store.ts';
import { profileOf, tracesOf } from './busy-service.ts';
import { type Bench, type Counts, callsOf, noCounts, openBench, shopBody } from './counted.ts';

const [most = '5', ...wanted] = process.argv.slice(2);
const BEGIN = Date.UTC(2031, 4, 6);
const PARTITION_MS = 10 * MINUTE_MS;
const shop = { project: 'default', service: serviceName({ name: 'shop' }) };

const line = (...cells: readonly (string | number)[]) =>
  console.log(cells.map((cell) => String(cell).padStart(15)).join(''));
function must(holds: boolean, what: string) {
  console.log(`  ${holds ? 'kept' : 'NOT KEPT'}: ${what}`);
  if (!holds) process.exitCode = 1;
}
const tens = (from: number) => Array.from({ length: Number(most) - from + 1 }, (_, n) => 10 ** (from + n));

/** `uploads` of them, each partition's in one batch; hours and days are rolled up as they end. */
async function fill(bench: Bench, uploads: number, each: number, batch = each): Promise<number> {
  let cpuMs = 0;
  for (let n = 0; n < uploads; n += each) {
    const start = BEGIN + Math.floor(n / each) * PARTITION_MS;
    bench.clock.time = start + PARTITION_MS - 1000;
    const bodies = Array.from({ length: Math.min(each, uploads - n) }, (_, i) =>
      shopBody(n + i, start + Math.floor((i * (PARTITION_MS - 1000)) / each)),
    );
    cpuMs += await bench.take(bodies, batch);
    if ((start + PARTITION_MS) % HOUR_MS === 0) await rollUp(bench.context);
  }
  return cpuMs;
}

async function growth() {
  await grow(100, tens(3));
  // Ten segments for each partition, merged as they come. In the first hour, of 600 uploads, no id leaves a footer yet.
  await grow(
    10,
    tens(4).filter((uploads) => uploads <= 100_000),
  );
}

async function grow(batch: number, sizes: readonly number[]) {
  console.log(`\n100 uploads to a partition, ${batch} a batch, with roll-ups`);
  line('uploads', 'calls/upload', 'kB written', 'kB read', 'analyze CPU', 'wall time');
  const rows: { readonly calls: number; readonly written: number; readonly read: number }[] = [];
  for (const uploads of sizes) {
    const began = performance.now();
    const bench = await openBench(BEGIN);
    const cpuMs = await fill(bench, uploads, 100, batch);
    const { counts } = bench;
    const { bytesWritten, bytesRead } = counts;
    const row = {
      calls: callsOf(counts) / uploads,
      written: bytesWritten / uploads,
      read: bytesRead / uploads,
    };
    rows.push(row);
    line(
      uploads,
      row.calls.toFixed(3),
      (row.written / 1000).toFixed(2),
      (row.read / 1000).toFixed(2),
      `${(cpuMs / uploads).toFixed(2)} ms`,
      `${((performance.now() - began) / 1000).toFixed(0)} s`,
    );
  }
  const spread = (of: keyof (typeof rows)[number]) => {
    const values = rows.map((row) => row[of]);
    return Math.max(...values) / Math.min(...values);
  };
  for (const [what, ratio] of [
    ['operations', spread('calls')],
    ['bytes written', spread('written')],
    ['bytes read', spread('read')],
  ] as const)
    must(ratio <= 1.1, `${what} per upload flat within 10 %: ×${ratio.toFixed(3)}`);
}

async function single() {
  await onePartition(10, [100, 800, 6400]);
  await onePartition(
    100,
    [1000, 8000, 64_000, 512_000].filter((uploads) => uploads <= 10 ** Number(most)),
  );
}

/** Bodies that are made at a time: those of half a million would fill the memory. */
const CHUNK = 1000;

async function onePartition(batch: number, sizes: readonly number[]) {
  console.log(`\nAll in one partition, ${batch} uploads a batch`);
  line('uploads', 'calls/upload', 'kB in segments', 'listed', 'analyze CPU', 'wall time');
  const written: number[] = [];
  for (const uploads of sizes) {
    const began = performance.now();
    const bench = await openBench(BEGIN);
    bench.clock.time = BEGIN + PARTITION_MS - 1000;
    let raw = 0;
    let cpuMs = 0;
    for (let n = 0; n < uploads; n += CHUNK) {
      const bodies = Array.from({ length: Math.min(CHUNK, uploads - n) }, (_, i) =>
        shopBody(n + i, BEGIN + Math.floor(((n + i) * (PARTITION_MS - 1000)) / uploads)),
      );
      for (const body of bodies) raw += body.length;
      cpuMs += await bench.take(bodies, batch);
    }
    const heads = await bench.context.heads.all(shop.project, shop.service);
    const listed = Math.max(...heads.map(({ head }) => head.segments.length));
    const bytes = (bench.counts.bytesWritten - raw) / uploads;
    line(
      uploads,
      (callsOf(bench.counts) / uploads).toFixed(2),
      (bytes / 1000).toFixed(2),
      listed,
      `${(cpuMs / uploads).toFixed(2)} ms`,
      `${((performance.now() - began) / 1000).toFixed(0)} s`,
    );
    written.push(bytes);
    must(listed <= 32, `at most 32 segments listed: ${listed}`);
  }
  const first = written[0] ?? 0;
  const steps = written.slice(1).map((bytes, i) => (bytes - written[i]!) / first);
  must(
    steps.every((step) => step <= 1),
    `a factor of 8 costs at most one rewrite more: +${steps.map((step) => step.toFixed(2)).join(', +')}`,
  );
  const ratio = (written.at(-1) ?? 0) / first;
  must(ratio <= 4, `at most ×4 in all: ×${ratio.toFixed(2)}`);
}

/** US dollars a million, list prices of us-east-1: S3 standard, DynamoDB on demand, SQS standard. */
const PRICE = { put: 5, get: 0.4, writeUnit: 0.625, readUnit: 0.125, queue: 0.4 };
function dollars({ calls, writeUnits, readUnits }: Counts): number {
  const of = (name: string) => calls[name] ?? 0;
  return (
    ((of('objects.put') + of('objects.list')) * PRICE.put +
      of('objects.get') * PRICE.get +
      writeUnits * PRICE.writeUnit +
      readUnits * PRICE.readUnit +
      // SQS hands over and takes back ten messages at a time.
      (of('queue.receive') + of('queue.ack')) * PRICE.queue) /
    1e6
  );
}

async function batches() {
  console.log('\nEvents a batch, 1,000 uploads of one service to a partition: calls per upload');
  line('batch', 'puts', 'gets', 'record writes', 'record reads', '$ a million', '$ 1 M a day');
  for (const batch of [1, 10, 100, 1000]) {
    const uploads = 2000;
    const bench = await openBench(BEGIN);
    await fill(bench, uploads, 1000, batch);
    const { counts } = bench;
    const per = (name: string) => ((counts.calls[name] ?? 0) / uploads).toFixed(2);
    const queueCalls = (3 * uploads) / 10; // sent by the bucket for nothing, received and acknowledged by tens
    counts.calls['queue.receive'] = queueCalls / 2;
    counts.calls['queue.ack'] = queueCalls / 2;
    const price = (dollars(counts) / uploads) * 1e6;
    const writes = ((counts.calls['records.put'] ?? 0) + (counts.calls['records.delete'] ?? 0)) / uploads;
    const reads = ((counts.calls['records.get'] ?? 0) + (counts.calls['records.query'] ?? 0)) / uploads;
    line(
      batch,
      per('objects.put'),
      per('objects.get'),
      writes.toFixed(2),
      reads.toFixed(2),
      price.toFixed(2),
      `${price.toFixed(2)}/day`,
    );
  }
}

const KINDS = ['instance', 'latency', 'flame', 'functions', 'spans'] as const;
const INSTANCES = 2;
/** A day takes half a minute of CPU. */
const DAYS = Number(most) > 5 ? 31 : 3;

/** Each partition has of each instance an export of metrics, a profile of 2,000 stacks and twenty traces of six spans. */
async function fillBusy(bench: Bench) {
  for (let start = BEGIN; start < BEGIN + DAYS * DAY_MS; start += PARTITION_MS) {
    bench.clock.time = start + PARTITION_MS - 1000;
    const at = bench.clock.time - 1000;
    const bodies = Array.from({ length: INSTANCES }, (_, n) => [
      shopBody((start / PARTITION_MS) * INSTANCES + n, at),
      profileOf(`pod-${n}`, at),
      tracesOf(`pod-${n}`, at),
    ]);
    await bench.take(bodies.flat(), bodies.flat().length);
    bench.clock.time += 5 * MINUTE_MS;
    await joinDue(bench.context, foldJoined, (error) => {
      throw error;
    });
    if ((start + PARTITION_MS) % HOUR_MS === 0) await rollUp(bench.context);
  }
}

/** Objects hold all kinds of their bucket and are read whole, by whoever asks for one of them. */
async function ranges() {
  console.log(
    `\nOne service, ${INSTANCES} instances, ${DAYS} days, rolled up: what a reader with empty caches reads`,
  );
  const bench = await openBench(BEGIN);
  await fillBusy(bench);
  const end = BEGIN + DAYS * DAY_MS;
  bench.clock.time = end + 2 * HOUR_MS;
  await rollUp(bench.context);
  line('range', 'objects', 'kB', 'record pages', ...KINDS.map((kind) => `kB of ${kind}`));
  const days = DAYS - 1;
  for (const [name, span, coarse] of [
    ['1 hour', HOUR_MS, false],
    ['1 day', DAY_MS, true],
    [`${days} days`, days * DAY_MS, true],
  ] as const) {
    const query = { ...shop, from: end - span, to: end, coarse };
    bench.counts = noCounts();
    const reader = segmentReader(bench.context, segmentCache(bench.context.objects));
    const kB: string[] = [];
    for (const kind of KINDS) {
      let bytes = 0;
      for (const { state } of await reader.range(kind, query))
        bytes += (KINDS_BY_NAME[kind] as Kind<unknown>).encode(state).length;
      kB.push((bytes / 1000).toFixed(0));
    }
    const { calls, bytesRead } = bench.counts;
    const objects = calls['objects.get'] ?? 0;
    line(name, objects, (bytesRead / 1000).toFixed(0), (calls['records.query'] ?? 0) / KINDS.length, ...kB);
    if (span <= DAY_MS) continue;
    const [of30, bytesOf30] = [(objects * 30) / days, (bytesRead * 30) / days];
    must(of30 <= 100, `30 days from at most 100 objects: ${of30}`);
    must(bytesOf30 <= 50e6, `and at most 50 MB: ${(bytesOf30 / 1e6).toFixed(1)}`);
  }
}

/** What a function waits for and is paid for: S3 answers a small GET or PUT after some 20 ms, DynamoDB after some 5. */
async function waits() {
  console.log(
    '\nStores that take 20 ms for an object and 5 ms for a record: analysis of 1,000 uploads, after 200',
  );
  line('batch', 'wall/upload', 'CPU/upload');
  for (const batch of [1, 10, 200, 500]) {
    const bench = await openBench(BEGIN, { objectMs: 20, recordMs: 5 });
    const uploads = batch === 1 ? 100 : 1000;
    await fill(bench, 200, 200);
    bench.wallMs = 0;
    const cpuMs = await fill(bench, uploads, uploads, batch);
    line(batch, `${(bench.wallMs / uploads).toFixed(2)} ms`, `${(cpuMs / uploads).toFixed(2)} ms`);
  }
}

const PARTS = { growth, single, batches, ranges, waits };
for (const [name, run] of Object.entries(PARTS)) {
  if (wanted.length === 0 || wanted.includes(name)) await run();
}
