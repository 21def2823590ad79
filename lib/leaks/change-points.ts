import { boundaries, lineCost, searchSegments } from './segment-search.ts';
import type { Settings } from './settings.ts';
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

/**
 * Splits a series into straight pieces by exact dynamic programming (segment neighbourhood, independent lines) and
 * picks their number by an information criterion with unknown variance and autocorrelated noise:
 * n_e·ln(SSE/n + σ₀²) + 3k·ln n. Unknown variance is what keeps a saw-tooth in one piece.
 */
export function fitSegments(points: Points, settings: Settings): Fit {
  const n = points.times.length;
  const minLength = n < 30 ? 2 : 3;
  const most = Math.max(1, Math.min(settings.maxSegments, Math.floor(n / 5)));
  const search = searchSegments(n, lineCost(points.times, points.values), most, minLength);
  const level = median(points.values);
  const sigma0 = settings.noiseFloorShare * level;
  const reference = Math.max(1, Math.min(settings.maxSegments, Math.floor(n / 4), search.sse.length));
  const effective = n / inflation(correlationAbout([points], boundaries(search, reference, n)));
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

/** Lag-1 correlation of what is left about the lines between cuts, of series that share them; as it comes, it is biased downward by their number. */
export function correlationAbout(series: readonly Points[], cuts: readonly number[]): number {
  const mean = series.reduce((sum, points) => sum + lag1(residualsOf(points, cuts)) / series.length, 0);
  return clamp(mean + (2 * (cuts.length - 1)) / cuts.at(-1)!, 0, 0.97);
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
