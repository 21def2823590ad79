import { emptySketch, ONE } from '../../model/sketch.ts';
import { unitOfKey } from '../../model/unit-of-work.ts';
import type { EpochMs } from '../../model/units.ts';
import { readTraceSettings } from '../../records/trace-settings.ts';
import { apdex, failureRate } from '../../traces/apdex.ts';
import { compareLatency, type LatencyShift, SHIFT_LIMITS } from '../../traces/latency-shift.ts';
import { shiftSentence } from '../../traces/shift-sentence.ts';
import type { JobContext } from '../context.ts';
import { type LatencyPart, latencyByUnit, seenShare, sumOfLatency, versionsOf } from '../latency-history.ts';
import { percentilesOf, versionFigures } from './latency-figures.ts';
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

/** Latency of one unit of work between two versions or two times. */
export async function comparisonAnswer(context: JobContext, query: ComparisonQuery) {
  const versions = versionsOf(await latencies(context, query, query));
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
    versions: versionFigures(versions),
  };
}

async function latencies(
  context: JobContext,
  { project, service, unit }: ComparisonQuery,
  { from, to }: Omit<ComparedSide, 'version'>,
): Promise<readonly LatencyPart[]> {
  return (await latencyByUnit(context, { project, service, from, to })).get(unit) ?? [];
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
  const sum = sumOfLatency(parts);
  const spans = await unitSpansOf(context, { ...query, version, from, to });
  const threshold = await apdexMsOf(context, query);
  const seen = seenShare(spans);
  const requests = sum.count / ONE;
  const failures = sum.failures / ONE;
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
      ...percentilesOf(sum.sketch),
    },
  };
}

async function apdexMsOf({ records }: JobContext, { project, service, unit }: ComparisonQuery) {
  const { apdexMs, units } = await readTraceSettings(records, project, service);
  return units[unit]?.apdexMs ?? apdexMs;
}

function sentenceOf(
  shift: LatencyShift,
  before: number,
  after: number,
  left: ComparedSide,
  right: ComparedSide,
): string {
  if (shift.verdict === 'too-few')
    return `Too few requests to compare: ${before} and ${after}, need ${SHIFT_LIMITS.minRequests} on each side`;
  return shiftSentence(shift, right.version === left.version ? undefined : right.version || undefined);
}
