import { addUpTo53 } from '../kind.ts';
import type { CounterColumn, LevelColumn, TallyColumn } from './columns.ts';

// What roll-ups keep of columns. Summarising in fine steps and then in coarse ones, multiples of them, gives the same as
// summarising in coarse ones at once.

/** Of each step the first minimum, the first maximum and the last value, each at its own time. */
export function summariseLevels({ times, values, conflict }: LevelColumn, stepMs: number): LevelColumn {
  const kept: number[] = [];
  for (const [first, end] of runs(
    times.length,
    (i) => stepOf(times, i, stepMs) !== stepOf(times, i - 1, stepMs),
  )) {
    let [low, high] = [first, first];
    for (let i = first; i < end; i += 1) {
      if ((values[i] as number) < (values[low] as number)) low = i;
      if ((values[i] as number) > (values[high] as number)) high = i;
    }
    kept.push(...new Set([low, high, end - 1].sort((a, b) => a - b)));
  }
  return { times: pick(times, kept), values: pick(values, kept), conflict };
}

/** Of each step both ends of every stretch in which the counter did not begin anew: all that differences need. */
export function summariseCumulative(column: CounterColumn, stepMs: number): CounterColumn {
  const { width, times, starts, cells, conflict } = column;
  const countAt = (i: number) => cells[i * width] as number;
  const kept: number[] = [];
  const begins = (i: number) =>
    stepOf(times, i, stepMs) !== stepOf(times, i - 1, stepMs) ||
    starts[i] !== starts[i - 1] ||
    countAt(i) < countAt(i - 1);
  for (const [first, end] of runs(times.length, begins)) {
    kept.push(first);
    if (end - 1 > first) kept.push(end - 1);
  }
  return {
    width,
    times: pick(times, kept),
    starts: pick(starts, kept),
    cells: kept.flatMap((i) => cells.slice(i * width, (i + 1) * width)),
    conflict,
  };
}

/** Increments add up: one point a step, at its last time. A cell below 0 says that it was not sent. */
export function summariseDelta(column: CounterColumn, stepMs: number): CounterColumn {
  const { width, times, starts, cells, conflict } = column;
  const kept: { time: number; start: number; row: number[] }[] = [];
  for (const [first, end] of runs(
    times.length,
    (i) => stepOf(times, i, stepMs) !== stepOf(times, i - 1, stepMs),
  )) {
    const row = Array.from({ length: width }, (_, cell) => {
      let sum = 0;
      for (let i = first; i < end; i += 1) {
        const value = cells[i * width + cell] as number;
        sum = sum < 0 || value < 0 ? -1 : addUpTo53(sum, value);
      }
      return sum;
    });
    const start = starts.slice(first, end).reduce((least, one) => Math.min(least, one));
    kept.push({ time: times[end - 1] as number, start, row });
  }
  return {
    width,
    times: kept.map(({ time }) => time),
    starts: kept.map(({ start }) => start),
    cells: kept.flatMap(({ row }) => row),
    conflict,
  };
}

/** Sums of a step, at its first second. */
export function summariseTally({ seconds, sums }: TallyColumn, stepMs: number): TallyColumn {
  const stepS = stepMs / 1000;
  const added = new Map<number, number>();
  for (const [i, second] of seconds.entries()) {
    const step = Math.floor(second / stepS) * stepS;
    added.set(step, addUpTo53(added.get(step) ?? 0, sums[i] as number));
  }
  return { seconds: [...added.keys()], sums: [...added.values()] };
}

const stepOf = (times: readonly number[], i: number, stepMs: number) =>
  Math.floor((times[i] as number) / stepMs);
const pick = (values: readonly number[], places: readonly number[]) => places.map((i) => values[i] as number);

/** [first, end) of the stretches that begin at 0 and wherever `begins` says so. */
function* runs(length: number, begins: (i: number) => boolean): Iterable<readonly [number, number]> {
  let first = 0;
  for (let i = 1; i <= length; i += 1) {
    if (i < length && !begins(i)) continue;
    yield [first, i];
    first = i;
  }
}
