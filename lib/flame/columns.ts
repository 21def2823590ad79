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

/** Adds two columns: an index of either is one of the sum, even where the values cancel out. O(both). */
export function addColumns(a: Column, b: Column, scratch: Scratch): Column {
  const { at, placeOfB } = unite(a.at, b.at, scratch);
  return { at, values: addValues(a.values, b.values, placeOfB, at.length) };
}

export function addRows(a: RowColumn, b: RowColumn, scratch: Scratch): RowColumn {
  const { at, placeOfB } = unite(a.at, b.at, scratch);
  return {
    at,
    self: addValues(a.self, b.self, placeOfB, at.length),
    total: addValues(a.total, b.total, placeOfB, at.length),
  };
}

/** The indices of both, a's first, and where each of b's went. Leaves garbage in `scratch`; reads none of it. */
export function unite(a: Uint32Array, b: Uint32Array, scratch: Scratch) {
  const united = new Uint32Array(a.length + b.length);
  united.set(a);
  const placeOfB = new Uint32Array(b.length);
  for (let i = 0; i < b.length; i += 1) scratch[b[i]!] = -1;
  for (let i = 0; i < a.length; i += 1) scratch[a[i]!] = i;
  let length = a.length;
  for (let i = 0; i < b.length; i += 1) {
    const index = b[i]!;
    const place = scratch[index]!;
    placeOfB[i] = place < 0 ? length : place;
    if (place < 0) {
      united[length] = index;
      length += 1;
    }
  }
  return { at: united.slice(0, length), placeOfB };
}

function addValues(a: ValueColumn, b: ValueColumn, placeOfB: Uint32Array, length: number): ValueColumn {
  if (a instanceof Float64Array && b instanceof Float64Array) {
    if (magnitudeOf(a) + magnitudeOf(b) <= Number.MAX_SAFE_INTEGER) {
      const sum = new Float64Array(length);
      sum.set(a);
      for (let i = 0; i < b.length; i += 1) sum[placeOfB[i]!]! += b[i]!;
      return sum;
    }
  }
  return addBig(a, b, placeOfB, length);
}

function addBig(a: ValueColumn, b: ValueColumn, placeOfB: Uint32Array, length: number): ValueColumn {
  const sum = new BigInt64Array(length);
  for (let i = 0; i < a.length; i += 1) sum[i] = BigInt(a[i]!);
  for (let i = 0; i < b.length; i += 1) {
    const place = placeOfB[i]!;
    sum[place] = clampInt64(sum[place]! + BigInt(b[i]!));
  }
  return settle(sum);
}

/** The same values at translated indices. */
export const moved = (column: Column, to: Uint32Array): Column => ({
  at: column.at.map((index) => to[index]!),
  values: column.values,
});
export const movedRows = (column: RowColumn, to: Uint32Array): RowColumn => ({
  ...column,
  at: column.at.map((index) => to[index]!),
});
