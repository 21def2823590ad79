import type { ValueColumn } from '../model/profile.ts';
import type { Column } from './columns.ts';
import { type StackTable, StackTableBuilder } from './stack-table.ts';
import { sumOf, Totals } from './values.ts';

/** Frames and nodes of a StackTable: what pictures and tables need. */
export type Stacks = Omit<StackTable, 'lineFrame' | 'line'>;

/** One graph: stacks with one self value each. `self[0]` belongs to samples without a frame. */
export interface FlameTree {
  readonly stacks: Stacks;
  readonly self: ValueColumn;
}

/** The exact total. */
export const totalOf = ({ self }: FlameTree): number | bigint => sumOf(self);

/** Adds columns of several tables into one tree. Finish once. */
export class TreeBuilder {
  readonly #builder = new StackTableBuilder();
  readonly #sums = new Totals(256);

  /** Only the stacks that the columns use come along, so that a heap does not travel with the CPU. */
  add(table: StackTable, columns: readonly Column[]) {
    const strings = new Int32Array(table.strings.length).fill(-1);
    const nodes = new Int32Array(table.parent.length).fill(-1);
    nodes[0] = 0;
    const stringOf = (index: number) => {
      if (strings[index]! < 0) strings[index] = this.#builder.string(table.strings[index]!);
      return strings[index]!;
    };
    const frameOf = (index: number) =>
      this.#builder.frame(
        stringOf(table.frameName[index]!),
        stringOf(table.frameFile[index]!),
        table.inApp[index]!,
      );
    const path: number[] = [];
    const nodeOf = (index: number) => {
      let at = index;
      for (; nodes[at]! < 0; at = table.parent[at]!) path.push(at);
      for (let below = path.pop(); below !== undefined; below = path.pop()) {
        nodes[below] = this.#builder.child(nodes[at]!, frameOf(table.frame[below]!));
        at = below;
      }
      return nodes[index]!;
    };
    for (const { at, values } of columns) {
      for (const index of at) nodeOf(index);
      this.#sums.addAll(values, (i) => nodes[at[i]!]!, this.#builder.nodes);
    }
  }

  finish(): FlameTree {
    return { stacks: this.#builder.finish(), self: this.#sums.finish(this.#builder.nodes) };
  }
}

/** Of one state or tree alone. */
export function treeOf(table: StackTable, columns: readonly Column[]): FlameTree {
  const builder = new TreeBuilder();
  builder.add(table, columns);
  return builder.finish();
}

export const nameOf = ({ strings, frameName }: Stacks, frame: number): string => strings[frameName[frame]!]!;
export const fileOf = ({ strings, frameFile }: Stacks, frame: number): string => strings[frameFile[frame]!]!;

/** Order of UTF-16 code units: the same on every machine. */
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Frames in the order of their names, then files. */
export function rankOfFrames(stacks: Stacks): Uint32Array {
  const order = Array.from(stacks.frameName.keys()).sort(
    (a, b) =>
      compareText(nameOf(stacks, a), nameOf(stacks, b)) || compareText(fileOf(stacks, a), fileOf(stacks, b)),
  );
  const rank = new Uint32Array(order.length);
  for (const [place, frame] of order.entries()) rank[frame] = place;
  return rank;
}

/** Nodes sorted by `rank` of their frame, stable; the root first. Counting sort: linear. */
export function nodesByFrame(stacks: Pick<Stacks, 'frame' | 'frameName'>, rank: Uint32Array): Uint32Array {
  const { frame } = stacks;
  const starts = new Uint32Array(rank.length + 1);
  for (let node = 1; node < frame.length; node += 1) starts[rank[frame[node]!]! + 1]! += 1;
  for (let place = 1; place < starts.length; place += 1) starts[place]! += starts[place - 1]!;
  const order = new Uint32Array(frame.length);
  for (let node = 1; node < frame.length; node += 1) {
    const place = rank[frame[node]!]!;
    order[1 + starts[place]!] = node;
    starts[place]! += 1;
  }
  return order;
}
