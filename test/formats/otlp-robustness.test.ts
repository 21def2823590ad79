import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import {
  checkLogs,
  checkMetrics,
  checkTraces,
  decodeMetrics,
  decodeTraces,
  metricsFacts,
  tracesFacts,
} from '../../lib/formats/otlp/index.ts';
import {
  MAX_ATTRIBUTES_PER_OWNER,
  MAX_CONTAINERS,
  MAX_DEPTH,
  MAX_POINTS,
  MAX_STRING_LENGTH,
} from '../../lib/formats/otlp/limits.ts';
import { Fault, type FaultCode } from '../../lib/model/fault.ts';
import { encode, jsonBytes, logsRequest, metricsRequest, sample } from './otlp-fixtures.ts';

const SEED = 20261121;
const read = { metrics: decodeMetrics, traces: decodeTraces };
const check = { metrics: checkMetrics, traces: checkTraces };
const SIGNALS = ['metrics', 'traces'] as const;
const ENCODINGS = ['protobuf', 'json'] as const;

/** A fault's code, or what the body holds; anything else thrown fails the test. */
function outcome<T>(attempt: () => T): T | FaultCode {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
}

/** What passes the check has to decode, to the same count and to facts. */
function examine(
  signal: (typeof SIGNALS)[number],
  encoding: (typeof ENCODINGS)[number],
  body: Uint8Array,
): void {
  const checked = outcome(() => check[signal](body, encoding));
  if (typeof checked === 'string') {
    expect(['invalid-input', 'too-large']).toContain(checked);
    outcome(() => read[signal](body, encoding)); // may be more patient, but must not crash
    return;
  }
  if (signal === 'metrics') {
    const decoded = decodeMetrics(body, encoding);
    expect(decoded.points).toBe(checked);
    metricsFacts(decoded);
  } else {
    const decoded = decodeTraces(body, encoding);
    expect(decoded.spans).toBe(checked);
    tracesFacts(decoded);
  }
}

describe('a body that is cut short', () => {
  it.each([
    ['metrics', 'metrics-sum.pb'],
    ['metrics', 'metrics-histogram.pb'],
    ['metrics', 'metrics-exponential-histogram.pb'],
    ['metrics', 'metrics-summary.pb'],
    ['traces', 'traces-frontend.pb'],
    ['metrics', 'metrics-own-shop-3.pb'],
  ] as const)('%s %s is refused or read at every length', (signal, file) => {
    const body = sample(file);
    const step = Math.ceil(body.length / 1_000);
    for (let length = 0; length < body.length; length += step)
      examine(signal, 'protobuf', body.subarray(0, length));
  });

  it.each([
    ['metrics', 'metrics-sum.json'],
    ['traces', 'traces-spec-example.json'],
  ] as const)('%s %s is refused at every length', (signal, file) => {
    const body = sample(file);
    const whole = new TextDecoder().decode(body).trimEnd().length;
    for (let length = 0; length < whole; length += 1) {
      expect(outcome(() => check[signal](body.subarray(0, length), 'json'))).toBe('invalid-input');
    }
  });
});

