import { countPrecedence, scopeOfStream } from '../../formats/index.ts';
import { ONE } from '../../model/sketch.ts';
import { unitOfKey } from '../../model/unit-of-work.ts';
import { compareText } from '../../segments/bytes.ts';
import type { CounterColumn } from '../../segments/kinds/columns.ts';
import { type CountKey, countOfKey, type InstanceState, tallyOfKey } from '../../segments/kinds/instance.ts';
import { medianStep } from './median-step.ts';

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
 * itself is new. Of the very first point `isNew` decides whether its count is new or a baseline. Delta: the count is the
 * increment.
 */
export function incrementsOf(
  column: CounterColumn,
  temporality: CountKey['temporality'],
  isNew: boolean,
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
    else if (i === 0) grown = isNew ? now : now.map(() => 0);
    else {
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

/** Export intervals between the start of a process and its first point. */
const FIRST_INTERVALS = 3;

/**
 * Whether all that a counter's first point counts was done from about `from` on, so that our first contact with an old
 * process does not look like a burst: its start lies there, or within few intervals of the point; or the process has been
 * heard since `heardSince` without this counter, which began when its first request of that kind came.
 */
function beginsNew({ times, starts }: CounterColumn, from: number, heardSince = Number.POSITIVE_INFINITY) {
  const [time, start] = [times[0] as number, starts[0] as number];
  if (start >= time) return false; // says that the true start is unknown
  if (start >= from || time > heardSince) return true;
  return times.length > 1 && time - start <= FIRST_INTERVALS * medianStep(times);
}

/** Metric, scope and start → when the second point of it came: one export may have been cut in two. */
function hearings(instance: InstanceState): ReadonlyMap<string, number> {
  const heard = new Map<string, number>();
  for (const [text, { times, starts }] of instance.counts) {
    const key = hearingKey(countOfKey(text), starts[0]);
    if (times.length > 1)
      heard.set(key, Math.min(heard.get(key) ?? Number.POSITIVE_INFINITY, times[1] as number));
  }
  return heard;
}
const hearingKey = ({ metric, stream }: CountKey, start: number | undefined) =>
  JSON.stringify([metric, scopeOfStream(stream), start]);

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
 * The work of one instance between `from` and `to`, each kind of it from its one best source there: the stable duration
 * metric, the old one, a Collector's span metrics, then spans. Two sources of one kind are never added: `http/dup`
 * sends both, and a framework's instrumentation counts beside the HTTP module's.
 */
export function workOf(instance: InstanceState, from: number, to: number): readonly WorkIncrements[] {
  const spans = groupBy(spanWork(instance, from, to), ({ unit }) => kindOf(unit));
  const metrics = groupBy(metricWork(instance, from, to), ({ unit }) => kindOf(unit));
  const kinds = [...new Set([...metrics.keys(), ...spans.keys()])].sort();
  return kinds.flatMap((kind): readonly WorkIncrements[] => {
    const sources = groupBy(metrics.get(kind) ?? [], ({ source }) => source);
    const [best] = [...sources].sort(
      ([a], [b]) => countPrecedence(a) - countPrecedence(b) || compareText(a, b),
    );
    return best === undefined ? (spans.get(kind) ?? []) : bestScope(best[1]);
  });
}

/** The same of a process that other protocols tell of too: kinds of work that it does not count itself come from them. */
export function workOfProcess(
  instance: InstanceState,
  companions: readonly InstanceState[],
  from: number,
  to: number,
): readonly WorkIncrements[] {
  const known = [...workOf(instance, from, to)];
  for (const other of companions) {
    const kinds = new Set(known.map(({ unit }) => kindOf(unit)));
    known.push(...workOf(other, from, to).filter(({ unit }) => !kinds.has(kindOf(unit))));
  }
  return known;
}

interface ScopedWork extends WorkIncrements {
  readonly scope: string;
}

function metricWork(instance: InstanceState, from: number, to: number): ScopedWork[] {
  const heard = hearings(instance);
  return [...instance.counts].flatMap(([text, column]) => {
    const key = countOfKey(text);
    const isNew = beginsNew(column, from, heard.get(hearingKey(key, column.starts[0])));
    if (key.role !== 'work' || !hasPointIn(column.times, from, to)) return [];
    return {
      unit: key.unit,
      status: key.status,
      source: key.metric,
      scope: scopeOfStream(key.stream),
      complete: true,
      increments: within(incrementsOf(column, key.temporality, isNew), from, to),
      boundsUs: key.bounds === '' ? [] : key.bounds.split(',').map(Number),
    };
  });
}

const hasPointIn = (times: readonly number[], from: number, to: number) =>
  times.some((time) => time >= from && time <= to);

/** The scope that knows the routes of most requests: another one that sends the same metric counts the same requests. */
function bestScope(parts: readonly ScopedWork[]): readonly ScopedWork[] {
  const scopes = [...groupBy(parts, ({ scope }) => scope)].map(([scope, same]) => ({
    scope,
    same,
    routed: total(same.filter(({ unit }) => !unit.endsWith(NO_ROUTE))),
    all: total(same),
  }));
  scopes.sort((a, b) => b.routed - a.routed || b.all - a.all || compareText(a.scope, b.scope));
  return scopes[0]?.same ?? [];
}

/** How `formats/` ends the name of a unit whose route the sender does not tell. */
const NO_ROUTE = '(no route)';
const total = (parts: readonly WorkIncrements[]) =>
  parts.reduce((sum, { increments }) => sum + increments.counts.reduce((all, count) => all + count, 0), 0);
const kindOf = (unit: string) => unitOfKey(unit).kind;

function groupBy<P, K>(parts: readonly P[], keyOf: (part: P) => K): ReadonlyMap<K, P[]> {
  const groups = new Map<K, P[]>();
  for (const part of parts) {
    const group = groups.get(keyOf(part));
    if (group === undefined) groups.set(keyOf(part), [part]);
    else group.push(part);
  }
  return groups;
}

function spanWork(instance: InstanceState, from: number, to: number): WorkIncrements[] {
  return [...instance.work].flatMap(([text, { seconds, sums }]) => {
    const { unit, status, weighted } = tallyOfKey(text);
    const times = seconds.map((second) => second * 1000);
    if (!hasPointIn(times, from, to)) return [];
    const counts = sums.map((sum) => sum / ONE);
    const increments = { times, counts, rows: counts.map((count) => [count]) };
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

/** Times at which a collection was first seen to have happened. Undefined when no counter of them is sent. */
export function collections(
  instance: InstanceState,
  role: 'gc_major' | 'gc_minor',
  from: number,
  to: number,
): Float64Array | undefined {
  const times = new Set<number>();
  let sent = false;
  for (const [text, column] of instance.counts) {
    const key = countOfKey(text);
    if (key.role !== role) continue;
    sent = true;
    const { times: at, counts } = within(
      incrementsOf(column, key.temporality, beginsNew(column, from)),
      from,
      to,
    );
    for (const [i, time] of at.entries()) if ((counts[i] as number) > 0) times.add(time);
  }
  return sent ? Float64Array.from([...times].sort((a, b) => a - b)) : undefined;
}
