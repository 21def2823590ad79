import type { FlameModel } from './model.ts';

export interface FunctionRow {
  readonly name: number;
  readonly self: number;
  readonly total: number;
  readonly before: number;
  readonly after: number;
}

/** Functions by name, each counted once where it calls itself. */
export function functionsOf(model: FlameModel): FunctionRow[] {
  const size = model.names.length;
  const self = new Float64Array(size);
  const total = new Float64Array(size);
  const before = new Float64Array(size);
  const after = new Float64Array(size);
  const open = new Int32Array(size); // how often each name is on the way down to the present node
  const visit = (node: number) => {
    const name = model.name[node] as number;
    self[name] = (self[name] as number) + (model.whole.self[node] as number);
    if (open[name] === 0) total[name] = (total[name] as number) + (model.whole.total[node] as number);
    if (model.sides) {
      before[name] = (before[name] as number) + (model.sides[0].self[node] as number);
      after[name] = (after[name] as number) + (model.sides[1].self[node] as number);
    }
  };
  // Depth first without recursion: stacks may be a thousand frames deep.
  const stack: number[] = [0];
  while (stack.length > 0) {
    const node = stack.pop() as number;
    if (node < 0) {
      const name = model.name[~node] as number;
      open[name] = (open[name] as number) - 1;
      continue;
    }
    visit(node);
    open[model.name[node] as number] = (open[model.name[node] as number] as number) + 1;
    stack.push(~node);
    for (let i = model.childStart[node] as number; i < (model.childStart[node + 1] as number); i += 1)
      stack.push(model.child[i] as number);
  }
  return Array.from({ length: size }, (_, name) => ({
    name,
    self: self[name] as number,
    total: total[name] as number,
    before: before[name] as number,
    after: after[name] as number,
  })).slice(1);
}
