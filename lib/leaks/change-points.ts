import { DEFAULTS, type Settings } from './settings.ts';
import { clamp, fitLine, inflation, lag1, median, type Points } from './statistics.ts';

/** A piece of the fit: points [from, to), value at `times[from]` and slope. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  readonly startValue: number;
  readonly endValue: number;
  readonly slope: number;
}

export interface Fit {
  readonly segments: readonly Segment[];
  readonly residuals: Float64Array;
}

/** Points that fit into the search without thinning; costs 8 × 600² / 2 steps. */
const MAX_POINTS = 600;

/**
 * Splits a series into straight pieces by exact dynamic programming (segment neighbourhood, independent lines) and
 * picks their number by an information criterion with unknown variance and autocorrelated noise:
 * n_e·ln(SSE/n + σ₀²) + 3k·ln n. Unknown variance is what keeps a saw-tooth in one piece.
 */
export function fitSegments(points: Points, settings: Settings): Fit {
  const n = points.times.length;
  const minLength = n < 30 ? 2 : 3;
  const most = Math.max(1, Math.min(settings.maxSegments, Math.floor(n / 5)));
  const search = searchSegments(points, most, minLength);
  const level = median(points.values);
  const sigma0 = settings.noiseFloorShare * level;
  const reference = Math.max(1, Math.min(settings.maxSegments, Math.floor(n / 4), search.sse.length));
  const rho = clamp(
    lag1(residualsOf(points, boundaries(search, reference, n))) + (2 * reference) / n,
    0,
    0.97,
  );
  const effective = n / inflation(rho);
  let best = 1;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let k = 1; k <= search.sse.length; k++) {
    const variance = Math.max(search.sse[k - 1]! / n + sigma0 * sigma0, Number.MIN_VALUE);
    const cost = effective * Math.log(variance) + settings.penaltyPerSegment * k * Math.log(n);
    if (cost < bestCost - 1e-9) {
      best = k;
      bestCost = cost;
    }
  }
  const cuts = boundaries(search, best, n);
  return { segments: segmentsOf(points, cuts), residuals: residualsOf(points, cuts) };
}

/** Indices of the first value after each change of level or slope. Long series are thinned by a stride. */
export function changePoints(times: Float64Array, values: Float64Array, settings = DEFAULTS): number[] {
  const n = times.length;
  if (n < settings.minPoints) return [];
  const stride = Math.ceil(n / MAX_POINTS);
  const kept = Math.ceil(n / stride);
  const thinned = {
    times: Float64Array.from({ length: kept }, (_, i) => times[i * stride]!),
    values: Float64Array.from({ length: kept }, (_, i) => values[i * stride]!),
  };
  const { segments } = fitSegments(thinned, settings);
  return segments.slice(1).map((segment) => segment.from * stride);
}

interface Search {
  /** SSE of the best split into k + 1 pieces. */
  readonly sse: readonly number[];
  /** For each k, the start of the last piece of the best split of [0, j). */
  readonly lastStart: readonly Int32Array[];
}

function searchSegments(points: Points, most: number, minLength: number): Search {
  const n = points.times.length;
  const cost = costTable(points);
  let previous = new Float64Array(n + 1).fill(Number.POSITIVE_INFINITY);
  for (let j = Math.min(minLength, n); j <= n; j++) previous[j] = cost(0, j);
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
        if (before >= best) continue; // SSE of the last piece is not negative
        const total = before + cost(i, j);
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

/** SSE of a line over [i, j) in O(1) from prefix sums; values are centred and times scaled so that sums keep digits. */
function costTable({ times, values }: Points): (i: number, j: number) => number {
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

function boundaries(search: Search, pieces: number, n: number): number[] {
  const cuts = [n];
  for (let k = pieces; k >= 1; k--) cuts.unshift(k === 1 ? 0 : search.lastStart[k - 1]![cuts[0]!]!);
  return cuts;
}

function segmentsOf(points: Points, cuts: readonly number[]): Segment[] {
  return cuts.slice(1).map((to, index) => {
    const from = cuts[index]!;
    const line = fitLine(points, from, to);
    return {
      from,
      to,
      slope: line.slope,
      startValue: line.level + line.slope * (points.times[from]! - line.center),
      endValue: line.level + line.slope * (points.times[to - 1]! - line.center),
    };
  });
}

function residualsOf(points: Points, cuts: readonly number[]): Float64Array {
  const residuals = new Float64Array(points.times.length);
  for (const segment of segmentsOf(points, cuts)) {
    const t0 = points.times[segment.from]!;
    for (let i = segment.from; i < segment.to; i++)
      residuals[i] = points.values[i]! - segment.startValue - segment.slope * (points.times[i]! - t0);
  }
  return residuals;
}
