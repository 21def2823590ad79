import type { Column, RowColumn } from '../../flame/columns.ts';
import { NONE } from '../../flame/pair-table.ts';
import type { Examples } from '../../flame/state.ts';
import { EXACT_MAX, settle } from '../../flame/values.ts';
import { invalidInput } from '../../model/fault.ts';
import { bytesOfHex, hexOf, uploadId } from '../../model/ids.ts';
import type { ValueColumn } from '../../model/profile.ts';
import { type ByteReader, type ByteWriter, compareText } from '../bytes.ts';

const ID_BYTES = 16;

/** Indices of columns. Those of one upload mostly have one and the same: a column may say "as before". */
export class IndexWriter {
  #before = new Uint32Array(0);

  write(out: ByteWriter, at: Uint32Array) {
    const same = at.length === this.#before.length && at.every((index, i) => index === this.#before[i]);
    this.#before = at as Uint32Array<ArrayBuffer>;
    out.uint(same ? 0 : at.length + 1);
    if (same) return;
    let before = -1;
    for (const index of at) {
      out.uint(index - before - 1);
      before = index;
    }
  }
}

export class IndexReader {
  #before = new Uint32Array(0);
  readonly #limit: number;
  constructor(limit: number) {
    this.#limit = limit;
  }

  read(from: ByteReader): Uint32Array {
    const count = from.count();
    if (count === 0) return this.#before;
    const at = new Uint32Array(count - 1);
    let before = -1;
    for (let i = 0; i < at.length; i += 1) {
      before += 1 + from.uint();
      if (before >= this.#limit) throw damaged(`names entry ${before} of ${this.#limit}`);
      at[i] = before;
    }
    this.#before = at;
    return at;
  }
}

/** Values are multiples of something more often than not (samples of 10 ms): their greatest divisor is written once. */
export function writeValues(out: ByteWriter, values: ValueColumn) {
  if (values instanceof BigInt64Array) {
    out.uint(BIG);
    for (const value of values) writeBig(out, value);
    return;
  }
  let divisor = 0;
  for (const value of values) {
    // Most values are multiples of what those before have in common.
    if (divisor === 0 || value % divisor !== 0) divisor = commonDivisor(divisor, Math.abs(value));
    if (divisor === 1) break;
  }
  const unit = divisor || 1;
  out.uint(unit);
  for (const value of values) out.int(value / unit);
}
/** In the place of the divisor. */
const BIG = 0;

export function readValues(from: ByteReader, length: number): ValueColumn {
  const unit = from.uint();
  if (unit === BIG) {
    const values = new BigInt64Array(checked(from, length));
    for (let i = 0; i < length; i += 1) values[i] = readBig(from);
    if (settle(values) !== values) throw damaged('has a column in the wrong form');
    return values;
  }
  const values = new Float64Array(checked(from, length));
  from.ints(values);
  let magnitude = 0;
  for (let i = 0; i < length; i += 1) {
    const value = values[i]! * unit;
    magnitude += Math.abs(value);
    values[i] = value === 0 ? 0 : value; // no −0
  }
  if (magnitude > EXACT_MAX) throw damaged('has a column in the wrong form');
  return values;
}

/** A value takes a byte at least, so that indices "as before" cannot ask for more than is there. */
function checked(from: ByteReader, length: number): number {
  if (length > from.left) throw damaged(`says that ${length} values follow`);
  return length;
}

function commonDivisor(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

export function writeBig(out: ByteWriter, value: bigint) {
  out.big(value < 0n ? -value * 2n - 1n : value * 2n);
}
export function readBig(from: ByteReader): bigint {
  const zigzag = from.big();
  const value = (zigzag >> 1n) ^ -(zigzag & 1n);
  if (value >= 2n ** 63n || value < -(2n ** 63n)) throw damaged('has a value beyond 2^63');
  return value;
}

export function writeColumn(out: ByteWriter, indices: IndexWriter, { at, values }: Column) {
  indices.write(out, at);
  writeValues(out, values);
}
export function readColumn(from: ByteReader, indices: IndexReader): Column {
  const at = indices.read(from);
  return { at, values: readValues(from, at.length) };
}

export function writeRows(out: ByteWriter, indices: IndexWriter, { at, self, total }: RowColumn) {
  indices.write(out, at);
  writeValues(out, self);
  writeValues(out, total);
}
export function readRows(from: ByteReader, indices: IndexReader): RowColumn {
  const at = indices.read(from);
  return { at, self: readValues(from, at.length), total: readValues(from, at.length) };
}

export function writeExamples(out: ByteWriter, indices: IndexWriter, examples: Examples) {
  const { uploads, at, first, second } = examples;
  out.uint(uploads.length);
  for (const id of uploads) out.raw(bytesOfHex(id));
  indices.write(out, at);
  for (let i = 0; i < at.length; i += 1) {
    out.uint(first[i]!);
    out.uint(second[i] === NONE ? 0 : second[i]! - first[i]!);
  }
}

export function readExamples(from: ByteReader, indices: IndexReader): Examples {
  const uploads = Array.from({ length: from.count(ID_BYTES) }, () => uploadId(hexOf(from.raw(ID_BYTES))));
  if (uploads.some((id, i) => i > 0 && compareText(uploads[i - 1]!, id) >= 0))
    throw damaged('has examples out of order');
  const at = indices.read(from);
  const first = new Uint32Array(checked(from, at.length));
  const second = new Uint32Array(at.length);
  for (let i = 0; i < at.length; i += 1) {
    first[i] = from.uint();
    const more = from.uint();
    second[i] = more === 0 ? NONE : first[i]! + more;
    if (first[i]! >= uploads.length || (more > 0 && second[i]! >= uploads.length))
      throw damaged('names an example that is not there');
  }
  return { uploads, at, first, second };
}

const damaged = (what: string) => invalidInput(`Cannot decode flame section: it ${what}`);
