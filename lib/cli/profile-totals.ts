import type { Profile, ValueColumn } from '../model/profile.ts';

export type Exact = number | bigint;

export interface FunctionTotals {
  readonly name: string;
  /** Values of samples that end in it. */
  readonly self: Exact;
  /** Values of samples that contain it, once however often it recurs. */
  readonly total: Exact;
}

export interface ProfileTotals {
  readonly sum: Exact;
  /** Of all values whatever their sign: what shares are of. Equal to the sum where none is below zero. */
  readonly magnitude: Exact;
  /** By self, the largest first; what is equal by total, then by name. */
  readonly functions: readonly FunctionTotals[];
}

/** Arithmetic on one kind of number: doubles where the column is exact in them, else bigints. */
interface Kind<T extends Exact> {
  readonly zero: T;
  readonly add: (a: T, b: T) => T;
}
const NUMBERS: Kind<number> = { zero: 0, add: (a, b) => a + b };
const BIGINTS: Kind<bigint> = { zero: 0n, add: (a, b) => a + b };

/** Sums of one value type by the function's name, exact. O(samples + nodes). */
export function profileTotals(profile: Profile, type: number): ProfileTotals {
  const column = profile.samples.values[type];
  if (column === undefined) return { sum: 0, magnitude: 0, functions: [] };
  return column instanceof Float64Array ? totals(profile, column, NUMBERS) : totals(profile, column, BIGINTS);
}

function totals<T extends Exact>(profile: Profile, column: ValueColumn, kind: Kind<T>): ProfileTotals {
  const { stacks, frames, samples } = profile;
  const self = new Array<T>(stacks.parent.length).fill(kind.zero);
  let sum = kind.zero;
  let magnitude = kind.zero;
  for (let i = 0; i < column.length; i += 1) {
    const value = column[i] as T;
    const node = samples.stack[i]!;
    self[node] = kind.add(self[node]!, value);
    sum = kind.add(sum, value);
    magnitude = kind.add(magnitude, (value < kind.zero ? -value : value) as T);
  }
  const subtree = self.slice();
  for (let node = subtree.length - 1; node > 0; node -= 1) {
    const parent = stacks.parent[node]!;
    subtree[parent] = kind.add(subtree[parent]!, subtree[node]!);
  }
  const nameOf = (node: number) => frames.name[stacks.frame[node]!]!;
  const selfOf = new Map<number, T>();
  const totalOf = new Map<number, T>();
  forEachOutermost(profile, nameOf, (node, isOutermost) => {
    const name = nameOf(node);
    selfOf.set(name, kind.add(selfOf.get(name) ?? kind.zero, self[node]!));
    if (isOutermost) totalOf.set(name, kind.add(totalOf.get(name) ?? kind.zero, subtree[node]!));
  });
  const functions = Array.from(selfOf, ([name, own]) => ({
    name: frames.strings[name]!,
    self: own,
    total: totalOf.get(name) ?? kind.zero,
  }));
  return { sum, magnitude, functions: functions.sort(bySelf) };
}

const compare = <T extends Exact | string>(a: T, b: T) => (a < b ? -1 : a > b ? 1 : 0);

const bySelf = (a: FunctionTotals, b: FunctionTotals) =>
  compare(b.self, a.self) || compare(b.total, a.total) || compare(a.name, b.name);

export const byTotal = (a: FunctionTotals, b: FunctionTotals) =>
  compare(b.total, a.total) || compare(b.self, a.self) || compare(a.name, b.name);

/** Visits every node; outermost is one without a caller of the same name. */
function forEachOutermost(
  { stacks }: Profile,
  nameOf: (node: number) => number,
  visit: (node: number, isOutermost: boolean) => void,
): void {
  const { parent } = stacks;
  const firstChild = new Int32Array(parent.length).fill(-1);
  const nextSibling = new Int32Array(parent.length).fill(-1);
  for (let node = parent.length - 1; node > 0; node -= 1) {
    nextSibling[node] = firstChild[parent[node]!]!;
    firstChild[parent[node]!] = node;
  }
  const onPath = new Map<number, number>();
  const path: number[] = [];
  let node = firstChild[0] ?? -1;
  while (node !== -1 || path.length > 0) {
    if (node === -1) {
      const done = path.pop()!;
      onPath.set(nameOf(done), onPath.get(nameOf(done))! - 1);
      node = nextSibling[done]!;
      continue;
    }
    const callers = onPath.get(nameOf(node)) ?? 0;
    visit(node, callers === 0);
    onPath.set(nameOf(node), callers + 1);
    path.push(node);
    node = firstChild[node]!;
  }
}

/** Distinct stacks that samples have. */
export const stackCount = ({ samples }: Profile): number => new Set(samples.stack).size;

/** JSON numbers end at 2^53; what is beyond goes as a string. */
export function toJson(value: Exact): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
