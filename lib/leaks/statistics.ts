// Small numerics over typed arrays; ranges are half-open [from, to).

/** Points of one series, ascending in time. */
export interface Points {
  readonly times: Float64Array;
  readonly values: Float64Array;
}

export interface Line {
  /** Value at `center`. */
  readonly level: number;
  readonly slope: number;
  readonly center: number;
  readonly sse: number;
  /** Sum of squared distances from `center`. */
  readonly sxx: number;
  readonly n: number;
}

export const at = (line: Line, time: number): number => line.level + line.slope * (time - line.center);

export function fitLine({ times, values }: Points, from = 0, to = times.length): Line {
  const n = to - from;
  let sumX = 0;
  let sumY = 0;
  for (let i = from; i < to; i++) {
    sumX += times[i]!;
    sumY += values[i]!;
  }
  const center = sumX / n;
  const level = sumY / n;
  let sxx = 0;
  let sxy = 0;
  let syy = 0;
  for (let i = from; i < to; i++) {
    const x = times[i]! - center;
    const y = values[i]! - level;
    sxx += x * x;
    sxy += x * y;
    syy += y * y;
  }
  const slope = sxx > 0 ? sxy / sxx : 0;
  return { level, slope, center, sse: Math.max(0, syy - slope * sxy), sxx, n };
}

export function quantile(values: ArrayLike<number>, q: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  const place = q * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (sorted[high]! - sorted[low]!) * (place - low);
}

export const median = (values: ArrayLike<number>): number => quantile(values, 0.5);

/** Median absolute deviation, scaled to the sd of normal noise. */
export function madSd(values: Float64Array): number {
  const middle = median(values);
  return 1.4826 * median(values.map((v) => Math.abs(v - middle)));
}

/** Lag-1 correlation of values that already have mean zero. */
export function lag1(values: Float64Array): number {
  let cross = 0;
  let square = 0;
  for (let i = 0; i < values.length; i++) {
    square += values[i]! * values[i]!;
    if (i > 0) cross += values[i]! * values[i - 1]!;
  }
  return square > 0 ? cross / square : 0;
}

/** How much an AR(1) noise of this correlation inflates the variance of a mean. */
export const inflation = (rho: number): number => (1 + rho) / (1 - rho);

/**
 * How much the noise about a line inflates the variance of its slope: noise that goes on from point to point tells less
 * than its points are many. The correlation is biased upward for few points.
 */
export function inflationAbout({ times, values }: Points, line: Line): number {
  const residuals = values.map((v, i) => v - at(line, times[i]!));
  return inflation(clamp(lag1(residuals) + 4 / times.length, 0, 0.97));
}

export const clamp = (value: number, low: number, high: number): number =>
  Math.min(high, Math.max(low, value));

export function medianStep(times: Float64Array): number {
  if (times.length < 2) return 0;
  const steps = new Float64Array(times.length - 1);
  for (let i = 1; i < times.length; i++) steps[i - 1] = times[i]! - times[i - 1]!;
  return median(steps);
}

export const slicePoints = ({ times, values }: Points, from: number, to: number): Points => ({
  times: times.subarray(from, to),
  values: values.subarray(from, to),
});

/** First index whose time is at or after `time`. */
export function firstAtOrAfter(times: Float64Array, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** First index whose time is after `time`. */
export function firstAfter(times: Float64Array, time: number): number {
  const index = firstAtOrAfter(times, time);
  return times[index] === time ? index + 1 : index;
}
