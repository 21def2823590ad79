import { countPrecedence } from '../../formats/index.ts';
import { ONE } from '../../model/sketch.ts';
import type { CounterColumn } from '../../segments/kinds/columns.ts';
import { type CountKey, countOfKey, type InstanceState, tallyOfKey } from '../../segments/kinds/instance.ts';

/** How much a counter grew, point by point. Cells as in the column: count, sum of durations in µs, buckets. */
export interface Increments {
  readonly times: readonly number[];
  readonly counts: readonly number[];
  /** Rows of differences beside `counts`, for sums and buckets. */
  readonly rows: readonly (readonly number[])[];
}

/**
 * Differences of one raw counter.
 *
 * Cumulative: same start and a count that did not fall → the difference; a new start or a fall → a reset, the count
 * itself is new. The very first point counts only when its start lies in (`from`, …): otherwise it is a baseline, and
 * our first contact with an old process must not look like a burst. Delta: the count is the increment.
 */
export function incrementsOf(
  column: CounterColumn,
  temporality: CountKey['temporality'],
  from: number,
): Increments {
  const { width, times, starts, cells } = column;
  const kept: number[] = [];
  const counts: number[] = [];
  const rows: number[][] = [];
  const row = (at: number) => cells.slice(at * width, (at + 1) * width);
  for (let i = 0; i < times.length; i += 1) {
    const now = row(i);
    let grown: number[];
    if (temporality === 'delta') grown = now;
    else if (i === 0) {
      const bornHere = (starts[0] as number) >= from && (starts[0] as number) < (times[0] as number);
      grown = bornHere ? now : now.map(() => 0);
    } else {
      const before = row(i - 1);
      const same = starts[i] === starts[i - 1] && (now[0] as number) >= (before[0] as number);
      // A start that equals its time says that the true start is unknown: the next point is the first to count.
      const unknown = starts[i] === times[i];
      grown = same
        ? now.map((value, cell) => value - (before[cell] as number))
        : unknown
          ? now.map(() => 0)
          : now;
    }
    kept.push(times[i] as number);
    counts.push(grown[0] as number);
    rows.push(grown);
  }
  return { times: kept, counts, rows };
}

/** Finished work of one unit and status class, from one source. */
export interface WorkIncrements {
  readonly unit: string;
  readonly status: string;
  readonly source: string; // metric name, or SPANS
  readonly complete: boolean;
  readonly increments: Increments;
  readonly boundsUs: readonly number[];
}
export const SPANS = 'spans';

/**
 * The work of one instance between `from` and `to` from its one best source: the stable duration metric, the old one,
 * a Collector's span metrics, then spans. Two sources of one instance are never added: `http/dup` sends both.
 */
export function workOf(instance: InstanceState, from: number, to: number): readonly WorkIncrements[] {
  const byMetric = new Map<string, WorkIncrements[]>();
  for (const [text, column] of instance.counts) {
    const key = countOfKey(text);
    if (key.role !== 'work') continue;
    const part: WorkIncrements = {
      unit: key.unit,
      status: key.status,
      source: key.metric,
      complete: true,
      increments: within(incrementsOf(column, key.temporality, from), from, to),
      boundsUs: key.bounds === '' ? [] : key.bounds.split(',').map(Number),
    };
    byMetric.set(key.metric, [...(byMetric.get(key.metric) ?? []), part]);
  }
  const best = [...byMetric].sort(([a], [b]) => countPrecedence(a) - countPrecedence(b))[0]?.[1];
  return best ?? spanWork(instance, from, to);
}

function spanWork(instance: InstanceState, from: number, to: number): WorkIncrements[] {
  return [...instance.work].map(([text, { seconds, sums }]) => {
    const { unit, status, weighted } = tallyOfKey(text);
    const counts = sums.map((sum) => sum / ONE);
    const increments = {
      times: seconds.map((second) => second * 1000),
      counts,
      rows: counts.map((count) => [count]),
    };
    return {
      unit,
      status,
      source: SPANS,
      complete: weighted,
      increments: within(increments, from, to),
      boundsUs: [],
    };
  });
}

function within({ times, counts, rows }: Increments, from: number, to: number): Increments {
  const inside = times.map((time) => time >= from && time <= to);
  return {
    times: times.filter((_, i) => inside[i]),
    counts: counts.filter((_, i) => inside[i]),
    rows: rows.filter((_, i) => inside[i]),
  };
}

/** Times at which a major collection was first seen to have happened. Undefined when no counter of them is sent. */
export function majorCollections(
  instance: InstanceState,
  from: number,
  to: number,
): Float64Array | undefined {
  const times = new Set<number>();
  let sent = false;
  for (const [text, column] of instance.counts) {
    const key = countOfKey(text);
    if (key.role !== 'gc_major') continue;
    sent = true;
    const { times: at, counts } = within(incrementsOf(column, key.temporality, from), from, to);
    for (const [i, time] of at.entries()) if ((counts[i] as number) > 0) times.add(time);
  }
  return sent ? Float64Array.from([...times].sort((a, b) => a - b)) : undefined;
}
