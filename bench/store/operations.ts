// What one upload costs in store operations, counted on stores in memory: no number depends on the machine, but for CPU.
//
//   growth   10^3 … 10^N uploads, 100 to a partition: operations and bytes per upload must not grow (within 10 %)
//   single   all in one partition: bytes per upload at most one rewrite more per factor of 8, at most 32 segments listed
//   batches  operations per upload for 1, 10, 100 and 1,000 events a batch, and what they cost at list price
//   ranges   objects and bytes that a reader with empty caches reads for an hour, a day and 30 days
//
// Run: node bench/store/operations.ts [N = 5] [growth|single|batches|ranges …]. Exit code 1 when a limit is not kept.
import { rollUp } from '../../lib/jobs/roll-up.ts';
import { serviceName } from '../../lib/model/service.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../lib/model/units.ts';
import { segmentReader } from '../../lib/segments/read.ts';
import { segmentCache } from '../../lib/segments/store.ts';
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
  console.log('\n100 uploads to a partition, with roll-ups');
  line('uploads', 'calls/upload', 'kB written', 'kB read', 'analyze CPU');
  const rows: { readonly calls: number; readonly bytes: number }[] = [];
  for (const uploads of tens(3)) {
    const bench = await openBench(BEGIN);
    const cpuMs = await fill(bench, uploads, 100);
    const { counts } = bench;
    const row = { calls: callsOf(counts) / uploads, bytes: counts.bytesWritten / uploads };
    rows.push(row);
    line(
      uploads,
      row.calls.toFixed(3),
      (row.bytes / 1000).toFixed(2),
      (counts.bytesRead / uploads / 1000).toFixed(2),
      `${(cpuMs / uploads).toFixed(2)} ms`,
    );
  }
  const spread = (values: readonly number[]) => Math.max(...values) / Math.min(...values);
  const [calls, bytes] = [spread(rows.map((row) => row.calls)), spread(rows.map((row) => row.bytes))];
  must(calls <= 1.1, `operations per upload flat within 10 %: ×${calls.toFixed(3)}`);
  must(bytes <= 1.1, `bytes written per upload flat within 10 %: ×${bytes.toFixed(3)}`);
}

async function single() {
  console.log('\nAll in one partition, 10 uploads a batch');
  line('uploads', 'calls/upload', 'kB in segments', 'listed');
  let before: number | undefined;
  let first: number | undefined;
  for (const uploads of [100, 800, 6400].slice(0, Number(most) < 4 ? 2 : 3)) {
    const bench = await openBench(BEGIN);
    bench.clock.time = BEGIN + PARTITION_MS - 1000;
    const bodies = Array.from({ length: uploads }, (_, n) =>
      shopBody(n, BEGIN + Math.floor((n * (PARTITION_MS - 1000)) / uploads)),
    );
    let raw = 0;
    for (const body of bodies) raw += body.length;
    await bench.take(bodies, 10);
    const heads = await bench.context.heads.all(shop.project, shop.service);
    const listed = Math.max(...heads.map(({ head }) => head.segments.length));
    const bytes = (bench.counts.bytesWritten - raw) / uploads;
    line(uploads, (callsOf(bench.counts) / uploads).toFixed(2), (bytes / 1000).toFixed(2), listed);
    first ??= bytes;
    if (before !== undefined)
      must(
        bytes - before <= first,
        `a factor of 8 costs at most one rewrite more: +${((bytes - before) / first).toFixed(2)}`,
      );
    must(listed <= 32, `at most 32 segments listed: ${listed}`);
    before = bytes;
  }
  must((before ?? 0) <= 4 * (first ?? 1), `at most ×4 in all: ×${((before ?? 0) / (first ?? 1)).toFixed(2)}`);
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

async function ranges() {
  console.log('\nOne service, 8 instances, 31 days, rolled up: what a reader with empty caches reads');
  const bench = await openBench(BEGIN);
  await fill(bench, 31 * 144 * 2, 2);
  const end = BEGIN + 31 * DAY_MS;
  bench.clock.time = end + 2 * HOUR_MS;
  await rollUp(bench.context);
  line('range', 'objects', 'kB', 'record pages');
  for (const [name, span, coarse] of [
    ['1 hour', HOUR_MS, false],
    ['1 day', DAY_MS, true],
    ['30 days', 30 * DAY_MS, true],
  ] as const) {
    bench.counts = noCounts();
    const reader = segmentReader(bench.context, segmentCache(bench.context.objects));
    await reader.range('instance', { ...shop, from: end - span, to: end, coarse });
    const { calls, bytesRead } = bench.counts;
    const objects = calls['objects.get'] ?? 0;
    line(name, objects, (bytesRead / 1000).toFixed(0), calls['records.query'] ?? 0);
    if (span > DAY_MS) {
      must(objects <= 100, `30 days from at most 100 objects: ${objects}`);
      must(bytesRead <= 50e6, `and at most 50 MB: ${(bytesRead / 1e6).toFixed(1)}`);
    }
  }
}

const PARTS = { growth, single, batches, ranges };
for (const [name, run] of Object.entries(PARTS)) {
  if (wanted.length === 0 || wanted.includes(name)) await run();
}
