// Change points of any series, as `tidemark changepoints` tells them: no floor, no collector, nothing known beforehand.

/** Means are searched exactly up to this many points, lines up to that many; longer series are thinned by a stride. */
const MAX_FOR_MEANS = 2000;
const MAX_FOR_LINES = 400;
/** Pieces of a line are at least this long, and at most so many: a line through four points fits anything. */
const LINE_STEP = 6;
const MAX_LINES = 6;
/** ln n that one more level costs in a standardised series. */
const MEANS_PENALTY = 3;
/** ln n that one cut costs when the two models are compared: its place and a level, and a slope for lines. */
const MEANS_PARAMETERS = 2;
const LINES_PARAMETERS = 3;

/**
 * Indices of the first value after each change.
 *
 * Two models are fitted, levels (optimal partitioning of the standardised series, penalty 3 ln n) and straight lines
 * (exact segment neighbourhood on a grid), and the one with the lower n·ln(SSE/n) + p·ln n speaks: a ramp is one line and
 * not a stair, a stair is no ramp. Several columns share their changes.
 *
 * @param columns equally long; NaN is left out
 * Cost: O(n²) for at most 2,000 points, some ms.
 */
export function breaks(columns: readonly Float64Array[]): number[] {
  const places = Int32Array.from(columns[0]?.keys() ?? []).filter((i) =>
    columns.every((column) => Number.isFinite(column[i])),
  );
  const usable = columns
    .map((column) => standardised(Float64Array.from(places, (i) => column[i] as number)))
    .filter((column) => column !== undefined);
  if (usable.length === 0 || places.length < 6) return [];
  const levels = thinned(usable, MAX_FOR_MEANS, levelsOf);
  const lines = thinned(usable, MAX_FOR_LINES, linesOf);
  const best = lines.criterion < levels.criterion ? lines : levels;
  return best.cuts.map((cut) => places[cut] as number);
}

interface Model {
  /** First index of each piece but the first. */
  readonly cuts: readonly number[];
  /** n·ln(SSE/n) + p·ln n, per point, so that models of differently thinned series compare. */
  readonly criterion: number;
}

/** Zero mean, unit deviation; undefined for a constant, which has no change. */
function standardised(values: Float64Array): Float64Array | undefined {
  const mean = values.reduce((sum, v) => sum + v / values.length, 0);
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2 / values.length, 0);
  const sd = Math.sqrt(variance);
  return sd > 1e-12 * Math.abs(mean) && sd > 0 ? values.map((v) => (v - mean) / sd) : undefined;
}

function thinned(
  columns: readonly Float64Array[],
  most: number,
  search: (columns: readonly Float64Array[]) => Model,
): Model {
  const stride = Math.ceil((columns[0] as Float64Array).length / most);
  if (stride === 1) return search(columns);
  const { cuts, criterion } = search(columns.map((column) => column.filter((_, i) => i % stride === 0)));
  return { cuts: cuts.map((cut) => cut * stride), criterion };
}

function levelsOf(columns: readonly Float64Array[]): Model {
  const n = (columns[0] as Float64Array).length;
  const d = columns.length;
  const cost = levelCost(columns);
  const penalty = MEANS_PENALTY * d * Math.log(n);
  const least = new Float64Array(n + 1);
  const last = new Int32Array(n + 1);
  least[0] = -penalty;
  for (let j = 1; j <= n; j++) {
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < j; i++) {
      const before = (least[i] as number) + penalty;
      if (before >= best) continue;
      const total = before + cost(i, j);
      if (total < best) {
        best = total;
        last[j] = i;
      }
    }
    least[j] = best;
  }
  const cuts: number[] = [];
  for (let j = last[n] as number; j > 0; j = last[j] as number) cuts.unshift(j);
  const bounds = [0, ...cuts, n];
  const sse = bounds.slice(1).reduce((sum, to, k) => sum + cost(bounds[k] as number, to), 0);
  return { cuts, criterion: criterionOf(sse, n, d, MEANS_PARAMETERS * cuts.length + 1) };
}

