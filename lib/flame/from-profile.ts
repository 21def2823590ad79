import type { UploadId } from '../model/ids.ts';
import { partitionStart } from '../model/partition.ts';
import type { Profile, SampleType, ValueColumn } from '../model/profile.ts';
import { unitKey } from '../model/unit-of-work.ts';
import type { EpochMs } from '../model/units.ts';
import type { Column, RowColumn } from './columns.ts';
import { examplesOf } from './examples.ts';
import { NONE } from './pair-table.ts';
import { type LineRows, lineNodes, linesOf } from './profile-lines.ts';
import { StackTableBuilder } from './stack-table.ts';
import {
  type Examples,
  emptyFlame,
  exampleKey,
  type FlameState,
  familyKey,
  measureKey,
  type ProfileCount,
  type Snapshot,
  type SnapshotTemporality,
  seriesKey,
  snapshotColumnKey,
  snapshotKey,
  sumKey,
} from './state.ts';
import { addExact, clampInt64, settle, sumOf } from './values.ts';

/** Who sent a profile, and when it was taken. */
export interface ProfileOrigin {
  readonly upload: UploadId;
  readonly version: string;
  readonly instance: string;
  /** When the instance's life began, where it is known. */
  readonly lifeStart: EpochMs | null;
  /** The moment that the profile speaks of: its end. */
  readonly time: EpochMs;
  /** Applied once to each distinct name and file before it is stored. */
  readonly scrub: (text: string) => string;
}

const MS_NS = 1e6;

/** What one profile adds to its partition. Linear in its tables, plus samples × types. */
export function flameOf(profile: Profile, origin: ProfileOrigin): FlameState {
  const frames = profile.frames.name.length;
  const builder = new StackTableBuilder({ nodes: profile.stacks.parent.length, frames, rows: frames });
  const { nodeOf, ...rows } = placesIn(builder, profile, origin.scrub);
  const groups = samplesByUnit(profile, origin.scrub);
  const nodes = new Uint32Array(profile.samples.stack.length);
  for (let i = 0; i < nodes.length; i += 1) nodes[i] = nodeOf[profile.samples.stack[i]!]!;
  const scratch = new Int32Array(builder.nodes);
  const lined = lineNodes(profile, rows);
  const measured = profile.sampleTypes.map((measure, type): Measured => {
    const values = profile.samples.values[type]!;
    const columns = groups.map(({ work, samples }) => ({
      work,
      column: columnOf(samples, nodes, values, scratch),
    }));
    const lines = linesOf(profile, values, lined, builder.rows);
    return { measure, columns: columns.filter(({ column }) => column.at.length > 0), lines };
  });
  const isDelta = ({ measure }: Measured) => measure.temporality === 'delta';
  const deltas = measured.filter(isDelta);
  const others = measured.filter((one) => !isDelta(one));
  return {
    ...emptyFlame,
    table: builder.finish(),
    ...(deltas.length === 0 ? {} : sumsOf(deltas, profile, origin, builder.nodes)),
    ...(others.length === 0 ? {} : { snapshots: snapshotsOf(others, origin) }),
  };
}

interface Measured {
  readonly measure: SampleType;
  readonly columns: readonly { readonly work: string; readonly column: Column }[];
  readonly lines: RowColumn;
}

/** Where the profile's stacks and lines went in the builder's table. */
interface Places extends LineRows {
  readonly nodeOf: Uint32Array;
}

function placesIn(builder: StackTableBuilder, profile: Profile, scrub: ProfileOrigin['scrub']): Places {
  const { frames, stacks } = profile;
  // Only what a frame uses passes the scrubber: labels and mapping names are not stored.
  const strings = new Uint32Array(frames.strings.length).fill(NONE);
  const stringAt = (index: number) => {
    if (strings[index] === NONE) {
      const text = frames.strings[index] ?? '';
      strings[index] = builder.string(text === '' ? '' : scrub(text).toWellFormed());
    }
    return strings[index]!;
  };
  const frameOf = new Uint32Array(frames.name.length);
  const rowOfFrame = new Uint32Array(frames.name.length).fill(NONE);
  for (let i = 0; i < frameOf.length; i += 1) {
    frameOf[i] = builder.frame(stringAt(frames.name[i]!), stringAt(frames.file[i]!), frames.inApp[i]!);
    if (frames.line[i]! > 0) rowOfFrame[i] = builder.row(frameOf[i]!, frames.line[i]!);
  }
  const nodeOf = new Uint32Array(stacks.parent.length);
  for (let i = 1; i < nodeOf.length; i += 1) {
    nodeOf[i] = builder.child(nodeOf[stacks.parent[i]!]!, frameOf[stacks.frame[i]!]!);
  }
  const rowOfTicks = Uint32Array.from(profile.lineTicks?.stack ?? [], (stack, i) =>
    builder.row(frameOf[stacks.frame[stack]!]!, profile.lineTicks!.line[i]!),
  );
  return { nodeOf: nodeOf.length === 0 ? new Uint32Array(1) : nodeOf, rowOfFrame, rowOfTicks };
}

