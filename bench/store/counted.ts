import { jobContext } from '../../lib/compose/job-context.ts';
import { analyze } from '../../lib/jobs/analyze.ts';
import type { JobContext } from '../../lib/jobs/context.ts';
import { objectCreated } from '../../lib/jobs/events.ts';
import { encodeRaw, rawKey } from '../../lib/jobs/raw-segment.ts';
import type { RawSink } from '../../lib/jobs/raw-sink.ts';
import { receive } from '../../lib/jobs/receive.ts';
import { DAY_MS, MINUTE_MS } from '../../lib/model/units.ts';
import { ensureProject } from '../../lib/records/api-keys.ts';
import { memoryObjects } from '../../test/support/memory/objects.ts';
import { memoryQueue } from '../../test/support/memory/queue.ts';
import { memoryRecords } from '../../test/support/memory/records.ts';
import { metricsBody } from '../ingest/bodies.ts';

// The jobs on stores in memory that count every call. Counts do not depend on the machine.

export interface Counts {
  /** `objects.put`, `records.get`, … → calls. */
  readonly calls: Record<string, number>;
  /** Of objects. */
  bytesWritten: number;
  bytesRead: number;
  /** DynamoDB's units: 1 KB of a write, 4 KB of a consistent read. */
  writeUnits: number;
  readUnits: number;
}
export const noCounts = (): Counts => ({
  calls: {},
  bytesWritten: 0,
  bytesRead: 0,
  writeUnits: 0,
  readUnits: 0,
});

export interface Bench {
  readonly context: JobContext;
  readonly clock: { time: number; now(): number };
  counts: Counts;
  /** Of all analysis so far, by the clock on the wall. */
  wallMs: number;
  /** Receives uploads, one object each, and analyses `batch` events at a time. Returns CPU milliseconds of the analysis. */
  take(bodies: readonly (Uint8Array | Sent)[], batch: number): Promise<number>;
}

/** An upload that is no export of metrics. */
export interface Sent {
  readonly body: Uint8Array;
  readonly route: string;
  readonly contentType: string;
  readonly naming?: string;
}

const PROJECT = 'default';
const BUCKET = 'bench';

/** What a call to a store takes; the stores themselves answer at once. */
interface Delays {
  readonly objectMs: number;
  readonly recordMs: number;
}

export async function openBench(at: number, delays: Delays = { objectMs: 0, recordMs: 0 }): Promise<Bench> {
  const clock = {
    time: at,
    now() {
      return this.time;
    },
  };
  const now = () => clock.time;
  const stored = memoryObjects(now);
  const kept = memoryRecords(now);
  const bench = { counts: noCounts(), wallMs: 0 };
  const count = (call: string) => {
    bench.counts.calls[call] = (bench.counts.calls[call] ?? 0) + 1;
  };
  const tick = async (call: string) => {
    count(call);
    const ms = call.startsWith('objects') ? delays.objectMs : delays.recordMs;
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  };
  const units = (body: unknown, unit: number) =>
    Math.max(1, Math.ceil((JSON.stringify(body) ?? '').length / unit));
  const objects: typeof stored = {
    stored: stored.stored,
    async put(key, body, options) {
      await tick('objects.put');
      bench.counts.bytesWritten += body.length;
      return stored.put(key, body, options);
    },
    async get(key, range) {
      await tick('objects.get');
      const body = await stored.get(key, range);
      bench.counts.bytesRead += body?.length ?? 0;
      return body;
    },
    async list(prefix, options) {
      await tick('objects.list');
      return stored.list(prefix, options);
    },
    async delete(key) {
      await tick('objects.delete');
      return stored.delete(key);
    },
  };
  const records: typeof kept = {
    async get(pk, sk) {
      await tick('records.get');
      const record = await kept.get(pk, sk);
      bench.counts.readUnits += units(record?.body, 4096);
      return record;
    },
    async query(pk, options) {
      await tick('records.query');
      const page = await kept.query(pk, options);
      bench.counts.readUnits += units(page.records, 4096);
      return page;
    },
    async put(record, condition) {
      await tick('records.put');
      bench.counts.writeUnits += units(record, 1024);
      return kept.put(record, condition);
    },
    async delete(pk, sk, condition) {
      await tick('records.delete');
      bench.counts.writeUnits += 1;
      return kept.delete(pk, sk, condition);
    },
  };
  const uploads = memoryQueue(now, { maxReceives: 50 });
  const context = jobContext(
    { objects, records, uploads, clock, bucket: BUCKET },
    {
      acceptPastMs: 2 * DAY_MS,
      acceptFutureMs: 5 * MINUTE_MS,
      retentionDays: 400,
      retentionMinDays: 18,
      rollUpDays: 400,
      publicUrl: '',
    },
  );
  await ensureProject(kept, PROJECT);
  return Object.assign(bench, {
    context,
    clock,
    async take(bodies: readonly (Uint8Array | Sent)[], batch: number) {
      let cpuMs = 0;
      for (let at = 0; at < bodies.length; at += batch) {
        const keys = await received(context, bodies.slice(at, at + batch));
        const began = process.cpuUsage();
        const beganMs = performance.now();
        count('queue.receive');
        const messages = keys.map((key, n) => ({
          id: String(n),
          body: objectCreated(BUCKET, key, 0),
          receiveCount: 1,
          receipt: String(n),
        }));
        const { failed } = await analyze(context, messages);
        if (failed.length > 0) throw new Error(`${failed.length} messages failed`);
        count('queue.ack');
        const { user, system } = process.cpuUsage(began);
        cpuMs += (user + system) / 1000;
        bench.wallMs += performance.now() - beganMs;
        // What is kept of a million uploads would fill the memory; nothing below reads it again.
        for (const key of keys) await stored.delete(key);
      }
      return cpuMs;
    },
  });
}

/** The receive job, one object for each upload as the receiver's function writes them. Returns their keys. */
async function received(
  context: JobContext,
  bodies: readonly (Uint8Array | Sent)[],
): Promise<readonly string[]> {
  const keys: string[] = [];
  const sink: Pick<RawSink, 'store'> = {
    async store(upload) {
      const key = rawKey(upload.project, upload.receivedAt, upload.id);
      await context.objects.put(key, encodeRaw([upload]), { ifAbsent: true });
      keys.push(key);
    },
  };
  const job = { sink, clock: context.clock };
  const all = bodies.map((one) => ({
    ...SENT,
    naming: '',
    ...(one instanceof Uint8Array ? { body: one } : one),
  }));
  await Promise.all(all.map((one) => receive(job, { ...one, identity: one.body })));
  return keys;
}
const SENT = {
  project: PROJECT,
  route: 'otlp-metrics',
  contentType: 'application/x-protobuf',
  contentEncoding: '',
  sender: 'bench',
  keyId: 'key',
};

const INSTANCES = 8;

/** Upload number `n` of service `shop`, about 2 kB, of `timeMs`. */
export const shopBody = (n: number, timeMs: number): Uint8Array =>
  metricsBody({
    service: 'shop',
    instance: `pod-${n % INSTANCES}`,
    routes: 4,
    startMs: Math.floor(timeMs / DAY_MS) * DAY_MS,
    timeMs,
    count: n + 1,
  });

export const callsOf = ({ calls }: Counts): number =>
  Object.values(calls).reduce((sum, count) => sum + count, 0);