describe('bytes that mean nothing', () => {
  const options = { seed: SEED, numRuns: 1_500 };
  it.each(SIGNALS)('are refused or read as %s, without a crash', (signal) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(...ENCODINGS), (body, encoding) =>
        examine(signal, encoding, body),
      ),
      options,
    );
  });

  it.each([
    ['metrics', 'metrics-histogram.pb'],
    ['metrics', 'metrics-exponential-histogram.pb'],
    ['traces', 'traces-frontend.pb'],
  ] as const)('inside of %s %s are refused or read', (signal, file) => {
    const body = sample(file);
    const changes = fc.array(fc.tuple(fc.nat(body.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(changes, (edits) => {
        const copy = body.slice();
        for (const [at, byte] of edits) copy[at] = byte;
        examine(signal, 'protobuf', copy);
      }),
      options,
    );
  });

  it('of JSON are refused or read', () => {
    const keys = fc.constantFrom(
      'resourceMetrics',
      'scopeMetrics',
      'metrics',
      'gauge',
      'sum',
      'histogram',
      'dataPoints',
      'attributes',
      'key',
      'value',
      'stringValue',
      'timeUnixNano',
      'asInt',
      'resource',
      'name',
      'count',
      'bucketCounts',
      '__proto__',
    );
    const { json } = fc.letrec<{ json: unknown }>((tie) => ({
      json: fc.oneof(
        { depthSize: 'medium' },
        fc.constantFrom(null, true, 1, -1.5, 'x', '7', 'NaN'),
        fc.array(tie('json'), { maxLength: 3 }),
        fc.dictionary(keys, tie('json'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(json, (value) =>
        examine(
          'metrics',
          'json',
          jsonBytes({ resourceMetrics: [{ scopeMetrics: [{ metrics: [value] }] }] }),
        ),
      ),
      options,
    );
  });
});

describe('limits', () => {
  const nested = (field: number, ...path: readonly number[]): Uint8Array => {
    const writer = new protobuf.Writer();
    for (const step of path) writer.uint32((step << 3) | 2).fork();
    writer.uint32((field << 3) | 2).bytes(new Uint8Array());
    for (const _ of path) writer.ldelim();
    return writer.finish();
  };
  const repeated = (piece: Uint8Array, times: number) => {
    const whole = new Uint8Array(piece.length * times);
    for (let i = 0; i < times; i += 1) whole.set(piece, i * piece.length);
    return whole;
  };
  const bothRefuse = (body: Uint8Array, encoding: 'protobuf' | 'json' = 'protobuf') => {
    for (const attempt of [checkMetrics, decodeMetrics]) {
      expect(outcome(() => attempt(body, encoding))).toBe('too-large');
    }
  };

  it('refuse one data point too many', () => {
    const one = nested(1, 1, 2, 2, 5); // resource, scope, metric, gauge, point
    const points = repeated(Uint8Array.of(0x0a, 0x00), MAX_POINTS);
    const bytes = new protobuf.Writer();
    for (const step of [1, 2, 2, 5]) bytes.uint32((step << 3) | 2).fork();
    bytes.raw(points);
    for (let i = 0; i < 4; i += 1) bytes.ldelim();
    const full = bytes.finish();
    expect(checkMetrics(full, 'protobuf')).toBe(MAX_POINTS);
    bothRefuse(Buffer.concat([one, full]));
  });

  it('refuse floods of empty resources and metrics', () => {
    bothRefuse(repeated(Uint8Array.of(0x0a, 0x00), MAX_CONTAINERS + 1));
  });

  it('refuse attributes without end', () => {
    const keys = Array.from({ length: MAX_ATTRIBUTES_PER_OWNER + 1 }, (_, i) => ({
      key: `k${i}`,
      value: {},
    }));
    const request = { resourceMetrics: [{ resource: { attributes: keys } }] };
    bothRefuse(encode(metricsRequest, request));
    bothRefuse(jsonBytes(request), 'json');
  });

  it('refuse values nested without end', () => {
    let value: object = { stringValue: 'x' };
    for (let i = 0; i < MAX_DEPTH; i += 1) value = { arrayValue: { values: [value] } };
    bothRefuse(jsonBytes({ resourceMetrics: [{ resource: { attributes: [{ key: 'k', value }] } }] }), 'json');
    const arrays = Array.from({ length: MAX_DEPTH }, () => [5, 1]).flat(); // array_value, values
    bothRefuse(nested(1, 1, 1, 1, 2, ...arrays));
    expect(checkMetrics(nested(1, 1, 1, 1, 2, ...arrays.slice(2)), 'protobuf')).toBe(0);
  });

  it('refuse JSON bombs before they are parsed', () => {
    const text = (unit: string, times: number) => new TextEncoder().encode(unit.repeat(times));
    bothRefuse(text('[', 5_000_000), 'json');
    bothRefuse(text('{},', 3_100_000), 'json');
    bothRefuse(text('0,', 12_100_000), 'json');
  });

  it('cut long strings alike in both encodings, never inside of a character', () => {
    const long = `${'é'.repeat(MAX_STRING_LENGTH - 1)}🌊🌊`;
    const request = {
      resourceMetrics: [{ resource: { attributes: [{ key: 'k', value: { stringValue: long } }] } }],
    };
    const [pb, json] = [encode(metricsRequest, request), jsonBytes(request)] as const;
    const cut = decodeMetrics(pb, 'protobuf').resources[0]?.attributes.get('k');
    expect(cut).toBe('é'.repeat(MAX_STRING_LENGTH - 1));
    expect(decodeMetrics(json, 'json')).toEqual(decodeMetrics(pb, 'protobuf'));
  });
});

describe('messages', () => {
  const message = (attempt: () => unknown): string => {
    try {
      attempt();
      return 'nothing thrown';
    } catch (error) {
      return (error as Error).message;
    }
  };

  it('name the byte in protobuf', () => {
    const body = sample('broken-cut-metrics.pb');
    expect(message(() => checkMetrics(body, 'protobuf'))).toMatch(
      /^Cannot read OTLP metrics \(protobuf\): .* at byte \d+$/,
    );
  });

  it('name the path in JSON', () => {
    const point = { timeUnixNano: 'soon' };
    const body = jsonBytes({
      resourceMetrics: [{}, { scopeMetrics: [{ metrics: [{ gauge: { dataPoints: [point] } }] }] }],
    });
    expect(message(() => checkMetrics(body, 'json'))).toBe(
      'Cannot read OTLP metrics (JSON): resourceMetrics[1].scopeMetrics[0].metrics[0].gauge.dataPoints[0].timeUnixNano has to be a number, got "soon"',
    );
  });

  it('tell a body at the wrong path', () => {
    expect(message(() => checkMetrics(jsonBytes({ resourceSpans: [] }), 'json'))).toContain(
      'belongs to /v1/traces',
    );
  });
});

describe('checkLogs', () => {
  it('counts records in both encodings', () => {
    const request = {
      resourceLogs: [
        { scopeLogs: [{ logRecords: [{ body: { stringValue: 'a' } }, { severityText: 'INFO' }] }] },
      ],
    };
    expect(checkLogs(encode(logsRequest, request), 'protobuf')).toBe(2);
    expect(checkLogs(jsonBytes(request), 'json')).toBe(2);
    expect(checkLogs(new Uint8Array(), 'protobuf')).toBe(0);
    expect(outcome(() => checkLogs(Uint8Array.of(0x0a, 0x05), 'protobuf'))).toBe('invalid-input');
  });
});
