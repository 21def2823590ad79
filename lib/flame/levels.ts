import type { EpochMs } from '../model/units.ts';
import type { Column } from './columns.ts';
import {
  type FlameState,
  type Measure,
  measureKey,
  measureOfKey,
  type Snapshot,
  type SnapshotKey,
  snapshotColumnOfKey,
  snapshotOfKey,
} from './state.ts';

/** A snapshot with its key. */
export interface KeyedSnapshot extends SnapshotKey {
  readonly key: string;
  readonly snapshot: Snapshot;
}

export const snapshotsIn = (state: FlameState): KeyedSnapshot[] =>
  [...state.snapshots].map(([key, snapshot]) => ({ key, snapshot, ...snapshotOfKey(key) }));

/** The snapshot that speaks for each instance and bucket: of several lives, or kinds of profile, the last. */
export function levelSnapshots(state: FlameState, measure: Measure): readonly KeyedSnapshot[] {
  const key = measureKey(measure, 'level');
  const last = new Map<string, KeyedSnapshot>();
  for (const one of snapshotsIn(state)) {
    if (!one.snapshot.totals.has(key)) continue;
    const place = `${one.bucket} ${one.instance}`;
    const before = last.get(place);
    if (before === undefined || isLater(one.snapshot, before.snapshot)) last.set(place, one);
  }
  return [...last.values()];
}

const isLater = (a: Snapshot, b: Snapshot) => (a.time !== b.time ? a.time > b.time : a.upload > b.upload);

/** Whether the stacks of a snapshot are still there: a snapshot without any value has none to lose. */
export const hasStacks = ({ columns, totals }: Snapshot): boolean =>
  columns.size > 0 || [...totals.values()].every((total) => Number(total) === 0);

/** Columns of one measure in a snapshot, by unit of work. */
export function columnsOf(
  { columns }: Snapshot,
  measure: Measure,
  temporality: 'level' | 'cumulative',
): readonly { readonly work: string; readonly column: Column }[] {
  return [...columns].flatMap(([key, column]) => {
    const of = snapshotColumnOfKey(key);
    const fits = of.type === measure.type && of.unit === measure.unit && of.temporality === temporality;
    return fits ? [{ work: of.work, column }] : [];
  });
}

/** Measures of a temporality that the snapshots of a state hold. */
export function snapshotMeasures(state: FlameState, temporality: 'level' | 'cumulative'): readonly Measure[] {
  const found = new Map<string, Measure>();
  for (const { totals } of state.snapshots.values()) {
    for (const key of totals.keys()) {
      const measure = measureOfKey(key);
      if (measure.temporality === temporality) found.set(key, { type: measure.type, unit: measure.unit });
    }
  }
  return [...found.values()];
}

/** Start of the step of `stepMs` in which `time` lies. */
export const stepOf = (time: EpochMs, stepMs: number): EpochMs => Math.floor(time / stepMs) * stepMs;
