/** Nearest rank: the smallest value with at least the share `q` of all values at or below it. Sorts nothing. */
export function quantileOfSorted(sorted: ArrayLike<number>, q: number): number {
  if (sorted.length === 0) return 0;
  const rank = Math.ceil(q * sorted.length);
  return sorted[Math.min(Math.max(rank, 1), sorted.length) - 1]!;
}

export interface Quantiles {
  readonly p50: number;
  readonly p75: number;
  readonly p95: number;
  readonly p99: number;
}

export function quantilesOf(values: Iterable<number>): Quantiles {
  const sorted = Float64Array.from(values).sort();
  const at = (q: number) => quantileOfSorted(sorted, q);
  return { p50: at(0.5), p75: at(0.75), p95: at(0.95), p99: at(0.99) };
}