function linesOf(columns: readonly Float64Array[]): Model {
  const n = (columns[0] as Float64Array).length;
  const d = columns.length;
  const cost = lineCost(columns);
  const grid = Array.from({ length: Math.floor(n / LINE_STEP) + 1 }, (_, i) => i * LINE_STEP);
  grid[grid.length - 1] = n;
  let least = grid.map((to) => (to === 0 ? Number.POSITIVE_INFINITY : cost(0, to)));
  const starts: Int32Array[] = [];
  let best: Model = { cuts: [], criterion: criterionOf(least.at(-1) as number, n, d, 2) };
  for (let pieces = 2; pieces <= Math.min(MAX_LINES, grid.length - 1); pieces++) {
    const from = new Int32Array(grid.length);
    const next = grid.map(() => Number.POSITIVE_INFINITY);
    for (let j = pieces; j < grid.length; j++) {
      for (let i = pieces - 1; i < j; i++) {
        const total = (least[i] as number) + cost(grid[i] as number, grid[j] as number);
        if (total < (next[j] as number)) {
          next[j] = total;
          from[j] = i;
        }
      }
    }
    starts.push(from);
    least = next;
    const criterion = criterionOf(least.at(-1) as number, n, d, LINES_PARAMETERS * (pieces - 1) + 2);
    if (criterion < best.criterion) best = { cuts: tracedBack(starts, grid), criterion };
  }
  return best;
}

function tracedBack(starts: readonly Int32Array[], grid: readonly number[]): number[] {
  const cuts: number[] = [];
  let j = grid.length - 1;
  for (const from of starts.toReversed()) {
    j = from[j] as number;
    cuts.unshift(grid[j] as number);
  }
  return cuts;
}

/** `parameters` per column. A perfect fit must not be worth infinitely much: values come with some rounding. */
const criterionOf = (sse: number, n: number, d: number, parameters: number): number =>
  d * (Math.log(sse / (n * d) + 1e-9) + (parameters * Math.log(n)) / n);

type Cost = (from: number, to: number) => number;

/** SSE around the mean over [from, to), summed over columns, in O(1). */
function levelCost(columns: readonly Float64Array[]): Cost {
  const sums = columns.map((column) => [prefix(column), prefix(column.map((v) => v * v))] as const);
  return (from, to) => {
    let sse = 0;
    for (const [y, yy] of sums) {
      const sum = (y[to] as number) - (y[from] as number);
      sse += Math.max(0, (yy[to] as number) - (yy[from] as number) - (sum * sum) / (to - from));
    }
    return sse;
  };
}

/** SSE around the least-squares line over [from, to), summed over columns, in O(1). */
function lineCost(columns: readonly Float64Array[]): Cost {
  const n = (columns[0] as Float64Array).length;
  const x = Float64Array.from({ length: n }, (_, i) => i - n / 2);
  const [sx, sxx] = [prefix(x), prefix(x.map((v) => v * v))];
  const sums = columns.map(
    (column) =>
      [
        prefix(column),
        prefix(column.map((v) => v * v)),
        prefix(column.map((v, i) => v * (x[i] as number))),
      ] as const,
  );
  return (from, to) => {
    const count = to - from;
    const part = (sum: Float64Array) => (sum[to] as number) - (sum[from] as number);
    const spread = part(sxx) - part(sx) ** 2 / count;
    let sse = 0;
    for (const [y, yy, xy] of sums) {
      const joint = part(xy) - (part(sx) * part(y)) / count;
      const own = part(yy) - part(y) ** 2 / count;
      sse += Math.max(0, spread > 0 ? own - (joint * joint) / spread : own);
    }
    return sse;
  };
}

function prefix(values: Float64Array): Float64Array {
  const sums = new Float64Array(values.length + 1);
  for (let i = 0; i < values.length; i++) sums[i + 1] = (sums[i] as number) + (values[i] as number);
  return sums;
}
