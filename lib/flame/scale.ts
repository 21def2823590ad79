import { pictureOrder } from './prune.ts';
import type { FlameTree } from './tree.ts';
import { settle } from './values.ts';

/**
 * A tree times numerator/denominator, in integers whose sum is exactly the rounded product of the sum: the error of each
 * rounding goes into the next stack, in the order of the picture, so that equal trees give equal trees.
 *
 * @param denominator above 0
 */
export function scaled({ stacks, self }: FlameTree, numerator: bigint, denominator: bigint): FlameTree {
  if (numerator === denominator) return { stacks, self };
  const result = new BigInt64Array(self.length);
  let sum = 0n;
  let given = 0n;
  for (const node of pictureOrder(stacks)) {
    sum += BigInt(self[node]!);
    const upTo = rounded(sum * numerator, denominator);
    result[node] = upTo - given;
    given = upTo;
  }
  return { stacks, self: settle(result) };
}

/** Half away from zero. */
function rounded(numerator: bigint, denominator: bigint): bigint {
  const twice = 2n * numerator;
  return (twice + (numerator < 0n ? -denominator : denominator)) / (2n * denominator);
}
