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
}

/** The same for every type of value. Lines are those of the profile's own frames, which tell them apart. */
export function lineNodes({ frames, stacks }: Profile, rowOfFrame: Uint32Array): LineNodes {
  const outer = outermost(stacks.parent, stacks.frame, frames.name.length);
  const all = nodeRows(outer.length);
  const once = nodeRows(outer.length);
  for (let node = 1; node < outer.length; node += 1) {
    const row = rowOfFrame[stacks.frame[node]!]!;
    if (row === NONE) continue;
    all.add(node, row);
    if (outer[node] === 1) once.add(node, row);
  }
  return { all: all.finish(), outermost: once.finish() };
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
  { all, outermost }: LineNodes,
  rows: number,
): readonly [ValueColumn, ValueColumn] {
  const self = new Float64Array(stacks.parent.length);
  for (let i = 0; i < values.length; i += 1) self[samples.stack[i]!]! += values[i]!;
  const below = totalsOf(stacks.parent, self) as Float64Array;
  const selves = new Float64Array(rows);
  for (let i = 0; i < all.node.length; i += 1) selves[all.row[i]!]! += self[all.node[i]!]!;
  const totals = new Float64Array(rows);
  for (let i = 0; i < outermost.node.length; i += 1) totals[outermost.row[i]!]! += below[outermost.node[i]!]!;
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
  const selves = sumsByRow(self, nodes.all, rows);
  return [selves, sumsByRow(totalsOf(stacks.parent, self), nodes.outermost, rows)];
}

const rowsAt = (at: Uint32Array, selves: ValueColumn, totals: ValueColumn): RowColumn => ({
  at,
  self: pick(selves, at),
  total: pick(totals, at),
});

function sumsByRow(values: ValueColumn, { node, row }: NodeRows, rows: number): ValueColumn {
  const sums = new Totals(rows);
  sums.addAll(pick(values, node), (i) => row[i]!, rows);
  return sums.finish(rows);
}

function pick(values: ValueColumn, indices: Uint32Array): ValueColumn {
  const picked =
    values instanceof Float64Array ? new Float64Array(indices.length) : new BigInt64Array(indices.length);
  for (let i = 0; i < indices.length; i += 1) picked[i] = values[indices[i]!]!;
  return settle(picked as ValueColumn);
}
