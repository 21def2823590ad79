import type { ServiceName } from '../../model/service.ts';
import { ONE, quantileUs, type Sketch } from '../../model/sketch.ts';
import { unitOfKey } from '../../model/unit-of-work.ts';
import type { EpochMs } from '../../model/units.ts';
import { readTraceSettings } from '../../records/trace-settings.ts';
import { latencyOfKey, mergeLatency, noLatency, type UnitLatency } from '../../segments/kinds/latency.ts';
import { apdex, failureRate, type Rate } from '../../traces/apdex.ts';
import type { JobContext } from '../context.ts';
import type { WorkIncrements } from '../lives/counts.ts';
import { isCoarse, loadService } from '../load-service.ts';
import { bucketQuantileUs } from './bucket-quantile.ts';
import { isFailure, workByUnit } from './units.ts';

const QUANTILES = { p50Ms: 0.5, p75Ms: 0.75, p95Ms: 0.95, p99Ms: 0.99 } as const;
type Percentiles = { [K in keyof typeof QUANTILES]: number | null };
type HistoryPoint = [number, number, number];

/**
 * Percentiles per unit: from spans where they come (exact to 1 %, with examples), else from the buckets of the duration
 * histogram (as exact as its buckets, which the source tells).
 */
export async function transactionsAnswer(
  context: JobContext,
  project: string,
  service: ServiceName,
  from: EpochMs,
  to: EpochMs,
) {
  const spans = await fromSpans(context, project, service, from, to);
  const loaded = await loadService(context, project, service, from, to);
  const histograms = [...workByUnit(loaded)]
    .filter(
      ([unit, parts]) =>
        parts.some(({ boundsUs }) => boundsUs.length > 0) && !isComplete(spans.get(unit), parts),
    )
    .map(([unit, parts]) => fromHistograms(unit, parts, from, to, spans.get(unit)));
  const covered = new Set(histograms.map(({ key }) => key));
  const rest = [...spans].filter(([unit]) => !covered.has(unit)).map(([, answer]) => answer);
  return [...histograms.map(({ answer }) => answer), ...rest].sort((a, b) => b.totalMs - a.totalMs);
}

type Transaction = Awaited<ReturnType<typeof fromSpans>> extends Map<string, infer T> ? T : never;

/** Spans speak for a unit when at least 99 % of what the metric counted came as spans: sampled ones do not. */
const isComplete = (spans: Transaction | undefined, parts: readonly WorkIncrements[]) =>
  spans !== undefined && spans.count >= 0.99 * countOf(parts);
const countOf = (parts: readonly WorkIncrements[]) =>
  parts.reduce(
    (total, { increments }) => total + increments.counts.reduce((sum, count) => sum + count, 0),
    0,
  );

async function fromSpans(
  { reader, records }: Pick<JobContext, 'reader' | 'records'>,
  project: string,
  service: ServiceName,
  from: EpochMs,
  to: EpochMs,
) {
  const set = await readTraceSettings(records, project, service);
  const parts = await reader.range('latency', { project, service, from, to, coarse: isCoarse(from, to) });
  const units = new Map<string, { all: UnitLatency; history: HistoryPoint[] }>();
  for (const { start, state } of parts) {
    for (const [key, latency] of state.units) {
      const { unit } = latencyOfKey(key);
      const before = units.get(unit) ?? { all: noLatency, history: [] };
      const point = historyPoint(start, latency.sketch);
      units.set(unit, {
        all: mergeLatency(before.all, latency),
        history: point === undefined ? before.history : [...before.history, point],
      });
    }
  }
  return new Map(
    [...units].map(([unit, { all, history }]) => [
      unit,
      spanAnswer(unit, all, history, to - from, set.units[unit]?.apdexMs ?? set.apdexMs),
    ]),
  );
}

function historyPoint(start: EpochMs, sketch: Sketch): HistoryPoint | undefined {
  const p50 = quantileUs(sketch, 0.5);
  const p95 = quantileUs(sketch, 0.95);
  return p50 === undefined || p95 === undefined ? undefined : [start, p50 / 1000, p95 / 1000];
}

function spanAnswer(
  unit: string,
  latency: UnitLatency,
  history: HistoryPoint[],
  rangeMs: number,
  apdexMs: number | undefined,
) {
  const { sketch, sum, slowest, examples } = latency;
  const count = latency.count / ONE;
  return {
    unit: unitOfKey(unit),
    version: null,
    count,
    failures: latency.failures / ONE,
    perSecond: (count * 1000) / rangeMs,
    ...percentiles((q) => quantileUs(sketch, q)),
    totalMs: Number(sum / BigInt(ONE)) / 1000,
    apdex: apdex(sketch, apdexMs) as number | null,
    failureRate: failureRate(latency.failures / ONE, count) as Rate,
    source: 'spans',
    examples: [
      ...new Map([...slowest, ...examples].map((example) => [example.traceId, example])).values(),
    ].map(({ traceId, durationUs, time }) => ({ traceId, durationMs: durationUs / 1000, at: time })),
    history,
  };
}

function percentiles(quantile: (q: number) => number | undefined): Percentiles {
  const entries = Object.entries(QUANTILES).map(([name, q]) => {
    const us = quantile(q);
    return [name, us === undefined ? null : us / 1000];
  });
  return Object.fromEntries(entries) as Percentiles;
}

function fromHistograms(
  key: string,
  parts: readonly WorkIncrements[],
  from: EpochMs,
  to: EpochMs,
  spans: Transaction | undefined,
) {
  const count = countOf(parts);
  const sumUs = parts.reduce(
    (total, { increments }) =>
      total + increments.rows.reduce((sum, row) => sum + Math.max(0, row[1] ?? 0), 0),
    0,
  );
  const answer: Transaction = {
    unit: unitOfKey(key),
    version: null,
    count,
    failures: countOf(parts.filter(isFailure)),
    perSecond: (count * 1000) / (to - from),
    ...percentiles((q) => bucketQuantileUs(parts, q)),
    totalMs: sumUs / 1000,
    apdex: null,
    failureRate: failureRate(countOf(parts.filter(isFailure)), count),
    source: parts[0]?.source ?? '',
    examples: spans?.examples ?? [],
    history: histogramHistory(parts, from, to),
  };
  return { key, answer };
}

const HISTORY_BUCKETS = 60;

/** p50 and p95 per bucket of the range, where anything finished in it. */
function histogramHistory(parts: readonly WorkIncrements[], from: EpochMs, to: EpochMs): HistoryPoint[] {
  const width = (to - from) / HISTORY_BUCKETS;
  const buckets = new Map<number, WorkIncrements[]>();
  for (const part of parts) {
    const rowsOf = new Map<number, number[]>();
    for (const [row, time] of part.increments.times.entries()) {
      const bucket = Math.floor((time - from) / width);
      rowsOf.set(bucket, [...(rowsOf.get(bucket) ?? []), row]);
    }
    for (const [bucket, rows] of rowsOf) {
      const increments = { times: [], counts: [], rows: rows.map((row) => part.increments.rows[row] ?? []) };
      buckets.set(bucket, [...(buckets.get(bucket) ?? []), { ...part, increments }]);
    }
  }
  return [...buckets]
    .sort(([a], [b]) => a - b)
    .flatMap(([bucket, inside]): HistoryPoint[] => {
      const p50 = bucketQuantileUs(inside, 0.5);
      const p95 = bucketQuantileUs(inside, 0.95);
      if (p50 === undefined || p95 === undefined) return [];
      return [[Math.round(from + bucket * width), p50 / 1000, p95 / 1000]];
    });
}
