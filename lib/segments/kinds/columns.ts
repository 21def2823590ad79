import { invalidInput } from '../../model/fault.ts';
import {
  type ByteReader,
  type ByteWriter,
  compareText,
  readAscending,
  readNumbers,
  sortedEntries,
  writeAscending,
  writeNumbers,
} from '../bytes.ts';
import { addUpTo53 } from '../kind.ts';

// Columns of points, sorted by time and unique in their key. Union by key is idempotent, so that a point that came twice
// (a retry whose bytes differ, a Collector's replay) counts once even where the footers cannot see it.

/** Levels: one value per time. */
export interface LevelColumn {
  readonly times: readonly number[]; // whole ms, ascending, unique
  readonly values: readonly number[];
  /** Two different values came for one time: two writers share this identity. */
  readonly conflict: boolean;
}

export function mergeLevels(a: LevelColumn, b: LevelColumn): LevelColumn {
  if (a.times.length === 0 && !a.conflict) return b;
  if (b.times.length === 0 && !b.conflict) return a;
  const times: number[] = [];
  const values: number[] = [];
  let conflict = a.conflict || b.conflict;
  let i = 0;
  let j = 0;
  while (i < a.times.length || j < b.times.length) {
    const ta = a.times[i] ?? Number.POSITIVE_INFINITY;
    const tb = b.times[j] ?? Number.POSITIVE_INFINITY;
    const va = a.values[i] as number;
    const vb = b.values[j] as number;
    if (ta === tb && va !== vb) conflict = true;
    times.push(Math.min(ta, tb));
    values.push(ta === tb ? Math.max(va, vb) : ta < tb ? va : vb);
    if (ta <= tb) i += 1;
    if (tb <= ta) j += 1;
  }
  return { times, values, conflict };
}

export function writeLevels(out: ByteWriter, column: LevelColumn) {
  out.u8(column.conflict ? 1 : 0);
  writeAscending(out, column.times);
  writeNumbers(out, column.values);
}

export function readLevels(from: ByteReader): LevelColumn {
  const conflict = from.u8() === 1;
  const times = readAscending(from);
  const values = readNumbers(from);
  if (times.length !== values.length) throw invalidInput('Cannot decode segment: columns differ in length');
  return { times, values, conflict };
}

/** Raw points of a counter, keyed by (time, start). `cells` holds `width` numbers a point: count, sum in µs, buckets. */
export interface CounterColumn {
  readonly width: number;
  readonly times: readonly number[]; // whole ms
  readonly starts: readonly number[];
  readonly cells: readonly number[];
  readonly conflict: boolean;
}

export function mergeCounters(a: CounterColumn, b: CounterColumn): CounterColumn {
  if (a.times.length === 0 && !a.conflict) return b;
  if (b.times.length === 0 && !b.conflict) return a;
  const { width } = a;
  const times: number[] = [];
  const starts: number[] = [];
  const cells: number[] = [];
  let conflict = a.conflict || b.conflict;
  let i = 0;
  let j = 0;
  while (i < a.times.length || j < b.times.length) {
    const order = comparePoint(a, i, b, j);
    // Under one key the larger count wins, and its whole row with it; equal counts are settled by the rest of the row.
    const rows = order === 0 ? compareRow(a, i, b, j) : 0;
    if (rows !== 0) conflict = true;
    const fromA = order < 0 || (order === 0 && rows >= 0);
    const source = fromA ? a : b;
    const at = fromA ? i : j;
    times.push(source.times[at] as number);
    starts.push(source.starts[at] as number);
    for (let cell = 0; cell < width; cell += 1) cells.push(source.cells[at * width + cell] as number);
    if (order <= 0) i += 1;
    if (order >= 0) j += 1;
  }
  return { width, times, starts, cells, conflict };
}

const LAST = Number.POSITIVE_INFINITY;
function comparePoint(a: CounterColumn, i: number, b: CounterColumn, j: number): number {
  const ta = a.times[i] ?? LAST;
  const tb = b.times[j] ?? LAST;
  if (ta !== tb) return ta < tb ? -1 : 1;
  return Math.sign((a.starts[i] ?? LAST) - (b.starts[j] ?? LAST));
}

