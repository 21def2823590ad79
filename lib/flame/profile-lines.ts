import type { Profile, ValueColumn } from '../model/profile.ts';
import type { RowColumn } from './columns.ts';
import { NONE } from './pair-table.ts';
import { magnitudeOf, settle, Totals } from './values.ts';
import { outermost, totalsOf } from './walk.ts';

// What one profile says of lines: self and total by row of the line histograms.

/** Nodes whose frame has a line, and the row of each. */
interface NodeRows {
  readonly node: Uint32Array;
  readonly row: Uint32Array;
}
interface LineNodes {
  readonly all: NodeRows;
  /** Where the node's total counts: a line that stands several times in a stack counts once. */
  readonly outermost: NodeRows;
  readonly ticked: readonly TickedNode[];
}

/** A node whose own values lie on other lines than that of its frame. */
interface TickedNode {
  readonly node: number;
  /** Of its frame's line; NONE: it has none. */
  readonly row: number;
  readonly isOutermost: boolean;
  /** How often it was seen at each row. */
  readonly ticks: readonly (readonly [row: number, ticks: number])[];
}

export interface LineRows {
  /** Row of each frame's line; NONE: no line is known. */
  readonly rowOfFrame: Uint32Array;
  /** Row of each entry of the profile's ticks. */
  readonly rowOfTicks: Uint32Array;
}

/** The same for every type of value. Lines are those of the profile's own frames, which tell them apart, and those of its ticks. */
export function lineNodes(profile: Profile, { rowOfFrame, rowOfTicks }: LineRows): LineNodes {
  const { frames, stacks, lineTicks } = profile;
  const outer = outermost(stacks.parent, stacks.frame, frames.name.length);
  const all = nodeRows(outer.length);
  const once = nodeRows(outer.length);
  for (let node = 1; node < outer.length; node += 1) {
    const row = rowOfFrame[stacks.frame[node]!]!;
    if (row === NONE) continue;
    all.add(node, row);
    if (outer[node] === 1) once.add(node, row);
  }
  const places = Map.groupBy(rowOfTicks.keys(), (i) => lineTicks!.stack[i]!);
  const ticked = Array.from(
    places,
    ([node, entries]): TickedNode => ({
      node,
      row: rowOfFrame[stacks.frame[node]!]!,
      isOutermost: outer[node] === 1,
      ticks: entries.map((i) => [rowOfTicks[i]!, lineTicks!.ticks[i]!]),
    }),
  );
  return { all: all.finish(), outermost: once.finish(), ticked };
}

/** What goes from rows to rows, by entry. */
interface Moves {
  readonly row: readonly number[];
  readonly self: Float64Array;
  readonly total: Float64Array;
}

/**
 * Own values of ticked nodes, divided among their lines as their ticks are, instead of at the lines of their frames. None of
 * values beyond 2^53.
 */
function movesOf(own: ValueColumn, ticked: readonly TickedNode[]): Moves {
  const moves: { row: number; self: number; total: number }[] = [];
  for (const { node, row, isOutermost, ticks } of own instanceof Float64Array ? ticked : []) {
    const value = Number(own[node]);
    const whole = ticks.reduce((sum, [, count]) => sum + count, 0);
    // A function that stands further out in the stack as well has the total of its frame's line from there.
    const atFrame = isOutermost ? value : 0;
    let [given, seen] = [0, 0];
    for (const [at, count] of ticks) {
      seen += count;
      const part = (seen >= whole ? value : Math.round((value / whole) * seen)) - given;
      given += part;
      moves.push({ row: at, self: part, total: at === row && !isOutermost ? 0 : part });
    }
    if (row !== NONE) moves.push({ row, self: -value, total: -atFrame });
  }
  return {
    row: moves.map(({ row }) => row),
    self: Float64Array.from(moves, ({ self }) => self),
    total: Float64Array.from(moves, ({ total }) => total),
  };
}

