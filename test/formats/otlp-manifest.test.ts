import { describe, expect, it } from 'vitest';
import type { DecodedMetrics, DecodedTraces, MetricKind, Point } from '../../lib/formats/otlp/decoded.ts';
import { checkMetrics, checkTraces, decodeMetrics, decodeTraces } from '../../lib/formats/otlp/index.ts';
import { Fault } from '../../lib/model/fault.ts';
import { encodingOfFile, type ManifestEntry, manifest, sample } from './otlp-fixtures.ts';

// The samples' facts come from a decoder that shares nothing with ours.

const entries = manifest();
const must = entries.filter(({ tier }) => tier === 'must');
const KIND_NAMES: Partial<Record<MetricKind, string>> = { 'exponential-histogram': 'exponentialHistogram' };
const TEMPORALITIES = ['unspecified', 'delta', 'cumulative'];

const allMetrics = (decoded: DecodedMetrics) =>
  decoded.resources.flatMap(({ scopes }) => scopes.flatMap(({ metrics }) => metrics));
const allSpans = (decoded: DecodedTraces) =>
  decoded.resources.flatMap(({ scopes }) => scopes.flatMap(({ spans }) => spans));
const valueOrSum = (point: Point) => point.value ?? point.sum ?? 0;
const MS_PER_NS = 1e-6;

describe.each(must.filter(({ kind }) => kind === 'metrics'))('decodeMetrics $file', ({ file, facts }) => {
  const decoded = decodeMetrics(sample(file), encodingOfFile(file));
  const metrics = allMetrics(decoded);

  it('finds the resources, services, metrics and points', () => {
    expect(decoded.resources).toHaveLength(facts.resources);
    expect([...new Set(decoded.resources.map(({ attributes }) => attributes.get('service.name')))]).toEqual(
      facts.services,
    );
    expect(metrics).toHaveLength(facts.metrics);
    expect(decoded.points).toBe(facts.dataPoints);
    expect(checkMetrics(sample(file), encodingOfFile(file))).toBe(facts.dataPoints);
  });

  it('finds kind, unit, temporality and values of every metric', () => {
    for (const [name, wanted] of Object.entries(facts.byName)) {
      const found = metrics.filter((metric) => metric.name === name);
      const points = found.flatMap((metric) => metric.points);
      expect(found.length, name).toBeGreaterThan(0);
      const kind = found[0]?.kind ?? 'none';
      expect(KIND_NAMES[kind] ?? kind).toBe(wanted.kind);
      expect(found[0]).toMatchObject({ unit: wanted.unit, monotonic: wanted.monotonic });
      expect(TEMPORALITIES.indexOf(found[0]?.temporality ?? '')).toBe(wanted.temporality);
      expect(points).toHaveLength(wanted.points);
      expect(points.reduce((sum, point) => sum + valueOrSum(point), 0)).toBeCloseTo(wanted.sum, 6);
    }
  });

  it('finds the range of times', () => {
    const times = metrics.flatMap(({ points }) => points.map(({ time }) => time));
    expect(Math.min(...times)).toBeCloseTo(facts.firstTime * MS_PER_NS, 2);
    expect(Math.max(...times)).toBeCloseTo(facts.lastTime * MS_PER_NS, 2);
  });
});

describe.each(must.filter(({ kind }) => kind === 'traces'))('decodeTraces $file', ({ file, facts }) => {
  const decoded = decodeTraces(sample(file), encodingOfFile(file));
  const spans = allSpans(decoded);
  const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];

  it('finds resources, spans, traces, kinds, errors, routes and durations', () => {
    expect(decoded.resources).toHaveLength(facts.resources);
    expect(decoded.spans).toBe(facts.spans);
    expect(checkTraces(sample(file), encodingOfFile(file))).toBe(facts.spans);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(facts.traces);
    for (const [kind, count] of Object.entries(facts.byKind)) {
      expect(spans.filter((span) => span.kind === KINDS[Number(kind)])).toHaveLength(count);
    }
    expect(spans.filter(({ status }) => status === 'error')).toHaveLength(facts.errors);
    for (const [route, count] of Object.entries(facts.routes)) {
      const [method, path] = route.split(' ');
      const found = spans.filter(
        ({ attributes }) =>
          attributes.get('http.route') === path &&
          (attributes.get('http.request.method') ?? attributes.get('http.method')) === method,
      );
      expect(found).toHaveLength(count);
    }
    const totalUs = spans.reduce((sum, { durationUs }) => sum + durationUs, 0);
    expect(totalUs).toBeCloseTo(facts.totalDurationNs / 1000, 3);
  });
});

describe('the two encodings', () => {
  const pairs = must.filter((entry): entry is ManifestEntry & { pair: string } =>
    Boolean(entry.pair && entry.file.endsWith('.json')),
  );
  it.each(pairs)('decode to the same from $file and $pair', ({ file, pair, kind }) => {
    const decode = kind === 'metrics' ? decodeMetrics : decodeTraces;
    expect(decode(sample(pair), 'protobuf')).toEqual(decode(sample(file), 'json'));
  });
  it('have pairs to compare', () => expect(pairs.length).toBeGreaterThan(7));
});

describe.each(entries.filter(({ tier }) => tier === 'reject'))('broken $file', ({ file, kind }) => {
  it('is refused by the check and by the decoder alike', () => {
    const [check, decode] = kind === 'metrics' ? [checkMetrics, decodeMetrics] : [checkTraces, decodeTraces];
    for (const read of [check, decode]) {
      const attempt = () => read(sample(file), encodingOfFile(file));
      expect(attempt).toThrow(Fault);
      expect(attempt).toThrow(/^Cannot read OTLP (metrics|traces) \(?/);
    }
  });
});
