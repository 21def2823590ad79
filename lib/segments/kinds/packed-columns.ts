import { invalidInput } from '../../model/fault.ts';
import { Allowance } from '../allowance.ts';
import type { ByteReader, ByteWriter } from '../bytes.ts';

// Columns of one section, each written once: the series of an exporter share their times, the buckets that nothing falls into
// their counts. A column is its place among those before it plus one, or 0 and itself: as differences, as runs of
// equal differences where that takes fewer numbers, or as doubles.

const HERE = 0;
const DIFFERENCES = 0;
const DOUBLES = 1;
const RUNS = 2;

export class ColumnWriter {
  readonly out: ByteWriter;
  readonly #begin: number;
  readonly #allowance = new Allowance();
  readonly #known = new Map<string, { readonly values: readonly number[]; readonly place: number }[]>();
  #places = 0;

  constructor(out: ByteWriter) {
    this.out = out;
    this.#begin = out.length;
  }

  /** Any finite numbers. @throws RangeError on NaN and infinities: no merge could order them */
  numbers(values: readonly number[]) {
    const at = this.out.length - this.#begin;
    const look = `${values.length} ${values[0]} ${values[values.length >> 1]} ${values.at(-1)}`;
    const alike = this.#known.get(look) ?? [];
    const known = alike.find((column) => column.values.every((value, i) => value === values[i]));
    if (known !== undefined && this.#allowance.take(values.length, at)) {
      this.out.uint(known.place + 1);
      return;
    }
    this.#known.set(look, [...alike, { values, place: this.#places }]);
    this.#places += 1;
    this.out.uint(HERE);
    this.#write(values, at);
  }

  #write(values: readonly number[], at: number) {
    const { out } = this;
    out.uint(values.length);
    const { whole, runs } = shapeOf(values);
    if (!whole) {
      out.u8(DOUBLES);
      for (const value of values) out.f64(value);
    } else if (2 * runs <= values.length && this.#allowance.take(values.length, at)) {
      out.u8(RUNS);
      writeRuns(out, values);
    } else {
      out.u8(DIFFERENCES);
      let before = 0;
      for (const value of values) {
        out.int(value - before);
        before = value;
      }
    }
  }
}

/** Whether differences can be written, and in how many runs of equal ones. */
function shapeOf(values: readonly number[]): { readonly whole: boolean; readonly runs: number } {
  let whole = true;
  let runs = 0;
  let before = 0;
  let step = Number.NaN;
  for (const value of values) {
    if (!Number.isFinite(value)) throw new RangeError(`Cannot write ${value} into a column`);
    // Differences of two safe integers may leave the safe range: half of it keeps them inside.
    whole &&= Number.isInteger(value) && Math.abs(value) < 2 ** 51;
    if (value - before !== step) runs += 1;
    step = value - before;
    before = value;
  }
  return { whole, runs };
}

function writeRuns(out: ByteWriter, values: readonly number[]) {
  let before = 0;
  for (let i = 0; i < values.length; ) {
    const step = (values[i] as number) - before;
    let times = 0;
    for (; i < values.length && (values[i] as number) - before === step; i += 1) {
      before = values[i] as number;
      times += 1;
    }
    out.int(step);
    out.uint(times);
  }
}

/** Refuses what a ColumnWriter would not have written with `Fault('invalid-input')`. */
export class ColumnReader {
  readonly from: ByteReader;
  readonly #size: number;
  readonly #allowance = new Allowance();
  readonly #columns: (readonly number[])[] = [];
  readonly #rising = new Set<readonly number[]>();

  constructor(from: ByteReader) {
    this.from = from;
    this.#size = from.left;
  }

  /** A column that may be shared with others: it must not be changed. */
  numbers(): readonly number[] {
    const at = this.#size - this.from.left;
    const place = this.from.uint();
    if (place === HERE) {
      const values = this.#read(at);
      this.#columns.push(values);
      return values;
    }
    const known = this.#columns[place - 1];
    if (known === undefined)
      throw invalidInput(`Cannot decode segment: column ${place} of ${this.#columns.length}`);
    this.#take(known.length, at);
    return known;
  }

  /** A column none of whose values is less than the one before. */
  ascending(): readonly number[] {
    const values = this.numbers();
    if (this.#rising.has(values)) return values;
    for (let i = 1; i < values.length; i += 1) {
      if ((values[i] as number) < (values[i - 1] as number))
        throw invalidInput(`Cannot decode segment: value ${i} of a column falls`);
    }
    this.#rising.add(values);
    return values;
  }

  #read(at: number): readonly number[] {
    const { from } = this;
    const length = from.uint();
    const form = from.u8();
    if (form === RUNS) {
      this.#take(length, at);
      return readRuns(from, length);
    }
    if (form !== DIFFERENCES && form !== DOUBLES)
      throw invalidInput(`Cannot decode segment: column form ${form}`);
    if (length > from.left) throw invalidInput(`Cannot decode segment: ${length} values cannot fit`);
    const values = new Array<number>(length);
    let before = 0;
    for (let i = 0; i < length; i += 1) {
      before = form === DIFFERENCES ? before + from.int() : from.f64();
      if (!Number.isFinite(before)) throw invalidInput(`Cannot decode segment: a column holds ${before}`);
      values[i] = before;
    }
    return values;
  }

  #take(count: number, at: number) {
    if (!this.#allowance.take(count, at))
      throw invalidInput(`Cannot decode segment: ${count} values in too few bytes`);
  }
}

function readRuns(from: ByteReader, length: number): readonly number[] {
  const values = new Array<number>(length);
  let before = 0;
  for (let i = 0; i < length; ) {
    const step = from.int();
    const end = i + from.uint();
    if (end === i || end > length) throw invalidInput('Cannot decode segment: a run does not fit its column');
    for (; i < end; i += 1) {
      before += step;
      values[i] = before;
    }
  }
  return values;
}
