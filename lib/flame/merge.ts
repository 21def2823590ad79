import type { UploadId } from '../model/ids.ts';
import {
  addColumns,
  addRows,
  type Column,
  moved,
  movedRows,
  type RowColumn,
  type Scratch,
  unite,
} from './columns.ts';
import { instanceHash } from './instance-hash.ts';
import { NONE } from './pair-table.ts';
import { type Remap, StackTableBuilder } from './stack-table.ts';
import {
  type Examples,
  emptyFlame,
  type FlameState,
  INSTANCES_MAX,
  type LevelTotal,
  type ProfileCount,
  type Snapshot,
  snapshotOfKey,
} from './state.ts';
import { addExact } from './values.ts';

/**
 * Makes two states one. Commutative and associative with `emptyFlame` as identity, up to the order of tables, which the
 * codec makes canonical; neither input is changed.
 *
 * Sums add up exactly, and an index that both name stays even where its values cancel out: dropping it would make the
 * examples kept there depend on the order. Snapshots under one key: the later one, of two at one time the one with the
 * larger upload id. O(a + b).
 */
export function mergeFlame(a: FlameState, b: FlameState): FlameState {
  if (a === emptyFlame) return b;
  if (b === emptyFlame) return a;
  const builder = new StackTableBuilder(a.table.parent.length + b.table.parent.length);
  const x = translated(a, builder.add(a.table));
  const y = translated(b, builder.add(b.table));
  const nodes: Scratch = new Int32Array(builder.nodes);
  const rows: Scratch = new Int32Array(builder.rows);
  const addNodes = (p: Column, q: Column) => addColumns(p, q, nodes);
  const addLines = (p: RowColumn, q: RowColumn) => addRows(p, q, rows);
  return {
    table: builder.finish(),
    sums: mergeMap(x.sums, y.sums, addNodes),
    lines: mergeMap(x.lines, y.lines, addLines),
    counts: mergeMap(x.counts, y.counts, addCounts),
    examples: mergeMap(x.examples, y.examples, (p, q) => addExamples(p, q, nodes)),
    snapshots: withinLimit(mergeMap(x.snapshots, y.snapshots, laterOf)),
    levels: mergeMap(x.levels, y.levels, addNodes),
    levelLines: mergeMap(x.levelLines, y.levelLines, addLines),
    levelTotals: mergeMap(x.levelTotals, y.levelTotals, addTotals),
  };
}

type Columns = Omit<FlameState, 'table'>;

function translated(state: FlameState, { node, row }: Remap): Columns {
  const columns = (map: ReadonlyMap<string, Column>) => mapValues(map, (column) => moved(column, node));
  const lines = (map: ReadonlyMap<string, RowColumn>) => mapValues(map, (column) => movedRows(column, row));
  return {
    sums: columns(state.sums),
    lines: lines(state.lines),
    counts: state.counts,
    examples: mapValues(state.examples, (examples) => ({
      ...examples,
      at: examples.at.map((index) => node[index]!),
    })),
    snapshots: mapValues(state.snapshots, (snapshot) => ({
      ...snapshot,
      columns: columns(snapshot.columns),
      lines: lines(snapshot.lines),
    })),
    levels: columns(state.levels),
    levelLines: lines(state.levelLines),
    levelTotals: state.levelTotals,
  };
}

export const mapValues = <V, W>(map: ReadonlyMap<string, V>, change: (value: V) => W): Map<string, W> => {
  const changed = new Map<string, W>();
  for (const [key, value] of map) changed.set(key, change(value));
  return changed;
};

function mergeMap<V>(
  a: ReadonlyMap<string, V>,
  b: ReadonlyMap<string, V>,
  merge: (x: V, y: V) => V,
): ReadonlyMap<string, V> {
  if (b.size === 0) return a;
  if (a.size === 0) return b;
  const merged = new Map(a);
  for (const [key, value] of b) {
    const before = merged.get(key);
    merged.set(key, before === undefined ? value : merge(before, value));
  }
  return merged;
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

const laterOf = (a: Snapshot, b: Snapshot): Snapshot =>
  a.time !== b.time ? (a.time > b.time ? a : b) : a.upload >= b.upload ? a : b;

/** Where each of `uploads` lies in the sorted `united`. */
function placesIn(united: readonly UploadId[], uploads: readonly UploadId[]): Uint32Array {
  const places = new Uint32Array(uploads.length);
  let place = 0;
  for (const [i, upload] of uploads.entries()) {
    while (united[place] !== upload) place += 1;
    places[i] = place;
  }
  return places;
}

function addExamples(a: Examples, b: Examples, scratch: Scratch): Examples {
  const uploads = [...new Set([...a.uploads, ...b.uploads])].sort();
  const ofA = placesIn(uploads, a.uploads);
  const ofB = placesIn(uploads, b.uploads);
  const { at, placeOfB } = unite(a.at, b.at, scratch);
  const first = new Uint32Array(at.length).fill(NONE);
  const second = new Uint32Array(at.length).fill(NONE);
  // Uploads are sorted, so that the smaller index is the smaller id; NONE is larger than all of them.
  const offer = (place: number, upload: number) => {
    if (upload === first[place] || upload >= second[place]!) return;
    if (upload < first[place]!) {
      second[place] = first[place]!;
      first[place] = upload;
    } else second[place] = upload;
  };
  const offerAll = (from: Examples, placeOf: (i: number) => number, places: Uint32Array) => {
    for (let i = 0; i < from.at.length; i += 1) {
      offer(placeOf(i), places[from.first[i]!]!);
      if (from.second[i] !== NONE) offer(placeOf(i), places[from.second[i]!]!);
    }
  };
  offerAll(a, (i) => i, ofA);
  offerAll(b, (i) => placeOfB[i]!, ofB);
  return { uploads, at, first, second };
}

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
