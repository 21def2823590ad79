/** A point as the API sends it: epoch ms and value. */
export type ApiPoint = [number, number];

/**
 * At most `max` points that look like all of them: the lowest and the highest of each bucket of time, in order. Averages
 * would invent values that nobody measured and hide the lows that the analysis is about.
 */
export function thin(times: ArrayLike<number>, values: ArrayLike<number>, max: number): ApiPoint[] {
  const n = times.length;
  const at = (i: number): ApiPoint => [times[i] as number, round(values[i] as number)];
  if (n <= max) return Array.from({ length: n }, (_, i) => at(i));
  const buckets = Math.max(1, Math.floor(max / 2));
  const first = times[0] as number;
  const span = (times[n - 1] as number) - first || 1;
  const points: ApiPoint[] = [];
  let i = 0;
  for (let bucket = 0; bucket < buckets && i < n; bucket += 1) {
    const end = bucket === buckets - 1 ? Number.POSITIVE_INFINITY : first + (span * (bucket + 1)) / buckets;
    let low = i;
    let high = i;
    const begin = i;
    for (; i < n && (times[i] as number) < end; i += 1) {
      if ((values[i] as number) < (values[low] as number)) low = i;
      if ((values[i] as number) > (values[high] as number)) high = i;
    }
    if (i === begin) continue;
    for (const index of new Set([Math.min(low, high), Math.max(low, high)])) points.push(at(index));
  }
  return points;
}

/** Doubles of fitted floors carry more digits than memory has bytes. */
const round = (value: number) => (Number.isInteger(value) ? value : Math.round(value * 1000) / 1000);

/** Sums per bucket of equal length over [from, to). */
export function histogram(
  times: ArrayLike<number>,
  counts: ArrayLike<number>,
  from: number,
  to: number,
  buckets: number,
): ApiPoint[] {
  const width = (to - from) / buckets;
  const sums = new Array<number>(buckets).fill(0);
  for (let i = 0; i < times.length; i += 1) {
    const bucket = Math.min(buckets - 1, Math.floor(((times[i] as number) - from) / width));
    if (bucket >= 0) sums[bucket] = (sums[bucket] as number) + (counts[i] as number);
  }
  return sums.map((sum, bucket) => [Math.round(from + bucket * width), sum]);
}
