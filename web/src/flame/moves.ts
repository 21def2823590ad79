import { type Folding, foldedRun } from './layout.ts';
import { type FlameModel, lineTo } from './model.ts';

/** Where an arrow key leads; undefined where it leads nowhere. */
export function neighbour(
  model: FlameModel,
  node: number,
  key: string,
  value: Float64Array,
): number | undefined {
  const first = model.child[model.childStart[node] as number];
  if (key === 'ArrowDown')
    return (model.childStart[node + 1] as number) > (model.childStart[node] as number) ? first : undefined;
  const up = model.parent[node] as number;
  if (key === 'ArrowUp') return up < 0 ? undefined : up;
  if ((key !== 'ArrowLeft' && key !== 'ArrowRight') || up < 0) return undefined;
  const siblings = [...model.child.subarray(model.childStart[up], model.childStart[up + 1])].filter(
    (one) => (value[one] as number) > 0,
  );
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
