import { invalidInput } from '../../model/fault.ts';
import type { ValueColumn } from '../../model/profile.ts';

/** A growing column of exact integers. */
export interface GrowingValues {
  push(value: number | bigint): void;
  finish(): ValueColumn;
}

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

/** Doubles for as long as every sum of some of its values is exact, bigints from then on. */
export function growingValues(): GrowingValues {
  let numbers = new Float64Array(256);
  let bigs: bigint[] | undefined;
  let count = 0;
  let magnitude = 0;

  const pushBig = (value: bigint) => {
    if (value > MAX_INT64 || value < MIN_INT64) {
      throw invalidInput(
        `Cannot decode profile: the value ${String(value).slice(0, 40)} has more than 64 bits`,
      );
    }
    bigs ??= Array.from(numbers.subarray(0, count), BigInt);
    bigs.push(value);
  };

  return {
    push(value) {
      const number = Number(value) + 0; // no −0
      // Times and weights of a damaged file may overflow when they are added.
      if (!Number.isInteger(number)) throw invalidInput(`Cannot decode profile: a value of ${number}`);
      magnitude += Math.abs(number);
      if (bigs !== undefined || magnitude > Number.MAX_SAFE_INTEGER) pushBig(BigInt(value));
      else {
        if (count === numbers.length) {
          const grown = new Float64Array(2 * count);
          grown.set(numbers);
          numbers = grown;
        }
        numbers[count] = number;
      }
      count += 1;
    },
    finish: () => (bigs === undefined ? numbers.slice(0, count) : BigInt64Array.from(bigs)),
  };
}

const TWO_32 = 2 ** 32;

/** A column of 64-bit integers given as halves, low and high in turns; their buffer is used again. */
export function exactColumn(halves: Int32Array): ValueColumn {
  const numbers = new Float64Array(halves.length / 2);
  let magnitude = 0;
  for (let i = 0; i < numbers.length; i += 1) {
    const number = halves[2 * i + 1]! * TWO_32 + (halves[2 * i]! >>> 0);
    magnitude += Math.abs(number);
    numbers[i] = number;
  }
  if (magnitude <= Number.MAX_SAFE_INTEGER) return numbers;
  // Every machine that this runs on has the low half first.
  return new BigInt64Array(halves.buffer, halves.byteOffset, numbers.length);
}

/**
 * Whole numbers for weights with fractions: each boundary between weights is rounded, not each weight, so that the sum
 * is off by half a unit at most.
 */
export function wholeWeights(scale: number): (weight: number) => number {
  let sum = 0;
  let given = 0;
  return (weight) => {
    sum += weight * scale;
    const whole = Math.round(sum) - given;
    given += whole;
    return whole;
  };
}
