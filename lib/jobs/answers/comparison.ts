import { emptySketch, ONE, quantileUs } from '../../model/sketch.ts';
import { unitOfKey } from '../../model/unit-of-work.ts';
import type { EpochMs } from '../../model/units.ts';
import { readTraceSettings } from '../../records/trace-settings.ts';
import { latencyOfKey, mergeLatency, noLatency, type UnitLatency } from '../../segments/kinds/latency.ts';
import { apdex, failureRate } from '../../traces/apdex.ts';
import { compareLatency, type LatencyShift, SHIFT_LIMITS } from '../../traces/latency-shift.ts';
import { shiftSentence } from '../../traces/shift-sentence.ts';
import type { JobContext } from '../context.ts';
import { isCoarse } from '../load-service.ts';
import { type TracesQuery, unitSpansOf } from './traces.ts';

export interface ComparedSide {
  readonly version: string | undefined;
  readonly from: EpochMs;
  readonly to: EpochMs;
}
export interface ComparisonQuery extends TracesQuery {
  /** `unitKey` */
  readonly unit: string;
  /** Default: the version before the last against the last; with one version, the time before against the range. */
  readonly sides: readonly [ComparedSide, ComparedSide] | undefined;
}

interface Versioned {
  readonly start: EpochMs;
  readonly version: string;
  readonly latency: UnitLatency;
}

/** Latency of one unit of work between two versions or two times. */
export async function comparisonAnswer(context: JobContext, query: ComparisonQuery) {
  const inRange = await latencies(context, query, query);
  const versions = versionsOf(inRange);
  const [left, right] = query.sides ?? defaultSides(query, versions);
  const before = await sideOf(context, query, left);
  const after = await sideOf(context, query, right);
  const shiftAt = (quantile: number) => compareLatency(before.measured, after.measured, quantile);
  const [p50, p95] = [shiftAt(0.5), shiftAt(0.95)];
  return {
    unit: unitOfKey(query.unit),
    left: before.answer,
    right: after.answer,
    shifts: [p50, p95],
    sentence: sentenceOf(p95, before.measured.requests, after.measured.requests, left, right),
    versions: versions.map(({ version, firstAt, latency }) => ({
      version,
      firstAt,
      requests: latency.count / ONE,
      p95Ms: (quantileUs(latency.sketch, 0.95) ?? 0) / 1000,
    })),
  };
}

async function latencies(
  { reader }: Pick<JobContext, 'reader'>,
  { project, service, unit }: ComparisonQuery,
  { from, to }: { readonly from: EpochMs; readonly to: EpochMs },
): Promise<readonly Versioned[]> {
  const parts = await reader.range('latency', { project, service, from, to, coarse: isCoarse(from, to) });
  return parts.flatMap(({ start, state }) =>
    [...state.units]
      .map(([key, latency]) => ({ ...latencyOfKey(key), start, latency }))
      .filter((one) => one.unit === unit),
  );
}

/** In the order in which they were first seen. */
function versionsOf(parts: readonly Versioned[]) {
  const versions = new Map<string, { version: string; firstAt: EpochMs; latency: UnitLatency }>();
  for (const { version, start, latency } of parts) {
    const before = versions.get(version) ?? { version, firstAt: start, latency: noLatency };
    const firstAt = Math.min(before.firstAt, start);
    versions.set(version, { version, firstAt, latency: mergeLatency(before.latency, latency) });
  }
  return [...versions.values()].sort((a, b) => a.firstAt - b.firstAt || (a.version < b.version ? -1 : 1));
}

function defaultSides(
  { from, to }: ComparisonQuery,
  versions: readonly { readonly version: string }[],
): readonly [ComparedSide, ComparedSide] {
  const [before, after] = versions.slice(-2);
  if (before !== undefined && after !== undefined)
    return [
      { version: before.version, from, to },
      { version: after.version, from, to },
    ];
  return [
    { version: undefined, from: from - (to - from), to: from },
    { version: undefined, from, to },
  ];
}

async function sideOf(context: JobContext, query: ComparisonQuery, side: ComparedSide) {
  const { version, from, to } = side;
  const parts = (await latencies(context, query, side)).filter(
    (one) => version === undefined || one.version === version,
  );
  const sum = parts.reduce((all, { latency }) => mergeLatency(all, latency), noLatency);
  const spans = await unitSpansOf(context, { ...query, version, from, to });
  const threshold = await apdexMsOf(context, query);
  const seen = seenShare(spans);
  const requests = sum.count / ONE;
  const failures = sum.failures / ONE;
  const at = (q: number) => {
    const us = quantileUs(sum.sketch, q);
    return us === undefined ? null : us / 1000;
  };
  return {
    measured: { sketch: sum.sketch, requests: Math.round(requests * seen) },
    answer: {
      version: version ?? null,
      from,
      to,
      requests,
      failures,
      failureRate: failureRate(failures * seen, requests * seen),
      perSecond: (requests * 1000) / Math.max(1, to - from),
      apdex: sum.sketch === emptySketch ? null : apdex(sum.sketch, threshold),
      p50Ms: at(0.5),
      p75Ms: at(0.75),
      p95Ms: at(0.95),
      p99Ms: at(0.99),
    },
  };
}

async function apdexMsOf({ records }: JobContext, { project, service, unit }: ComparisonQuery) {
  const { apdexMs, units } = await readTraceSettings(records, project, service);
  return units[unit]?.apdexMs ?? apdexMs;
}

/** How many requests were seen of those that they stand for: a sampled one is one witness, whatever its weight. */
export const seenShare = ({ requests, weight }: { readonly requests: number; readonly weight: number }) =>
  weight > 0 ? Math.min(1, (requests * ONE) / weight) : 1;

function sentenceOf(
  shift: LatencyShift,
  before: number,
  after: number,
  left: ComparedSide,
  right: ComparedSide,
): string {
  if (shift.verdict === 'too-few')
    return `Too few requests to compare: ${before} and ${after}, need ${SHIFT_LIMITS.minRequests} on each side`;
  const isVersion = right.version !== undefined && right.version !== left.version;
  return shiftSentence(shift, isVersion ? (right.version as string) : undefined);
}
