import type { AttributeValue } from '../work/attributes.ts';
import type {
  DecodedMetrics,
  Metric,
  MetricKind,
  Point,
  ResourceMetrics,
  ScopeMetrics,
  Temporality,
} from './decoded.ts';
import { Budget } from './limits.ts';
import { frozenAttributes, frozenScope, readResource, readScope } from './protobuf-common.ts';
import { readPoint } from './protobuf-points.ts';
import { LEN, Reader, tagOf, VARINT } from './protobuf-reader.ts';

// opentelemetry/proto/metrics/v1/metrics.proto and collector/metrics/v1/metrics_service.proto

const REQUEST_RESOURCE_METRICS = tagOf(1, LEN);
const RESOURCE_METRICS_RESOURCE = tagOf(1, LEN);
const RESOURCE_METRICS_SCOPE_METRICS = tagOf(2, LEN);
const SCOPE_METRICS_SCOPE = tagOf(1, LEN);
const SCOPE_METRICS_METRICS = tagOf(2, LEN);
const METRIC_NAME = tagOf(1, LEN);
const METRIC_UNIT = tagOf(3, LEN);
const METRIC_GAUGE = tagOf(5, LEN);
const METRIC_SUM = tagOf(7, LEN);
const METRIC_HISTOGRAM = tagOf(9, LEN);
const METRIC_EXPONENTIAL_HISTOGRAM = tagOf(10, LEN);
const METRIC_SUMMARY = tagOf(11, LEN);
const DATA_POINTS = tagOf(1, LEN);
const DATA_TEMPORALITY = tagOf(2, VARINT);
const DATA_MONOTONIC = tagOf(3, VARINT);

const TEMPORALITIES: readonly Temporality[] = ['unspecified', 'delta', 'cumulative'];

export function decodeProtobufMetrics(bytes: Uint8Array): DecodedMetrics {
  const reader = new Reader(bytes, 'metrics');
  const budget = new Budget('metrics');
  const resources: ResourceMetrics[] = [];
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === REQUEST_RESOURCE_METRICS) resources.push(readResourceMetrics(reader, budget));
    else reader.skip(tag);
  }
  return { resources, points: budget.items };
}

function readResourceMetrics(reader: Reader, budget: Budget): ResourceMetrics {
  budget.spendContainer();
  const outer = reader.enter();
  const attributes = new Map<string, AttributeValue>();
  const scopes: ScopeMetrics[] = [];
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === RESOURCE_METRICS_RESOURCE) readResource(reader, budget, attributes);
    else if (tag === RESOURCE_METRICS_SCOPE_METRICS) scopes.push(readScopeMetrics(reader, budget));
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { attributes: frozenAttributes(attributes), scopes };
}

function readScopeMetrics(reader: Reader, budget: Budget): ScopeMetrics {
  budget.spendContainer();
  const outer = reader.enter();
  const scope = { name: '', version: '' };
  const metrics: Metric[] = [];
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === SCOPE_METRICS_SCOPE) readScope(reader, scope);
    else if (tag === SCOPE_METRICS_METRICS) metrics.push(readMetric(reader, budget));
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { scope: frozenScope(scope), metrics };
}

interface MetricDraft {
  name: string;
  unit: string;
  kind: MetricKind;
  temporality: Temporality;
  monotonic: boolean;
  points: Point[];
}

function readMetric(reader: Reader, budget: Budget): Metric {
  budget.spendContainer();
  const outer = reader.enter();
  const metric: MetricDraft = {
    name: '',
    unit: '',
    kind: 'none',
    temporality: 'unspecified',
    monotonic: false,
    points: [],
  };
  while (reader.more()) {
    const tag = reader.tag();
    switch (tag) {
      case METRIC_NAME:
        metric.name = reader.string();
        break;
      case METRIC_UNIT:
        metric.unit = reader.string();
        break;
      case METRIC_GAUGE:
        readData(reader, budget, metric, 'gauge');
        break;
      case METRIC_SUM:
        readData(reader, budget, metric, 'sum');
        break;
      case METRIC_HISTOGRAM:
        readData(reader, budget, metric, 'histogram');
        break;
      case METRIC_EXPONENTIAL_HISTOGRAM:
        readData(reader, budget, metric, 'exponential-histogram');
        break;
      case METRIC_SUMMARY:
        readData(reader, budget, metric, 'summary');
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  return metric;
}

/** A second piece of the same oneof member adds to the first; another member replaces it (protobuf merge rules). */
function readData(reader: Reader, budget: Budget, metric: MetricDraft, kind: MetricKind): void {
  if (metric.kind !== kind) {
    metric.kind = kind;
    metric.temporality = 'unspecified';
    metric.monotonic = false;
    metric.points = [];
  }
  const outer = reader.enter();
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === DATA_POINTS) {
      budget.spendItem();
      metric.points.push(readPoint(reader, budget, kind));
    } else if (tag === DATA_TEMPORALITY && kind !== 'gauge' && kind !== 'summary') {
      metric.temporality = TEMPORALITIES[reader.varint()] ?? 'unspecified';
    } else if (tag === DATA_MONOTONIC && kind === 'sum') {
      metric.monotonic = reader.varint() !== 0;
    } else reader.skip(tag);
  }
  reader.leave(outer);
}
