import type { WorkIncrements } from '../lives/counts.ts';

/** Cells of a counter's row before its buckets: count and sum. */
const BUCKETS_FROM = 2;

/**
 * A quantile from explicit-bucket histograms, linear inside of the bucket as PromQL's histogram_quantile does it; the
 * last bucket has no end, so its lower bound is all that can be said. Parts may have different bounds.
 */
export function bucketQuantileUs(parts: readonly WorkIncrements[], q: number): number | undefined {
  const counts = new Map<number, { from: number; count: number }>(); // upper bound → bucket
  for (const { boundsUs, increments } of parts) {
    const uppers = [...boundsUs, Number.POSITIVE_INFINITY];
    for (const row of increments.rows) {
      for (const [i, upper] of uppers.entries()) {
        const before = counts.get(upper);
        const count = (before?.count ?? 0) + (row[BUCKETS_FROM + i] ?? 0);
        counts.set(upper, { from: Math.max(before?.from ?? 0, boundsUs[i - 1] ?? 0), count });
      }
    }
  }
  const buckets = [...counts].sort(([a], [b]) => a - b);
  const total = buckets.reduce((sum, [, { count }]) => sum + count, 0);
  if (total <= 0) return undefined;
  let seen = 0;
  for (const [upper, { from, count }] of buckets) {
    if (count > 0 && seen + count >= q * total) {
      return Number.isFinite(upper) ? from + ((upper - from) * (q * total - seen)) / count : from;
    }
    seen += count;
  }
  return undefined;
}
