import { align } from './diff.ts';
import { frameTotals } from './top.ts';
import { type FlameTree, fileOf, nameOf, type Stacks } from './tree.ts';
import { sumOf } from './values.ts';
import { outermost, totalsOf } from './walk.ts';

// A function may grow because it does more, or because work that its caller did elsewhere moved into it: then the caller
// stays as it was, and a sibling shrinks. The second is no regression. The idea is that of FBDetect (SOSP '24), by shares.

export interface CodePlace {
  readonly name: string;
  readonly file: string;
}

/** What became of a function that grew. */
export type Origin =
  | { readonly kind: 'growth' }
  /** Within this caller, which did not grow as it should have, and from the function that shrank most in it. */
  | { readonly kind: 'shift'; readonly within: CodePlace; readonly from: CodePlace };

/** How much of a function must lie below a caller for the caller to speak for it. */
const BELOW_SHARE = 0.8;
/** How far the two explanations must lie apart, as a part of the growth, to be told from each other. */
const TELLING = 0.3;
/** What one sibling must have lost, as a part of the growth: noise takes a little from many. */
const FROM_SHARE = 0.5;

/** Tells what became of functions that grew from left to right. Align once, ask for many. */
export function originsBetween(left: FlameTree, right: FlameTree): (grown: CodePlace) => Origin {
  const { stacks, selves } = align(left, right);
  const sides = selves.map((self) => sideOf(stacks, self)) as [Side, Side];
  return (grown) => {
    const frame = stacks.frameName.findIndex(
      (_, at) => nameOf(stacks, at) === grown.name && fileOf(stacks, at) === grown.file,
    );
    return frame < 0 ? { kind: 'growth' } : originOf(stacks, sides, frame);
  };
}

/** Shares of all that a side measured. */
interface Side {
  /** By frame. */
  readonly share: Float64Array;
  /** By node. */
  readonly total: Float64Array;
}

function sideOf(stacks: Stacks, self: FlameTree['self']): Side {
  const sum = Number(sumOf(self)) || 1;
  const shares = (values: ArrayLike<number | bigint>) =>
    Float64Array.from(values, (value) => Number(value) / sum);
  return {
    share: shares(frameTotals({ stacks, self }).total),
    total: shares(totalsOf(stacks.parent, self)),
  };
}

function originOf(stacks: Stacks, [left, right]: readonly [Side, Side], frame: number): Origin {
  const [before, after] = [left, right].map((side) => ({ side, below: belowCallers(stacks, side, frame) }));
  const [f0, f1] = [left.share[frame]!, right.share[frame]!];
  const growth = f1 - f0;
  // What stays as it was shrinks as a share when another part grows.
  const dilution = (1 - f1) / Math.max(1e-9, 1 - f0);
  const callers = [...after!.below.keys()]
    .filter((caller) => after!.below.get(caller)! >= BELOW_SHARE * f1)
    .filter((caller) => (before!.below.get(caller) ?? 0) >= BELOW_SHARE * f0)
    .sort((a, b) => right.share[a]! - right.share[b]!);
  for (const caller of callers) {
    const [p0, p1] = [left.share[caller]!, right.share[caller]!];
    if (p0 === 0) continue; // new as well: it grew itself
    const inside0 = before!.below.get(caller) ?? 0;
    const ifReal = (p0 - inside0) * dilution + after!.below.get(caller)!;
    if (Math.abs(ifReal - p0) < TELLING * growth) continue;
    if (Math.abs(p1 - p0) >= Math.abs(p1 - ifReal)) return { kind: 'growth' };
    const isCaller = (at: number) => before!.below.has(at) || after!.below.has(at);
    const from = shrunk(stacks, [left, right], { frame, caller, dilution, growth, isCaller });
    if (from !== undefined)
      return { kind: 'shift', within: placeOf(stacks, caller), from: placeOf(stacks, from) };
  }
  return { kind: 'growth' };
}

const placeOf = (stacks: Stacks, frame: number): CodePlace => ({
  name: nameOf(stacks, frame),
  file: fileOf(stacks, frame),
});

/** Caller → which share of all time is the function's below it. */
function belowCallers(stacks: Stacks, { total }: Side, frame: number): Map<number, number> {
  const { parent, frame: frameOf, frameName } = stacks;
  const outer = outermost(parent, frameOf, frameName.length);
  const below = new Map<number, number>();
  for (let node = 1; node < parent.length; node += 1) {
    if (frameOf[node] !== frame || outer[node] === 0 || total[node] === 0) continue;
    const seen = new Set<number>(); // a recursive caller counts once
    for (let at = parent[node]!; at !== 0; at = parent[at]!) {
      const caller = frameOf[at]!;
      if (seen.has(caller)) continue;
      seen.add(caller);
      below.set(caller, (below.get(caller) ?? 0) + total[node]!);
    }
  }
  return below;
}

interface Shift {
  readonly frame: number;
  readonly caller: number;
  readonly dilution: number;
  readonly growth: number;
  /** Whether the function that grew lies below this one somewhere. */
  readonly isCaller: (frame: number) => boolean;
}

/** The function below the caller that lost most, beyond what dilution takes from all. */
function shrunk(
  stacks: Stacks,
  [left, right]: readonly [Side, Side],
  { frame, caller, dilution, growth, isCaller }: Shift,
): number | undefined {
  const lost = new Map<number, number>();
  for (const node of beside(stacks, caller, frame)) {
    const at = stacks.frame[node]!;
    if (isCaller(at)) continue;
    lost.set(at, (lost.get(at) ?? 0) + left.total[node]! * dilution - right.total[node]!);
  }
  let most: number | undefined;
  for (const [at, loss] of lost)
    if (loss >= FROM_SHARE * growth && loss > (lost.get(most ?? -1) ?? 0)) most = at;
  return most;
}

/** Outermost nodes of each function below the caller that do not lie in the function that grew. */
function* beside(stacks: Stacks, caller: number, frame: number): Iterable<number> {
  const { parent, frame: frameOf, frameName } = stacks;
  const outer = outermost(parent, frameOf, frameName.length);
  const inside = new Uint8Array(parent.length);
  for (let node = 1; node < parent.length; node += 1) {
    if (frameOf[node] === frame) continue; // and everything below it stays 0, unless the caller comes again
    inside[node] = inside[parent[node]!]! | (frameOf[node] === caller ? 1 : 0);
    if (inside[node] === 1 && outer[node] === 1) yield node;
  }
}
