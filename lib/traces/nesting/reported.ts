import { ROOT, type SpanTable } from './span-table.ts';

/**
 * The reported parents made fit to be walked: unknown ones become the root, and a cycle is cut at the span of it that
 * started first. O(spans): each span is walked over once.
 */
export function reportedParents({ parent: reported }: SpanTable): Int32Array {
  const parent = reported.map((p) => Math.max(p, ROOT));
  const walk = new Int32Array(parent.length); // 0: not yet seen, else the number of the walk that saw it
  for (let i = 0; i < parent.length; i++) {
    let at = i;
    while (at !== ROOT && walk[at] === 0) {
      walk[at] = i + 1;
      at = parent[at]!;
    }
    if (at !== ROOT && walk[at] === i + 1) parent[firstOfCycle(parent, at)] = ROOT;
  }
  return parent;
}

/** Spans are in the order of their starts, so the least index is the earliest. */
function firstOfCycle(parent: Int32Array, member: number): number {
  let first = member;
  for (let at = parent[member]!; at !== member; at = parent[at]!) first = Math.min(first, at);
  return first;
}
