export type Point = readonly [number, number];

/** Cuts a series where data is missing, and at `cuts` (the starts of lives): a line never bridges what was not measured. */
export function runs(
  points: readonly Point[],
  cuts: readonly number[] = [],
  gapMs = gapOf(points),
): Point[][] {
  const out: Point[][] = [];
  let run: Point[] = [];
  for (const point of points) {
    const before = run.at(-1);
    const cut = before && cuts.some((t) => before[0] < t && point[0] >= t);
    if (before && (cut || point[0] - before[0] > gapMs)) {
      out.push(run);
      run = [];
    }
    run.push(point);
  }
  if (run.length > 0) out.push(run);
  return out;
}

/** Four usual intervals. The usual one is the third quartile, since thinned series hold pairs of close points. */
export function gapOf(points: readonly Point[]): number {
  const steps: number[] = [];
  for (let i = 1; i < points.length; i += 1) steps.push(points[i]![0] - points[i - 1]![0]);
  steps.sort((a, b) => a - b);
  return 4 * (steps[Math.floor(steps.length * 0.75)] ?? Number.POSITIVE_INFINITY);
}

/** Smallest and largest value per pixel, in order of time: a spike of one sample stays as high as it was. */
export function thin(points: readonly Point[], pixel: (t: number) => number): readonly Point[] {
  if (points.length < 4) return points;
  const out: Point[] = [];
  let column = Number.NaN;
  let low: Point | undefined;
  let high: Point | undefined;
  const flush = () => {
    if (!low || !high) return;
    if (low === high) out.push(low);
    else out.push(...(low[0] <= high[0] ? [low, high] : [high, low]));
  };
  for (const point of points) {
    const at = Math.floor(pixel(point[0]));
    if (at !== column) {
      flush();
      column = at;
      low = point;
      high = point;
    } else {
      if (low && point[1] < low[1]) low = point;
      if (high && point[1] > high[1]) high = point;
    }
  }
  flush();
  return out;
}

/** Index of the point nearest in time; points ascend. */
export function nearest(points: readonly Point[], t: number): number {
  let low = 0;
  let high = points.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle]![0] < t) low = middle + 1;
    else high = middle;
  }
  const before = points[low - 1];
  return before && t - before[0] < points[low]![0] - t ? low - 1 : low;
}

export const pathOf = (
  points: readonly Point[],
  x: (t: number) => number,
  y: (v: number) => number,
): string => points.map(([t, v], i) => `${i ? 'L' : 'M'}${x(t).toFixed(1)} ${y(v).toFixed(1)}`).join('');
