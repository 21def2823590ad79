// What one upload costs, from the request to the page: accepted uploads a second, CPU for taking and for analysing them,
// and the time until the API shows them. Beside it, in the same run, what this disk and a bare decoder can do.
// Apps, stores and jobs are the server's own, without a socket. Run: node bench/ingest/ingest.ts [seconds per row]
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeMetrics } from '../../lib/formats/otlp/index.ts';
import { analyze } from '../../lib/jobs/analyze.ts';
import { startPump } from '../../lib/server/pump.ts';
import { openProduct, type Product } from '../../test/support/product.ts';
import { metricsBody } from './bodies.ts';

const SECONDS = Number(process.argv[2] ?? 3);
const SIZES = [
  { name: '2 kB', routes: 4 },
  { name: '27 kB', routes: 71 },
];
const CONCURRENCIES = [1, 16, 64];
const INSTANCES = 8;
const STEP_MS = 10_000;
const BATCH = 200;
const VISIBLE_UPLOADS = 100;

interface Row {
  readonly size: string;
  readonly bytes: number;
  readonly concurrency: number;
  readonly perSecond: number;
  readonly receiveCpuMs: number;
  readonly analyzeCpuMs: number;
  readonly uploads: number;
}

const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Bodies of INSTANCES instances that export in turn; every one is another upload. Made outside of the measured time. */
function* bodies(routes: number): Generator<Uint8Array> {
  const startMs = Date.now() - 40 * 60_000;
  for (let n = 0; ; n += 1) {
    const round = Math.floor(n / INSTANCES);
    // Over half an hour, again and again, 1 ms later each time.
    const timeMs = startMs + 60_000 + ((round * STEP_MS) % (30 * 60_000)) + Math.floor(round / 180);
    yield metricsBody({
      service: 'shop',
      instance: `pod-${n % INSTANCES}`,
      routes,
      startMs,
      timeMs,
      count: round + 1,
    });
  }
}

const take = (source: Iterator<Uint8Array>, count: number) =>
  Array.from({ length: count }, () => source.next().value as Uint8Array);

async function post(product: Product, body: Uint8Array) {
  const response = await product.send('/v1/metrics', {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: body as Uint8Array<ArrayBuffer>,
  });
  if (response.status !== 200) throw new Error(`Refused: ${response.status} ${await response.text()}`);
}

/** `concurrency` senders, each with one request at a time. Returns wall and CPU milliseconds. */
async function sendAll(product: Product, all: readonly Uint8Array[], concurrency: number) {
  let next = 0;
  const cpu = cpuMs();
  const began = performance.now();
  const sender = async () => {
    while (next < all.length) {
      const body = all[next] as Uint8Array;
      next += 1;
      await post(product, body);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, sender));
  return { wallMs: performance.now() - began, cpuMs: cpuMs() - cpu };
}

/** Empties the queue as the pump does, without its wait for company. Returns CPU milliseconds. */
async function analyzeAll({ local: { context } }: Product): Promise<number> {
  const cpu = cpuMs();
  for (;;) {
    const messages = await context.uploads.receive({ max: BATCH, visibilityMs: 600_000 });
    if (messages.length === 0) return cpuMs() - cpu;
    const { failed } = await analyze(context, messages);
    if (failed.length > 0) throw new Error(`${failed.length} messages failed`);
    await context.uploads.ack(messages.map(({ receipt }) => receipt));
  }
}

async function measure(size: (typeof SIZES)[number], concurrency: number): Promise<Row> {
  const product = await openProduct({ at: Date.now() });
  const source = bodies(size.routes);
  await sendAll(product, take(source, 100), concurrency); // warm
  await analyzeAll(product);
  const trial = await sendAll(product, take(source, 100), concurrency);
  const uploads = Math.max(200, Math.round((SECONDS * 1000 * 100) / trial.wallMs));
  const all = take(source, uploads);
  await analyzeAll(product);
  const sent = await sendAll(product, all, concurrency);
  const analyzeMs = await analyzeAll(product);
  await product.close();
  return {
    size: size.name,
    bytes: all[0]?.length ?? 0,
    concurrency,
    perSecond: (uploads / sent.wallMs) * 1000,
    receiveCpuMs: sent.cpuMs / uploads,
    analyzeCpuMs: analyzeMs / uploads,
    uploads,
  };
}

