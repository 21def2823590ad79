/** A flame graph as the API sends it: Pyroscope's picture, and what else is known of the names. */
export interface FlamePicture {
  readonly flamebearer: {
    readonly names: readonly string[];
    readonly levels: readonly (readonly (number | string)[])[];
    readonly numTicks: number | string;
  };
  /** By the index of the name. */
  readonly frames: readonly { readonly file: string; readonly inApp: number }[];
  /** Per bar of each row the index of the bar above it. */
  readonly parents: readonly (readonly number[])[];
}

export const KINDS = ['app', 'library', 'runtime', 'collector', 'idle', 'other'] as const;
export type FrameKind = (typeof KINDS)[number];

/** One side of a comparison, or the whole picture. */
export interface Side {
  readonly total: Float64Array;
  readonly self: Float64Array;
}

export type SideName = 'after' | 'before';

/** Nodes by index, parents before children; node 0 is the root. Columns, so that 10,000 nodes are laid out in a frame. */
export interface FlameModel {
  readonly count: number;
  readonly parent: Int32Array;
  readonly name: Int32Array;
  /** What widths are drawn by: the picture, or both sides of a comparison together. */
  readonly whole: Side;
  /** Before and after, of a comparison. */
  readonly sides: readonly [Side, Side] | undefined;
  /** Children of node i are child[childStart[i] … childStart[i + 1]), the largest first. */
  readonly childStart: Int32Array;
  readonly child: Int32Array;
  readonly names: readonly string[];
  readonly files: readonly string[];
  /** Index into KINDS, by name. */
  readonly kinds: Uint8Array;
  /** Amount of idle frames that was left out. */
  readonly idle: number;
}

/** What widths go by: the picture, or one side of a comparison. */
export const widthsOf = ({ whole, sides }: FlameModel, side: SideName | undefined): Float64Array =>
  side === undefined ? whole.total : (sides?.[side === 'after' ? 1 : 0].total ?? whole.total);

const SINGLE = 4;
const DOUBLE = 7;

/**
 * @param keepIdle draw waiting as well, which is hidden by default
 * @param scaleBefore what values of the left side are multiplied by, where shares are to be compared
 */
export function flameModel(picture: FlamePicture, keepIdle = false, scaleBefore = 1): FlameModel {
  const { frames } = picture;
  const { names } = picture.flamebearer;
  const kinds = Uint8Array.from(names, (name, i) => KINDS.indexOf(kindOf(name, frames[i])));
  const drawn = readLevels(picture);
  const idle = keepIdle ? 0 : hideIdle(drawn, kinds);
  if (drawn.sides.length === 2 && scaleBefore !== 1) scale(drawn.sides[0] as Side, scaleBefore);
  const whole = wholeOf(drawn.sides);
  return {
    count: drawn.count,
    parent: drawn.parent,
    name: drawn.name,
    whole,
    sides: drawn.sides.length === 2 ? [drawn.sides[0] as Side, drawn.sides[1] as Side] : undefined,
    ...childrenOf(drawn.parent, whole.total),
    names,
    files: filesOf(picture),
    kinds,
    idle,
  };
}

const pathsOf = new WeakMap<FlamePicture, Paths>();

/** The node of a hash in another picture than the one that is shown, with no more work than that takes. */
export function barOfHash(picture: FlamePicture, hash: string): number {
  const { names } = picture.flamebearer;
  const paths = pathsOf.get(picture) ?? { ...readLevels(picture), names, files: filesOf(picture) };
  pathsOf.set(picture, paths);
  return nodeOfHash(paths, hash);
}

const filesOf = ({ flamebearer, frames }: FlamePicture) =>
  flamebearer.names.map((_, i) => frames[i]?.file ?? '');

const sizeOf = (levels: FlamePicture['flamebearer']['levels']): 4 | 7 =>
  (levels[0]?.length ?? 0) === DOUBLE ? DOUBLE : SINGLE;

interface Drawn {
  readonly count: number;
  readonly parent: Int32Array;
  readonly name: Int32Array;
  readonly sides: readonly Side[];
}

/** Gaps between bars are not read: whoever draws sets them anew, and they say too little where values are below zero. */
function readLevels({ flamebearer: { levels }, parents }: FlamePicture): Drawn {
  const size = sizeOf(levels);
  const count = levels.reduce((sum, row) => sum + row.length / size, 0);
  const parent = new Int32Array(count).fill(-1);
  const name = new Int32Array(count);
  const sides: Side[] = Array.from({ length: size === DOUBLE ? 2 : 1 }, () => ({
    total: new Float64Array(count),
    self: new Float64Array(count),
  }));
  let node = 0;
  let above = 0; // first node of the row above
  for (const [depth, row] of levels.entries()) {
    const first = node;
    for (let i = 0; i < row.length; i += size) {
      for (const [k, side] of sides.entries()) {
        side.total[node] = Number(row[i + 3 * k + 1]);
        side.self[node] = Number(row[i + 3 * k + 2]);
      }
      name[node] = Number(row[i + size - 1]);
      if (depth > 0) parent[node] = above + (parents[depth]?.[node - first] as number);
      node += 1;
    }
    above = first;
  }
  return { count, parent, name, sides };
}

/** Takes idle frames out of every sum above them. Returns how much that was. */
function hideIdle({ count, parent, name, sides }: Drawn, kinds: Uint8Array): number {
  const idle = KINDS.indexOf('idle');
  let hidden = 0;
  for (let node = count - 1; node > 0; node -= 1) {
    if (kinds[name[node] as number] !== idle) continue;
    for (const { total, self } of sides) {
      const amount = total[node] as number;
      hidden += amount;
      for (let up = parent[node] as number; up >= 0; up = parent[up] as number)
        total[up] = (total[up] as number) - amount;
      total[node] = 0;
      self[node] = 0;
    }
  }
  return hidden;
}

