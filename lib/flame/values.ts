import type { ValueColumn } from '../model/profile.ts';

// Exact integers in typed arrays. CPU nanoseconds of a busy fleet pass 2^53, where doubles begin to lose the last digit:
// a column is a Float64Array while the sum of its magnitudes stays within, so that every sum over it is exact as well, and
// a BigInt64Array from there on.

/** Sums of magnitudes up to here are exact in doubles. */
export const EXACT_MAX = Number.MAX_SAFE_INTEGER;
/** Where 64 bits end: 292 years of CPU in nanoseconds, 8 EiB. Sums stop there instead of turning negative. */
const INT64_MAX = 2n ** 63n - 1n;

export const clampInt64 = (value: bigint): bigint =>
  value > INT64_MAX ? INT64_MAX : value < -INT64_MAX ? -INT64_MAX : value;

/** Sum of |value|; rounds beyond 2^53, where only "too large" matters. */
export function magnitudeOf(values: ValueColumn): number {
  let sum = 0;
  if (values instanceof Float64Array) for (const value of values) sum += Math.abs(value);
  else for (const value of values) sum += Math.abs(Number(value));
  return sum;
}

/** The narrower of both forms that holds `values` exactly. */
export function settle(values: ValueColumn): ValueColumn {
  const small = magnitudeOf(values) <= EXACT_MAX;
  if (values instanceof Float64Array) return small ? values : toBig(values);
  return small ? Float64Array.from(values, Number) : values;
}

const toBig = (values: Float64Array): BigInt64Array =>
  BigInt64Array.from(values, (value) => clampInt64(BigInt(value)));

/** Exact sum of all values, as a number while that is exact. */
export function sumOf(values: ValueColumn): number | bigint {
  if (values instanceof Float64Array) {
    let sum = 0;
    for (const value of values) sum += value;
    return sum;
  }
  let sum = 0n;
  for (const value of values) sum += value;
  return toExact(sum);
}

/** A bigint as a number where that loses nothing. */
export const toExact = (value: bigint): number | bigint =>
  value <= EXACT_MAX && value >= -EXACT_MAX ? Number(value) : value;

/** Adds two exact integers, each in its narrower form. */
export function addExact(a: number | bigint, b: number | bigint): number | bigint {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Math.abs(sum) <= EXACT_MAX) return sum;
  }
  return toExact(clampInt64(BigInt(a) + BigInt(b)));
}

/**
 * Sums at dense indices. Grows with its indices and turns to bigint by itself; costs one double per index until then.
 */
export class Totals {
  #small: Float64Array;
  #big: BigInt64Array | undefined;
  #magnitude = 0;

  constructor(length: number) {
    this.#small = new Float64Array(length);
  }

  /** Adds `values[i]` at `index(i)`. */
  addAll(values: ValueColumn, index: (i: number) => number, length: number) {
    this.#reserve(length, magnitudeOf(values));
    if (this.#big === undefined) {
      const plain = values instanceof Float64Array ? values : Float64Array.from(values, Number);
      for (let i = 0; i < plain.length; i += 1) this.#small[index(i)]! += plain[i]!;
      return;
    }
    for (let i = 0; i < values.length; i += 1) {
      const at = index(i);
      this.#big[at] = clampInt64(this.#big[at]! + BigInt(values[i]!));
    }
  }

  /** Room for `length` indices, and for `magnitude` more. */
  #reserve(length: number, magnitude: number) {
    this.#magnitude += magnitude;
    if (this.#big === undefined && this.#magnitude > EXACT_MAX) this.#big = toBig(this.#small);
    const size = Math.max(length, 2 * this.#small.length);
    if (this.#small.length < length) {
      const grown = new Float64Array(size);
      if (this.#big === undefined) grown.set(this.#small);
      this.#small = grown;
    }
    if (this.#big !== undefined && this.#big.length < length) {
      const grown = new BigInt64Array(size);
      grown.set(this.#big);
      this.#big = grown;
    }
  }

  /** The first `length` sums. */
  finish(length: number): ValueColumn {
    this.#reserve(length, 0);
    return settle((this.#big ?? this.#small).slice(0, length) as ValueColumn);
  }
}
