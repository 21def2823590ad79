import { isLeafOp } from './nesting/span-kinds.ts';
import { type SpanTree, selfParts } from './tree.ts';

/** Time of a span that none of its children covers. Node indices of the tree. */
export interface Gap {
  readonly parent: number;
  readonly start: number;
  readonly end: number;
  /** The child that ended last before it; −1 when it begins with the span. */
  readonly after: number;
  /** The child that starts when it ends; −1 when it ends with the span. */
  readonly before: number;
}

/** Least of these that is told: shorter ones are noise, and two samples at least have to say what it is. */
export const GAP_LIMITS = { minUs: 20_000, minPeriods: 2, minShare: 0.05 } as const;

/**
 * The gaps of a trace that are worth an explanation, in the order of their starts. Calls out of the process (`db`,
 * `http.client`, …) have none: what they wait for is known.
 *
 * @param periodUs distance between samples, 0 without a profile
 */
export function gapsOf(tree: SpanTree, periodUs: number): readonly Gap[] {
  const whole = tree.nodes[0]!.end - tree.nodes[0]!.start;
  const least = Math.max(GAP_LIMITS.minUs, GAP_LIMITS.minPeriods * periodUs, GAP_LIMITS.minShare * whole);
  const gaps: Gap[] = [];
  for (const [i, span] of tree.nodes.entries()) {
    if (i > 0 && isLeafOp(span.op)) continue;
    if (span.end - span.start < least) continue;
    gaps.push(...gapsOfNode(tree, i, least));
  }
  return gaps.sort((a, b) => a.start - b.start || a.parent - b.parent);
}

function gapsOfNode(tree: SpanTree, i: number, least: number): Gap[] {
  const children = tree.children[i]!;
  const pieces = selfParts(tree, i).filter(([start, end]) => end - start >= least);
  return pieces.map(([start, end]) => {
    let after = -1;
    let before = -1;
    for (const child of children) {
      const span = tree.nodes[child]!;
      if (span.end <= start && (after === -1 || span.end > tree.nodes[after]!.end)) after = child;
      if (before === -1 && span.start >= end) before = child;
    }
    return { parent: i, start, end, after, before };
  });
}