function compareRow(a: CounterColumn, i: number, b: CounterColumn, j: number): number {
  for (let cell = 0; cell < a.width; cell += 1) {
    const difference = (a.cells[i * a.width + cell] as number) - (b.cells[j * b.width + cell] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

export function readCounters(from: ByteReader): CounterColumn {
  const conflict = from.u8() === 1;
  const width = from.count();
  const times = readAscending(from);
  const starts = readNumbers(from);
  const columns = Array.from({ length: width }, () => readNumbers(from));
  if ([starts, ...columns].some((column) => column.length !== times.length)) {
    throw invalidInput('Cannot decode segment: columns differ in length');
  }
  return { width, times, starts, cells: cellsOf(columns, times.length), conflict };
}

/** Rows from columns of equally many values. */
export function cellsOf(columns: readonly (readonly number[])[], rows: number): readonly number[] {
  const width = columns.length;
  const cells = new Array<number>(rows * width);
  for (const [cell, column] of columns.entries()) {
    for (let row = 0; row < rows; row += 1) cells[row * width + cell] = column[row] as number;
  }
  return cells;
}

/** Sums per second of data time: additive, so their uploads are told apart by the footers. */
export interface TallyColumn {
  readonly seconds: readonly number[]; // whole seconds, ascending, unique
  readonly sums: readonly number[];
}

export function mergeTallies(a: TallyColumn, b: TallyColumn): TallyColumn {
  const sums = new Map<number, number>();
  for (const column of [a, b]) {
    for (const [i, second] of column.seconds.entries()) {
      sums.set(second, addUpTo53(sums.get(second) ?? 0, column.sums[i] as number));
    }
  }
  const seconds = [...sums.keys()].sort((x, y) => x - y);
  return { seconds, sums: seconds.map((second) => sums.get(second) as number) };
}

export function readTally(from: ByteReader): TallyColumn {
  const seconds = readAscending(from);
  const sums = readNumbers(from);
  if (seconds.length !== sums.length) throw invalidInput('Cannot decode segment: columns differ in length');
  return { seconds, sums };
}

/** From when to when something was seen, whole ms. */
export interface Seen {
  readonly first: number;
  readonly last: number;
}

export const mergeSeen = (a: Seen, b: Seen): Seen => ({
  first: Math.min(a.first, b.first),
  last: Math.max(a.last, b.last),
});

/** Merges two maps key by key. */
export function mergeMaps<V>(
  a: ReadonlyMap<string, V>,
  b: ReadonlyMap<string, V>,
  merge: (x: V, y: V) => V,
): ReadonlyMap<string, V> {
  if (b.size === 0) return a;
  if (a.size === 0) return b;
  const merged = new Map(a);
  for (const [key, value] of b) {
    const before = merged.get(key);
    merged.set(key, before === undefined ? value : merge(before, value));
  }
  return merged;
}

export const mapEach = <V, W>(
  map: ReadonlyMap<string, V>,
  change: (value: V, key: string) => W,
): ReadonlyMap<string, W> => new Map([...map].map(([key, value]) => [key, change(value, key)]));

/** Writes a map in the order of its keys; `readMap` reads it. */
export function writeMap<V>(
  out: ByteWriter,
  map: ReadonlyMap<string, V>,
  indexOf: (key: string) => number,
  write: (out: ByteWriter, value: V) => void,
) {
  out.uint(map.size);
  for (const [key, value] of sortedEntries(map)) {
    out.uint(indexOf(key));
    write(out, value);
  }
}

export function readMap<V>(
  from: ByteReader,
  textAt: (index: number) => string,
  read: (from: ByteReader) => V,
): ReadonlyMap<string, V> {
  const size = from.count();
  const map = new Map<string, V>();
  let before: string | undefined;
  for (let i = 0; i < size; i += 1) {
    const key = textAt(from.uint());
    if (before !== undefined && compareText(before, key) >= 0) {
      throw invalidInput('Cannot decode segment: map keys are not in order');
    }
    before = key;
    map.set(key, read(from));
  }
  return map;
}
