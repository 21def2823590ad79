import { invalidInput } from '../../model/fault.ts';
import type { Sketch } from '../../model/sketch.ts';
import type { ByteReader, ByteWriter } from '../bytes.ts';

/** Buckets in the order of their indices. */
export function writeSketch(out: ByteWriter, { buckets }: Sketch) {
  out.uint(buckets.size);
  for (const index of sortedIndices(buckets)) {
    out.int(index);
    out.uint(buckets.get(index)!);
  }
}

function sortedIndices(buckets: Sketch['buckets']): readonly number[] {
  const indices = [...buckets.keys()];
  // Most functions lie in one bucket, or in few.
  return indices.length > 1 ? indices.sort((a, b) => a - b) : indices;
}

export const readSketch = (from: ByteReader): Sketch => ({
  buckets: new Map(Array.from({ length: from.count(2) }, () => [from.int(), from.uint()] as const)),
});

/** Indices as differences; weights in the largest unit that divides all of them, which mostly is one request. */
export function writePackedSketch(out: ByteWriter, { buckets }: Sketch) {
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  out.uint(sorted.length);
  if (sorted.length === 0) return;
  const unit = sorted.reduce((divisor, [, weight]) => greatestCommonDivisor(divisor, weight), 0) || 1;
  out.uint(unit);
  let before = 0;
  for (const [index, weight] of sorted) {
    out.int(index - before);
    out.uint(weight / unit);
    before = index;
  }
}

export function readPackedSketch(from: ByteReader): Sketch {
  const buckets = new Map<number, number>();
  const length = from.count(2);
  const unit = length === 0 ? 1 : from.uint();
  let index = 0;
  for (let i = 0; i < length; i += 1) {
    index += from.int();
    const weight = from.uint() * unit;
    if (!Number.isSafeInteger(index) || !Number.isSafeInteger(weight))
      throw invalidInput(`Cannot decode segment: bucket ${index} of a sketch weighs ${weight}`);
    buckets.set(index, weight);
  }
  return { buckets };
}

function greatestCommonDivisor(a: number, b: number): number {
  let [large, small] = [a, b];
  while (small !== 0) [large, small] = [small, large % small];
  return large;
}
