import { StackTableBuilder } from './stack-table.ts';
import { type FlameTree, fileOf, nameOf, nodesByFrame, rankOfFrames } from './tree.ts';
import { Totals } from './values.ts';
import { childrenOf, preorder, totalsOf } from './walk.ts';

/** What stands for the nodes that were left out. */
export const OTHER = 'other';

/** Trees over one table that are shown side by side; pruned alike so that both keep one shape. */
export interface Sides {
  readonly stacks: FlameTree['stacks'];
  readonly selves: readonly FlameTree['self'][];
}

/**
 * Keeps the `maxNodes` nodes with the largest totals and puts what is left of each node's children into one child named
 * `other`, so that the total of every node that stays is exact. A function that is itself called `other` goes in there too.
 *
 * Nodes of equal total are taken in the order of the picture. Values below zero count by their size. Stacks without any
 * value are left out whatever `maxNodes` says. O(n log n).
 */
export function pruneSides({ stacks, selves }: Sides, maxNodes: number): Sides {
  const order = pictureOrder(stacks);
  const kept = largest(stacks.parent, order, weightsOf(stacks.parent, selves), maxNodes);
  const builder = new StackTableBuilder();
  const to = new Uint32Array(stacks.parent.length);
  const other = builder.frame(builder.string(OTHER), builder.string(''), -1);
  for (const node of order) {
    if (node === 0) continue;
    const above = stacks.parent[node]!;
    if (kept[node] === KEPT)
      to[node] = builder.child(to[above]!, frameIn(builder, stacks, stacks.frame[node]!));
    // Below a node that went into `other` everything goes there with it.
    else if (kept[node] === PRUNED)
      to[node] = kept[above] === PRUNED ? to[above]! : builder.child(to[above]!, other);
  }
  const sums = selves.map((self) => {
    const totals = new Totals(builder.nodes);
    totals.addAll(self, (node) => to[node]!, builder.nodes);
    return totals.finish(builder.nodes);
  });
  return { stacks: builder.finish(), selves: sums };
}

export function prune({ stacks, self }: FlameTree, maxNodes: number): FlameTree {
  const pruned = pruneSides({ stacks, selves: [self] }, maxNodes);
  return { stacks: pruned.stacks, self: pruned.selves[0]! };
}

/** Depth first, siblings by name. */
export const pictureOrder = (stacks: FlameTree['stacks']): Uint32Array =>
  preorder(stacks.parent, childrenOf(stacks.parent, nodesByFrame(stacks, rankOfFrames(stacks))));

const frameIn = (builder: StackTableBuilder, stacks: FlameTree['stacks'], frame: number) =>
  builder.frame(
    builder.string(nameOf(stacks, frame)),
    builder.string(fileOf(stacks, frame)),
    stacks.inApp[frame]!,
  );

/** How much a node matters: the sum of |self| of all sides below it. Never less than a child's. */
function weightsOf(parent: Uint32Array, selves: Sides['selves']): Float64Array {
  const sizes = new Float64Array(parent.length);
  for (const self of selves) {
    for (let node = 0; node < sizes.length; node += 1) sizes[node]! += Math.abs(Number(self[node]));
  }
  return totalsOf(parent, sizes) as Float64Array;
}

const KEPT = 1;
const PRUNED = 2;

function largest(
  parent: Uint32Array,
  order: Uint32Array,
  weight: Float64Array,
  maxNodes: number,
): Uint8Array {
  const place = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i += 1) place[order[i]!] = i;
  const nodes = Array.from(order).filter((node) => node !== 0 && weight[node]! > 0);
  const kept = new Uint8Array(parent.length);
  for (const node of nodes) kept[node] = KEPT;
  if (nodes.length <= maxNodes) return kept;
  nodes.sort((a, b) => weight[b]! - weight[a]! || place[a]! - place[b]!);
  for (const node of nodes.slice(Math.max(0, maxNodes))) kept[node] = PRUNED;
  return kept;
}
