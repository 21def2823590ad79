import { commitUploads } from '../../lib/jobs/commit-uploads.ts';
import { foldJoined } from '../../lib/jobs/fold-joined.ts';
import { uploadId } from '../../lib/model/ids.ts';
import { partitionStart } from '../../lib/model/partition.ts';
import { serviceName } from '../../lib/model/service.ts';
import { noteService } from '../../lib/records/services.ts';
import { PATTERN_THRESHOLDS } from '../../lib/traces/patterns/thresholds.ts';
import { openProduct, type Product } from '../support/product.ts';
import { spanOf, traceOf } from '../traces/nesting-draw.ts';
import { AT } from './door-app.ts';

export interface Operation {
  readonly description: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { schema: object }>> }>
  >;
}
export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const MINUTE_MS = 60_000;
const MIB = 1024 * 1024;
const nanos = (ms: number) => `${Math.round(ms)}000000`;
const text = (key: string, value: string) => ({ key, value: { stringValue: value } });

/** Requests of a route up to and with a minute: each route has a rhythm of its own, so that they can be told apart. */
const requestsUntil = (index: number, rhythm: number) =>
  Array.from({ length: index + 1 }, (_, i) => 100 + ((i * rhythm) % 61)).reduce(
    (sum, count) => sum + count,
    0,
  );

/** One minute of a service that keeps 64 KiB of each request of one route and collects its garbage in between. */
function minute(service: string, at: number, index: number, leaks: boolean) {
  const resource = {
    attributes: [
      ...[
        text('service.name', service),
        text('service.version', '1.0.0'),
        text('service.instance.id', 'one'),
      ],
      text('telemetry.sdk.language', 'nodejs'),
    ],
  };
  const kept = leaks && index > 30 ? (requestsUntil(index, 17) - requestsUntil(30, 17)) * 64 * 1024 : 0;
  const level = (when: number, bytes: number) => ({
    attributes: [text('v8js.heap.space.name', 'old_space')],
    timeUnixNano: nanos(when),
    asInt: String(Math.round(bytes)),
  });
  // Six readings a minute: a saw that falls back to the floor.
  const dataPoints = Array.from({ length: 6 }, (_, i) =>
    level(at + i * 10_000, 40 * MIB + kept + (((index * 6 + i) % 4) * 3 + ((i * 7) % 5) / 10) * MIB),
  );
  const requests = (route: string, total: number) => ({
    attributes: [
      text('http.request.method', 'GET'),
      text('http.route', route),
      text('http.response.status_code', '200'),
    ],
    startTimeUnixNano: nanos(AT - 200 * MINUTE_MS),
    timeUnixNano: nanos(at + 50_000),
    count: String(total),
    sum: total * 0.02,
    explicitBounds: [0.01, 0.05, 0.1],
    bucketCounts: [0, total, 0, 0].map(String),
  });
  const collections = {
    attributes: [text('v8js.gc.type', 'major')],
    startTimeUnixNano: nanos(AT - 200 * MINUTE_MS),
    timeUnixNano: nanos(at + 50_000),
    count: String(3 * (index + 1)),
    sum: 0.03 * (index + 1),
    explicitBounds: [0.01, 0.1],
    bucketCounts: [0, 3 * (index + 1), 0].map(String),
  };
  const histogram = (points: object[]) => ({ aggregationTemporality: 2, dataPoints: points });
  const metrics = [
    { name: 'v8js.memory.heap.used', unit: 'By', gauge: { dataPoints } },
    {
      name: 'http.server.request.duration',
      unit: 's',
      histogram: histogram([
        requests('/kept', requestsUntil(index, 17)),
        requests('/other', requestsUntil(index, 23)),
      ]),
    },
    { name: 'v8js.gc.duration', unit: 's', histogram: histogram([collections]) },
  ];
  return JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] });
}

export const KEPT_TRACE = 'c0ffee00c0ffee00c0ffee00c0ffee00';

