import { descriptionGroup } from './description-group.ts';
import { type Quantiles, quantilesOf } from './quantile.ts';
import type { SpanTree } from './tree.ts';

/** Spans of one transaction that do the same thing, ranked by the time that is theirs alone. Milliseconds. */
export interface SuspectSpan {
  readonly op: string;
  readonly group: string;
  readonly count: number;
  /** Share of the transactions that have one. */
  readonly frequency: number;
  /** How many a transaction has that has any. */
  readonly perTransaction: number;
  readonly self: Quantiles & { readonly sum: number };
  readonly total: Quantiles & { readonly sum: number };
  /** Of the transactions' whole duration, by self time. */
  readonly share: number;
  /** The slowest by self time, of different traces. */
  readonly examples: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly selfMs: number;
  }[];
}

const MAX_GROUPS = 200;
const MAX_EXAMPLES = 3;
const US_PER_MS = 1000;

interface Gathered {
  readonly op: string;
  readonly group: string;
  readonly selfMs: number[];
  readonly totalMs: number[];
  readonly traces: Set<number>;
  examples: { traceId: string; spanId: string; selfMs: number }[];
}

/**
 * Where the time of one transaction's requests went, by span group; the slowest group first. The root's own time is not
 * among them: that is what gaps explain.
 *
 * Cost: O(spans log spans). Groups beyond MAX_GROUPS by self time are left out.
 */
export function suspectSpans(trees: readonly SpanTree[]): readonly SuspectSpan[] {
  const groups = new Map<string, Gathered>();
  let wholeMs = 0;
  for (const [t, tree] of trees.entries()) {
    wholeMs += durationMs(tree.nodes[0]!);
    for (let i = 1; i < tree.nodes.length; i += 1) gather(groups, tree, t, i);
  }
  return [...groups.values()]
    .map((group) => suspectOf(group, trees.length, wholeMs))
    .sort((a, b) => b.self.sum - a.self.sum || (a.op + a.group < b.op + b.group ? -1 : 1))
    .slice(0, MAX_GROUPS);
}

const durationMs = ({ start, end }: { start: number; end: number }) => (end - start) / US_PER_MS;

function gather(groups: Map<string, Gathered>, tree: SpanTree, t: number, i: number) {
  const span = tree.nodes[i]!;
  const group = descriptionGroup(span.op, span.description);
  const key = `${span.op}\n${group}`;
  let found = groups.get(key);
  if (found === undefined) {
    found = { op: span.op, group, selfMs: [], totalMs: [], traces: new Set(), examples: [] };
    groups.set(key, found);
  }
  const selfMs = tree.selfUs[i]! / US_PER_MS;
  found.selfMs.push(selfMs);
  found.totalMs.push(durationMs(span));
  found.traces.add(t);
  keepExample(found, { traceId: tree.trace.traceId, spanId: span.spanId, selfMs });
}

/** The slowest of each trace, the slowest traces first. */
function keepExample(group: Gathered, example: Gathered['examples'][number]) {
  const same = group.examples.findIndex(({ traceId }) => traceId === example.traceId);
  if (same !== -1) {
    if (group.examples[same]!.selfMs >= example.selfMs) return;
    group.examples.splice(same, 1);
  }
  group.examples.push(example);
  group.examples.sort((a, b) => b.selfMs - a.selfMs || (a.spanId < b.spanId ? -1 : 1));
  group.examples.length = Math.min(group.examples.length, MAX_EXAMPLES);
}

function suspectOf(group: Gathered, transactions: number, wholeMs: number): SuspectSpan {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const selfSum = sum(group.selfMs);
  return {
    op: group.op,
    group: group.group,
    count: group.selfMs.length,
    frequency: group.traces.size / transactions,
    perTransaction: group.selfMs.length / group.traces.size,
    self: { ...quantilesOf(group.selfMs), sum: selfSum },
    total: { ...quantilesOf(group.totalMs), sum: sum(group.totalMs) },
    share: wholeMs === 0 ? 0 : selfSum / wholeMs,
    examples: group.examples,
  };
}
