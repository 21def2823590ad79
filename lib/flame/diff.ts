import type { Sides } from './prune.ts';
import { StackTableBuilder } from './stack-table.ts';
import { frameTotals } from './top.ts';
import { type FlameTree, fileOf, nameOf } from './tree.ts';
import { magnitudeOf, Totals } from './values.ts';

/** Puts two trees over one table: a stack that one of them lacks has 0 there. */
export function align(left: FlameTree, right: FlameTree): Sides {
  const builder = new StackTableBuilder();
  const maps = [left, right].map(({ stacks }) =>
    builder.add({ ...stacks, lineFrame: new Uint32Array(0), line: new Uint32Array(0) }),
  );
  const selves = [left, right].map(({ self }, side) => {
    const sums = new Totals(builder.nodes);
    sums.addAll(self, (node) => maps[side]!.node[node]!, builder.nodes);
    return sums.finish(builder.nodes);
  });
  return { stacks: builder.finish(), selves };
}

export interface DiffRow {
  readonly name: string;
  readonly file: string;
  readonly inApp: number;
  readonly left: { readonly self: number | bigint; readonly total: number | bigint };
  readonly right: { readonly self: number | bigint; readonly total: number | bigint };
  /**
   * Right share of all that its side measured less the left one, −1 … 1: what compares sides of different length or load.
   * All that was measured is the sum of magnitudes: where some values are below zero, their sum says little, or nothing.
   */
  readonly selfShare: number;
  readonly totalShare: number;
}

/**
 * What changed, function by function.
 *
 * @param by 'share' ranks by the change of the share of self time, 'value' by the change of the value itself
 */
export function diffOf(left: FlameTree, right: FlameTree, by: 'share' | 'value', count: number): DiffRow[] {
  const { stacks, selves } = align(left, right);
  const [a, b] = selves.map((self) => ({ ...frameTotals({ stacks, self }), sum: magnitudeOf(self) || 1 }));
  const rows = Array.from(stacks.frameName.keys(), (frame): DiffRow => {
    const of = (side: typeof a) => ({ self: side!.self[frame]!, total: side!.total[frame]! });
    const share = (value: 'self' | 'total') =>
      Number(b![value][frame]) / b!.sum - Number(a![value][frame]) / a!.sum;
    return {
      name: nameOf(stacks, frame),
      file: fileOf(stacks, frame),
      inApp: stacks.inApp[frame]!,
      left: of(a),
      right: of(b),
      selfShare: share('self'),
      totalShare: share('total'),
    };
  });
  const size = (row: DiffRow) =>
    by === 'share' ? Math.abs(row.selfShare) : Math.abs(Number(row.right.self) - Number(row.left.self));
  return rows
    .filter(({ left: l, right: r }) =>
      [l.self, l.total, r.self, r.total].some((value) => Number(value) !== 0),
    )
    .sort((x, y) => size(y) - size(x) || (x.name < y.name ? -1 : x.name > y.name ? 1 : 0))
    .slice(0, count);
}
