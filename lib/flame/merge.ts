import { addColumns, addRows, type Column, type Placed, type RowColumn, type Scratch } from './columns.ts';
import { addExamples } from './examples.ts';
import { instanceHash } from './instance-hash.ts';
import { type Remap, type StackTable, StackTableBuilder } from './stack-table.ts';
import {
  emptyFlame,
  type FlameState,
  INSTANCES_MAX,
  type LevelTotal,
  type ProfileCount,
  type Snapshot,
  snapshotOfKey,
} from './state.ts';
import { boundedUnits } from './units-bound.ts';
import { addExact } from './values.ts';

/** `mergeStates` of two. */
export const mergeFlame = (a: FlameState, b: FlameState): FlameState => mergeStates([a, b]);

/**
 * Makes states one. Commutative and associative with `emptyFlame` as identity, up to the order of tables, which the codec
 * makes canonical; no input is changed.
 *
 * Sums add up exactly, and an index that several name stays even where its values cancel out: dropping it would make the
 * examples kept there depend on the order. Snapshots under one key: the later one, of two at one time the one with the
 * larger upload id. Of deltas of too many units those beyond a bound add up as one (`units-bound`). Linear in all of them: every
 * table is looked up once, however many there are.
 */
export function mergeStates(states: readonly FlameState[]): FlameState {
  const told = states.filter((state) => state !== emptyFlame);
  const inSum = boundedUnits(told);
  if (told.length < 2 && inSum === undefined) return told[0] ?? emptyFlame;
  const twice = (sizeOf: (table: StackTable) => number) =>
    2 * told.reduce((most, { table }) => Math.max(most, sizeOf(table)), 0);
  const builder = new StackTableBuilder({
    nodes: twice(({ parent }) => parent.length),
    frames: twice(({ frameName }) => frameName.length),
    rows: twice(({ line }) => line.length),
  });
  const parts = told.map((state): Part => ({ state, to: builder.add(state.table) }));
  const nodes: Scratch = new Int32Array(builder.nodes);
  const rows: Scratch = new Int32Array(builder.rows);
  const columns = (mapOf: (state: FlameState) => ReadonlyMap<string, Column>, keyOf?: KeyInSum) =>
    mergeMaps(parts, mapOf, (found) => addColumns(placedBy('node', found), nodes), keyOf);
  const lines = (mapOf: (state: FlameState) => ReadonlyMap<string, RowColumn>) =>
    mergeMaps(parts, mapOf, (found) => addRows(placedBy('row', found), rows));
  return {
    table: builder.finish(),
    sums: columns(({ sums }) => sums, inSum?.sum),
    lines: lines((state) => state.lines),
    counts: mergeMaps(
      parts,
      ({ counts }) => counts,
      (found) => found.map(({ value }) => value).reduce(addCounts),
    ),
    examples: mergeMaps(
      parts,
      ({ examples }) => examples,
      (found) => addExamples(placedBy('node', found), nodes),
      inSum?.example,
    ),
    snapshots: withinLimit(mergeMaps(parts, ({ snapshots }) => snapshots, latestOf)),
    levels: columns(({ levels }) => levels),
    levelLines: lines(({ levelLines }) => levelLines),
    levelTotals: mergeMaps(
      parts,
      ({ levelTotals }) => levelTotals,
      (found) => found.map(({ value }) => value).reduce(addTotals),
    ),
  };
}

/** A state, and where its table lies in that of the sum. */
interface Part {
  readonly state: FlameState;
  readonly to: Remap;
}
interface Found<V> {
  readonly value: V;
  readonly to: Remap;
}

const placedBy = <C>(what: keyof Remap, found: readonly Found<C>[]): readonly Placed<C>[] =>
  found.map(({ value, to }) => ({ column: value, to: to[what] }));

export const mapValues = <V, W>(map: ReadonlyMap<string, V>, change: (value: V) => W): Map<string, W> => {
  const changed = new Map<string, W>();
  for (const [key, value] of map) changed.set(key, change(value));
  return changed;
};

type KeyInSum = (key: string) => string;

/** Makes one value of all that the parts hold under a key. */
function mergeMaps<V>(
  parts: readonly Part[],
  mapOf: (state: FlameState) => ReadonlyMap<string, V>,
  merge: (found: readonly Found<V>[]) => V,
  keyOf: KeyInSum = (key) => key,
): ReadonlyMap<string, V> {
  const groups = new Map<string, Found<V>[]>();
  for (const { state, to } of parts) {
    for (const [one, value] of mapOf(state)) {
      const key = keyOf(one);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [{ value, to }]);
      else group.push({ value, to });
    }
  }
  return mapValues(groups, merge);
}

/** Counts stop at 2^53 − 1 rather than lose their last digit. */
const plus = (a: number, b: number) => Math.min(a + b, Number.MAX_SAFE_INTEGER);

const addCounts = (a: ProfileCount, b: ProfileCount): ProfileCount => ({
  profiles: plus(a.profiles, b.profiles),
  durationMs: plus(a.durationMs, b.durationMs),
});

export const addTotals = (a: LevelTotal, b: LevelTotal): LevelTotal => ({
  all: addExact(a.all, b.all),
  kept: addExact(a.kept, b.kept),
  instances: plus(a.instances, b.instances),
  keptInstances: plus(a.keptInstances, b.keptInstances),
});

/** Only the one that stays is translated. */
function latestOf(found: readonly Found<Snapshot>[]): Snapshot {
  const { value, to } = found.reduce((a, b) => (isLater(b.value, a.value) ? b : a));
  return {
    ...value,
    columns: mapValues(value.columns, (column) => addColumns([{ column, to: to.node }], NO_SCRATCH)),
    lines: mapValues(value.lines, (column) => addRows([{ column, to: to.row }], NO_SCRATCH)),
  };
}
const NO_SCRATCH: Scratch = new Int32Array(0);

const isLater = (a: Snapshot, b: Snapshot): boolean =>
  a.time !== b.time ? a.time > b.time : a.upload > b.upload;

/**
 * Takes the stacks from snapshots of all but the INSTANCES_MAX instances with the smallest hash per bucket and family. The
 * set of instances only grows by merging, so that one that loses its stacks here would lose them in every order.
 */
function withinLimit(snapshots: ReadonlyMap<string, Snapshot>): ReadonlyMap<string, Snapshot> {
  if (snapshots.size <= INSTANCES_MAX) return snapshots;
  const groups = new Map<string, Map<string, string[]>>(); // group → instance → keys
  for (const key of snapshots.keys()) {
    const { family, bucket, instance } = snapshotOfKey(key);
    const group = `${bucket} ${family}`;
    const instances = groups.get(group) ?? new Map<string, string[]>();
    groups.set(group, instances);
    instances.set(instance, [...(instances.get(instance) ?? []), key]);
  }
  const limited = new Map(snapshots);
  for (const instances of groups.values()) {
    if (instances.size <= INSTANCES_MAX) continue;
    for (const instance of [...instances.keys()].sort(byHash).slice(INSTANCES_MAX)) {
      for (const key of instances.get(instance) ?? []) {
        const snapshot = limited.get(key)!;
        if (snapshot.columns.size > 0)
          limited.set(key, { ...snapshot, columns: new Map(), lines: new Map() });
      }
    }
  }
  return limited;
}

function byHash(a: string, b: string): number {
  const [x, y] = [instanceHash(a), instanceHash(b)];
  return x - y || (a < b ? -1 : a > b ? 1 : 0);
}
