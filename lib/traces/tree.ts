import type { Span, Trace } from '../model/trace.ts';

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
  const selfUs = Float64Array.from(nodes, ({ start, end }, i) => {
    let covered = 0;
    for (const [from, to] of unionOf(
      children[i]!.map((c) => nodes[c]!),
      start,
      end,
    ))
      covered += to - from;
    return end - start - covered;
  });
  return { trace, nodes, parent: parents, children, selfUs };
}

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
  cutCycles(parent);
  return { trace, spans, parent };
}

/** Walks up from every node once; whoever closes a circle hangs from the root. */
function cutCycles(parent: Int32Array) {
  const seenBy = new Int32Array(parent.length).fill(-1);
  for (let i = 0; i < parent.length; i += 1) {
    for (let at = i; at !== -1 && (seenBy[at] === -1 || seenBy[at] === i); at = parent[at]!) {
      if (seenBy[at] === i) {
        parent[at] = -1;
        break;
      }
      seenBy[at] = i;
    }
  }
}

export type Interval = readonly [from: number, to: number];

/** The union of spans' intervals within [from, to], ascending and apart. @param spans in the order of their starts */
export function unionOf(spans: readonly Span[], from: number, to: number): Interval[] {
  const union: [number, number][] = [];
  for (const { start, end } of spans) {
    const a = Math.max(start, from);
    const b = Math.min(end, to);
    if (!(b > a)) continue;
    const last = union.at(-1);
    if (last !== undefined && a <= last[1]) last[1] = Math.max(last[1], b);
    else union.push([a, b]);
  }
  return union;
}
