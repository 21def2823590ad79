import { pictureOrder, type Sides } from './prune.ts';
import { type FlameTree, fileOf, nameOf } from './tree.ts';
import { addExact, sumOf, toExact } from './values.ts';
import { totalsOf } from './walk.ts';

// Pyroscope's picture of a tree: one row of bars per depth, each bar relative to the end of the one before it.

/** A number, or digits where it lies beyond 2^53. */
export type JsonInteger = number | string;
export const toJson = (value: number | bigint): JsonInteger => {
  const exact = typeof value === 'bigint' ? toExact(value) : value;
  return typeof exact === 'bigint' ? exact.toString() : exact;
};

export interface Flamebearer {
  /** names[0] is 'total'; then one entry per function and file, so that a name may stand twice. */
  readonly names: readonly string[];
  /** Single: chunks of 4, [gap, total, self, name]. Double: of 7, [gapL, totalL, selfL, gapR, totalR, selfR, name]. */
  readonly levels: readonly (readonly JsonInteger[])[];
  readonly numTicks: JsonInteger;
  readonly maxSelf: JsonInteger;
}

/** What else is known of `names`, by the same index. */
export interface NamedFrame {
  readonly file: string;
  readonly inApp: number;
}

export interface Rendered {
  readonly flamebearer: Flamebearer;
  readonly frames: readonly NamedFrame[];
  /**
   * Per bar of each level the bar of the level above that it lies under. Where bars begin tells that too, but not where
   * values are below zero, nor to readers that round integers beyond 2^53.
   */
  readonly parents: readonly (readonly number[])[];
  /** Nodes of the tree as the chunks show them, level by level. */
  readonly nodes: readonly (readonly number[])[];
}

const ROOT = 'total';

/** Siblings by name, a child begins after its parent's own value: as Pyroscope does it. O(n log n). */
export const flamebearer = ({ stacks, self }: FlameTree): Rendered => render({ stacks, selves: [self] });

/** Left and right in one; `numTicks` is the sum of both. */
export function doubleFlamebearer(
  sides: Sides,
): Rendered & { readonly leftTicks: JsonInteger; readonly rightTicks: JsonInteger } {
  const [left, right] = sides.selves.map((self) => toJson(sumOf(self)));
  return { ...render(sides), leftTicks: left!, rightTicks: right! };
}

/** What Pyroscope's viewers ask of a picture beside it: which unit its numbers are in, how many of them make a second. */
export interface PictureUnits {
  readonly units: string;
  readonly sampleRate: number;
}

/** A picture as Pyroscope's /render sends it. */
export const envelope = <F extends 'single' | 'double'>(
  format: F,
  picture: Flamebearer,
  name: string,
  units: PictureUnits,
) => ({
  version: 1,
  flamebearer: picture,
  metadata: { format, spyName: '', ...units, name },
  timeline: null,
  groups: null,
  heatmap: null,
});

/** The same, and what the format has no place for. */
export const rendered = <F extends 'single' | 'double'>(
  format: F,
  { flamebearer: picture, frames, parents }: Pick<Rendered, 'flamebearer' | 'frames' | 'parents'>,
  name: string,
  units: PictureUnits,
) => ({ ...envelope(format, picture, name, units), frames, parents });

function render({ stacks, selves }: Sides): Rendered {
  const { parent, frame } = stacks;
  const sides = selves.map((self) => ({ self, total: totalsOf(parent, self), x: startsOf(stacks, self) }));
  const depth = depthsOf(parent);
  const levels: JsonInteger[][] = [];
  const nodes: number[][] = [];
  const parents: number[][] = [];
  const placeOf = new Uint32Array(parent.length);
  const ends: (number | bigint)[][] = [];
  const nameIndex = new Map<number, number>();
  for (const node of pictureOrder(stacks)) {
    const level = depth[node]!;
    levels[level] ??= [];
    nodes[level] ??= [];
    parents[level] ??= [];
    ends[level] ??= sides.map(() => 0);
    const end = ends[level];
    for (const [i, { self, total, x }] of sides.entries()) {
      levels[level].push(toJson(minus(x[node]!, end[i]!)), toJson(total[node]!), toJson(self[node]!));
      end[i] = addExact(x[node]!, total[node]!);
    }
    if (node !== 0 && !nameIndex.has(frame[node]!)) nameIndex.set(frame[node]!, nameIndex.size + 1);
    levels[level].push(node === 0 ? 0 : nameIndex.get(frame[node]!)!);
    placeOf[node] = nodes[level].push(node) - 1;
    parents[level].push(placeOf[parent[node]!]!);
  }
  const frames = [...nameIndex.keys()];
  const ticks = selves.map(sumOf).reduce(addExact, 0);
  return {
    flamebearer: {
      names: [ROOT, ...frames.map((one) => nameOf(stacks, one))],
      levels,
      numTicks: toJson(ticks),
      maxSelf: toJson(largest(selves)),
    },
    frames: [
      { file: '', inApp: -1 },
      ...frames.map((one) => ({ file: fileOf(stacks, one), inApp: stacks.inApp[one]! })),
    ],
    nodes,
    parents,
  };
}

const minus = (a: number | bigint, b: number | bigint) =>
  addExact(a, typeof b === 'bigint' ? -b : b === 0 ? 0 : -b);

function depthsOf(parent: Uint32Array): Uint32Array {
  const depth = new Uint32Array(parent.length);
  for (let node = 1; node < depth.length; node += 1) depth[node] = depth[parent[node]!]! + 1;
  return depth;
}

/** Where each bar begins. */
function startsOf(stacks: FlameTree['stacks'], self: FlameTree['self']): (number | bigint)[] {
  const total = totalsOf(stacks.parent, self);
  const starts: (number | bigint)[] = new Array(self.length).fill(0);
  // Where the next child of a node begins; parents come before their children.
  const next: (number | bigint)[] = new Array(self.length).fill(0);
  for (const node of pictureOrder(stacks)) {
    if (node !== 0) {
      const above = stacks.parent[node]!;
      starts[node] = next[above]!;
      next[above] = addExact(next[above]!, total[node]!);
    }
    next[node] = addExact(starts[node]!, self[node]!);
  }
  return starts;
}

function largest(selves: Sides['selves']): number | bigint {
  let max: number | bigint = 0;
  for (const self of selves) for (const value of self) if (value > max) max = value;
  return max;
}
