import { openProduct, type Product } from '../support/product.ts';

// One service as it exports to the door of the product: a process per release, one reading a minute, each right after a
// major collection.

export const MINUTE_MS = 60_000;
export const BEGAN = Date.UTC(2031, 4, 6, 2);
const MIB = 1024 * 1024;

export interface Process {
  readonly version: string;
  /** Bytes that each request of /cart keeps. */
  readonly kept: number;
  readonly minutes: number;
  /** Attributes of the resource; default: an instance of this name. */
  readonly resource?: Readonly<Record<string, string | number>>;
  /** False: counts of work come by another way. */
  readonly sendsCounts?: boolean;
  /** Objects by type, beside the heap: type → count after so many requests of /cart. */
  readonly objects?: Readonly<Record<string, (carts: number) => number>>;
  readonly limitMib?: number;
  /** Minute of the story in which it began; default: now. */
  readonly since?: number;
}

const nanos = (ms: number) => `${Math.round(ms)}000000`;
const attributes = (of: Readonly<Record<string, string | number>>) =>
  Object.entries(of).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  }));

/** Requests of a route up to and with a minute of the story: each has a rhythm of its own, so that they can be told apart. */
export function requestsUntil(minute: number, rhythm: number): number {
  const sums = summed.get(rhythm) ?? [];
  summed.set(rhythm, sums);
  for (let i = sums.length; i <= minute; i += 1) sums.push((sums.at(-1) ?? 0) + 40 + ((i * rhythm) % 61));
  return sums[minute] ?? 0;
}
const summed = new Map<number, number[]>();

export const carts = (from: number, minute: number) =>
  requestsUntil(minute, 17) - requestsUntil(from - 1, 17);

/** Small noise that is the same at each run. */
const noise = (minute: number) => (((minute * 7919) % 101) / 101 - 0.5) * MIB;

/** One export of metrics, of the minutes `from` to `to` of a process that began at `first`. */
export function exported(service: string, process: Process, first: number, from: number, to: number) {
  const { version, kept, resource = {}, sendsCounts = true, objects = {}, limitMib } = process;
  const start = nanos(BEGAN + first * MINUTE_MS);
  const minutes = Array.from({ length: to - from }, (_, i) => from + i);
  const at = (minute: number) => nanos(BEGAN + minute * MINUTE_MS + 50_000);
  const gauge = (
    name: string,
    unit: string,
    of: Readonly<Record<string, string>>,
    value: (m: number) => number,
  ) => ({
    ...{ name, unit },
    gauge: {
      dataPoints: minutes.map((m) => ({
        ...{ attributes: attributes(of), timeUnixNano: at(m), asInt: String(Math.round(value(m))) },
      })),
    },
  });
  const counter = (of: Readonly<Record<string, string>>, count: (m: number) => number) =>
    minutes.map((m) => ({
      ...{ attributes: attributes(of), startTimeUnixNano: start, timeUnixNano: at(m), sum: 1 },
      ...{ count: String(count(m)), explicitBounds: [1], bucketCounts: [String(count(m)), '0'] },
    }));
  const histogram = (name: string, dataPoints: readonly object[]) => ({
    ...{ name, unit: 's', histogram: { aggregationTemporality: 2, dataPoints } },
  });
  const route = (path: string) => ({ 'http.request.method': 'GET', 'http.route': path });
  const metrics = [
    gauge(
      'v8js.memory.heap.used',
      'By',
      { 'v8js.heap.space.name': 'old_space' },
      (m) => 60 * MIB + kept * carts(first, m) + noise(m),
    ),
    histogram(
      'v8js.gc.duration',
      counter({ 'v8js.gc.type': 'major' }, (m) => m - first + 1),
    ),
    ...(limitMib === undefined ? [] : [gauge('v8js.memory.heap.limit', 'By', {}, () => limitMib * MIB)]),
    gauge('http.server.active_requests', '{request}', {}, (m) => 3 + (m % 5)),
    ...Object.entries(objects).map(([type, count]) =>
      gauge('process.runtime.python.gc.objects.by_type', '1', { 'python.object_type': type }, (m) =>
        count(carts(first, m)),
      ),
    ),
    ...(sendsCounts
      ? [
          histogram('http.server.request.duration', [
            ...counter(route('/cart'), (m) => carts(first, m)),
            ...counter(route('/other'), (m) => requestsUntil(m, 23) - requestsUntil(first - 1, 23)),
          ]),
        ]
      : []),
  ];
  const named = {
    ...{ 'service.name': service, 'service.version': version, 'telemetry.sdk.language': 'nodejs' },
    ...(Object.keys(resource).length > 0 ? resource : { 'service.instance.id': `of ${version}` }),
  };
  return {
    resourceMetrics: [{ resource: { attributes: attributes(named) }, scopeMetrics: [{ metrics }] }],
  };
}

export interface Story {
  readonly product: Product;
  /** Lets a process run on from where the story is; the scan looks each half an hour. */
  run(process: Process, each?: (minute: number) => Promise<void>): Promise<void>;
}

const SCAN_EVERY = 30;

export async function tell(service = 'shop'): Promise<Story> {
  const product = await openProduct({ at: BEGAN });
  let now = 0;
  return {
    product,
    async run(process, each = async () => undefined) {
      const [first, end] = [process.since ?? now, now + process.minutes];
      while (now < end) {
        const to = Math.min(end, now + SCAN_EVERY);
        product.clock.time = BEGAN + to * MINUTE_MS;
        const body = JSON.stringify(exported(service, process, first, now, to));
        await each(to - 1);
        await product.send('/v1/metrics', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
        });
        await product.settle();
        await product.scan();
        now = to;
      }
    },
  };
}
