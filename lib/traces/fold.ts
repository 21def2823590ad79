import { shortHash } from '../model/hash.ts';
import { scrub, scrubVersion } from '../model/scrub.ts';
import type { ServiceName } from '../model/service.ts';
import { ONE, sketchOf } from '../model/sketch.ts';
import type { Trace } from '../model/trace.ts';
import { unitKey } from '../model/unit-of-work.ts';
import type { CauseTally } from './causes.ts';
import { deploymentKey, deploymentTeller } from './deployment-teller.ts';
import { descriptionGroup } from './description-group.ts';
import type { ForeignWork } from './foreign.ts';
import { knownRuns, msInFunctions, SPREAD_LIMITS } from './functions.ts';
import { nameOf } from './gap-groups.ts';
import { keptSamples } from './kept-samples.ts';
import { bounded, CAUSE_MAX, named } from './names.ts';
import type { NestingReport } from './nesting/index.ts';
import { type ReadTrace, readTraces, type TraceInput } from './read-traces.ts';
import { retainedTrace } from './retained.ts';
import {
  type CauseSum,
  causeKey,
  examplesOf,
  type FunctionSum,
  type GapSum,
  mergeGaps,
  mergeGroups,
  mergePatterns,
  mergeUnitSpans,
  noSpans,
  noUnitSpans,
  type PatternSum,
  type SpanGroup,
  type SpansState,
  type TraceExample,
  traceKey,
  type UnitSpans,
  unitSpansKey,
} from './spans-state.ts';
import { asSent, treeOf } from './tree.ts';

/** What traces add to one partition of a service. */
export interface FoldedTraces {
  readonly service: ServiceName;
  readonly start: number;
  readonly state: SpansState;
}

const US_PER_MS = 1000;
/** Requests that one trace may stand for: beyond it the sender's sampling rate is a mistake. */
const WEIGHT_MAX = 1e6;

/**
 * Reads traces together and adds up what is told of those that were asked for.
 *
 * @param placeOf the partition of a time, epoch ms
 */
export function foldTraces(input: TraceInput, placeOf: (time: number) => number): readonly FoldedTraces[] {
  const { nesting, foreign, asked } = readTraces(input);
  const places = Map.groupBy(asked, ({ run: { tree } }) =>
    JSON.stringify([tree.trace.service, placeOf(tree.trace.root.end / US_PER_MS)]),
  );
  const deploymentsAt = deploymentTeller(nesting, asked);
  return [...places].map(([key, members]) => {
    const [service, start] = JSON.parse(key) as [ServiceName, number];
    const units = Map.groupBy(members, ({ run: { tree } }) => keyOfUnit(tree.trace));
    const folded = new Map([...units].map(([unit, list]) => [unit, foldUnit(list, foreign)]));
    return {
      service,
      start,
      state: {
        ...noSpans,
        units: folded,
        deployments: deploymentsAt(members),
        traces: retainedOf(members, folded, nesting),
      },
    };
  });
}

const keyOfUnit = ({ unit, version }: Trace) =>
  unitSpansKey(unitKey({ kind: unit.kind, name: scrub(unit.name) }), scrubVersion(version)).toWellFormed();
const thousandths = (us: number, weight: number) => BigInt(Math.max(0, Math.round(us))) * BigInt(weight);

function foldUnit(members: readonly ReadTrace[], foreign: ForeignWork): UnitSpans {
  const isKnown = knownRuns(members.map(({ run }) => run));
  // Pairs of pairs: one after the other would copy the growing sum for each.
  let level = members.map((member) => foldOne(member, foreign, isKnown));
  while (level.length > 1) {
    const next: UnitSpans[] = [];
    for (let i = 0; i < level.length; i += 2)
      next.push(level[i + 1] === undefined ? level[i]! : mergeUnitSpans(level[i]!, level[i + 1]!));
    level = next;
  }
  return level[0] ?? noUnitSpans;
}

function foldOne(member: ReadTrace, foreign: ForeignWork, isKnown: ReturnType<typeof knownRuns>): UnitSpans {
  const { run, result } = member;
  const { trace } = run.tree;
  const { root } = trace;
  const weight = Math.round(Math.min(trace.weight ?? 1, WEIGHT_MAX) * ONE);
  const wholeUs = root.end - root.start;
  const example = exampleOf(trace, root.spanId, wholeUs);
  const known = isKnown(run);
  return {
    weight,
    requests: 1,
    misnested: result.nested.verdict === 'misnested' ? 1 : 0,
    profiled: run.sampled.length > 0 ? 1 : 0,
    whole: thousandths(wholeUs, weight),
    groups: groupsOf(member, weight),
    gaps: gapsOf(member, weight),
    known: known ? 1 : 0,
    functions: known ? functionsOf(member, foreign) : new Map(),
    patterns: patternsOf(member, weight),
    examples: [example],
    slowest: [example],
    wrong: result.nested.verdict === 'misnested' ? [example] : [],
  };
}

function exampleOf({ traceId, root }: Trace, spanId: string, us: number): TraceExample {
  return {
    hash: shortHash(`${traceId} ${root.spanId}`),
    traceId: traceId.toWellFormed(),
    spanId: spanId.toWellFormed(),
    rootId: root.spanId.toWellFormed(),
    at: Math.round(root.start / US_PER_MS),
    us: Math.max(0, Math.round(us)),
  };
}

