// Change points of any series, as `tidemark changepoints` tells them: no floor, no collector, nothing known beforehand.
import { correlationAbout } from './change-points.ts';
import { boundaries, type Cost, lineCost, searchSegments } from './segment-search.ts';
import { inflation } from './statistics.ts';

/** Places where a level, or a line, may end. More are searched on a grid first, then moved to where they fit best. */
const MAX_LEVEL_PLACES = 800;
const MAX_LINE_PLACES = 160;
/** Pieces of a line are at least this long, and at most so many: a line through four points fits anything. */
const LEAST_LINE = 6;
const MAX_LINES = 6;
/** ln n that one more level costs in a standardised series. */
const LEVEL_PENALTY = 3;
/** ln n that one cut costs when the two models are compared: its place and a level, and a slope for lines. */
const LEVEL_PARAMETERS = 2;
const LINE_PARAMETERS = 3;
const LEAST_POINTS = 6;

/**
 * Indices of the first value after each change.
 *
 * Two models are fitted, levels (optimal partitioning of the standardised series, penalty 3 ln n) and straight lines
 * (exact segment neighbourhood on a grid, cuts then moved to their best places), and the one with the lower
 * n·ln(SSE/n) + p·ln n speaks: a ramp is one line and not a stair, a stair is no ramp. How many lines is asked of as many points as
 * their autocorrelation leaves: a walk has no kinks. Several columns share their changes.
 *
 * @param columns equally long; rows in which one has no number are left out, and columns that have hardly any
 * Cost: O(n²) up to 800 points, some ms; O(n) above.
 */
export function breaks(columns: readonly Float64Array[]): number[] {
  const filled = filledOf(columns);
  const places = Int32Array.from(filled[0]?.keys() ?? []).filter((i) =>
    filled.every((column) => Number.isFinite(column[i])),
  );
  const usable = filled
    .map((column) => standardised(Float64Array.from(places, (i) => column[i]!)))
    .filter((column) => column !== undefined);
  if (usable.length === 0 || places.length < LEAST_POINTS) return [];
  const levels = levelsOf(usable);
  const lines = linesOf(usable);
  const best = lines.criterion < levels.criterion ? lines : levels;
  return best.cuts.map((cut) => places[cut]!);
}

/** Columns with at least half as many numbers as the fullest: texts and notes are none. */
function filledOf(columns: readonly Float64Array[]): readonly Float64Array[] {
  const counts = columns.map((column) => column.reduce((sum, v) => sum + (Number.isFinite(v) ? 1 : 0), 0));
  const most = Math.max(0, ...counts);
  return columns.filter((_, i) => counts[i]! > 0 && 2 * counts[i]! >= most);
}

interface Model {
  /** First index of each piece but the first. */
  readonly cuts: readonly number[];
  /** n·ln(SSE/n) + p·ln n, per point. */
  readonly criterion: number;
}

/** Zero mean, unit deviation; undefined for a constant, which has no change. */
function standardised(values: Float64Array): Float64Array | undefined {
  const mean = values.reduce((sum, v) => sum + v / values.length, 0);
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2 / values.length, 0);
  const sd = Math.sqrt(variance);
  return sd > 1e-12 * Math.abs(mean) && sd > 0 ? values.map((v) => (v - mean) / sd) : undefined;
}

/** Multiples of a step from 0 on, and n. */
function gridOf(n: number, step: number): Float64Array {
  const pieces = Math.max(1, Math.floor(n / step));
  return Float64Array.from({ length: pieces + 1 }, (_, i) => (i < pieces ? i * step : n));
}

function levelsOf(columns: readonly Float64Array[]): Model {
  const n = columns[0]!.length;
  const d = columns.length;
  const cost = together(columns.map(levelCost));
  const step = Math.ceil((n * Math.sqrt(d)) / MAX_LEVEL_PLACES);
  const grid = gridOf(n, step);
  const penalty = LEVEL_PENALTY * d * Math.log(n);
  const least = new Float64Array(grid.length);
  const last = new Int32Array(grid.length);
  least[0] = -penalty;
  for (let j = 1; j < grid.length; j++) {
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < j; i++) {
      const before = least[i]! + penalty;
      if (before >= best) break; // errors only grow with the length
      const total = before + cost(grid[i]!, grid[j]!);
      if (total < best) {
        best = total;
        last[j] = i;
      }
    }
    least[j] = best;
  }
  const bounds = [n];
  for (let j = grid.length - 1; j > 0; j = last[j]!) bounds.unshift(grid[last[j]!]!);
  return modelOf(moved(bounds, cost, step, 1), cost, d, LEVEL_PARAMETERS, 1);
}