/** What its thread did: one function, a sample every 10 ms. */
function chunkOf(profiler: string, fromUs: number, count: number): Uint8Array {
  const samples = Array.from({ length: count }, (_, i) => ({
    ...{ stack_id: 0, thread_id: '1', timestamp: fromUs / 1e6 + i / 100 },
  }));
  const frames = [{ function: 'keep', filename: 'kept.py', module: 'kept', in_app: true, lineno: 1 }];
  const profile = { samples, stacks: [[0]], frames, thread_metadata: { '1': { name: 'MainThread' } } };
  const chunk = {
    version: '2',
    profiler_id: profiler,
    chunk_id: 'd'.repeat(32),
    platform: 'python',
    profile,
  };
  return new TextEncoder().encode(JSON.stringify(chunk));
}

/** A request of which two queries and the time between them are known, and what ran in it. */
async function keepTrace({ local, clock }: Product): Promise<void> {
  const at = (ms: number) => (clock.time - 60_000 + ms) * 1000;
  const query = (spanId: string, from: number, to: number) =>
    spanOf({ spanId, op: 'db', description: 'SELECT 1', start: at(from), end: at(to) });
  const trace = traceOf([query('a', 0, 40), query('b', 140, 200)], {
    traceId: KEPT_TRACE,
    root: spanOf({ spanId: 'root', parentSpanId: '', op: 'http.server', start: at(0), end: at(220) }),
    unit: { kind: 'http', name: 'GET /kept' },
    service: serviceName({ name: 'leaky' }),
    profile: { eventId: '', profilerId: 'p' },
  });
  const profile = {
    ...{ kind: 'chunk' as const, eventId: '', profilerId: 'p', activeThreadId: '', threadIds: [] },
    ...{ upload: uploadId('7'.repeat(32)), shiftMs: 0 },
    payload: chunkOf('p', at(0), 22),
  };
  const parts = foldJoined(
    'default',
    { traces: [trace], witnesses: [], profiles: [profile], thresholdsOf: () => PATTERN_THRESHOLDS },
    partitionStart,
  );
  const additions = parts.map(({ partition, sections }) => ({
    partition: { ...partition, generation: 0 },
    sections,
  }));
  const one = { uploadId: uploadId('7'.repeat(32)), parts: additions };
  await commitUploads(local.context, [one], clock.time);
  const times = { firstSeen: clock.time, lastSeen: clock.time, firstData: clock.time, lastData: clock.time };
  const seen = { service: trace.service, ...times, signals: { traces: clock.time }, versions: {} };
  await noteService(local.context.records, 'default', seen);
}

/** A product in which each kind of answer has something to tell: a finding, releases, refused and rejected uploads. */
export async function openProductWithData(): Promise<Product> {
  const product = await openProduct({ at: AT - 180 * MINUTE_MS });
  const post = (path: string, body: string) =>
    product.send(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  await post('/v1/deploys', JSON.stringify({ service: 'leaky', version: '1.0.0' }));
  for (let index = 0; index < 180; index += 1) {
    const at = AT - (180 - index) * MINUTE_MS;
    product.clock.time = at + 55_000;
    await post('/v1/metrics', minute('leaky', at, index, true));
    await post('/v1/metrics', minute('production/shop/calm', at, index, false));
    if (index % 30 === 29) {
      await product.settle();
      await product.scan();
    }
  }
  product.clock.time = AT;
  await post('/v1/metrics', '{"broken');
  await post('/v1/metrics', minute('late', AT - 40 * 24 * 60 * MINUTE_MS, 0, false));
  for (const service of ['leaky', 'production%252Fshop%252Fcalm'])
    await product.send(`/v1/profiles?service=${service}&type=cpu&unit=nanoseconds&until=${AT}`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: 'main;serve;render 30\nmain;serve 10\n',
    });
  await product.settle();
  await keepTrace(product);
  await product.scan();
  return product;
}
