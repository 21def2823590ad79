import type { ValueColumn } from '../model/profile.ts';
import { settle } from './values.ts';

/**
 * `values` times all/kept, as integers whose sum is exactly the rounded `all`: the error of each rounding goes into the next
 * value. `kept` is the sum of `values`, or what they are a part of.
 *
 * @param all, kept at least 0; with kept = 0 nothing can be scaled, and the values come back as they are
 */
export function scaled(values: ValueColumn, all: bigint, kept: bigint): ValueColumn {
  if (all === kept || kept <= 0n) return values;
  const result = new BigInt64Array(values.length);
  let sum = 0n;
  let given = 0n;
  for (let i = 0; i < values.length; i += 1) {
    sum += BigInt(values[i]!);
    const upTo = rounded(sum * all, kept);
    result[i] = upTo - given;
    given = upTo;
  }
  return settle(result);
}

/** Half away from zero. */
function rounded(numerator: bigint, denominator: bigint): bigint {
  const twice = 2n * numerator;
  return (twice + (numerator < 0n ? -denominator : denominator)) / (2n * denominator);
}

/** The mean over `count`, rounded so that the sum is the rounded mean of the sum. */
export const averaged = (values: ValueColumn, count: number): ValueColumn =>
  count <= 1 ? values : divided(values, BigInt(count));

function divided(values: ValueColumn, count: bigint): ValueColumn {
  const result = new BigInt64Array(values.length);
  let sum = 0n;
  let given = 0n;
  for (let i = 0; i < values.length; i += 1) {
    sum += BigInt(values[i]!);
    const upTo = rounded(sum, count);
    result[i] = upTo - given;
    given = upTo;
  }
  return settle(result);
}
