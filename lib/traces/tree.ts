import { cutCycles } from '../model/cycles.ts';
import type { Span, Trace } from '../model/trace.ts';
import { type Interval, uncovered } from '../model/uncovered.ts';

/**
 * A trace with the parents to use: those that were sent, or those that the nesting check repaired. The check's own
 * result has this shape.
 */
export interface PlacedSpans {
  readonly trace: Trace;
  /** In the order of their starts, every id once. */
  readonly spans: readonly Span[];
  /** Index into `spans`, −1 for the root. No cycles. */
  readonly parent: Int32Array;
}

/** Node 0 is the root; node i is spans[i − 1]. */
export interface SpanTree {
  readonly trace: Trace;
  readonly nodes: readonly Span[];
  /** −1 for the root alone. */
  readonly parent: Int32Array;
  /** Of each node, in the order of their starts. */
  readonly children: readonly (readonly number[])[];
  /** A node's interval less the union of its children's, microseconds. */
  readonly selfUs: Float64Array;
}

/** Cost: O(n log n). */
export function treeOf({ trace, spans, parent }: PlacedSpans): SpanTree {
  const nodes = [trace.root, ...spans];
  const parents = Int32Array.from(nodes, (_, i) => (i === 0 ? -1 : parent[i - 1]! + 1));
  const children: number[][] = nodes.map(() => []);
  for (let i = 1; i < nodes.length; i += 1) children[parents[i]!]!.push(i);
  for (const list of children) list.sort((a, b) => nodes[a]!.start - nodes[b]!.start || a - b);
  const selfUs = Float64Array.from(nodes, (_, i) =>
    selfParts({ nodes, children }, i).reduce((sum, [from, to]) => sum + to - from, 0),
  );
  return { trace, nodes, parent: parents, children, selfUs };
}

/** The parts of a node's interval that none of its children covers. */
export const selfParts = ({ nodes, children }: Pick<SpanTree, 'nodes' | 'children'>, i: number): Interval[] =>
  uncovered(
    nodes[i]!.start,
    nodes[i]!.end,
    children[i]!.map((child) => [nodes[child]!.start, nodes[child]!.end]),
  );

/**
 * The spans of a trace under the parents that were sent: repeated ids count once, unknown parents and cycles become
 * children of the root.
 */
export function asSent(trace: Trace): PlacedSpans {
  const index = new Map<string, number>();
  const spans = trace.spans.filter(({ spanId }) => {
    if (index.has(spanId) || spanId === trace.root.spanId) return false;
    index.set(spanId, index.size);
    return true;
  });
  const parent = Int32Array.from(spans, ({ parentSpanId }) => index.get(parentSpanId) ?? -1);
  return { trace, spans, parent: cutCycles(parent) };
}
