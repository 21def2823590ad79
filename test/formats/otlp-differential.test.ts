import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { checkMetrics, checkTraces, decodeMetrics, decodeTraces } from '../../lib/formats/otlp/index.ts';
import {
  asJson,
  capture,
  captureNames,
  encode,
  encodingOfFile,
  manifest,
  metricsRequest,
  sample,
  tracesRequest,
} from './otlp-fixtures.ts';

// Our protobuf decoder against protobufjs: what protobufjs reads from a body goes through our JSON decoder (which the
// manifest's facts check by themselves) and has to come out as our protobuf decoder reads it.

const SEED = 20261121;
const RUNS = 300;

const compare = (kind: 'metrics' | 'traces', body: Uint8Array) => {
  if (kind === 'metrics') {
    const decoded = decodeMetrics(body, 'protobuf');
    expect(decodeMetrics(asJson(metricsRequest, body), 'json')).toEqual(decoded);
    expect(checkMetrics(body, 'protobuf')).toBe(decoded.points);
  } else {
    const decoded = decodeTraces(body, 'protobuf');
    expect(decodeTraces(asJson(tracesRequest, body), 'json')).toEqual(decoded);
    expect(checkTraces(body, 'protobuf')).toBe(decoded.spans);
  }
};

describe('decoding agrees with protobufjs', () => {
  const files = manifest().filter(({ file, tier }) => tier === 'must' && encodingOfFile(file) === 'protobuf');
  it.each(files)('on $file', ({ file, kind }) => compare(kind, sample(file)));

  it.each(captureNames())('on the requests of %s', (run) => {
    const bodies = capture(run).requests.filter(({ encoding }) => encoding === 'protobuf');
    for (const { signal, body } of bodies.slice(0, 12)) compare(signal, body);
  });
});

const text = fc.oneof(fc.string({ maxLength: 12 }), fc.string({ maxLength: 5, unit: 'grapheme' }));
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
const count = fc.oneof(fc.nat(), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String));
const time = fc.oneof(fc.constant('0'), fc.bigInt({ min: 0n, max: 2n ** 62n }).map(String));
const double = fc.double();
const list = <T>(of: fc.Arbitrary<T>, maxLength = 3) => fc.array(of, { maxLength });

const { anyValue } = fc.letrec<{ anyValue: object }>((tie) => ({
  anyValue: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ stringValue: text }),
    fc.record({ boolValue: fc.boolean() }),
    fc.record({ intValue: int64 }),
    fc.record({ doubleValue: double }),
    fc.record({ bytesValue: fc.uint8Array({ maxLength: 9 }) }),
    fc.constant({}),
    fc.record({ arrayValue: fc.record({ values: list(tie('anyValue')) }) }),
    fc.record({
      kvlistValue: fc.record({ values: list(fc.record({ key: text, value: tie('anyValue') })) }),
    }),
  ),
}));
const attributes = list(fc.record({ key: text, value: anyValue }, { requiredKeys: ['key'] }), 4);
const resource = fc.record({ attributes, droppedAttributesCount: fc.nat() }, { requiredKeys: [] });
const scope = fc.record({ name: text, version: text, attributes }, { requiredKeys: [] });
const common = { attributes, startTimeUnixNano: time, timeUnixNano: time, flags: fc.nat(3) };
const exemplars = list(fc.record({ timeUnixNano: time, asDouble: double }), 2);

const numberPoint = fc.oneof(
  fc.record({ ...common, asDouble: double, exemplars }),
  fc.record({ ...common, asInt: int64 }),
  fc.record(common),
);
const histogramPoint = fc.record(
  { ...common, count, sum: double, bucketCounts: list(count, 4), explicitBounds: list(double, 3), exemplars },
  { requiredKeys: ['count'] },
);
const buckets = fc.record({ offset: fc.integer({ min: -99, max: 99 }), bucketCounts: list(count, 4) });
const exponentialPoint = fc.record(
  {
    ...common,
    count,
    sum: double,
    scale: fc.integer({ min: -10, max: 20 }),
    zeroCount: count,
    positive: buckets,
    negative: buckets,
  },
  { requiredKeys: ['count'] },
);
const summaryPoint = fc.record({
  ...common,
  count,
  sum: double,
  quantileValues: list(fc.record({ quantile: double, value: double })),
});
const aggregationTemporality = fc.nat(2);
const metric = fc
  .tuple(
    fc.record({ name: text, unit: text, description: text }, { requiredKeys: ['name'] }),
    fc.oneof(
      fc.record({ gauge: fc.record({ dataPoints: list(numberPoint) }) }),
      fc.record({
        sum: fc.record({ dataPoints: list(numberPoint), aggregationTemporality, isMonotonic: fc.boolean() }),
      }),
      fc.record({ histogram: fc.record({ dataPoints: list(histogramPoint), aggregationTemporality }) }),
      fc.record({
        exponentialHistogram: fc.record({ dataPoints: list(exponentialPoint), aggregationTemporality }),
      }),
      fc.record({ summary: fc.record({ dataPoints: list(summaryPoint) }) }),
      fc.constant({}),
    ),
  )
  .map(([head, data]) => ({ ...head, ...data }));