/** Appends of `bytes` to one file, each synced before the next: what no store on this disk can beat one by one. */
async function syncedAppends(bytes: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-bench-'));
  const file = await open(join(folder, 'log'), 'a');
  const body = Buffer.alloc(bytes, 7);
  let count = 0;
  const began = performance.now();
  while (performance.now() - began < SECONDS * 500) {
    await file.write(body);
    await file.sync();
    count += 1;
  }
  const perSecond = (count / (performance.now() - began)) * 1000;
  await file.close();
  await rm(folder, { recursive: true });
  return perSecond;
}

/** CPU milliseconds of decoding one body and nothing else. */
function plainDecode(body: Uint8Array): number {
  for (let i = 0; i < 200; i += 1) decodeMetrics(body, 'protobuf');
  const cpu = cpuMs();
  const began = performance.now();
  let count = 0;
  for (; performance.now() - began < SECONDS * 300; count += 1) decodeMetrics(body, 'protobuf');
  return (cpuMs() - cpu) / count;
}

/** Milliseconds from the 2xx of a new service's first upload until the API shows its memory, with the pump running. */
async function untilVisible(): Promise<number[]> {
  const at = Date.now();
  const product = await openProduct({ at });
  product.clock.now = () => Date.now();
  const pump = startPump(product.local.context, (error) => {
    throw error;
  });
  const waits: number[] = [];
  for (let n = 0; n < VISIBLE_UPLOADS; n += 1) {
    const service = `service-${n}`;
    const timeMs = Date.now();
    const body = metricsBody({
      service,
      instance: 'pod',
      routes: 10,
      startMs: timeMs - 60_000,
      timeMs,
      count: 7,
    });
    await post(product, body);
    const told = performance.now();
    for (;;) {
      const response = await product.api(`/services/${service}/memory`);
      const answer = response.ok ? ((await response.json()) as { series: unknown[] }) : { series: [] };
      if (answer.series.length > 0) break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    waits.push(performance.now() - told);
  }
  await pump.stop();
  await product.close();
  return waits.sort((a, b) => a - b);
}

const quantile = (sorted: readonly number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] as number;
const cells = (...values: readonly string[]) =>
  console.log(values.map((value) => value.padStart(15)).join(''));

cells(
  'body',
  'concurrency',
  'uploads/s',
  'of appends',
  'receive CPU',
  'analyze CPU',
  'of decoding',
  'uploads/s/core',
);
for (const size of SIZES) {
  const [body] = take(bodies(size.routes), 1) as [Uint8Array];
  const appends = [await syncedAppends(body.length)];
  const decode = [plainDecode(body)];
  const rows: Row[] = [];
  for (const concurrency of CONCURRENCIES) {
    rows.push(await measure(size, concurrency));
    // Again after each row, so that a busy machine is busy for both sides of a ratio.
    appends.push(await syncedAppends(body.length));
    decode.push(plainDecode(body));
  }
  const limit = quantile(
    appends.sort((a, b) => a - b),
    0.5,
  );
  const decodeMs = quantile(
    decode.sort((a, b) => a - b),
    0.5,
  );
  for (const row of rows) {
    cells(
      row.size,
      String(row.concurrency),
      row.perSecond.toFixed(0),
      `${(row.perSecond / limit).toFixed(2)}×`,
      `${row.receiveCpuMs.toFixed(2)} ms`,
      `${row.analyzeCpuMs.toFixed(2)} ms`,
      `${(row.analyzeCpuMs / decodeMs).toFixed(1)}×`,
      (1000 / (row.receiveCpuMs + row.analyzeCpuMs)).toFixed(0),
    );
  }
  console.log(
    `  ${size.name} is ${body.length} bytes. Synced appends of it, one by one: ${limit.toFixed(0)}/s. ` +
      `Decoding it: ${(decodeMs * 1000).toFixed(0)} µs of CPU.`,
  );
}
const waits = await untilVisible();
console.log(
  `From 2xx to visible, ${waits.length} uploads one by one: p50 ${quantile(waits, 0.5).toFixed(0)} ms, ` +
    `p99 ${quantile(waits, 0.99).toFixed(0)} ms (250 ms of it wait for company)`,
);
