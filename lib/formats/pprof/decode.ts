import type { Profile, SampleType, ValueColumn } from '../../model/profile.ts';
import { createProfileBuilder, type ProfileBuilder, ROOT } from '../profiles/builder.ts';
import { tooMany } from '../profiles/limits.ts';
import { childOf, type NodeTable } from '../profiles/node-table.ts';
import { temporalityOf } from '../profiles/temporality.ts';
import { exactColumn } from '../profiles/value-column.ts';
import { createTables, type PprofHeader, type PprofTables } from './columns.ts';
import { createFrameReader, type FrameReader } from './decode-frames.ts';
import { labelReader } from './decode-labels.ts';
import { type StringReader, stringReader } from './decode-strings.ts';
import { knownTextsFor } from './known-texts.ts';
import { createSampleView, readSample, type SampleView } from './sample.ts';
import { readTables } from './tables.ts';

const NS_PER_MS = 1e6;
/** Samples times types: 128 MB of columns. */
const MAX_VALUES = 16_000_000;

/**
 * @param bytes pprof, not compressed
 * @throws Fault('invalid-input') when it is broken, Fault('too-large') beyond the limits
 */
export function decodePprof(bytes: Uint8Array): Profile {
  const tables = bytes.length > ROOM_BYTES ? createTables() : room;
  try {
    readTables(bytes, tables);
    return profileOf(tables, bytes.length);
  } finally {
    tables.cursor.bytes = NOTHING;
  }
}

/** Tables of files up to here are read into the same room again and again. */
const ROOM_BYTES = 256 * 1024;
const room = createTables();
const NOTHING = new Uint8Array(0);

function profileOf(tables: PprofTables, size: number): Profile {
  const { header } = tables;
  const strings = stringReader(tables, knownTextsFor(size));
  const { text } = strings;
  const builder = createProfileBuilder(0, tables.samples.count);
  const values = readSamples(tables, strings, builder);
  const durationNs = Number(header.durationNanos);
  const sampleTypes = header.sampleTypes.map(({ type, unit }, i) => ({
    type: text(type),
    unit: text(unit),
    temporality: temporalityOf(text(type), durationNs > 0, hasNegative(values[i]!)),
  }));
  return builder.finish({
    format: 'pprof',
    sampleTypes,
    defaultType: defaultType(sampleTypes, header, text),
    start: startOf(Number(header.timeNanos), durationNs, sampleTypes),
    durationNs: durationNs > 0 ? durationNs : null,
    values,
  });
}

function readSamples(tables: PprofTables, strings: StringReader, builder: ProfileBuilder): ValueColumn[] {
  const types = tables.header.sampleTypes.length;
  const { count } = tables.samples;
  if (types * count > MAX_VALUES) throw tooMany('values', MAX_VALUES);
  const view = createSampleView(types);
  const frames = createFrameReader(tables, strings, builder);
  const labels = labelReader(tables, strings.text, builder);
  // Two halves per value, as the 64-bit integers that they are.
  const columns = Array.from({ length: types }, () => new Int32Array(2 * count));
  for (let row = 0; row < count; row += 1) {
    readSample(tables, row, view);
    builder.sample(stackOf(view, frames, builder.nodes), labels(view));
    for (let i = 0; i < types; i += 1) {
      columns[i]![2 * row] = view.valueLow[i]!;
      columns[i]![2 * row + 1] = view.valueHigh[i]!;
    }
  }
  return columns.map(exactColumn);
}

function hasNegative(column: ValueColumn): boolean {
  for (let i = 0; i < column.length; i += 1) if (column[i]! < 0) return true;
  return false;
}

/** pprof's rule: the one that the header names, else the last. */
function defaultType(
  sampleTypes: readonly SampleType[],
  { defaultSampleType }: PprofHeader,
  text: (index: number) => string,
): number {
  const wanted = text(defaultSampleType);
  const named = wanted === '' ? -1 : sampleTypes.findIndex(({ type }) => type === wanted);
  return named >= 0 ? named : Math.max(0, sampleTypes.length - 1);
}

/** Go writes the time at which a profile began, @datadog/pprof (dd-trace, Pyroscope's Node SDK) at which it ended. */
function startOf(timeNs: number, durationNs: number, sampleTypes: readonly SampleType[]): number | null {
  if (timeNs <= 0) return null;
  const isDatadog = sampleTypes[0]?.type === 'sample' && sampleTypes[1]?.type === 'wall';
  return (timeNs - (isDatadog ? Math.max(0, durationNs) : 0)) / NS_PER_MS;
}

/** The innermost loop: nothing is looked up twice. */
function stackOf({ locations, locationCount }: SampleView, reader: FrameReader, nodes: NodeTable): number {
  const { first, end } = reader;
  let node = ROOT;
  for (let i = locationCount - 1; i >= 0; i -= 1) {
    const row = locations[i]!;
    let at = first[row]!;
    if (at < 0) at = reader.make(row);
    const { frames } = reader;
    for (const stop = end[row]!; at < stop; at += 1) node = childOf(nodes, node, frames[at]!);
  }
  return node;
}
