import type { Trace } from '../model/trace.ts';
import { type ForeignWork, foreignWork } from './foreign.ts';
import { type ExplainedGap, explainedGaps, type Run } from './gap-groups.ts';
import { checkNesting, type NestedTrace, type NestingReport } from './nesting/index.ts';
import { blockedLoop } from './patterns/blocked-loop.ts';
import { othersRan } from './patterns/loop-turns.ts';
import { spanPatterns } from './patterns/spans.ts';
import { PATTERN_THRESHOLDS, type Pattern, type PatternThresholds } from './patterns/thresholds.ts';
import { samplesByTrace, type TraceProfile } from './sampled.ts';
import { type SpanTree, treeOf } from './tree.ts';

export interface TraceInput {
  readonly traces: readonly Trace[];
  readonly profiles: readonly TraceProfile[];
  /** `samplesByTrace` of the profiles, for who looks them up besides. */
  readonly samplesOf?: ReturnType<typeof samplesByTrace>;
  /** Of a trace's service and unit. Default: PATTERN_THRESHOLDS. */
  readonly thresholdsOf?: (trace: Trace) => PatternThresholds;
  /** Of a trace's index: results are wanted. The others only bear witness. Default: all of them. */
  readonly isAsked?: (index: number) => boolean;
  /** Of a trace's index: the file that it came in, as `checkNesting` has it. Default: one. */
  readonly partOf?: (index: number) => number;
}

export interface TraceResult {
  readonly nested: NestedTrace;
  readonly tree: SpanTree;
  readonly gaps: readonly ExplainedGap[];
  readonly patterns: readonly Pattern[];
}

/** A trace that was asked for, by its index. */
export interface ReadTrace {
  readonly index: number;
  readonly run: Run;
  readonly result: TraceResult;
}

/**
 * The whole way of each trace: nesting first, because wrong nesting destroys self time; then everything else on the
 * repaired trees.
 */
export function readTraces(input: TraceInput): {
  readonly nesting: NestingReport;
  readonly foreign: ForeignWork;
  readonly asked: readonly ReadTrace[];
} {
  const { traces, profiles, thresholdsOf = () => PATTERN_THRESHOLDS, isAsked = () => true, partOf } = input;
  const nesting = checkNesting(traces, undefined, isAsked, partOf);
  const samplesOf = input.samplesOf ?? samplesByTrace(profiles);
  const sampled = nesting.traces.map(({ trace }) => samplesOf(trace));
  const runs = sampled.flat();
  const foreign = foreignWork(runs);
  const ran = othersRan(runs);
  const asked = nesting.traces.flatMap((nested, index): ReadTrace[] => {
    if (!isAsked(index)) return [];
    const run = { tree: treeOf(nested), sampled: sampled[index]! };
    const thresholds = thresholdsOf(nested.trace);
    const patterns = [
      ...spanPatterns(run.tree, thresholds),
      ...run.sampled.flatMap((one) => blockedLoop(one, foreign, ran, thresholds)),
    ];
    return [{ index, run, result: { nested, tree: run.tree, gaps: explainedGaps(run, foreign), patterns } }];
  });
  return { nesting, foreign, asked };
}
