import { addColumns, addRows, type Column, type RowColumn } from './columns.ts';
import { columnsOf, hasStacks, levelSnapshots, snapshotMeasures, snapshotsIn, stepOf } from './levels.ts';
import { addTotals } from './merge.ts';
import {
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
 * each bucket beside them, so that a read of a roll-up gives what reading its children gave. Of the cumulative snapshots of
 * a life the last of each step stays, and the last before each fall or change of release: the differences over whole steps
 * stay the same, of all releases and of each.
 */
export function summariseFlame(state: FlameState, stepMs: number): FlameState {
  if (state.snapshots.size === 0) return state;
  const levels = new Map(state.levels);
  const levelLines = new Map(state.levelLines);
  const levelTotals = new Map(state.levelTotals);
  const nodes = new Int32Array(state.table.parent.length);
  const rows = new Int32Array(state.table.line.length);
  const put = <V>(map: Map<string, V>, key: string, value: V, add: (a: V, b: V) => V) => {
    const before = map.get(key);
    map.set(key, before === undefined ? value : add(before, value));
  };
  for (const measure of snapshotMeasures(state, 'level')) {
    const key = measureKey(measure, 'level');
    for (const { snapshot, bucket } of levelSnapshots(state, measure)) {
      const { version } = snapshot;
      for (const { work, column } of columnsOf(snapshot, measure, 'level')) {
        put<Column>(levels, sumKey(measure, version, work), column, (a, b) =>
          addColumns([{ column: a }, { column: b }], nodes),
        );
      }
      const lines = snapshot.lines.get(key);
      if (lines !== undefined)
        put<RowColumn>(levelLines, seriesKey(measure, version), lines, (a, b) =>
          addRows([{ column: a }, { column: b }], rows),
        );
      const total = snapshot.totals.get(key) ?? 0;
      put(
        levelTotals,
        levelTotalKey(measure, version, bucket),
        totalOf(total, hasStacks(snapshot)),
        addTotals,
      );
    }
  }
  return { ...state, levels, levelLines, levelTotals, snapshots: cumulativeIn(state, stepMs) };
}

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
