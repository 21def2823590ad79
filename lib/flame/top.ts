import type { ValueColumn } from '../model/profile.ts';
import { type FlameTree, fileOf, nameOf } from './tree.ts';
import { settle, Totals } from './values.ts';
import { outermost, totalsOf } from './walk.ts';

/** Values by frame: what a function took itself, and with what it called; a recursive function counts once. */
export interface FrameTotals {
  readonly self: ValueColumn;
  readonly total: ValueColumn;
}

export interface TopRow {
  readonly name: string;
  readonly file: string;
  readonly inApp: number;
  readonly frame: number;
  readonly self: number | bigint;
  readonly total: number | bigint;
}

/** By frame of `stacks`. O(nodes). */
export function frameTotals({ stacks, self }: FlameTree): FrameTotals {
  const { parent, frame, frameName } = stacks;
  const frames = frameName.length;
  const total = totalsOf(parent, self);
  const counts = outermost(parent, frame, frames);
  const once = total.slice() as ValueColumn;
  const zero = once instanceof BigInt64Array ? 0n : 0;
  for (let node = 0; node < once.length; node += 1) if (counts[node] === 0) once[node] = zero;
  return { self: byFrame(self, frame, frames), total: byFrame(once, frame, frames) };
}

function byFrame(values: ValueColumn, frame: Uint32Array, frames: number): ValueColumn {
  const sums = new Totals(frames);
  // The root has no frame: its entry stands for frame 0 in the column, and must not count there.
  sums.addAll(values.subarray(1) as ValueColumn, (i) => frame[i + 1]!, frames);
  return settle(sums.finish(frames));
}

/** The `count` functions with the largest self value or total; equal ones by name. */
export function topOf(tree: FlameTree, by: 'self' | 'total', count: number): TopRow[] {
  const { self, total } = frameTotals(tree);
  const { stacks } = tree;
  const rows = Array.from(
    stacks.frameName.keys(),
    (frame): TopRow => ({
      name: nameOf(stacks, frame),
      file: fileOf(stacks, frame),
      inApp: stacks.inApp[frame]!,
      frame,
      self: self[frame]!,
      total: total[frame]!,
    }),
  ).filter((row) => Number(row.self) !== 0 || Number(row.total) !== 0);
  const size = (row: TopRow) => Math.abs(Number(row[by]));
  return rows
    .sort(
      (a, b) => size(b) - size(a) || (a.name < b.name ? -1 : a.name > b.name ? 1 : a.file < b.file ? -1 : 1),
    )
    .slice(0, count);
}
