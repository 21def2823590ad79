import { addColumns, addRows, type Placed } from './columns.ts';
import { addExamples, examplesOf } from './examples.ts';
import { columnsOf, hasStacks, levelSnapshots, snapshotMeasures, snapshotsIn, stepOf } from './levels.ts';
import { addTotals, mapValues } from './merge.ts';
import {
  exampleKey,
  type FlameState,
  type LevelTotal,
  levelTotalKey,
  measureKey,
  measureOfKey,
  type Snapshot,
  seriesKey,
  snapshotColumnOfKey,
  sumKey,
} from './state.ts';

/**
 * What a roll-up keeps. Sums stay as they are. Level snapshots become sums over instances and buckets, with the totals of
 * each bucket and two uploads of each stack beside them, so that a read of a roll-up gives what reading its children gave. Of
 * the cumulative snapshots of a life the last of each step stays, and the last before each fall or change of release: the
 * differences over whole steps stay the same, of all releases and of each.
 */
export function summariseFlame(state: FlameState, stepMs: number): FlameState {
  if (state.snapshots.size === 0) return state;
  const levels = lists(state.levels);
  const levelLines = lists(state.levelLines);
  const levelTotals = lists(state.levelTotals);
  const examples = lists(state.examples);
  const [nodes, rows] = [state.table.parent.length, state.table.line.length];
  for (const measure of snapshotMeasures(state, 'level')) {
    const key = measureKey(measure, 'level');
    for (const { snapshot, bucket } of levelSnapshots(state, measure)) {
      const { version, upload } = snapshot;
      for (const { work, column } of columnsOf(snapshot, measure, 'level')) {
        append(levels, sumKey(measure, version, work), column);
        append(examples, exampleKey([measure], version, work), examplesOf([column], upload, nodes));
      }
      const lines = snapshot.lines.get(key);
      if (lines !== undefined) append(levelLines, seriesKey(measure, version), lines);
      const total = totalOf(snapshot.totals.get(key) ?? 0, hasStacks(snapshot));
      append(levelTotals, levelTotalKey(measure, version, bucket), total);
    }
  }
  const [byNode, byRow] = [new Int32Array(nodes), new Int32Array(rows)];
  return {
    ...state,
    levels: mapValues(levels, (all) => addColumns(placed(all), byNode)),
    levelLines: mapValues(levelLines, (all) => addRows(placed(all), byRow)),
    levelTotals: mapValues(levelTotals, (all) => all.reduce(addTotals)),
    examples: mapValues(examples, (all) => addExamples(placed(all), byNode)),
    snapshots: cumulativeIn(state, stepMs),
  };
}

const lists = <V>(map: ReadonlyMap<string, V>): Map<string, V[]> => mapValues(map, (value) => [value]);

function append<V>(map: Map<string, V[]>, key: string, value: V): void {
  const before = map.get(key);
  if (before === undefined) map.set(key, [value]);
  else before.push(value);
}

/** All of one table. */
const placed = <C>(columns: readonly C[]): readonly Placed<C>[] => columns.map((column) => ({ column }));

const totalOf = (total: number | bigint, kept: boolean): LevelTotal => ({
  all: total,
  kept: kept ? total : 0,
  instances: 1,
  keptInstances: kept ? 1 : 0,
});

function cumulativeIn(state: FlameState, stepMs: number): ReadonlyMap<string, Snapshot> {
  const lives = Map.groupBy(snapshotsIn(state), ({ family, instance, start }) =>
    JSON.stringify([family, instance, start]),
  );
  const kept = new Map<string, Snapshot>();
  for (const seen of lives.values()) {
    seen.sort((a, b) => a.snapshot.time - b.snapshot.time);
    for (const [i, { key, bucket, snapshot }] of seen.entries()) {
      const next = seen[i + 1];
      const isLast = next === undefined || stepOf(next.bucket, stepMs) !== stepOf(bucket, stepMs);
      if (!isLast && next.snapshot.version === snapshot.version && !falls(snapshot, next.snapshot)) continue;
      const rest = withoutLevels(snapshot);
      if (rest.totals.size > 0) kept.set(key, rest);
    }
  }
  return kept;
}

/** True when any cumulative total is smaller in `b`: a new life under the same name. */
const falls = (a: Snapshot, b: Snapshot): boolean =>
  [...a.totals].some(
    ([key, total]) =>
      measureOfKey(key).temporality === 'cumulative' && Number(b.totals.get(key) ?? 0) < Number(total),
  );

function withoutLevels(snapshot: Snapshot): Snapshot {
  const keep = <V>(map: ReadonlyMap<string, V>, isKept: (key: string) => boolean) =>
    new Map([...map].filter(([key]) => isKept(key)));
  const cumulative = (key: string) => measureOfKey(key).temporality === 'cumulative';
  return {
    ...snapshot,
    totals: keep(snapshot.totals, cumulative),
    lines: keep(snapshot.lines, cumulative),
    columns: keep(snapshot.columns, (key) => snapshotColumnOfKey(key).temporality === 'cumulative'),
  };
}