function scale({ total, self }: Side, factor: number) {
  for (const column of [total, self])
    for (let i = 0; i < column.length; i += 1) column[i] = (column[i] as number) * factor;
}

function wholeOf(sides: readonly Side[]): Side {
  const [left, right] = sides as readonly [Side, Side?];
  if (right === undefined) return left;
  const sum = (a: Float64Array, b: Float64Array) => a.map((value, i) => value + (b[i] as number));
  return { total: sum(left.total, right.total), self: sum(left.self, right.self) };
}

/** Children of every node, the largest first. */
export function childrenOf(parent: Int32Array, total: Float64Array) {
  const childStart = new Int32Array(parent.length + 1);
  for (const up of parent) if (up >= 0) childStart[up + 1] = (childStart[up + 1] as number) + 1;
  for (let i = 0; i < parent.length; i += 1)
    childStart[i + 1] = (childStart[i + 1] as number) + (childStart[i] as number);
  const child = new Int32Array(Math.max(0, parent.length - 1));
  const next = childStart.slice();
  for (let node = 1; node < parent.length; node += 1) {
    const up = parent[node] as number;
    child[next[up] as number] = node;
    next[up] = (next[up] as number) + 1;
  }
  for (let node = 0; node < parent.length; node += 1) {
    const own = child.subarray(childStart[node], childStart[node + 1]);
    if (own.length > 1) own.sort((a, b) => (total[b] as number) - (total[a] as number));
  }
  return { childStart, child };
}

/** V8's frame of waiting. A function of one's own that is called so is none. */
export const IDLE = /^\(idle\)$/;
const COLLECTOR = /garbage collector|^runtime\.gc|^gc$|\bGC\b/;
const RUNTIME = /^\(|^node:|^runtime[./]|^<frozen|^\[|^native\b/;

/** What a frame is: told by the profile where it can, else by its name. */
export function kindOf(
  name: string,
  frame: { readonly file: string; readonly inApp: number } | undefined,
): FrameKind {
  if (name === 'total' || name === 'other' || name === '(other)') return 'other';
  if (IDLE.test(name)) return 'idle';
  if (COLLECTOR.test(name)) return 'collector';
  if (frame?.inApp === 1) return 'app';
  if (RUNTIME.test(name) || RUNTIME.test(frame?.file ?? '')) return 'runtime';
  return frame?.inApp === 0 ? 'library' : 'app';
}

/** FNV-1a. */
function hashOfText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Two hashes as one that depends on their order; the last step of MurmurHash3 spreads its bits. */
function mixed(a: number, b: number): number {
  let hash = Math.imul(a, 0x01000193) ^ b;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A short text that finds a function again, wherever it was called from. @param name index in `names` */
export const functionHash = ({ names, files }: Pick<Paths, 'names' | 'files'>, name: number): string =>
  hashOfFunction(names[name] as string, files[name])
    .toString(16)
    .padStart(8, '0');

// Many functions of several files have one name, or none.
const hashOfFunction = (name: string, file: string | undefined) => hashOfText(`${name}\n${file}`);

type Paths = Pick<FlameModel, 'count' | 'parent' | 'name' | 'names' | 'files'>;
const hashes = new WeakMap<Paths, Uint32Array>();

/** By node, of the functions from the root down to it; each goes on from its parent's, once per picture. */
function hashesOf(model: Paths): Uint32Array {
  const known = hashes.get(model);
  if (known) return known;
  const ofName = Uint32Array.from(model.names, (name, i) => hashOfFunction(name, model.files[i]));
  const all = new Uint32Array(model.count);
  for (let node = 0; node < model.count; node += 1) {
    const up = model.parent[node] as number;
    const above = up < 0 ? 0x811c9dc5 : (all[up] as number);
    all[node] = mixed(above, ofName[model.name[node] as number] as number);
  }
  hashes.set(model, all);
  return all;
}

/** A short text that finds a node again in another picture of the same service: a hash of the functions above it. */
export const pathHash = (model: FlameModel, node: number): string =>
  (hashesOf(model)[node] as number).toString(16).padStart(8, '0');

/** The node of a hash; the root when this picture has none. */
export const nodeOfHash = (model: Paths, hash: string | null): number => findNode(model, hash) ?? 0;

/** The node of a hash; undefined when this picture has none. */
export function findNode(model: Paths, hash: string | null | undefined): number | undefined {
  if (!hash || !/^[0-9a-f]{8}$/.test(hash)) return undefined;
  const node = hashesOf(model).indexOf(Number.parseInt(hash, 16));
  return node < 0 ? undefined : node;
}

/** Nodes of those hashes that this picture has. */
export const nodesOfHashes = (model: Paths, some: ReadonlySet<string>): ReadonlySet<number> =>
  new Set([...some].map((hash) => findNode(model, hash)).filter((node) => node !== undefined));

/** The name of a frame; the root of a whole picture is no function. */
export function nameAt({ name, names }: FlameModel, node: number): string {
  const at = name[node] as number;
  return at === 0 ? 'all' : (names[at] as string);
}

/** A frame as it is copied: `name (file)`. */
export function frameText(model: FlameModel, node: number): string {
  const file = model.files[model.name[node] as number];
  return `${nameAt(model, node)}${file ? ` (${file})` : ''}`;
}

/** From the root down to the node. */
export function lineTo({ parent }: Pick<FlameModel, 'parent'>, node: number): number[] {
  const line = [];
  for (let at = node; at >= 0; at = parent[at] as number) line.push(at);
  return line.reverse();
}
