import type { ValueColumn } from '../model/profile.ts';
import { NONE } from './pair-table.ts';
import { clampInt64 } from './values.ts';

// Passes over a prefix tree in columns. All of them are linear and none recurses: a stack may be a thousand frames deep.

/** Self values to totals: what a node and everything below it took. `parent[i] < i`. */
export function totalsOf(parent: Uint32Array, self: ValueColumn): ValueColumn {
  if (self instanceof Float64Array) {
    const totals = self.slice();
    for (let i = totals.length - 1; i > 0; i -= 1) totals[parent[i]!]! += totals[i]!;
    return totals;
  }
  const totals = self.slice();
  for (let i = totals.length - 1; i > 0; i -= 1) {
    const above = parent[i]!;
    totals[above] = clampInt64(totals[above]! + totals[i]!);
  }
  return totals;
}

/** Children as linked lists: the first child of a node, and the next one of the same parent. NONE ends a list. */
export interface Children {
  readonly first: Uint32Array;
  readonly next: Uint32Array;
}

/** Frames of all stacks that have a value: what formats that write each of them from its root are as long as. */
export function framesListed(parent: Uint32Array, self: ValueColumn): number {
  const depth = new Uint32Array(parent.length);
  let frames = 0;
  for (let node = 1; node < depth.length; node += 1) {
    depth[node] = depth[parent[node]!]! + 1;
    if (Number(self[node]) !== 0) frames += depth[node]!;
  }
  return frames;
}

/** @param order nodes in the order in which children of one parent shall be listed; default: by index */
export function childrenOf(parent: Uint32Array, order?: Uint32Array): Children {
  const first = new Uint32Array(parent.length).fill(NONE);
  const next = new Uint32Array(parent.length).fill(NONE);
  for (let i = parent.length - 1; i >= 0; i -= 1) {
    const node = order === undefined ? i : order[i]!;
    if (node === 0) continue; // the root is nobody's child
    const above = parent[node]!;
    next[node] = first[above]!;
    first[above] = node;
  }
  return { first, next };
}

/** Nodes in depth-first order, each parent before its children; the root first. */
export function preorder(parent: Uint32Array, { first, next }: Children): Uint32Array {
  const order = new Uint32Array(parent.length);
  let length = 0;
  let node = 0;
  for (;;) {
    order[length] = node;
    length += 1;
    if (first[node] !== NONE) {
      node = first[node]!;
      continue;
    }
    while (node !== 0 && next[node] === NONE) node = parent[node]!;
    if (node === 0) return order;
    node = next[node]!;
  }
}

/**
 * 1 for each node that no node above it shares its key with: only there is the total of a recursive function counted.
 *
 * @param key of each node, below `keys`
 */
export function outermost(parent: Uint32Array, key: Uint32Array, keys: number): Uint8Array {
  const flags = new Uint8Array(parent.length);
  const open = new Uint32Array(keys); // how many of a key are on the path
  const { first, next } = childrenOf(parent);
  let node = first[0]!;
  if (node === NONE) return flags;
  for (;;) {
    flags[node] = open[key[node]!]! === 0 ? 1 : 0;
    open[key[node]!]! += 1;
    if (first[node] !== NONE) {
      node = first[node]!;
      continue;
    }
    open[key[node]!]! -= 1;
    while (next[node] === NONE) {
      node = parent[node]!;
      if (node === 0) return flags;
      open[key[node]!]! -= 1;
    }
    node = next[node]!;
  }
}
