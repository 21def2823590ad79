import { OTHER } from './prune.ts';
import { StackTableBuilder } from './stack-table.ts';
import { type FlameTree, fileOf, nameOf } from './tree.ts';
import { Totals } from './values.ts';

/**
 * What turning may cost, one to two seconds of a slow core: steps from leaves to roots, and nodes made, which cost far more.
 * A chain that many leaves share is made anew for each of them: a profile of 100,000 nodes could ask for 100 M. What is beyond
 * lies in `other`, the smallest first; the stack at which a limit is passed is still whole.
 */
const LIMITS = { steps: 40_000_000, nodes: 2_000_000 };

/**
 * Turns stacks around: the roots are the functions with a self value, below them those that called them. Totals of the
 * roots are the self values of the functions. Cost: the sum of the depths of all stacks with a value.
 */
export const invert = (tree: FlameTree, limits = LIMITS): FlameTree => turned(tree, limits).tree;

/** The same, and the node of the turned tree in which the self value of each node lies. */
export function turned(
  { stacks, self }: FlameTree,
  limits = LIMITS,
): { readonly tree: FlameTree; readonly to: Uint32Array } {
  const builder = new StackTableBuilder();
  const frames = stacks.frameName.map((_, frame) =>
    builder.frame(
      builder.string(nameOf(stacks, frame)),
      builder.string(fileOf(stacks, frame)),
      stacks.inApp[frame]!,
    ),
  );
  const to = new Uint32Array(self.length);
  const leaves = Array.from(to.keys()).filter((node) => node !== 0 && Number(self[node]) !== 0);
  leaves.sort((a, b) => Math.abs(Number(self[b])) - Math.abs(Number(self[a])) || a - b);
  let steps = 0;
  let other = 0;
  for (const leaf of leaves) {
    if (steps > limits.steps || builder.nodes > limits.nodes) {
      other ||= builder.child(0, builder.frame(builder.string(OTHER), builder.string(''), -1));
      to[leaf] = other;
      continue;
    }
    let at = 0;
    for (let node = leaf; node !== 0; node = stacks.parent[node]!) {
      at = builder.child(at, frames[stacks.frame[node]!]!);
      steps += 1;
    }
    to[leaf] = at;
  }
  const sums = new Totals(builder.nodes);
  sums.addAll(self, (node) => to[node]!, builder.nodes);
  return { tree: { stacks: builder.finish(), self: sums.finish(builder.nodes) }, to };
}
