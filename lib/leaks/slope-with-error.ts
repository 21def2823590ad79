import type { Interval } from '../model/leak.ts';
import { studentQuantile } from '../model/student.ts';
import { fitLine, inflationAbout, type Points } from './statistics.ts';

/** A slope with its standard error, and the degrees of freedom that the error has. */
export interface Estimate {
  readonly slope: number;
  readonly error: number;
  readonly freedom: number;
}

/** Fewer points give no error that is worth a word. */
const MIN_POINTS = 6;

/**
 * The slope of a line; its error is inflated for noise that goes on from point to point.
 *
 * @param points x in `times`: a time, or a count
 * @param leastNoise sd below which the residuals are not believed
 */
export function slopeWithError(points: Points, leastNoise: number): Estimate | undefined {
  const n = points.times.length;
  if (n < MIN_POINTS) return undefined;
  const line = fitLine(points);
  if (!(line.sxx > 0)) return undefined;
  const factor = inflationAbout(points, line);
  const noise = Math.max(Math.sqrt(line.sse / (n - 2)), leastNoise);
  return {
    slope: line.slope,
    error: noise * Math.sqrt(factor / line.sxx),
    freedom: Math.max(1, n / factor - 2),
  };
}

/**
 * One slope of many, with its 95 % interval: weighted by precision, and as wide as processes differ from each other
 * (DerSimonian and Laird 1986). Null without any.
 *
 * @param scale by which slope and interval are multiplied
 */
export function combined(estimates: readonly Estimate[], scale: number): Interval | null {
  const k = estimates.length;
  if (k === 0) return null;
  const fixed = weighted(estimates, 0);
  const spread = estimates.reduce((sum, { slope, error }) => sum + ((slope - fixed.mean) / error) ** 2, 0);
  const between =
    Math.max(0, spread - (k - 1)) / Math.max(fixed.weights - fixed.squares / fixed.weights, Number.MIN_VALUE);
  const { mean, weights } = weighted(estimates, k > 1 ? between : 0);
  const freedom = estimates.reduce((sum, one) => sum + one.freedom, 0);
  const half = studentQuantile(0.025, freedom) / Math.sqrt(weights);
  return { value: mean * scale, low: (mean - half) * scale, high: (mean + half) * scale };
}

function weighted(estimates: readonly Estimate[], between: number) {
  let [weights, squares, sum] = [0, 0, 0];
  for (const { slope, error } of estimates) {
    const weight = 1 / (error ** 2 + between);
    weights += weight;
    squares += weight ** 2;
    sum += weight * slope;
  }
  return { mean: sum / weights, weights, squares };
}
