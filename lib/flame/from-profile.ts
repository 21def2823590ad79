import type { UploadId } from '../model/ids.ts';
import { partitionStart } from '../model/partition.ts';
import type { Profile, SampleType, ValueColumn } from '../model/profile.ts';
import { unitKey } from '../model/unit-of-work.ts';
import type { EpochMs } from '../model/units.ts';
import type { Column, RowColumn } from './columns.ts';
import { NONE } from './pair-table.ts';
import { StackTableBuilder } from './stack-table.ts';
import {
  emptyFlame,
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
import { addExact, clampInt64, settle, sumOf, Totals } from './values.ts';
import { outermost, totalsOf } from './walk.ts';

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
  const builder = new StackTableBuilder(profile.stacks.parent.length);
  const { nodeOf, rowOfFrame } = placesIn(builder, profile, origin.scrub);
  const groups = samplesByUnit(profile, origin.scrub);
  const nodes = profile.samples.stack.map((stack) => nodeOf[stack]!);
  const scratch = new Int32Array(builder.nodes);
  const lined = lineNodes(profile, rowOfFrame);
  const measured = profile.sampleTypes.map((measure, type): Measured => {
    const values = profile.samples.values[type]!;
    const columns = [...groups].map(([work, samples]) => ({
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
    ...(deltas.length === 0 ? {} : sumsOf(deltas, profile, origin)),
    ...(others.length === 0 ? {} : { snapshots: snapshotsOf(others, origin) }),
  };
}

interface Measured {
  readonly measure: SampleType;
  readonly columns: readonly { readonly work: string; readonly column: Column }[];
  readonly lines: RowColumn;
}

/** Where the profile's stacks and frames went in the builder's table. */
interface Places {
  readonly nodeOf: Uint32Array;
  readonly rowOfFrame: Uint32Array; // NONE: no line is known
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
  return { nodeOf: nodeOf.length === 0 ? new Uint32Array(1) : nodeOf, rowOfFrame };
}

/** `unitKey` → its samples, '' for those of none. */
function samplesByUnit({ samples, units }: Profile, scrub: ProfileOrigin['scrub']) {
  const works = units.map((unit) => unitKey({ ...unit, name: scrub(unit.name).toWellFormed() }));
  const groups = new Map<string, number[]>();
  for (let i = 0; i < samples.stack.length; i += 1) {
    const work = works[samples.unit[i]!] ?? '';
    const group = groups.get(work);
    if (group === undefined) groups.set(work, [i]);
    else group.push(i);
  }
  return groups;
}

/** Sums of the samples by node, nodes without a value left out. */
function columnOf(
  samples: readonly number[],
  nodes: Uint32Array,
  values: ValueColumn,
  scratch: Int32Array,
): Column {
  const at: number[] = [];
  const sums: (number | bigint)[] = [];
  for (const sample of samples) scratch[nodes[sample]!] = -1;
  for (const sample of samples) {
    const value = values[sample]!;
    if (Number(value) === 0) continue;
    const node = nodes[sample]!;
    const place = scratch[node]!;
    if (place >= 0) sums[place] = plus(sums[place]!, value);
    else {
      scratch[node] = at.length;
      at.push(node);
      sums.push(value);
    }
  }
  return { at: Uint32Array.from(at), values: valuesOf(sums) };
}

function plus(a: number | bigint, b: number | bigint): number | bigint {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return clampInt64(BigInt(a) + BigInt(b));
}

const isNumber = (value: number | bigint): value is number => typeof value === 'number';
const valuesOf = (sums: readonly (number | bigint)[]): ValueColumn =>
  settle(sums.every(isNumber) ? Float64Array.from(sums) : BigInt64Array.from(sums, BigInt));

/** Nodes whose frame has a line, and the row of each. */
interface NodeRows {
  readonly node: Uint32Array;
  readonly row: Uint32Array;
}
interface LineNodes {
  readonly all: NodeRows;
  /** Where the node's total counts: a line that stands several times in a stack counts once. */
  readonly outermost: NodeRows;
}

/** The same for every type of value. Lines are those of the profile's own frames, which tell them apart. */
function lineNodes({ frames, stacks }: Profile, rowOfFrame: Uint32Array): LineNodes {
  const outer = outermost(stacks.parent, stacks.frame, frames.name.length);
  const all = nodeRows(outer.length);
  const once = nodeRows(outer.length);
  for (let node = 1; node < outer.length; node += 1) {
    const row = rowOfFrame[stacks.frame[node]!]!;
    if (row === NONE) continue;
    all.add(node, row);
    if (outer[node] === 1) once.add(node, row);
  }
  return { all: all.finish(), outermost: once.finish() };
}

function nodeRows(most: number) {
  const nodes = new Uint32Array(most);
  const rows = new Uint32Array(most);
  let length = 0;
  return {
    add(node: number, row: number) {
      nodes[length] = node;
      rows[length] = row;
      length += 1;
    },
    finish: (): NodeRows => ({ node: nodes.subarray(0, length), row: rows.subarray(0, length) }),
  };
}

/** Self and total by line. */
function linesOf(
  { samples, stacks }: Profile,
  values: ValueColumn,
  nodes: LineNodes,
  rows: number,
): RowColumn {
  const byNode = new Totals(stacks.parent.length);
  byNode.addAll(values, (i) => samples.stack[i]!, stacks.parent.length);
  const self = byNode.finish(stacks.parent.length);
  const selves = sumsByRow(self, nodes.all, rows);
  const totals = sumsByRow(totalsOf(stacks.parent, self), nodes.outermost, rows);
  const at = new Uint32Array(rows);
  let told = 0;
  for (let row = 0; row < rows; row += 1) {
    if (Number(totals[row]) === 0 && Number(selves[row]) === 0) continue;
    at[told] = row;
    told += 1;
  }
  return rowsAt(at.slice(0, told), selves, totals);
}

const rowsAt = (at: Uint32Array, selves: ValueColumn, totals: ValueColumn): RowColumn => ({
  at,
  self: pick(selves, at),
  total: pick(totals, at),
});

function sumsByRow(values: ValueColumn, { node, row }: NodeRows, rows: number): ValueColumn {
  const sums = new Totals(rows);
  sums.addAll(pick(values, node), (i) => row[i]!, rows);
  return sums.finish(rows);
}

function pick(values: ValueColumn, indices: Uint32Array): ValueColumn {
  const picked =
    values instanceof Float64Array ? new Float64Array(indices.length) : new BigInt64Array(indices.length);
  for (let i = 0; i < indices.length; i += 1) picked[i] = values[indices[i]!]!;
  return settle(picked as ValueColumn);
}

function sumsOf(deltas: readonly Measured[], profile: Profile, { upload, version }: ProfileOrigin) {
  const sums = new Map<string, Column>();
  const lines = new Map<string, RowColumn>();
  const counts = new Map<string, ProfileCount>();
  const nodes = new Set<number>();
  const count = { profiles: 1, durationMs: Math.round((profile.durationNs ?? 0) / MS_NS) };
  for (const { measure, columns, lines: byLine } of deltas) {
    counts.set(seriesKey(measure, version), count);
    if (byLine.at.length > 0) lines.set(seriesKey(measure, version), byLine);
    for (const { work, column } of columns) {
      sums.set(sumKey(measure, version, work), column);
      for (const node of column.at) nodes.add(node);
    }
  }
  const at = Uint32Array.from(nodes);
  const examples = {
    uploads: [upload],
    at,
    first: new Uint32Array(at.length),
    second: new Uint32Array(at.length).fill(NONE),
  };
  const family = familyKey(deltas.map(({ measure }) => measure));
  return { sums, lines, counts, examples: new Map(at.length === 0 ? [] : [[family, examples]]) };
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
