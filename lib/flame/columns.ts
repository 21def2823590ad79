import type { ValueColumn } from '../model/profile.ts';
import { clampInt64, magnitudeOf, settle } from './values.ts';

/** Values of some of the indices of a table (nodes, line rows), each index once, in any order. */
export interface Column {
  readonly at: Uint32Array;
  readonly values: ValueColumn;
}

/** Self and total of some rows. */
export interface RowColumn {
  readonly at: Uint32Array;
  readonly self: ValueColumn;
  readonly total: ValueColumn;
}

/** Room for finding an index in a column; shared by all additions over one table. */
export type Scratch = Int32Array;

/** A column of another table, and where that table's indices lie in this one; absent: where they are. */
export interface Placed<C> {
  readonly column: C;
  readonly to?: Uint32Array;
}

/** Adds columns: an index of any is one of the sum, even where the values cancel out. Linear in all of them. */
export function addColumns(parts: readonly Placed<Column>[], scratch: Scratch): Column {
  const [only, ...others] = parts;
  if (only !== undefined && others.length === 0) return { ...only.column, at: placedAt(only) };
  const { at, places } = unite(parts, scratch);
  return {
    at,
    values: addValues(
      parts.map(({ column }) => column.values),
      places,
      at.length,
    ),
  };
}

export function addRows(parts: readonly Placed<RowColumn>[], scratch: Scratch): RowColumn {
  const [only, ...others] = parts;
  if (only !== undefined && others.length === 0) return { ...only.column, at: placedAt(only) };
  const { at, places } = unite(parts, scratch);
  const sumOf = (values: (column: RowColumn) => ValueColumn) =>
    addValues(
      parts.map(({ column }) => values(column)),
      places,
      at.length,
    );
  return { at, self: sumOf(({ self }) => self), total: sumOf(({ total }) => total) };
}

export function placedAt({ column: { at }, to }: Placed<{ readonly at: Uint32Array }>): Uint32Array {
  if (to === undefined) return at;
  const placed = new Uint32Array(at.length);
  for (let i = 0; i < at.length; i += 1) placed[i] = to[at[i]!]!;
  return placed;
}

/** The indices of all, and where each part's went among them. Leaves garbage in `scratch`; reads none of it. */
export function unite(parts: readonly Placed<{ readonly at: Uint32Array }>[], scratch: Scratch) {
  const places = parts.map((part) => (part.to === undefined ? part.column.at.slice() : placedAt(part)));
  let most = 0;
  for (const indices of places) {
    most += indices.length;
    for (let i = 0; i < indices.length; i += 1) scratch[indices[i]!] = -1;
  }
  const united = new Uint32Array(Math.min(most, scratch.length));
  let length = 0;
  for (const indices of places) {
    for (let i = 0; i < indices.length; i += 1) {
      const index = indices[i]!;
      if (scratch[index]! < 0) {
        scratch[index] = length;
        united[length] = index;
        length += 1;
      }
      indices[i] = scratch[index]!;
    }
  }
  return { at: united.slice(0, length), places };
}

/** Sums at `places`; doubles as long as no sum can pass 2^53, whatever the order. */
function addValues(
  parts: readonly ValueColumn[],
  places: readonly Uint32Array[],
  length: number,
): ValueColumn {
  const isPlain = parts.every((values) => values instanceof Float64Array);
  const magnitude = parts.reduce((sum, values) => sum + magnitudeOf(values), 0);
  if (!isPlain || magnitude > Number.MAX_SAFE_INTEGER) return addBig(parts, places, length);
  const sum = new Float64Array(length);
  for (const [part, values] of parts.entries()) {
    const to = places[part]!;
    for (let i = 0; i < to.length; i += 1) sum[to[i]!]! += values[i] as number;
  }
  return sum;
}

function addBig(parts: readonly ValueColumn[], places: readonly Uint32Array[], length: number): ValueColumn {
  const sum = new BigInt64Array(length);
  for (const [part, values] of parts.entries()) {
    const to = places[part]!;
    for (let i = 0; i < to.length; i += 1) {
      const place = to[i]!;
      sum[place] = clampInt64(sum[place]! + BigInt(values[i]!));
    }
  }
  return settle(sum);
}