function groupsOf({ run: { tree } }: ReadTrace, weight: number): ReadonlyMap<string, SpanGroup> {
  const groups = new Map<string, SpanGroup>();
  for (let i = 1; i < tree.nodes.length; i += 1) {
    const { op, description, start, end, spanId } = tree.nodes[i]!;
    const key = JSON.stringify([named(op), bounded(descriptionGroup(op, description))]);
    const selfUs = tree.selfUs[i]!;
    const before = groups.get(key);
    const group: SpanGroup = {
      weight,
      requests: before === undefined ? weight : 0,
      self: sketchOf([[selfUs, weight]]),
      total: sketchOf([[end - start, weight]]),
      selfSum: thousandths(selfUs, weight),
      totalSum: thousandths(end - start, weight),
      examples: [exampleOf(tree.trace, spanId, selfUs)],
    };
    groups.set(key, before === undefined ? group : mergeGroups(before, group));
  }
  return groups;
}

function gapsOf({ run: { tree }, result }: ReadTrace, weight: number): ReadonlyMap<string, GapSum> {
  const gaps = new Map<string, GapSum>();
  for (const { gap, tally } of result.gaps) {
    const label = (node: number) => (node === -1 ? null : nameOf(tree, node));
    const key = JSON.stringify([label(gap.parent), label(gap.after), label(gap.before)]);
    const us = gap.end - gap.start;
    const before = gaps.get(key);
    const one: GapSum = {
      weight,
      requests: before === undefined ? weight : 0,
      time: sketchOf([[us, weight]]),
      sum: thousandths(us, weight),
      explained: thousandths(Math.min(us, tally.explainedUs), weight),
      causes: causesOf(tally, weight),
      examples: [exampleOf(tree.trace, tree.nodes[gap.parent]!.spanId, us)],
    };
    gaps.set(key, before === undefined ? one : mergeGaps(before, one));
  }
  return gaps;
}

function causesOf(tally: CauseTally, weight: number): ReadonlyMap<string, CauseSum> {
  const causes = new Map<string, CauseSum>();
  for (const { kind, unit, callers, file, frame, us } of tally.parts()) {
    const key = causeKey(
      kind,
      named(unit),
      callers.map((one) => named(one)),
      named(file),
    );
    const time = thousandths(us, weight);
    const before = causes.get(key);
    const text = named(frame, CAUSE_MAX);
    const frames = new Map(before?.frames);
    frames.set(text, (frames.get(text) ?? 0n) + time);
    causes.set(key, { sum: (before?.sum ?? 0n) + time, frames });
  }
  return causes;
}

/** The most that are told of one request: the rest of a deep stack adds little. */
const MAX_FUNCTIONS = 60;

function functionsOf({ run }: ReadTrace, foreign: ForeignWork): ReadonlyMap<string, FunctionSum> {
  const wholeUs = run.tree.nodes[0]!.end - run.tree.nodes[0]!.start;
  const most = [...msInFunctions(run, foreign)].sort((a, b) => b[1] - a[1]).slice(0, MAX_FUNCTIONS);
  return new Map(
    most.map(([key, ms]) => {
      const isSlow = ms >= SPREAD_LIMITS.slowMs;
      return [
        key
          .split('\n')
          .map((part) => named(part))
          .join('\n'),
        {
          seen: 1,
          time: sketchOf([[ms * US_PER_MS, ONE]]),
          sum: thousandths(ms * US_PER_MS, ONE),
          slow: isSlow ? thousandths(ms * US_PER_MS, ONE) : 0n,
          slowWhole: isSlow ? thousandths(wholeUs, ONE) : 0n,
        },
      ];
    }),
  );
}

function patternsOf({ run: { tree }, result }: ReadTrace, weight: number): ReadonlyMap<string, PatternSum> {
  const patterns = new Map<string, PatternSum>();
  for (const { kind, subject, evidence, ms, spanIds } of result.patterns) {
    const key = JSON.stringify([kind, bounded(subject)]);
    const us = Math.round(ms * US_PER_MS);
    const before = patterns.get(key);
    const one: PatternSum = {
      requests: before === undefined ? weight : 0,
      sum: thousandths(us, weight),
      worstUs: us,
      evidence: bounded(evidence),
      examples: [exampleOf(tree.trace, spanIds[0] ?? tree.trace.root.spanId, us)],
    };
    patterns.set(key, before === undefined ? one : mergePatterns(before, one));
  }
  return patterns;
}

/** Those that an example names; of a state that is merged into others some are dropped again. */
function retainedOf(
  members: readonly ReadTrace[],
  units: ReadonlyMap<string, UnitSpans>,
  nesting: NestingReport,
): ReadonlyMap<string, string> {
  const wanted = new Set<string>();
  for (const unit of units.values())
    for (const { traceId, rootId } of examplesOf(unit)) wanted.add(traceKey(traceId, rootId));
  const kept = new Map<string, string>();
  for (const { run, result } of members) {
    const { trace } = run.tree;
    const key = traceKey(trace.traceId, trace.root.spanId).toWellFormed();
    if (!wanted.has(key) || kept.has(key)) continue;
    const reported = treeOf(asSent(trace));
    const facts = {
      deployment: deploymentKey(nesting.deployments[result.nested.deployment]!),
      samples: keptSamples(run.sampled),
      reportedSelf: new Map(reported.nodes.map(({ spanId }, i) => [spanId, reported.selfUs[i]!])),
    };
    kept.set(key, JSON.stringify(retainedTrace(result, facts)));
  }
  return kept;
}
