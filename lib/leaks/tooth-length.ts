import { bucketMinima } from './buckets.ts';
import { fitLine, median, type Points } from './statistics.ts';

/** Buckets of minima must beat single points by this much: white and AR noise then stay at 1. */
const PRICE_OF_BUCKETS = 1.25;

/**
 * How many samples one tooth of a saw takes: minima over that many lie closer to local lines than single samples do,
 * by more than the √m that any averaging gains.
 */
export function toothLength(points: Points, minBuckets: number): number {
  let best = 1;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let m = 1; m === 1 || points.times.length / m >= minBuckets; m = next(m)) {
    const cost = localScatter(bucketMinima(points, m)) * Math.sqrt(m) * (m > 1 ? PRICE_OF_BUCKETS : 1);
    if (cost < bestCost) {
      best = m;
      bestCost = cost;
    }
  }
  return best;
}

const next = (m: number): number => (m < 3 ? m + 1 : Math.ceil(m * 1.4));

/** Residual sd about a line in each of 8 windows (4 when short); the median window, so that one jump does not count. */
function localScatter(points: Points): number {
  const n = points.times.length;
  const windows = n < 80 ? 4 : 8;
  const scatter: number[] = [];
  for (let w = 0; w < windows; w++) {
    const from = Math.floor((w * n) / windows);
    const to = Math.floor(((w + 1) * n) / windows);
    if (to - from < 3) continue;
    scatter.push(Math.sqrt(fitLine(points, from, to).sse / (to - from - 2)));
  }
  return scatter.length > 0 ? median(scatter) : Number.POSITIVE_INFINITY;
}
