import fc from 'fast-check';
import type { FlamePicture } from '../../web/src/flame/model.ts';

export interface Tree {
  readonly name: string;
  readonly self: readonly number[];
  readonly children: readonly Tree[];
}

/** The picture of a tree, as the API draws it: bars relative to the end of the one before. */
export function picture(root: Tree, inApp: Readonly<Record<string, number>> = {}): FlamePicture {
  const names = new Map<string, number>();
  const levels: number[][] = [];
  const ends: number[][] = [];
  const parents: number[][] = [];
  const totalOf = (node: Tree, side: number): number =>
    (node.self[side] ?? 0) + node.children.reduce((sum, child) => sum + totalOf(child, side), 0);
  const place = (node: Tree, depth: number, starts: number[], above = 0) => {
    levels[depth] ??= [];
    parents[depth] ??= [];
    const at = parents[depth].push(above) - 1;
    ends[depth] ??= starts.map(() => 0);
    for (const [side, start] of starts.entries()) {
      levels[depth].push(start - (ends[depth][side] ?? 0), totalOf(node, side), node.self[side] ?? 0);
      ends[depth][side] = start + totalOf(node, side);
    }
    if (!names.has(node.name)) names.set(node.name, names.size);
    levels[depth].push(names.get(node.name) ?? -1);
    const next = starts.map((start, side) => start + (node.self[side] ?? 0));
    for (const child of node.children) {
      place(child, depth + 1, [...next], at);
      for (const side of next.keys()) next[side] = (next[side] ?? 0) + totalOf(child, side);
    }
  };
  place(
    root,
    0,
    root.self.map(() => 0),
  );
  return {
    flamebearer: { names: [...names.keys()], levels, numTicks: totalOf(root, 0) },
    frames: [...names.keys()].map((name) => ({ file: '', inApp: inApp[name] ?? -1 })),
    parents,
  };
}
export const tree = (name: string, self: number | number[], ...children: Tree[]): Tree => ({
  name,
  self: [self].flat(),
  children,
});

export const BUSY = tree(
  'total',
  0,
  tree('main', 1, tree('work', 4, tree('copy', 2)), tree('(idle)', 6), tree('log', 1)),
);
export const treeOf = (sides: number) =>
  fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.record({
      name: fc.constantFrom('a', 'b', 'c', '(idle)', 'node:net'),
      self: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: sides, maxLength: sides }),
      children: fc.oneof({ depthSize: 'small' }, fc.constant([]), fc.array(tie('tree'), { maxLength: 4 })),
    }),
  })).tree;
