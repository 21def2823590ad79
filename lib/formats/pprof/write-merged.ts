import { endOf } from './intern.ts';
import {
  LINE_WIDTH,
  LOCATION_HEAD,
  type Merge,
  type MergedHeader,
  type MergedMapping,
} from './merge-state.ts';
import { LABEL_WIDTH } from './sample.ts';
import {
  createWireWriter,
  MAX_FIELD,
  reserve,
  sizeOf,
  sizeOfBigOptional,
  sizeOfOptional,
  sizeOfSmall,
  type WireWriter,
  writeBigOptional,
  writeLength,
  writeOptional,
  writeSmall,
  writeVarint,
  written,
} from './wire-writer.ts';

// The tables of a merge as pprof, in the order and with the choices of google/pprof's encode.go: lists of more than two
// integers are packed, zeros are left out, strings are numbered as they come up.

/** Numbers of the merge's strings in the file that is written. */
interface StringNumbers {
  readonly numberOf: Int32Array;
  readonly order: number[];
}

function numberOf({ numberOf, order }: StringNumbers, place: number): number {
  if (numberOf[place]! >= 0) return numberOf[place]!;
  numberOf[place] = order.length;
  order.push(place);
  return numberOf[place]!;
}

export function writeMerged(merge: Merge, header: MergedHeader): Uint8Array {
  const numbers: StringNumbers = { numberOf: new Int32Array(merge.strings.count).fill(-1), order: [] };
  const number = (place: number) => numberOf(numbers, place);
  number(0);
  const types = header.sampleTypes.map(number);
  const labelSets = numberLabels(merge, number);
  const mappings = merge.mappings.map((m) => ({ ...m, file: number(m.file), buildId: number(m.buildId) }));
  const writer = createWireWriter();
  for (let i = 0; i < types.length; i += 2) writeValueType(writer, 0x0a, types[i]!, types[i + 1]!);
  writeSamples(writer, merge, labelSets, types.length);
  for (const [i, mapping] of mappings.entries()) writeMapping(writer, i + 1, mapping);
  writeLocations(writer, merge);
  writeFunctions(writer, merge, number);
  const tail = {
    dropFrames: number(header.dropFrames),
    keepFrames: number(header.keepFrames),
    periodType: header.periodType.map(number),
    comments: header.comments.map(number),
    defaultSampleType: number(header.defaultSampleType),
    docUrl: number(header.docUrl),
  };
  writeStrings(writer, merge, numbers.order);
  writeTail(writer, header, tail);
  return written(writer);
}

/** Label sets in the order of their first sample: that is how their strings are numbered. */
function numberLabels({ labelSets, samples }: Merge, number: (place: number) => number): Int32Array {
  const items = labelSets.items.slice(0, labelSets.used);
  const isDone = new Uint8Array(labelSets.count);
  for (let sample = 0; sample < samples.count; sample += 1) {
    const set = samples.items[samples.start[sample]!]!;
    if (set < 0 || isDone[set] === 1) continue;
    isDone[set] = 1;
    for (let at = labelSets.start[set]!; at < endOf(labelSets, set); at += LABEL_WIDTH) {
      items[at] = number(items[at]!);
      items[at + 1] = number(items[at + 1]!);
      items[at + 4] = number(items[at + 4]!);
    }
  }
  return items;
}

function writeValueType(writer: WireWriter, tag: number, type: number, unit: number): void {
  reserve(writer, 3 * MAX_FIELD);
  writeLength(writer, tag, sizeOfOptional(type) + sizeOfOptional(unit));
  writeOptional(writer, 0x08, type);
  writeOptional(writer, 0x10, unit);
}

/** Lists of up to two integers are not packed. */
const PACKED_FROM = 3;