const metrics = fc.record({
  resourceMetrics: list(
    fc.record(
      {
        resource,
        scopeMetrics: list(fc.record({ scope, metrics: list(metric) }, { requiredKeys: ['metrics'] })),
      },
      { requiredKeys: ['scopeMetrics'] },
    ),
  ),
});

const id = (size: number) =>
  fc.oneof(fc.constant(new Uint8Array()), fc.uint8Array({ minLength: size, maxLength: size }));
const span = fc.record(
  {
    traceId: id(16),
    spanId: id(8),
    parentSpanId: id(8),
    traceState: text,
    name: text,
    kind: fc.nat(5),
    startTimeUnixNano: time,
    endTimeUnixNano: time,
    attributes,
    events: list(fc.record({ name: text, timeUnixNano: time, attributes }), 1),
    links: list(fc.record({ traceId: id(16), spanId: id(8) }), 1),
    status: fc.record({ message: text, code: fc.nat(2) }),
  },
  { requiredKeys: [] },
);
const traces = fc.record({
  resourceSpans: list(
    fc.record(
      { resource, scopeSpans: list(fc.record({ scope, spans: list(span) }, { requiredKeys: ['spans'] })) },
      { requiredKeys: ['scopeSpans'] },
    ),
  ),
});

describe('made-up requests', () => {
  const options = { seed: SEED, numRuns: RUNS };
  it('of metrics read the same as by protobufjs', () => {
    fc.assert(
      fc.property(metrics, (request) => compare('metrics', encode(metricsRequest, request))),
      options,
    );
  });
  it('of traces read the same as by protobufjs', () => {
    fc.assert(
      fc.property(traces, (request) => compare('traces', encode(tracesRequest, request))),
      options,
    );
  });
});

describe('protobuf as few senders write it', () => {
  it('adds up a message that comes in pieces', () => {
    const piece = (request: object) => encode(metricsRequest, request);
    const one = piece({ resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'a' }] }] }] });
    const two = piece({ resourceMetrics: [{ resource: { attributes: [{ key: 'k' }] } }] });
    expect(decodeMetrics(Uint8Array.of(...one, ...two), 'protobuf').resources).toHaveLength(2);
    // a resource in two halves inside of one ResourceMetrics
    const writer = new protobuf.Writer();
    const keyValue = (key: string) => new protobuf.Writer().uint32(10).string(key).finish();
    writer.uint32(10).fork();
    for (const key of ['a', 'b']) writer.uint32(10).fork().uint32(10).bytes(keyValue(key)).ldelim();
    const bytes = writer.ldelim().finish();
    expect([...(decodeMetrics(bytes, 'protobuf').resources[0]?.attributes.keys() ?? [])]).toEqual(['a', 'b']);
  });

  it('takes bucket counts one by one and in several runs', () => {
    const point = new protobuf.Writer();
    point.uint32((6 << 3) | 1).fixed64(1);
    point
      .uint32((6 << 3) | 2)
      .fork()
      .fixed64(2)
      .fixed64(3)
      .ldelim();
    point.uint32((7 << 3) | 1).double(0.5);
    point
      .uint32((7 << 3) | 2)
      .fork()
      .double(1)
      .ldelim();
    const bytes = new protobuf.Writer();
    for (const field of [1, 2, 2, 9, 1]) bytes.uint32((field << 3) | 2).fork();
    bytes.raw(point.finish());
    for (let i = 0; i < 5; i += 1) bytes.ldelim();
    const body = bytes.finish();
    const [metricRead] = decodeMetrics(body, 'protobuf').resources[0]?.scopes[0]?.metrics ?? [];
    expect(metricRead?.points[0]?.buckets).toEqual({ bounds: [0.5, 1], counts: [1, 2, 3] });
    expect(checkMetrics(body, 'protobuf')).toBe(1);
  });

  it('takes unknown fields and empty envelopes', () => {
    expect(decodeMetrics(new Uint8Array(), 'protobuf')).toEqual({ resources: [], points: 0 });
    expect(decodeTraces(new Uint8Array(), 'protobuf')).toEqual({ resources: [], spans: 0 });
    const unknown = new protobuf.Writer()
      .uint32((99 << 3) | 0)
      .uint32(7)
      .finish();
    expect(decodeMetrics(unknown, 'protobuf').points).toBe(0);
  });
});
