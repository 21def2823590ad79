/** Error of a piece over points [from, to). */
export type Cost = (from: number, to: number) => number;

/** SSE around a least-squares line in O(1) from prefix sums; values are centred and times scaled so that sums keep digits. */
export function lineCost(times: Float64Array, values: Float64Array): Cost {
  const n = times.length;
  const t0 = times[0]!;
  const scale = n / Math.max(times[n - 1]! - t0, Number.MIN_VALUE);
  let mean = 0;
  for (const v of values) mean += v / n;
  const sx = new Float64Array(n + 1);
  const sy = new Float64Array(n + 1);
  const sxx = new Float64Array(n + 1);
  const sxy = new Float64Array(n + 1);
  const syy = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) {
    const x = (times[i]! - t0) * scale - n / 2;
    const y = values[i]! - mean;
    sx[i + 1] = sx[i]! + x;
    sy[i + 1] = sy[i]! + y;
    sxx[i + 1] = sxx[i]! + x * x;
    sxy[i + 1] = sxy[i]! + x * y;
    syy[i + 1] = syy[i]! + y * y;
  }
  return (i, j) => {
    const count = j - i;
    const x = sx[j]! - sx[i]!;
    const y = sy[j]! - sy[i]!;
    const vx = sxx[j]! - sxx[i]! - (x * x) / count;
    const vxy = sxy[j]! - sxy[i]! - (x * y) / count;
    const vy = syy[j]! - syy[i]! - (y * y) / count;
    const sse = vx > 0 ? vy - (vxy * vxy) / vx : vy;
    return sse > 0 ? sse : 0;
  };
}

export interface Search {
  /** Error of the best split into k + 1 pieces. */
  readonly sse: readonly number[];
  /** For each k, the start of the last piece of the best split of [0, j). */
  readonly lastStart: readonly Int32Array[];
}

/** The best splits of n points into 1 to `most` pieces, exactly (segment neighbourhood). Cost: most · n² / 2, 8 n² bytes. */
export function searchSegments(n: number, cost: Cost, most: number, minLength: number): Search {
  const width = n + 1;
  const errors = new Float64Array(width * width);
  for (let j = 1; j <= n; j++) for (let i = 0; i < j; i++) errors[j * width + i] = cost(i, j);
  let previous = new Float64Array(n + 1).fill(Number.POSITIVE_INFINITY);
  for (let j = Math.min(minLength, n); j <= n; j++) previous[j] = errors[j * width]!;
  const sse = [previous[n]!];
  const lastStart = [new Int32Array(n + 1)];
  for (let k = 2; k <= most && k * minLength <= n; k++) {
    const current = new Float64Array(n + 1).fill(Number.POSITIVE_INFINITY);
    const starts = new Int32Array(n + 1);
    for (let j = k * minLength; j <= n; j++) {
      let best = Number.POSITIVE_INFINITY;
      let bestStart = 0;
      for (let i = (k - 1) * minLength; i <= j - minLength; i++) {
        const before = previous[i]!;
        if (before >= best) continue; // the error of the last piece is not negative
        const total = before + errors[j * width + i]!;
        if (total < best) {
          best = total;
          bestStart = i;
        }
      }
      current[j] = best;
      starts[j] = bestStart;
    }
    sse.push(current[n]!);
    lastStart.push(starts);
    previous = current;
  }
  return { sse, lastStart };
}

/** Bounds of the pieces of a split, from 0 to n. */
export function boundaries({ lastStart }: Search, pieces: number, n: number): number[] {
  const cuts = [n];
  for (let k = pieces; k >= 1; k--) cuts.unshift(k === 1 ? 0 : lastStart[k - 1]![cuts[0]!]!);
  return cuts;
}