function writeSamples(writer: WireWriter, merge: Merge, labels: Int32Array, valueInts: number): void {
  const { samples } = merge;
  const longest = LABEL_WIDTH * MAX_FIELD;
  for (let sample = 0; sample < samples.count; sample += 1) {
    const start = samples.start[sample]!;
    const end = endOf(samples, sample);
    const set = samples.items[start]!;
    const labelStart = set < 0 ? 0 : merge.labelSets.start[set]!;
    const labelEnd = set < 0 ? 0 : endOf(merge.labelSets, set);
    const labelCount = (labelEnd - labelStart) / LABEL_WIDTH;
    reserve(writer, 6 * (end - start) + 6 * valueInts + longest * labelCount + 3 * MAX_FIELD);
    const placesSize = sizeOfPlaces(samples.items, start + 1, end);
    const valuesSize = sizeOfValues(merge.values, sample * valueInts, valueInts);
    let size = listSize(placesSize, end - start - 1) + listSize(valuesSize, valueInts / 2);
    for (let at = labelStart; at < labelEnd; at += LABEL_WIDTH) {
      const labelSize = sizeOfLabel(labels, at);
      size += 1 + sizeOfSmall(labelSize) + labelSize;
    }
    writeLength(writer, 0x12, size);
    writePlaces(writer, samples.items, start + 1, end, placesSize);
    writeValues(writer, merge.values, sample * valueInts, valueInts, valuesSize);
    for (let at = labelStart; at < labelEnd; at += LABEL_WIDTH) writeLabel(writer, labels, at);
  }
}

const listSize = (contentSize: number, count: number): number =>
  count >= PACKED_FROM ? 1 + sizeOfSmall(contentSize) + contentSize : count + contentSize;

function sizeOfPlaces(items: Int32Array, start: number, end: number): number {
  let size = 0;
  for (let i = start; i < end; i += 1) size += sizeOfSmall(items[i]! + 1);
  return size;
}

/** Ids are places + 1. */
function writePlaces(writer: WireWriter, items: Int32Array, start: number, end: number, size: number): void {
  const isPacked = end - start >= PACKED_FROM;
  if (isPacked) writeLength(writer, 0x0a, size);
  const { bytes } = writer;
  let at = writer.at;
  for (let i = start; i < end; i += 1) {
    if (!isPacked) bytes[at++] = 0x08;
    let rest = items[i]! + 1;
    while (rest >= 0x80) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
  }
  writer.at = at;
}

function sizeOfValues(values: Int32Array, start: number, ints: number): number {
  let size = 0;
  for (let i = start; i < start + ints; i += 2) size += sizeOf(values[i]!, values[i + 1]!);
  return size;
}

function writeValues(
  writer: WireWriter,
  values: Int32Array,
  start: number,
  ints: number,
  size: number,
): void {
  const isPacked = ints / 2 >= PACKED_FROM;
  if (isPacked) writeLength(writer, 0x12, size);
  for (let i = start; i < start + ints; i += 2) {
    if (!isPacked) writer.bytes[writer.at++] = 0x10;
    writeVarint(writer, values[i]!, values[i + 1]!);
  }
}

const sizeOfLabel = (labels: Int32Array, at: number): number =>
  sizeOfOptional(labels[at]!) +
  sizeOfOptional(labels[at + 1]!) +
  sizeOfOptional(labels[at + 2]!, labels[at + 3]!) +
  sizeOfOptional(labels[at + 4]!);

function writeLabel(writer: WireWriter, labels: Int32Array, at: number): void {
  writeLength(writer, 0x1a, sizeOfLabel(labels, at));
  writeOptional(writer, 0x08, labels[at]!);
  writeOptional(writer, 0x10, labels[at + 1]!);
  writeOptional(writer, 0x18, labels[at + 2]!, labels[at + 3]!);
  writeOptional(writer, 0x20, labels[at + 4]!);
}

function writeMapping(writer: WireWriter, id: number, mapping: MergedMapping): void {
  const { start, limit, offset, file, buildId, flags } = mapping;
  reserve(writer, 12 * MAX_FIELD);
  writeLength(
    writer,
    0x1a,
    sizeOfOptional(id) +
      sizeOfBigOptional(start) +
      sizeOfBigOptional(limit) +
      sizeOfBigOptional(offset) +
      sizeOfOptional(file) +
      sizeOfOptional(buildId) +
      2 * flags.filter(Boolean).length,
  );
  writeOptional(writer, 0x08, id);
  writeBigOptional(writer, 0x10, start);
  writeBigOptional(writer, 0x18, limit);
  writeBigOptional(writer, 0x20, offset);
  writeOptional(writer, 0x28, file);
  writeOptional(writer, 0x30, buildId);
  for (const [i, flag] of flags.entries()) writeOptional(writer, 0x38 + 8 * i, flag ? 1 : 0);
}

