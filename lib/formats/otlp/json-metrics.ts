import type {
  Buckets,
  DecodedMetrics,
  Metric,
  MetricKind,
  Point,
  ResourceMetrics,
  ScopeMetrics,
  Temporality,
} from './decoded.ts';
import { explicitBuckets, exponentialBuckets } from './decoded.ts';
import { jsonAttributes, jsonResource, jsonScope } from './json-common.ts';
import { type JsonObject, JsonReader } from './json-reader.ts';
import { Budget } from './limits.ts';

const NS_PER_MS = 1e6;
const NO_RECORDED_VALUE = 1;
const TEMPORALITIES: readonly Temporality[] = ['unspecified', 'delta', 'cumulative'];
const TEMPORALITY_NAMES = [
  'AGGREGATION_TEMPORALITY_UNSPECIFIED',
  'AGGREGATION_TEMPORALITY_DELTA',
  'AGGREGATION_TEMPORALITY_CUMULATIVE',
];
const KIND_KEYS: readonly (readonly [string, MetricKind])[] = [
  ['gauge', 'gauge'],
  ['sum', 'sum'],
  ['histogram', 'histogram'],
  ['exponentialHistogram', 'exponential-histogram'],
  ['summary', 'summary'],
];

export function decodeJsonMetrics(bytes: Uint8Array): DecodedMetrics {
  const json = new JsonReader('metrics');
  const budget = new Budget('metrics');
  const resources: ResourceMetrics[] = [];
  json.each(json.parse(bytes), 'resourceMetrics', (item) => {
    budget.spendContainer();
    resources.push(readResourceMetrics(json, budget, item));
  });
  return { resources, points: budget.items };
}

function readResourceMetrics(json: JsonReader, budget: Budget, item: JsonObject): ResourceMetrics {
  const attributes = jsonResource(json, budget, item);
  const scopes: ScopeMetrics[] = [];
  json.each(item, 'scopeMetrics', (scopeItem) => {
    budget.spendContainer();
    const scope = jsonScope(json, scopeItem);
    const metrics: Metric[] = [];
    json.each(scopeItem, 'metrics', (metric) => {
      budget.spendContainer();
      metrics.push(readMetric(json, budget, metric));
    });
    scopes.push({ scope, metrics });
  });
  return { attributes, scopes };
}

function readMetric(json: JsonReader, budget: Budget, item: JsonObject): Metric {
  let kind: MetricKind = 'none';
  let temporality: Temporality = 'unspecified';
  let monotonic = false;
  const points: Point[] = [];
  for (const [key, of] of KIND_KEYS) {
    if (kind !== 'none') break; // members of a oneof: the first one counts
    json.within(item, key, (data) => {
      kind = of;
      if (of !== 'gauge' && of !== 'summary') {
        temporality =
          TEMPORALITIES[json.enum(data, 'aggregationTemporality', TEMPORALITY_NAMES)] ?? 'unspecified';
      }
      if (of === 'sum') monotonic = json.boolean(data, 'isMonotonic');
      json.each(data, 'dataPoints', (point) => {
        budget.spendItem();
        points.push(readPoint(json, budget, of, point));
      });
    });
  }
  return {
    name: json.string(item, 'name'),
    unit: json.string(item, 'unit'),
    kind,
    temporality,
    monotonic,
    points,
  };
}

function readPoint(json: JsonReader, budget: Budget, kind: MetricKind, item: JsonObject): Point {
  const isNumber = kind === 'gauge' || kind === 'sum';
  const stale = ((json.number(item, 'flags') ?? 0) & NO_RECORDED_VALUE) !== 0;
  return {
    attributes: jsonAttributes(json, budget, item),
    start: (json.number(item, 'startTimeUnixNano') ?? 0) / NS_PER_MS,
    time: (json.number(item, 'timeUnixNano') ?? 0) / NS_PER_MS,
    value: isNumber && !stale ? (json.number(item, 'asDouble') ?? json.number(item, 'asInt')) : undefined,
    count: isNumber ? 0 : (json.number(item, 'count') ?? 0),
    sum: isNumber ? undefined : json.number(item, 'sum'),
    buckets: readBuckets(json, budget, kind, item),
    stale,
  };
}

function readBuckets(
  json: JsonReader,
  budget: Budget,
  kind: MetricKind,
  item: JsonObject,
): Buckets | undefined {
  if (kind === 'histogram') {
    const bounds = json.numbers(item, 'explicitBounds');
    const counts = json.numbers(item, 'bucketCounts');
    budget.spendBuckets(bounds.length + counts.length);
    return explicitBuckets(bounds, counts);
  }
  if (kind !== 'exponential-histogram') return undefined;
  let offset = 0;
  let counts: number[] = [];
  json.within(item, 'positive', (positive) => {
    offset = json.number(positive, 'offset') ?? 0;
    counts = json.numbers(positive, 'bucketCounts');
    budget.spendBuckets(counts.length);
  });
  return exponentialBuckets(
    json.number(item, 'scale') ?? 0,
    offset,
    json.number(item, 'zeroCount') ?? 0,
    counts,
  );
}
