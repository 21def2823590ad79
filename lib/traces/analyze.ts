import type { ServiceName } from '../model/service.ts';
import { sketchOf } from '../model/sketch.ts';
import type { Trace } from '../model/trace.ts';
import { type UnitOfWork, unitKey } from '../model/unit-of-work.ts';
import { apdex } from './apdex.ts';
import type { ForeignWork } from './foreign.ts';
import { type FunctionSpread, functionSpreads } from './functions.ts';
import { type GapGroup, gapGroups, type Run } from './gap-groups.ts';
import { compareLatency, type LatencyShift } from './latency-shift.ts';
import type { NestingReport } from './nesting/index.ts';
import type { Pattern } from './patterns/thresholds.ts';
import { type Quantiles, quantilesOf } from './quantile.ts';
import { readTraces, type TraceInput, type TraceResult } from './read-traces.ts';
import { type SuspectSpan, suspectSpans } from './suspects.ts';

export interface VersionLatency extends Quantiles {
  readonly version: string;
  readonly count: number;
}

/** A pattern and how many requests show it. */
export interface PatternCount extends Pattern {
  readonly requests: number;
}

/** One transaction of one service over all its requests. Milliseconds. */
export interface TransactionResult {
  readonly service: ServiceName;
  readonly unit: UnitOfWork;
  /** As sent. */
  readonly name: string;
  readonly count: number;
  readonly failures: number;
  readonly misnested: number;
  readonly profiled: number;
  readonly duration: Quantiles;
  readonly apdex: number;
  readonly suspects: readonly SuspectSpan[];
  readonly gaps: readonly GapGroup[];
  readonly functions: readonly FunctionSpread[];
  readonly patterns: readonly PatternCount[];
  /** In the order in which they were first seen. */
  readonly versions: readonly VersionLatency[];
  /** From the version before the last to the last, for the p95 and the p50; undefined with one version. */
  readonly shift: { readonly p95: LatencyShift; readonly p50: LatencyShift } | undefined;
}

export interface TracesResult {
  readonly nesting: NestingReport;
  /** In the order of the input. */
  readonly traces: readonly TraceResult[];
  /** By their share of all time, the largest first. */
  readonly transactions: readonly TransactionResult[];
}

const US_PER_MS = 1000;
const MAX_PATTERNS = 50;

/**
 * The whole way: nesting first, because wrong nesting destroys self time; then everything else on the repaired trees.
 *
 * Deterministic, total on parsed input. Cost: see the parts; linear in spans and samples but for sorting.
 */
export function analyzeTraces(input: Omit<TraceInput, 'isAsked'>): TracesResult {
  const { nesting, foreign, asked } = readTraces(input);
  const runs = asked.map(({ run }) => run);
  const results = asked.map(({ result }) => result);
  const groups = new Map<string, number[]>();
  for (const [i, { trace }] of nesting.traces.entries()) {
    const key = JSON.stringify([trace.service, unitKey(trace.unit)]);
    const list = groups.get(key);
    if (list === undefined) groups.set(key, [i]);
    else list.push(i);
  }
  const transactions = [...groups.values()].map((members) =>
    transactionOf(
      members.map((i) => runs[i]!),
      members.map((i) => results[i]!),
      foreign,
    ),
  );
  const timeOf = ({ count, duration }: TransactionResult) => count * duration.p50;
  transactions.sort((a, b) => timeOf(b) - timeOf(a) || (a.name < b.name ? -1 : 1));
  return { nesting, traces: results, transactions };
}

function transactionOf(
  runs: readonly Run[],
  results: readonly TraceResult[],
  foreign: ForeignWork,
): TransactionResult {
  const traces = runs.map(({ tree }) => tree.trace);
  const durations = traces.map(({ root }) => root.end - root.start);
  const versions = versionsOf(traces);
  const [before, after] = versions.slice(-2);
  return {
    service: traces[0]!.service,
    unit: traces[0]!.unit,
    name: traces[0]!.name,
    count: traces.length,
    failures: traces.filter(({ failed }) => failed).length,
    misnested: results.filter(({ nested }) => nested.verdict === 'misnested').length,
    profiled: runs.filter(({ sampled }) => sampled.length > 0).length,
    duration: quantilesOf(durations.map((us) => us / US_PER_MS)),
    apdex: apdex(sketchOf(durations.map((us) => [us, 1] as const))),
    suspects: suspectSpans(runs.map(({ tree }) => tree)),
    gaps: gapGroups(
      runs,
      results.map(({ gaps }) => gaps),
    ),
    functions: functionSpreads(runs, foreign),
    patterns: countPatterns(results),
    versions: versions.map(({ version, us }) => ({
      version,
      count: us.length,
      ...quantilesOf(us.map((value) => value / US_PER_MS)),
    })),
    shift:
      before === undefined || after === undefined
        ? undefined
        : { p95: shiftOf(before.us, after.us, 0.95), p50: shiftOf(before.us, after.us, 0.5) },
  };
}

function versionsOf(traces: readonly Trace[]) {
  const versions = new Map<string, { version: string; first: number; us: number[] }>();
  for (const { version, root } of traces) {
    const one = versions.get(version) ?? { version, first: root.start, us: [] };
    one.first = Math.min(one.first, root.start);
    one.us.push(root.end - root.start);
    versions.set(version, one);
  }
  return [...versions.values()].sort((a, b) => a.first - b.first);
}

const shiftOf = (before: readonly number[], after: readonly number[], quantile: number): LatencyShift =>
  compareLatency(measured(before), measured(after), quantile);

const measured = (us: readonly number[]) => ({
  sketch: sketchOf(us.map((value) => [value, 1000] as const)),
  requests: us.length,
});

/** The same fault of many requests is one line, with its worst example. */
function countPatterns(results: readonly TraceResult[]): readonly PatternCount[] {
  const counts = new Map<string, PatternCount>();
  for (const { patterns } of results) {
    for (const pattern of new Map(patterns.map((one) => [`${one.kind}\n${one.subject}`, one])).values()) {
      const key = `${pattern.kind}\n${pattern.subject}`;
      const before = counts.get(key);
      const worst = before !== undefined && before.ms >= pattern.ms ? before : pattern;
      counts.set(key, { ...worst, requests: (before?.requests ?? 0) + 1 });
    }
  }
  return [...counts.values()].sort((a, b) => b.requests * b.ms - a.requests * a.ms).slice(0, MAX_PATTERNS);
}
