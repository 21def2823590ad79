import protobuf from 'protobufjs';
import { OTLP_PROTO } from '../../test/formats/otlp-proto.ts';

// Metric uploads as a Node service sends them: heap spaces, resident memory and request durations by route.

const request = protobuf.parse(OTLP_PROTO).root.lookupType('otlp.ExportMetricsServiceRequest');
const SPACES = ['new_space', 'old_space', 'code_space', 'large_object_space'];
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const MILLION = 1_000_000n;

interface BodyOptions {
  readonly service: string;
  readonly instance: string;
  /** Routes, a histogram each: 4 make about 2 kB, 71 about 27 kB. */
  readonly routes: number;
  readonly startMs: number;
  readonly timeMs: number;
  /** Finished requests of each route until then. */
  readonly count: number;
}

export function metricsBody({ service, instance, routes, startMs, timeMs, count }: BodyOptions): Uint8Array {
  const times = {
    startTimeUnixNano: nanoseconds(startMs),
    timeUnixNano: nanoseconds(timeMs),
  };
  const heap = SPACES.map((space, i) => ({
    ...times,
    asInt: 1_000_000 * (i + 1) + count,
    attributes: [text('v8js.heap.space.name', space)],
  }));
  const durations = Array.from({ length: routes }, (_, route) => ({
    ...times,
    count,
    sum: count / 50,
    bucketCounts: [...BOUNDS.map((_, bucket) => (bucket === 3 ? count : 0)), 0],
    explicitBounds: BOUNDS,
    attributes: [
      text('http.request.method', 'GET'),
      text('http.route', `/route/${route}/:id`),
      { key: 'http.response.status_code', value: { intValue: 200 } },
    ],
  }));
  const metrics = [
    { name: 'v8js.memory.heap.used', unit: 'By', gauge: { dataPoints: heap } },
    {
      name: 'process.memory.usage',
      unit: 'By',
      gauge: { dataPoints: [{ ...times, asInt: 90_000_000 + count }] },
    },
    {
      name: 'http.server.request.duration',
      unit: 's',
      histogram: { aggregationTemporality: 2, dataPoints: durations },
    },
  ];
  const resource = {
    attributes: [
      text('service.name', service),
      text('service.instance.id', instance),
      text('service.version', '1.4.2'),
      text('telemetry.sdk.language', 'nodejs'),
    ],
  };
  const scopeMetrics = [{ scope: { name: 'instrumentation' }, metrics }];
  return request.encode(request.fromObject({ resourceMetrics: [{ resource, scopeMetrics }] })).finish();
}

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
/** A decimal text: the .proto's fixed64 is read from it exactly. */
const nanoseconds = (ms: number) => (BigInt(Math.round(ms)) * MILLION).toString();
