import type { UploadId } from '../model/ids.ts';
import type { Temporality } from '../model/profile.ts';
import type { EpochMs } from '../model/units.ts';
import type { Column, RowColumn } from './columns.ts';
import { emptyTable, type StackTable } from './stack-table.ts';

/**
 * Everything that profiles of one service say in one partition, over one table of stacks: all types, versions and units
 * of work. Compound keys are JSON arrays, made and taken apart by the functions below alone.
 *
 * - `sums` and what goes with them hold deltas. They add up.
 * - `snapshots` hold levels and cumulative values: the last one of an instance (of a life) in a bucket of 10 minutes.
 * - `levels` and `levelTotals` are what roll-ups keep of level snapshots: their sums over instances and buckets.
 */
export interface FlameState {
  readonly table: StackTable;
  /** `sumKey` → self values of nodes. */
  readonly sums: ReadonlyMap<string, Column>;
  /** `seriesKey` → self and total by line, of all units together. */
  readonly lines: ReadonlyMap<string, RowColumn>;
  /** `seriesKey` → how many profiles, and how much time they cover. */
  readonly counts: ReadonlyMap<string, ProfileCount>;
  /** `exampleKey` → uploads in which a stack can be looked at. */
  readonly examples: ReadonlyMap<string, Examples>;
  /** `snapshotKey` → the last one. */
  readonly snapshots: ReadonlyMap<string, Snapshot>;
  readonly levels: ReadonlyMap<string, Column>;
  readonly levelLines: ReadonlyMap<string, RowColumn>;
  /** `levelTotalKey` → totals of one bucket. */
  readonly levelTotals: ReadonlyMap<string, LevelTotal>;
}

export interface ProfileCount {
  readonly profiles: number;
  /** Whole milliseconds; 0 where the format does not tell. */
  readonly durationMs: number;
}

/** At most two uploads per node with a value of its own: those with the smallest ids, which are hashes. */
export interface Examples {
  /** Sorted, unique. */
  readonly uploads: readonly UploadId[];
  readonly at: Uint32Array;
  /** Indices into uploads, the smallest and the next; NONE where only one is. */
  readonly first: Uint32Array;
  readonly second: Uint32Array;
}

export interface Snapshot {
  readonly time: EpochMs;
  readonly upload: UploadId;
  readonly version: string;
  /** `measureKey` → sum over all stacks; kept even where the stacks are not. */
  readonly totals: ReadonlyMap<string, number | bigint>;
  /** `snapshotColumnKey` → self values of nodes; none beyond the first INSTANCES_MAX instances of a bucket. */
  readonly columns: ReadonlyMap<string, Column>;
  /** `measureKey` → by line. */
  readonly lines: ReadonlyMap<string, RowColumn>;
}

export interface LevelTotal {
  /** Sum over all instances, and over those whose stacks were kept. */
  readonly all: number | bigint;
  readonly kept: number | bigint;
  readonly instances: number;
  readonly keptInstances: number;
}

/** Instances whose stacks a bucket keeps; totals are kept of all. */
export const INSTANCES_MAX = 16;

const NO_MAP = new Map<string, never>();
export const emptyFlame: FlameState = {
  table: emptyTable,
  sums: NO_MAP,
  lines: NO_MAP,
  counts: NO_MAP,
  examples: NO_MAP,
  snapshots: NO_MAP,
  levels: NO_MAP,
  levelLines: NO_MAP,
  levelTotals: NO_MAP,
};

/** What is measured: `cpu` in `nanoseconds`. */
export interface Measure {
  readonly type: string;
  readonly unit: string;
}
export const sameMeasure = (a: Measure, b: Measure) => a.type === b.type && a.unit === b.unit;

const keyOf = (...parts: readonly (string | number | null)[]) => JSON.stringify(parts);
const partsOf = (key: string) => JSON.parse(key) as [string, string, string, string];

export const seriesKey = ({ type, unit }: Measure, version: string) => keyOf(type, unit, version);
export function seriesOfKey(key: string): Measure & { readonly version: string } {
  const [type, unit, version] = partsOf(key);
  return { type, unit, version };
}

/** @param work `unitKey` of the unit of work, '' for what belongs to none */
export const sumKey = ({ type, unit }: Measure, version: string, work: string) =>
  keyOf(type, unit, version, work);
export function sumOfKey(key: string): Measure & { readonly version: string; readonly work: string } {
  const [type, unit, version, work] = partsOf(key);
  return { type, unit, version, work };
}

/** Measures that come in one profile are one family. */
export const familyKey = (measures: readonly Measure[]) =>
  JSON.stringify(measures.map(({ type, unit }) => [type, unit]).sort());

/** Measures of a family share their examples. */
export const exampleKey = (measures: readonly Measure[], version: string, work: string) =>
  JSON.stringify([JSON.parse(familyKey(measures)), version, work]);

export interface ExampleKey {
  readonly measures: readonly (readonly [type: string, unit: string])[];
  /** undefined: stored before examples were told apart by them. */
  readonly version: string | undefined;
  readonly work: string | undefined;
}
export function exampleOfKey(key: string): ExampleKey {
  type Measures = ExampleKey['measures'];
  const parts = JSON.parse(key) as Measures | readonly [Measures, string, string];
  if (typeof parts[0]?.[0] === 'string')
    return { measures: parts as Measures, version: undefined, work: undefined };
  const [measures, version, work] = parts as readonly [Measures, string, string];
  return { measures, version, work };
}

export type SnapshotTemporality = Exclude<Temporality, 'delta'>;
export const measureKey = ({ type, unit }: Measure, temporality: SnapshotTemporality) =>
  keyOf(type, unit, temporality);
export function measureOfKey(key: string): Measure & { readonly temporality: SnapshotTemporality } {
  const [type, unit, temporality] = partsOf(key);
  return { type, unit, temporality: temporality as SnapshotTemporality };
}
export const snapshotColumnKey = ({ type, unit }: Measure, temporality: SnapshotTemporality, work: string) =>
  keyOf(type, unit, temporality, work);
export function snapshotColumnOfKey(key: string) {
  const [type, unit, temporality, work] = partsOf(key);
  return { type, unit, temporality: temporality as SnapshotTemporality, work };
}

export interface SnapshotKey {
  readonly family: string;
  readonly bucket: EpochMs;
  readonly instance: string;
  /** When the life began, where the sender tells: cumulative values of two lives are not compared. */
  readonly start: EpochMs | null;
}
export const snapshotKey = ({ family, bucket, instance, start }: SnapshotKey) =>
  keyOf(family, bucket, instance, start);
export function snapshotOfKey(key: string): SnapshotKey {
  const [family, bucket, instance, start] = JSON.parse(key) as [string, number, string, number | null];
  return { family, bucket, instance, start };
}

export const levelTotalKey = ({ type, unit }: Measure, version: string, bucket: EpochMs) =>
  keyOf(type, unit, version, bucket);
export function levelTotalOfKey(
  key: string,
): Measure & { readonly version: string; readonly bucket: EpochMs } {
  const [type, unit, version, bucket] = JSON.parse(key) as [string, string, string, number];
  return { type, unit, version, bucket };
}
