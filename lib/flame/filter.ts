import type { ValueColumn } from '../model/profile.ts';
import { type FlameTree, fileOf, nameOf } from './tree.ts';
import { settle } from './values.ts';

/** Picks functions. */
export type Match = (name: string, file: string) => boolean;

/** Only the stacks in which a matching function stands. */
export const focus = (tree: FlameTree, match: Match): FlameTree => keep(tree, onPath(tree, match), 1);

/** Only the stacks in which none stands. */
export const ignore = (tree: FlameTree, match: Match): FlameTree => keep(tree, onPath(tree, match), 0);

/** 1 for nodes that match or lie below one that does. */
function onPath({ stacks }: FlameTree, match: Match): Uint8Array {
  const matching = stacks.frameName.map((_, frame) =>
    match(nameOf(stacks, frame), fileOf(stacks, frame)) ? 1 : 0,
  );
  const flags = new Uint8Array(stacks.parent.length);
  for (let node = 1; node < flags.length; node += 1) {
    flags[node] = flags[stacks.parent[node]!]! | matching[stacks.frame[node]!]!;
  }
  return flags;
}

function keep({ stacks, self }: FlameTree, flags: Uint8Array, wanted: 0 | 1): FlameTree {
  const kept = self.slice() as ValueColumn;
  const zero = kept instanceof BigInt64Array ? 0n : 0;
  for (let node = 0; node < kept.length; node += 1) if (flags[node] !== wanted) kept[node] = zero;
  return { stacks, self: settle(kept) };
}