function linesOf(columns: readonly Float64Array[]): Model {
  const n = columns[0]!.length;
  const d = columns.length;
  const axis = Float64Array.from({ length: n }, (_, i) => i);
  const cost = together(columns.map((column) => lineCost(axis, column)));
  const step = Math.max(LEAST_LINE, Math.ceil(n / MAX_LINE_PLACES));
  const grid = gridOf(n, step);
  const pieces = grid.length - 1;
  const search = searchSegments(pieces, (i, j) => cost(grid[i]!, grid[j]!), MAX_LINES, 1);
  const splits = search.sse.map((_, k) => {
    const bounds = boundaries(search, k + 1, pieces).map((place) => grid[place]!);
    return moved(bounds, cost, step, LEAST_LINE);
  });
  const series = columns.map((values) => ({ times: axis, values }));
  const effective = n / inflation(correlationAbout(series, splits.at(-1)!));
  const priceOf = (bounds: readonly number[]) =>
    d * (effective * logVariance(bounds, cost, d) + LINE_PARAMETERS * bounds.length * Math.log(n));
  const best = splits.reduce((least, split) => (priceOf(split) < priceOf(least) ? split : least));
  return modelOf(best, cost, d, LINE_PARAMETERS, 2);
}

/** Bounds at their best places within a step of where the grid had them, where that is better than noise alone makes it. */
function moved(bounds: readonly number[], cost: Cost, step: number, leastLength: number): readonly number[] {
  const n = bounds.at(-1)!;
  const leastGain = (Math.log(n) * errorOf(bounds, cost)) / n;
  const places = [...bounds];
  for (let k = 1; k < places.length - 1; k++) {
    const [before, place, after] = [places[k - 1]!, places[k]!, places[k + 1]!];
    const errorAt = (at: number) => cost(before, at) + cost(at, after);
    const last = Math.min(after - leastLength, place + step - 1);
    let best = errorAt(place) - leastGain;
    for (let at = Math.max(before + leastLength, place - step + 1); at <= last; at++) {
      const error = errorAt(at);
      if (error >= best) continue;
      best = error;
      places[k] = at;
    }
  }
  return places;
}

const errorOf = (bounds: readonly number[], cost: Cost): number =>
  bounds.slice(1).reduce((sum, to, k) => sum + cost(bounds[k]!, to), 0);

function modelOf(
  bounds: readonly number[],
  cost: Cost,
  d: number,
  parametersPerCut: number,
  parametersOfOne: number,
): Model {
  const n = bounds.at(-1)!;
  const cuts = bounds.slice(1, -1);
  const parameters = parametersPerCut * cuts.length + parametersOfOne; // of each column
  return { cuts, criterion: d * (logVariance(bounds, cost, d) + (parameters * Math.log(n)) / n) };
}

/** A perfect fit must not be worth infinitely much: values come with some rounding. */
const logVariance = (bounds: readonly number[], cost: Cost, d: number): number =>
  Math.log(errorOf(bounds, cost) / (bounds.at(-1)! * d) + 1e-9);

/** The errors of all columns. */
function together(costs: readonly Cost[]): Cost {
  if (costs.length === 1) return costs[0]!;
  return (from, to) => costs.reduce((sum, cost) => sum + cost(from, to), 0);
}

/** SSE around the mean in O(1). */
function levelCost(values: Float64Array): Cost {
  const sums = new Float64Array(values.length + 1);
  const squares = new Float64Array(values.length + 1);
  for (const [i, v] of values.entries()) {
    sums[i + 1] = sums[i]! + v;
    squares[i + 1] = squares[i]! + v * v;
  }
  return (from, to) => {
    const sum = sums[to]! - sums[from]!;
    return Math.max(0, squares[to]! - squares[from]! - (sum * sum) / (to - from));
  };
}
