import { type Folding, foldedRun } from './layout.ts';
import { type FlameModel, lineTo } from './model.ts';

/** Where an arrow key leads; undefined where it leads nowhere. */
export function neighbour(
  model: FlameModel,
  node: number,
  key: string,
  value: Float64Array,
): number | undefined {
  // Of a comparison one side is drawn: what is on the other alone has no bar.
  const drawnOf = (parent: number) =>
    [...model.child.subarray(model.childStart[parent], model.childStart[parent + 1])].filter(
      (one) => (value[one] as number) > 0,
    );
  if (key === 'ArrowDown') return drawnOf(node)[0];
  const up = model.parent[node] as number;
  if (key === 'ArrowUp') return up < 0 ? undefined : up;
  if ((key !== 'ArrowLeft' && key !== 'ArrowRight') || up < 0) return undefined;
  const siblings = drawnOf(up);
  return siblings[siblings.indexOf(node) + (key === 'ArrowRight' ? 1 : -1)];
}

/** The node whose bar a node lies in: the first of its run where that is folded. */
export function foldedHead(folding: Folding, node: number): number {
  const { model } = folding;
  for (const step of lineTo(model, node)) {
    const length = foldedRun(folding, step);
    if (length === 1) continue;
    let at = step;
    for (let i = 0; i < length; i += 1, at = model.child[model.childStart[at] as number] as number)
      if (at === node) return step;
  }
  return node;
}
