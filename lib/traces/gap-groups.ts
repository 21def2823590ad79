import { type Cause, CauseTally } from './causes.ts';
import { descriptionGroup } from './description-group.ts';
import { explainer } from './explain.ts';
import type { ForeignWork, Sampled } from './foreign.ts';
import { type Gap, gapsOf } from './gaps.ts';
import { bounded, named } from './names.ts';
import { type Quantiles, quantilesOf } from './quantile.ts';
import type { SpanTree } from './tree.ts';

/** A request with what was sampled while it ran. */
export interface Run {
  readonly tree: SpanTree;
  /** [] without a profile. */
  readonly sampled: readonly Sampled[];
}

export interface ExplainedGap {
  readonly gap: Gap;
  readonly tally: CauseTally;
}

/** The same gap of many requests: between the same spans, below the same one. Milliseconds. */
export interface GapGroup {
  /** The span whose time it is, `op group`; the root's is the transaction's name. */
  readonly within: string;
  /** What ended before it and what began after it, `op group`; null at the span's own start and end. */
  readonly after: string | null;
  readonly before: string | null;
  readonly count: number;
  /** Share of the transactions that have it. */
  readonly frequency: number;
  readonly totalMs: number;
  readonly ms: Quantiles;
  /** Of the transactions' whole duration. */
  readonly share: number;
  /** The part of the time that samples were taken in, 0 to 1. */
  readonly coverage: number;
  readonly causes: readonly Cause[];
  readonly examples: readonly { readonly traceId: string; readonly ms: number }[];
}

const MAX_GROUPS = 100;
const MAX_EXAMPLES = 3;
const US_PER_MS = 1000;

/** Of a gap: when more of it was other gaps' work, it is their shadow. JavaScript's middleware spans lie beside the handler's. */
const MAX_ELSEWHERE = 0.5;

/** The gaps of one trace with their causes, in the order of their starts. */
export function explainedGaps({ tree, sampled }: Run, foreign: ForeignWork): readonly ExplainedGap[] {
  const periodUs = Math.max(0, ...sampled.map(({ samples }) => samples.periodUs));
  const explain = explainer(sampled, foreign);
  const startOf = ({ parent }: Gap) => tree.nodes[parent]!.start;
  const found: ExplainedGap[] = [];
  // Of spans that are alive at once the one that began last is the one that works.
  for (const gap of [...gapsOf(tree, periodUs)].sort(
    (a, b) => startOf(b) - startOf(a) || a.start - b.start,
  )) {
    const { tally, elsewhereUs } = explain(gap.start, gap.end);
    if (elsewhereUs <= MAX_ELSEWHERE * (gap.end - gap.start)) found.push({ gap, tally });
  }
  return found.sort((a, b) => a.gap.start - b.gap.start || a.gap.parent - b.gap.parent);
}

interface Gathered extends Pick<GapGroup, 'within' | 'after' | 'before'> {
  readonly ms: number[];
  readonly tally: CauseTally;
  readonly traces: Set<number>;
  readonly examples: { traceId: string; ms: number }[];
}

/** The gaps of one transaction's requests, summed by what lies around them, the largest sum first. */
export function gapGroups(
  runs: readonly Run[],
  gapsOfRun: readonly (readonly ExplainedGap[])[],
): readonly GapGroup[] {
  const groups = new Map<string, Gathered>();
  let wholeUs = 0;
  for (const [r, { tree }] of runs.entries()) {
    wholeUs += tree.nodes[0]!.end - tree.nodes[0]!.start;
    for (const explained of gapsOfRun[r]!) gather(groups, tree, r, explained);
  }
  return [...groups.values()]
    .map((group) => finish(group, runs.length, wholeUs))
    .sort((a, b) => b.totalMs - a.totalMs || (a.within < b.within ? -1 : 1))
    .slice(0, MAX_GROUPS);
}

function gather(groups: Map<string, Gathered>, tree: SpanTree, r: number, { gap, tally }: ExplainedGap) {
  const within = nameOf(tree, gap.parent);
  const after = gap.after === -1 ? null : nameOf(tree, gap.after);
  const before = gap.before === -1 ? null : nameOf(tree, gap.before);
  const key = JSON.stringify([within, after, before]);
  let group = groups.get(key);
  if (group === undefined) {
    group = { within, after, before, ms: [], tally: new CauseTally(), traces: new Set(), examples: [] };
    groups.set(key, group);
  }
  const ms = (gap.end - gap.start) / US_PER_MS;
  group.ms.push(ms);
  group.tally.merge(tally);
  group.traces.add(r);
  group.examples.push({ traceId: tree.trace.traceId, ms });
  group.examples.sort((a, b) => b.ms - a.ms);
  group.examples.length = Math.min(group.examples.length, MAX_EXAMPLES);
}

/** What a node of a tree is called in tables, without values. */
export function nameOf(tree: SpanTree, node: number): string {
  if (node === 0) return named(tree.trace.name);
  const { op, description } = tree.nodes[node]!;
  const group = descriptionGroup(op, description);
  return bounded(group === '' ? named(op) : `${named(op)} ${group}`);
}

function finish(group: Gathered, transactions: number, wholeUs: number): GapGroup {
  const totalMs = group.ms.reduce((sum, ms) => sum + ms, 0);
  const { explainedUs } = group.tally;
  return {
    within: group.within,
    after: group.after,
    before: group.before,
    count: group.ms.length,
    frequency: group.traces.size / transactions,
    totalMs,
    ms: quantilesOf(group.ms),
    share: wholeUs === 0 ? 0 : (totalMs * US_PER_MS) / wholeUs,
    coverage: totalMs === 0 ? 0 : Math.min(1, explainedUs / US_PER_MS / totalMs),
    causes: group.tally.causes(),
    examples: group.examples,
  };
}
