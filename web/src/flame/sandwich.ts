import { childrenOf, type FlameModel, type Side } from './model.ts';

/** Both halves have the function as their root, and the names of the picture they are made of. */
export interface Sandwich {
  /** Below each function those that called it, on the way to this one: drawn upside down. */
  readonly callers: FlameModel;
  readonly callees: FlameModel;
}

/** Frames above the function that many calls share are made anew for each of them: what is beyond is not told apart. */
const CALLERS_MAX = 50_000;

/**
 * Who called a function and what it called, of all its calls together. A call within another one of it is part of that one,
 * so that the roots have the function's total. @param name index in `names`
 */
export function sandwichOf(model: FlameModel, name: number): Sandwich {
  const calls = outermost(model, name);
  return { callers: callersOf(model, name, calls), callees: calleesOf(model, name, calls) };
}

/** The root where the picture has no call of it. */
export const largestCall = (model: FlameModel, name: number): number => outermost(model, name)[0] ?? 0;

/** Calls of the function that do not lie within another one, the largest first. */
function outermost({ count, parent, name: names, whole }: FlameModel, name: number): number[] {
  const within = new Uint8Array(count);
  const calls: number[] = [];
  for (let node = 1; node < count; node += 1) {
    const isCall = names[node] === name;
    const isWithin = within[parent[node] as number] === 1;
    if (isCall && !isWithin) calls.push(node);
    if (isCall || isWithin) within[node] = 1;
  }
  return calls.sort((a, b) => (whole.total[b] as number) - (whole.total[a] as number));
}

function callersOf(model: FlameModel, name: number, calls: readonly number[]): FlameModel {
  const tree = growing(name);
  const ends = calls.map((call) => {
    let at = 0;
    for (let up = model.parent[call] as number; up > 0 && tree.parent.length < CALLERS_MAX; ) {
      at = tree.child(at, model.name[up] as number);
      up = model.parent[up] as number;
    }
    return at;
  });
  return modelOf(model, tree, (from, to) => {
    for (const [i, call] of calls.entries()) {
      const value = from.total[call] as number;
      add(to.self, ends[i] as number, value);
      for (let at = ends[i] as number; at >= 0; at = tree.parent[at] as number) add(to.total, at, value);
    }
  });
}

function calleesOf(model: FlameModel, name: number, calls: readonly number[]): FlameModel {
  const tree = growing(name);
  const places = new Int32Array(model.count).fill(-1);
  for (const call of calls) places[call] = 0;
  for (let node = 1; node < model.count; node += 1) {
    const above = places[model.parent[node] as number] as number;
    if (above >= 0) places[node] = tree.child(above, model.name[node] as number);
  }
  return modelOf(model, tree, (from, to) => {
    for (const [node, place] of places.entries()) {
      if (place < 0) continue;
      add(to.total, place, from.total[node] as number);
      add(to.self, place, from.self[node] as number);
    }
  });
}

interface Growing {
  readonly parent: number[];
  readonly name: number[];
  /** The child of that name, made where there is none. */
  readonly child: (above: number, name: number) => number;
}

function growing(root: number): Growing {
  const [parent, name] = [[-1], [root]];
  const children: Map<number, number>[] = [new Map()];
  const child = (above: number, of: number) => {
    const known = children[above]?.get(of);
    if (known !== undefined) return known;
    children[above]?.set(of, parent.length);
    children.push(new Map());
    name.push(of);
    return parent.push(above) - 1;
  };
  return { parent, name, child };
}

/** @param fill adds one side of the picture up into the same side of the half */
function modelOf(of: FlameModel, tree: Growing, fill: (from: Side, to: Side) => void): FlameModel {
  const count = tree.parent.length;
  const filled = (from: Side): Side => {
    const to = { total: new Float64Array(count), self: new Float64Array(count) };
    fill(from, to);
    return to;
  };
  const parent = Int32Array.from(tree.parent);
  const whole = filled(of.whole);
  return {
    ...of,
    count,
    parent,
    name: Int32Array.from(tree.name),
    whole,
    sides: of.sides && [filled(of.sides[0]), filled(of.sides[1])],
    ...childrenOf(parent, whole.total),
  };
}

const add = (column: Float64Array, at: number, value: number) => {
  column[at] = (column[at] as number) + value;
};
