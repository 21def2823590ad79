import { type Column, dot, effectOf, orthonormal, project } from './least-squares.ts';
import { medianStep, type Points } from './statistics.ts';
import type { UnitCounts } from './work-counts.ts';

/** Memory that a unit holds only while it runs or shortly after: proportional to its present rate, not to its history. */
export interface InFlight {
  /** One column per unit that holds such memory: units finished within its window, at the times of the points. */
  readonly columns: readonly Column[];
  readonly coefficients: readonly number[];
  /** The points with that memory taken out, down to its least. */
  readonly adjusted: Points;
}

/** Windows of "present", in steps of the counts. */
const WINDOWS = [1, 2, 4];
const MAX_COLUMNS = 3;
/** The busiest units are tried as holders; more cost time and find chance. */
const MAX_HOLDERS = 16;
/** A holder must stand out this far: with 50 units and three windows, 3 sd happens by chance. */
const MIN_T = 4.5;
/** Pieces of the free trend that keeps growth from being taken for in-flight memory, and the reverse. */
const TREND_PIECES = 6;
const MIN_POINTS = 16;

export function inFlightOf(points: Points, units: readonly UnitCounts[]): InFlight {
  const n = points.times.length;
  const none: InFlight = { columns: [], coefficients: [], adjusted: points };
  if (n < MIN_POINTS || units.length === 0) return none;
  const candidates = holderColumns(points.times, units);
  let base = orthonormal(trend(points.times));
  const picked: Column[] = [];
  for (let round = 0; round < MAX_COLUMNS; round++) {
    const y = project(points.values.slice(), base);
    const yy = dot(y, y);
    let best: { column: Column; x: Column; t: number } | undefined;
    for (const column of candidates) {
      const x = project(column.slice(), base);
      if (!(dot(x, x) > 1e-9 * dot(column, column))) continue;
      const { coefficient, sxx, sse } = effectOf(x, y, yy);
      const t = coefficient / Math.sqrt(sse / Math.max(1, n - base.length - 1) / sxx);
      if (t > (best?.t ?? MIN_T)) best = { column, x, t };
    }
    if (!best) break;
    picked.push(best.column);
    const length = Math.sqrt(dot(best.x, best.x));
    base = [...base, best.x.map((v) => v / length)];
  }
  return picked.length === 0 ? none : adjust(points, picked);
}

/** Coefficients of the picked columns beside the trend, and the points without them. */
function adjust(points: Points, columns: readonly Column[]): InFlight {
  const trendBase = orthonormal(trend(points.times));
  const coefficients: number[] = [];
  for (const [i, column] of columns.entries()) {
    const base = orthonormal([...trendBase, ...columns.filter((_, j) => j !== i)]);
    const x = project(column.slice(), base);
    const y = project(points.values.slice(), base);
    coefficients.push(Math.max(0, effectOf(x, y, dot(y, y)).coefficient));
  }
  const values = points.values.map((v, i) =>
    columns.reduce((rest, column, c) => rest - coefficients[c]! * column[i]!, v),
  );
  return { columns, coefficients, adjusted: { times: points.times, values } };
}

/** Units finished within each window before each point: what they hold while they run goes with it. */
export const holderColumns = (times: Float64Array, units: readonly UnitCounts[]): Column[] =>
  units.slice(0, MAX_HOLDERS).flatMap((unit) => WINDOWS.map((w) => recentCounts(unit, times, w)));

function recentCounts(unit: UnitCounts, times: Float64Array, window: number): Column {
  const width = window * (unit.stepMs || medianStep(times));
  const before = times.map((t) => unit.at(t - width));
  return times.map((t, i) => unit.at(t) - before[i]!);
}

/** Hat functions over equally many points each: a trend that may bend everywhere a little. */
function trend(times: Float64Array): Column[] {
  const n = times.length;
  const knots = Array.from({ length: TREND_PIECES + 1 }, (_, k) => (k * (n - 1)) / TREND_PIECES);
  const width = (n - 1) / TREND_PIECES;
  return knots.map((knot) =>
    Float64Array.from({ length: n }, (_, i) => Math.max(0, 1 - Math.abs(i - knot) / width)),
  );
}
