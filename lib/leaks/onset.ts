import type { Onset } from '../model/leak.ts';
import {
  clamp,
  fitLine,
  inflation,
  lag1,
  madSd,
  medianStep,
  type Points,
  slicePoints,
} from './statistics.ts';

const MAX_POINTS = 600;
const COARSE_STEPS = 160;
const FINE_STEPS = 96;
/** Points in the quiet before the rise that lie this far off are start-up or a give-back, not quiet. */
const OUTLIER_SD = 6;

/**
 * Where a + b·t + c·(t − τ)₊ fits best, with all τ whose error is not significantly larger, and one step more on
 * either side: at low rates the sampling, not the noise, is the error (measured: without it 5 of 19 are covered).
 *
 * @param points from the start of the quiet segment to the end of the first rising one
 * @param quiet number of points before the segment that rises
 */
export function refineOnset(points: Points, quiet: number): Onset {
  // From the first point on: epoch milliseconds would cost the sums below their last digits.
  const start = points.times[0]!;
  const near = refine({ times: points.times.map((t) => t - start), values: points.values }, quiet);
  return { t: near.t + start, low: near.low + start, high: near.high + start };
}

function refine(points: Points, quiet: number): Onset {
  const { times, values } = thin(withoutEarlyOutliers(points, quiet));
  const n = times.length;
  const step = medianStep(times);
  const from = times[0]! + step;
  const to = times[n - 1]! - step;
  const hinge = hingeError(times, values);
  const candidates: [number, number][] = [];
  const probe = (t: number) => {
    if (t >= from && t <= to) candidates.push([t, hinge(t)]);
  };
  for (let i = 0; i <= COARSE_STEPS; i++) probe(from + ((to - from) * i) / COARSE_STEPS);
  if (candidates.length === 0) return { t: times[0]!, low: times[0]! - step, high: times[0]! + step };
  const rough = least(candidates)[0];
  for (let i = -FINE_STEPS / 2; i <= FINE_STEPS / 2; i++) probe(rough + (6 * step * i) / (FINE_STEPS / 2));
  const [t, sse] = least(candidates);
  const bound = sse * (1 + 3.84 / effectiveCount(times, values, t));
  let low = t;
  let high = t;
  for (const [time, error] of candidates) {
    if (error > bound) continue;
    low = Math.min(low, time);
    high = Math.max(high, time);
  }
  return { t, low: low - step, high: high + step };
}

const least = (candidates: readonly [number, number][]): [number, number] =>
  candidates.reduce((best, c) => (c[1] < best[1] ? c : best));

function thin(points: Points): Points {
  const n = points.times.length;
  const stride = Math.ceil(n / MAX_POINTS);
  if (stride === 1) return points;
  const keep = (_: number, i: number) => i % stride === 0;
  return { times: points.times.filter(keep), values: points.values.filter(keep) };
}

function withoutEarlyOutliers(points: Points, quiet: number): Points {
  if (quiet < 6) return points;
  const line = fitLine(points, Math.floor(quiet / 3), quiet);
  const residuals = points.values.map(
    (v, i) => v - line.level - line.slope * (points.times[i]! - line.center),
  );
  const sd = madSd(residuals.subarray(Math.floor(quiet / 3), quiet));
  let from = 0;
  for (let i = 0; i < quiet / 3; i++) if (Math.abs(residuals[i]!) > OUTLIER_SD * sd) from = i + 1;
  return slicePoints(points, from, points.times.length);
}

/** SSE of the hinge model as a function of its place: three normal equations, solved in closed form. */
function hingeError(times: Float64Array, values: Float64Array): (tau: number) => number {
  const line = fitLine({ times, values });
  const scale = 1 / Math.max(times.at(-1)! - times[0]!, Number.MIN_VALUE);
  const x = times.map((t) => (t - line.center) * scale);
  const residual = values.map((v, i) => v - line.level - line.slope * (times[i]! - line.center));
  let sxx = 0;
  for (const v of x) sxx += v * v;
  return (tau) => {
    const place = (tau - line.center) * scale;
    let sh = 0;
    let shx = 0;
    let shh = 0;
    let shr = 0;
    for (let i = 0; i < x.length; i++) {
      const h = x[i]! - place;
      if (h <= 0) continue;
      sh += h;
      shx += h * x[i]!;
      shh += h * h;
      shr += h * residual[i]!;
    }
    // The hinge with its own line taken out; the residual has none.
    const own = shh - (sh * sh) / x.length - (sxx > 0 ? (shx * shx) / sxx : 0);
    return own > 1e-12 ? line.sse - (shr * shr) / own : line.sse;
  };
}

function effectiveCount(times: Float64Array, values: Float64Array, tau: number): number {
  const cut = times.findIndex((t) => t >= tau);
  const residuals = new Float64Array(times.length);
  for (const [from, to] of [
    [0, cut],
    [cut, times.length],
  ] as const) {
    if (to - from < 3) continue;
    const line = fitLine({ times, values }, from, to);
    for (let i = from; i < to; i++)
      residuals[i] = values[i]! - line.level - line.slope * (times[i]! - line.center);
  }
  const rho = clamp(lag1(residuals), 0, 0.97);
  return Math.max(2, times.length / inflation(rho) - 4);
}
