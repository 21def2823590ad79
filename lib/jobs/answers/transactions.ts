import type { ServiceName } from '../../model/service.ts';
import { ONE } from '../../model/sketch.ts';
import { unitOfKey } from '../../model/unit-of-work.ts';
import type { EpochMs } from '../../model/units.ts';
import { readTraceSettings } from '../../records/trace-settings.ts';
import { apdex, failureRate, type Rate } from '../../traces/apdex.ts';
import { compareLatency } from '../../traces/latency-shift.ts';
import { shiftSentence } from '../../traces/shift-sentence.ts';
import type { JobContext } from '../context.ts';
import {
  type LatencyPart,
  latencyByUnit,
  seenShare,
  sumOfLatency,
  type VersionLatency,
  versionsOf,
  windowsOf,
} from '../latency-history.ts';
import type { WorkIncrements } from '../lives/counts.ts';
import { loadService } from '../load-service.ts';
import { bucketQuantileUs } from './bucket-quantile.ts';
import { percentilesBy, percentilesOf, versionFigures } from './latency-figures.ts';
import { seenByVersion } from './traces.ts';
import { isFailure, workByUnit } from './units.ts';

type HistoryPoint = [number, number, number];
/** Of a unit, the newest: each row of a long list carries its own. */
const VERSIONS_MAX = 20;

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
  context: JobContext,
  project: string,
  service: ServiceName,
  from: EpochMs,
  to: EpochMs,
) {
  const query = { project, service, from, to };
  const set = await readTraceSettings(context.records, project, service);
  const units = await latencyByUnit(context, query);
  const seenOf = await seenByVersion(context, query);
  return new Map(
    [...units].map(([unit, parts]) => {
      const apdexMs = set.units[unit]?.apdexMs ?? set.apdexMs;
      return [unit, spanAnswer(unit, parts, { rangeMs: to - from, apdexMs, seenOf })];
    }),
  );
}

function spanAnswer(
  unit: string,
  parts: readonly LatencyPart[],
  { rangeMs, apdexMs, seenOf }: { rangeMs: number; apdexMs: number | undefined; seenOf: SeenOf },
) {
  const latency = sumOfLatency(parts);
  const { sketch, sum, slowest, examples } = latency;
  const versions = versionsOf(parts);
  const [count, failures] = [latency.count / ONE, latency.failures / ONE];
  const seen = seenShare(seenOf(unit));
  return {
    unit: unitOfKey(unit),
    count,
    failures,
    perSecond: (count * 1000) / rangeMs,
    ...percentilesOf(sketch),
    totalMs: Number(sum / BigInt(ONE)) / 1000,
    apdex: apdex(sketch, apdexMs) as number | null,
    failureRate: failureRate(failures * seen, count * seen) as Rate,
    source: 'spans',
    versions: versionFigures(versions.slice(-VERSIONS_MAX)),
    change: changeOf(unit, versions, seenOf),
    examples: [
      ...new Map([...slowest, ...examples].map((example) => [example.traceId, example])).values(),
    ].map(({ traceId, durationUs, time }) => ({ traceId, durationMs: durationUs / 1000, at: time })),
    history: windowsOf(parts).flatMap(({ start, latency: { sketch: during } }): HistoryPoint[] => {
      const { p50Ms, p95Ms } = percentilesOf(during);
      return p50Ms === null || p95Ms === null ? [] : [[start, p50Ms, p95Ms]];
    }),
  };
}

type SeenOf = Awaited<ReturnType<typeof seenByVersion>>;

/** What the last version did to the p95, where that is more than chance. Sampled requests are fewer witnesses. */
function changeOf(unit: string, versions: readonly VersionLatency[], seenOf: SeenOf) {
  const [before, after] = versions.slice(-2);
  if (before === undefined || after === undefined || after.version === '') return null;
  const measured = ({ version, latency: { sketch, count } }: VersionLatency) => ({
    sketch,
    requests: Math.round((count / ONE) * seenShare(seenOf(unit, version))),
  });
  const shift = compareLatency(measured(before), measured(after));
  if (shift.verdict !== 'regression' && shift.verdict !== 'improvement') return null;
  return {
    version: after.version,
    isSlower: shift.change > 0,
    change: shift.change,
    sentence: shiftSentence(shift, after.version),
  };
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
    count,
    failures: countOf(parts.filter(isFailure)),
    perSecond: (count * 1000) / (to - from),
    ...percentilesBy((q) => bucketQuantileUs(parts, q) ?? null),
    totalMs: sumUs / 1000,
    apdex: null,
    failureRate: failureRate(countOf(parts.filter(isFailure)), count),
    source: parts[0]?.source ?? '',
    versions: spans?.versions ?? [],
    change: spans?.change ?? null,
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