function nodeRows(most: number) {
  const nodes = new Uint32Array(most);
  const rows = new Uint32Array(most);
  let length = 0;
  return {
    add(node: number, row: number) {
      nodes[length] = node;
      rows[length] = row;
      length += 1;
    },
    finish: (): NodeRows => ({ node: nodes.subarray(0, length), row: rows.subarray(0, length) }),
  };
}

/** Self and total by line. */
export function linesOf(profile: Profile, values: ValueColumn, nodes: LineNodes, rows: number): RowColumn {
  const [selves, totals] =
    values instanceof Float64Array && magnitudeOf(values) * MAX_DEPTH <= Number.MAX_SAFE_INTEGER
      ? rowSumsOfNumbers(profile, values, nodes, rows)
      : rowSumsOfAny(profile, values, nodes, rows);
  const at = new Uint32Array(rows);
  let told = 0;
  for (let row = 0; row < rows; row += 1) {
    if (Number(totals[row]) === 0 && Number(selves[row]) === 0) continue;
    at[told] = row;
    told += 1;
  }
  return rowsAt(at.slice(0, told), selves, totals);
}

/** More than a stack has frames: a sample counts in so many rows at most. */
const MAX_DEPTH = 4096;

/** Where no sum can pass 2^53, as in nearly all profiles. */
function rowSumsOfNumbers(
  { samples, stacks }: Profile,
  values: Float64Array,
  { all, outermost, ticked }: LineNodes,
  rows: number,
): readonly [ValueColumn, ValueColumn] {
  const self = new Float64Array(stacks.parent.length);
  for (let i = 0; i < values.length; i += 1) self[samples.stack[i]!]! += values[i]!;
  const below = totalsOf(stacks.parent, self) as Float64Array;
  const selves = new Float64Array(rows);
  for (let i = 0; i < all.node.length; i += 1) selves[all.row[i]!]! += self[all.node[i]!]!;
  const totals = new Float64Array(rows);
  for (let i = 0; i < outermost.node.length; i += 1) totals[outermost.row[i]!]! += below[outermost.node[i]!]!;
  const moves = movesOf(self, ticked);
  for (const [i, row] of moves.row.entries()) {
    selves[row]! += moves.self[i]!;
    totals[row]! += moves.total[i]!;
  }
  return [selves, totals];
}

function rowSumsOfAny(
  { samples, stacks }: Profile,
  values: ValueColumn,
  nodes: LineNodes,
  rows: number,
): readonly [ValueColumn, ValueColumn] {
  const byNode = new Totals(stacks.parent.length);
  byNode.addAll(values, (i) => samples.stack[i]!, stacks.parent.length);
  const self = byNode.finish(stacks.parent.length);
  const moves = movesOf(self, nodes.ticked);
  return [
    sumsByRow(self, nodes.all, moves.row, moves.self, rows),
    sumsByRow(totalsOf(stacks.parent, self), nodes.outermost, moves.row, moves.total, rows),
  ];
}

const rowsAt = (at: Uint32Array, selves: ValueColumn, totals: ValueColumn): RowColumn => ({
  at,
  self: pick(selves, at),
  total: pick(totals, at),
});

function sumsByRow(
  values: ValueColumn,
  { node, row }: NodeRows,
  movedRow: readonly number[],
  moved: ValueColumn,
  rows: number,
): ValueColumn {
  const sums = new Totals(rows);
  sums.addAll(pick(values, node), (i) => row[i]!, rows);
  sums.addAll(moved, (i) => movedRow[i]!, rows);
  return sums.finish(rows);
}

function pick(values: ValueColumn, indices: Uint32Array): ValueColumn {
  const picked =
    values instanceof Float64Array ? new Float64Array(indices.length) : new BigInt64Array(indices.length);
  for (let i = 0; i < indices.length; i += 1) picked[i] = values[indices[i]!]!;
  return settle(picked as ValueColumn);
}