/** `unitKey` → its samples, '' for those of none. */
function samplesByUnit({ samples, units }: Profile, scrub: ProfileOrigin['scrub']) {
  const works = ['', ...units.map((unit) => unitKey({ ...unit, name: scrub(unit.name).toWellFormed() }))];
  const distinct = [...new Set(works)];
  const places = new Map(distinct.map((work, at) => [work, at]));
  const groupOf = Uint32Array.from(works, (work) => places.get(work)!);
  const sizes = new Uint32Array(distinct.length);
  for (let i = 0; i < samples.unit.length; i += 1) sizes[groupOf[samples.unit[i]! + 1]!]! += 1;
  const groups = Array.from(sizes, (size) => new Uint32Array(size));
  sizes.fill(0);
  for (let i = 0; i < samples.unit.length; i += 1) {
    const group = groupOf[samples.unit[i]! + 1]!;
    groups[group]![sizes[group]!] = i;
    sizes[group]! += 1;
  }
  return distinct
    .map((work, group) => ({ work, samples: groups[group]! }))
    .filter((one) => one.samples.length > 0);
}

/** Sums of the samples by node, nodes without a value left out. */
function columnOf(
  samples: Uint32Array,
  nodes: Uint32Array,
  values: ValueColumn,
  scratch: Int32Array,
): Column {
  const at = new Uint32Array(samples.length);
  let length = 0;
  for (let i = 0; i < samples.length; i += 1) scratch[nodes[samples[i]!]!] = -1;
  for (let i = 0; i < samples.length; i += 1) {
    if (Number(values[samples[i]!]) === 0) continue;
    const node = nodes[samples[i]!]!;
    if (scratch[node]! >= 0) continue;
    scratch[node] = length;
    at[length] = node;
    length += 1;
  }
  const placeOf = (sample: number) => scratch[nodes[sample]!]!;
  const sums =
    values instanceof Float64Array
      ? sumsOfNumbers(samples, values, length, placeOf)
      : sumsOfBigs(samples, values, length, placeOf);
  return { at: at.slice(0, length), values: settle(sums) };
}

/** Exact: the magnitudes of a column of numbers add up to less than 2^53. */
function sumsOfNumbers(
  samples: Uint32Array,
  values: Float64Array,
  length: number,
  placeOf: (sample: number) => number,
): Float64Array {
  const sums = new Float64Array(length);
  for (let i = 0; i < samples.length; i += 1) {
    const value = values[samples[i]!]!;
    if (value !== 0) sums[placeOf(samples[i]!)]! += value;
  }
  return sums;
}

function sumsOfBigs(
  samples: Uint32Array,
  values: BigInt64Array,
  length: number,
  placeOf: (sample: number) => number,
): BigInt64Array {
  const sums = new BigInt64Array(length);
  for (let i = 0; i < samples.length; i += 1) {
    const value = values[samples[i]!]!;
    if (value === 0n) continue;
    const place = placeOf(samples[i]!);
    sums[place] = clampInt64(sums[place]! + value);
  }
  return sums;
}

/** @param nodes of the table */
function sumsOf(
  deltas: readonly Measured[],
  profile: Profile,
  { upload, version }: ProfileOrigin,
  nodes: number,
) {
  const sums = new Map<string, Column>();
  const lines = new Map<string, RowColumn>();
  const counts = new Map<string, ProfileCount>();
  const columnsOf = new Map<string, Column[]>();
  const count = { profiles: 1, durationMs: Math.round((profile.durationNs ?? 0) / MS_NS) };
  for (const { measure, columns, lines: byLine } of deltas) {
    counts.set(seriesKey(measure, version), count);
    if (byLine.at.length > 0) lines.set(seriesKey(measure, version), byLine);
    for (const { work, column } of columns) {
      sums.set(sumKey(measure, version, work), column);
      const others = columnsOf.get(work);
      if (others === undefined) columnsOf.set(work, [column]);
      else others.push(column);
    }
  }
  const measures = deltas.map(({ measure }) => measure);
  const examples = new Map<string, Examples>();
  for (const [work, columns] of columnsOf)
    examples.set(exampleKey(measures, version, work), examplesOf(columns, upload, nodes));
  return { sums, lines, counts, examples };
}

function snapshotsOf(others: readonly Measured[], origin: ProfileOrigin): ReadonlyMap<string, Snapshot> {
  const columns = new Map<string, Column>();
  const lines = new Map<string, RowColumn>();
  const totals = new Map<string, number | bigint>();
  let cumulative = false;
  for (const { measure, columns: byWork, lines: byLine } of others) {
    const temporality = measure.temporality as SnapshotTemporality;
    if (temporality === 'cumulative') cumulative = true;
    const key = measureKey(measure, temporality);
    if (byLine.at.length > 0) lines.set(key, byLine);
    for (const { work, column } of byWork) columns.set(snapshotColumnKey(measure, temporality, work), column);
    totals.set(
      key,
      byWork.reduce<number | bigint>((sum, { column }) => addExact(sum, sumOf(column.values)), 0),
    );
  }
  const { time, upload, version, instance, lifeStart } = origin;
  const key = snapshotKey({
    family: familyKey(others.map(({ measure }) => measure)),
    bucket: partitionStart(time),
    instance: instance.toWellFormed(),
    start: cumulative ? lifeStart : null,
  });
  return new Map([[key, { time: Math.round(time), upload, version, totals, columns, lines }]]);
}
