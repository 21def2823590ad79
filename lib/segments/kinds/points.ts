import { addUpTo53 } from '../kind.ts';
import type { CounterColumn, LevelColumn, TallyColumn } from './columns.ts';

// Columns from loose points, by one sort. The same as merging columns of one point each, without copying them each time.
// One point is the most usual: an export has one of each series.

export interface LevelPoint {
  readonly time: number; // whole ms
  readonly value: number;
}

export function levelsOf(points: readonly LevelPoint[]): LevelColumn {
  const [first] = points;
  if (points.length === 1 && first) return { times: [first.time], values: [first.value], conflict: false };
  const sorted = points.toSorted((a, b) => a.time - b.time || b.value - a.value);
  const times: number[] = [];
  const values: number[] = [];
  let conflict = false;
  for (const { time, value } of sorted) {
    // Of one time the largest value comes first and stays.
    if (times.at(-1) !== time) {
      times.push(time);
      values.push(value);
    } else if (values.at(-1) !== value) conflict = true;
  }
  return { times, values, conflict };
}

export interface CounterPoint {
  readonly time: number; // whole ms
  readonly start: number;
  readonly cells: readonly number[];
}

/** @param points all with equally many cells */
export function countersOf(points: readonly CounterPoint[]): CounterColumn {
  const [first] = points;
  const width = first?.cells.length ?? 0;
  if (points.length === 1 && first) {
    return { width, times: [first.time], starts: [first.start], cells: first.cells, conflict: false };
  }
  const sorted = points.toSorted(
    (a, b) => a.time - b.time || a.start - b.start || compareCells(b.cells, a.cells),
  );
  const times: number[] = [];
  const starts: number[] = [];
  const cells: number[] = [];
  let conflict = false;
  let kept: CounterPoint | undefined;
  for (const point of sorted) {
    if (kept?.time === point.time && kept.start === point.start) {
      conflict ||= compareCells(kept.cells, point.cells) !== 0;
      continue;
    }
    kept = point;
    times.push(point.time);
    starts.push(point.start);
    cells.push(...point.cells);
  }
  return { width, times, starts, cells, conflict };
}

function compareCells(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) {
    const difference = value - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

export function tallyOf(points: Iterable<readonly [second: number, sum: number]>): TallyColumn {
  const sums = new Map<number, number>();
  for (const [second, sum] of points) sums.set(second, addUpTo53(sums.get(second) ?? 0, sum));
  const seconds = [...sums.keys()].sort((a, b) => a - b);
  return { seconds, sums: seconds.map((second) => sums.get(second) as number) };
}
