import type { EpochMs } from '../../model/units.ts';
import type { Attributes } from '../work/attributes.ts';

// The lean form of an export request: the same for protobuf and JSON, without exemplars, descriptions, links and events.

export type Encoding = 'protobuf' | 'json';

export interface Scope {
  readonly name: string;
  readonly version: string;
}

export interface DecodedMetrics {
  readonly resources: readonly ResourceMetrics[];
  readonly points: number;
}

export interface ResourceMetrics {
  readonly attributes: Attributes;
  readonly scopes: readonly ScopeMetrics[];
}

export interface ScopeMetrics {
  readonly scope: Scope;
  readonly metrics: readonly Metric[];
}

export type MetricKind = 'none' | 'gauge' | 'sum' | 'histogram' | 'exponential-histogram' | 'summary';
export type Temporality = 'unspecified' | 'delta' | 'cumulative';

export interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly kind: MetricKind;
  readonly temporality: Temporality;
  readonly monotonic: boolean;
  readonly points: readonly Point[];
}

/** One shape for all kinds of points, so that the loops over them stay fast. */
export interface Point {
  readonly attributes: Attributes;
  /** 0 when not sent. */
  readonly start: EpochMs;
  readonly time: EpochMs;
  /** Gauges and sums; undefined without a value or with the no-recorded-value flag. */
  readonly value: number | undefined;
  /** Histograms and summaries: how many were observed. */
  readonly count: number;
  readonly sum: number | undefined;
  readonly buckets: Buckets | undefined;
  /** Flag bit 0: the series went stale, there is nothing here. */
  readonly stale: boolean;
}

/** Upper bounds, ascending, without +Inf; one count more than bounds. In the unit of the metric. */
export interface Buckets {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

export interface DecodedTraces {
  readonly resources: readonly ResourceSpans[];
  readonly spans: number;
}

export interface ResourceSpans {
  readonly attributes: Attributes;
  readonly scopes: readonly ScopeSpans[];
}

export interface ScopeSpans {
  readonly scope: Scope;
  readonly spans: readonly Span[];
}

export const SPAN_KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
export type SpanKind = (typeof SPAN_KINDS)[number];

export interface Span {
  /** Lower-case hex, 32 and 16 digits; empty when not sent. */
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly start: EpochMs;
  /** Exact to the nanosecond, which `start` (a double) is not. */
  readonly durationUs: number;
  readonly attributes: Attributes;
  readonly status: 'unset' | 'ok' | 'error';
}

export const NO_SCOPE: Scope = { name: '', version: '' };

/**
 * Explicit bounds of an exponential histogram's positive half: bucket i ends at 2^((offset + i + 1) / 2^scale).
 * The zero bucket lies below them. Undefined where a bound leaves the range of a double.
 * See https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponential-buckets
 */
export function exponentialBuckets(
  scale: number,
  offset: number,
  zeroCount: number,
  positive: readonly number[],
): Buckets | undefined {
  const step = 2 ** -scale;
  const bounds: number[] = [];
  const counts: number[] = [zeroCount];
  let last = -1;
  for (let i = 0; i <= positive.length; i += 1) {
    const bound = 2 ** ((offset + i) * step);
    if (!Number.isFinite(bound) || bound <= last) return undefined;
    bounds.push(bound);
    last = bound;
    counts.push(positive[i] ?? 0);
  }
  return { bounds, counts };
}

/** Counts without matching bounds say nothing about the distribution. */
export function explicitBuckets(bounds: readonly number[], counts: readonly number[]): Buckets | undefined {
  if (counts.length === 0 || counts.length !== bounds.length + 1) return undefined;
  return { bounds, counts };
}
