import type { Sketch } from '../../model/sketch.ts';
import type { ByteReader, ByteWriter } from '../bytes.ts';

/** Buckets in the order of their indices. */
export function writeSketch(out: ByteWriter, { buckets }: Sketch) {
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  out.uint(sorted.length);
  for (const [index, weight] of sorted) {
    out.int(index);
    out.uint(weight);
  }
}

export const readSketch = (from: ByteReader): Sketch => ({
  buckets: new Map(Array.from({ length: from.count(2) }, () => [from.int(), from.uint()] as const)),
});