function writeLocations(writer: WireWriter, { locations, addresses }: Merge): void {
  const { items } = locations;
  for (let place = 0; place < locations.count; place += 1) {
    const start = locations.start[place]!;
    const end = endOf(locations, place);
    const low = addresses[2 * place]!;
    const high = addresses[2 * place + 1]!;
    reserve(writer, 6 * MAX_FIELD + (end - start) * MAX_FIELD);
    let size = sizeOfOptional(place + 1) + sizeOfOptional(items[start]!) + sizeOfOptional(low, high);
    if (items[start + 3] !== 0) size += 2;
    for (let at = start + LOCATION_HEAD; at < end; at += LINE_WIDTH) size += 2 + sizeOfLine(items, at);
    writeLength(writer, 0x22, size);
    writeOptional(writer, 0x08, place + 1);
    writeOptional(writer, 0x10, items[start]!);
    writeOptional(writer, 0x18, low, high);
    for (let at = start + LOCATION_HEAD; at < end; at += LINE_WIDTH) {
      writeLength(writer, 0x22, sizeOfLine(items, at));
      writeOptional(writer, 0x08, items[at]! + 1);
      writeOptional(writer, 0x10, items[at + 1]!, items[at + 2]!);
      writeOptional(writer, 0x18, items[at + 3]!, items[at + 4]!);
    }
    writeOptional(writer, 0x28, items[start + 3]!);
  }
}

/** Never more than 127, so that its own length takes one byte. */
const sizeOfLine = (items: Int32Array, at: number): number =>
  sizeOfOptional(items[at]! + 1) +
  sizeOfOptional(items[at + 1]!, items[at + 2]!) +
  sizeOfOptional(items[at + 3]!, items[at + 4]!);

function writeFunctions(writer: WireWriter, { functions }: Merge, number: (place: number) => number): void {
  const { items } = functions;
  for (let place = 0; place < functions.count; place += 1) {
    const at = functions.start[place]!;
    const name = number(items[at]!);
    const systemName = number(items[at + 1]!);
    const file = number(items[at + 2]!);
    const low = items[at + 3]!;
    const high = items[at + 4]!;
    reserve(writer, 6 * MAX_FIELD);
    const strings = sizeOfOptional(name) + sizeOfOptional(systemName) + sizeOfOptional(file);
    writeLength(writer, 0x2a, sizeOfOptional(place + 1) + strings + sizeOfOptional(low, high));
    writeOptional(writer, 0x08, place + 1);
    writeOptional(writer, 0x10, name);
    writeOptional(writer, 0x18, systemName);
    writeOptional(writer, 0x20, file);
    writeOptional(writer, 0x28, low, high);
  }
}

function writeStrings(writer: WireWriter, { strings }: Merge, order: readonly number[]): void {
  for (const place of order) {
    const start = strings.start[place]!;
    const end = strings.start[place + 1]!;
    reserve(writer, end - start + MAX_FIELD);
    writeLength(writer, 0x32, end - start);
    writer.bytes.set(strings.bytes.subarray(start, end), writer.at);
    writer.at += end - start;
  }
}

interface Tail {
  readonly dropFrames: number;
  readonly keepFrames: number;
  readonly periodType: readonly number[];
  readonly comments: readonly number[];
  readonly defaultSampleType: number;
  readonly docUrl: number;
}

function writeTail(writer: WireWriter, header: MergedHeader, tail: Tail): void {
  const [type = 0, unit = 0] = tail.periodType;
  reserve(writer, 12 * MAX_FIELD + 6 * tail.comments.length);
  writeOptional(writer, 0x38, tail.dropFrames);
  writeOptional(writer, 0x40, tail.keepFrames);
  writeBigOptional(writer, 0x48, header.timeNanos);
  writeBigOptional(writer, 0x50, header.durationNanos);
  if (type !== 0 || unit !== 0) writeValueType(writer, 0x5a, type, unit);
  writeBigOptional(writer, 0x60, header.period);
  const isPacked = tail.comments.length >= PACKED_FROM;
  if (isPacked) {
    const size = tail.comments.reduce((sum, comment) => sum + sizeOfSmall(comment), 0);
    writeLength(writer, 0x6a, size);
  }
  for (const comment of tail.comments) {
    if (!isPacked) writer.bytes[writer.at++] = 0x68;
    writeSmall(writer, comment);
  }
  writer.bytes[writer.at++] = 0x70; // written even when it is zero, as Go does
  writeSmall(writer, tail.defaultSampleType);
  writeOptional(writer, 0x78, tail.docUrl);
}
