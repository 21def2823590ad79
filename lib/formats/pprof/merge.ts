import { gzipSync } from 'node:zlib';
import { Fault, invalidInput } from '../../model/fault.ts';
import {
  type ByteInterner,
  compareInterned,
  createByteInterner,
  createSequenceInterner,
  internBytes,
  internSequence,
  type SequenceInterner,
} from './intern.ts';
import { createSampleView, LABEL_WIDTH, readSample, type SampleView } from './sample.ts';
import { createTables, type PprofTables, readTables } from './tables.ts';
import { writeMerged } from './write-merged.ts';

// Merges pprof files without the detour through a model: what comes out equals, byte by byte before compression, what
// google/pprof's Parse, Merge and Write make of the same files (profile/merge.go, read 2026-09). In particular: samples
// of zeros are left out and so is what only they referred to; addresses are made relative to their mapping; times are
// the earliest, durations add up, the longest period wins, comments are joined.

const MAX_MERGED_ITEMS = 100_000_000;

/** Places in `strings` throughout. */
export interface MergedHeader {
  /** type, unit, type, unit, … */
  readonly sampleTypes: readonly number[];
  readonly periodType: readonly [number, number];
  readonly dropFrames: number;
  readonly keepFrames: number;
  readonly comments: number[];
  timeNanos: bigint;
  durationNanos: bigint;
  period: bigint;
  defaultSampleType: number;
  docUrl: number;
}

export interface MergedMapping {
  readonly start: bigint;
  readonly limit: bigint;
  readonly offset: bigint;
  readonly file: number;
  readonly buildId: number;
  readonly flags: readonly boolean[];
}

export interface Merge {
  readonly strings: ByteInterner;
  header: MergedHeader | undefined;
  readonly mappings: MergedMapping[];
  readonly mappingPlaces: Map<string, number>;
  /** name, system name, file, start line (two halves) */
  readonly functions: SequenceInterner;
  /** mapping + 1, address in it (two halves), folded, then LINE_WIDTH of each line */
  readonly locations: SequenceInterner;
  /** Address as written, two halves per location: of the first one seen with that key. */
  addresses: Int32Array;
  /** Normal form: see `labelSetOf`. */
  readonly labelSets: SequenceInterner;
  /** label set, then locations, leaf first */
  readonly samples: SequenceInterner;
  /** Two halves per value, sample by sample. They wrap at 64 bits as Go's do. */
  values: Int32Array;
  readonly file: FileTables;
}

/** Room for one file after the other, and where its rows lie in the merge: −1 is not yet. */
interface FileTables {
  readonly tables: PprofTables;
  sample: SampleView;
  key: Int32Array;
  strings: Int32Array;
  functions: Int32Array;
  locations: Int32Array;
  mappings: Int32Array;
  /** START_WIDTH of each mapping: where it starts in the file and in the merge, in halves. */
  starts: Int32Array;
  locationKey: Int32Array;
  labelKey: Int32Array;
  readonly functionKey: Int32Array;
}

export const LOCATION_HEAD = 4;
export const LINE_WIDTH = 5;
const START_WIDTH = 4;

export const createMerge = (): Merge => ({
  strings: createByteInterner(),
  header: undefined,
  mappings: [],
  mappingPlaces: new Map(),
  functions: createSequenceInterner(),
  locations: createSequenceInterner(),
  addresses: new Int32Array(1 << 11),
  labelSets: createSequenceInterner(),
  samples: createSequenceInterner(),
  values: new Int32Array(1 << 11),
  file: {
    tables: createTables(),
    sample: createSampleView(0),
    key: new Int32Array(1 << 12),
    strings: new Int32Array(0),
    functions: new Int32Array(0),
    locations: new Int32Array(0),
    mappings: new Int32Array(0),
    starts: new Int32Array(64),
    locationKey: new Int32Array(256),
    labelKey: new Int32Array(64),
    functionKey: new Int32Array(5),
  },
});

/**
 * Adds one profile. After a Fault the merge is not fit for use: half of the file may be in it.
 *
 * @param bytes pprof, not compressed
 * @throws Fault('invalid-input') when it is broken, or measures something else than the ones before
 */
export function addToMerge(merge: Merge, bytes: Uint8Array): void {
  const { file } = merge;
  const { tables } = file;
  readTables(bytes, tables);
  file.strings = cleared(file.strings, tables.strings.count);
  file.functions = cleared(file.functions, tables.functionSpans.count);
  file.locations = cleared(file.locations, tables.locationSpans.count);
  file.mappings = cleared(file.mappings, tables.mappingSpans.count);
  combineHeader(merge);
  const sampleTypes = tables.header.sampleTypes.length;
  if (file.sample.valueLow.length !== sampleTypes) file.sample = createSampleView(sampleTypes);
  // The first mapping of the first file is the program, and stays first.
  if (merge.mappings.length === 0 && tables.mappings.length > 0) mapMapping(merge, 0);
  for (let row = 0; row < tables.samples.count; row += 1) {
    readSample(tables, row, file.sample);
    if (!isZero(file.sample)) addSample(merge);
  }
}

/** The merged profile as protobuf, not compressed. The merge can go on afterwards. */
export function finishMerge(merge: Merge): Uint8Array {
  if (merge.header === undefined) throw invalidInput('Cannot merge: no profiles');
  const bytes = writeMerged(merge, merge.header);
  if (!hasZeroSamples(merge)) return bytes;
  // What cancelled out goes, and what only it referred to: once more, as google/pprof does.
  const again = createMerge();
  addToMerge(again, bytes);
  return writeMerged(again, again.header!);
}

function cleared(column: Int32Array, length: number): Int32Array {
  if (column.length < length) return new Int32Array(2 * length).fill(-1);
  return column.fill(-1, 0, length);
}

function mapString({ strings, file }: Merge, index: number): number {
  const known = file.strings[index]!;
  if (known >= 0) return known;
  const { cursor, strings: spans } = file.tables;
  const place = internBytes(strings, cursor.bytes, spans.start[index]!, spans.end[index]!);
  file.strings[index] = place;
  return place;
}

function combineHeader(merge: Merge): void {
  const { header } = merge.file.tables;
  const string = (index: number) => mapString(merge, index);
  const sampleTypes = header.sampleTypes.flatMap(({ type, unit }) => [string(type), string(unit)]);
  const { type, unit } = header.periodType;
  const periodType: [number, number] = [string(type), string(unit)];
  const comments = header.comments.map(string);
  const before = merge.header;
  if (before === undefined) {
    merge.header = {
      sampleTypes,
      periodType,
      dropFrames: string(header.dropFrames),
      keepFrames: string(header.keepFrames),
      comments: [...new Set(comments)],
      timeNanos: header.timeNanos,
      durationNanos: header.durationNanos,
      period: header.period,
      defaultSampleType: string(header.defaultSampleType),
      docUrl: string(header.docUrl),
    };
    return;
  }
  if (!isSame(before.periodType, periodType))
    throw incompatible(merge, 'period types', before.periodType, periodType);
  if (!isSame(before.sampleTypes, sampleTypes))
    throw incompatible(merge, 'sample types', before.sampleTypes, sampleTypes);
  if (before.timeNanos === 0n || header.timeNanos < before.timeNanos) before.timeNanos = header.timeNanos;
  before.durationNanos = BigInt.asIntN(64, before.durationNanos + header.durationNanos);
  if (before.period === 0n || before.period < header.period) before.period = header.period;
  for (const comment of comments) if (!before.comments.includes(comment)) before.comments.push(comment);
  if (before.defaultSampleType === 0) before.defaultSampleType = string(header.defaultSampleType);
  if (before.docUrl === 0) before.docUrl = string(header.docUrl);
}

const isSame = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((x, i) => x === b[i]);

function incompatible({ strings }: Merge, what: string, a: readonly number[], b: readonly number[]): Fault {
  const text = (place: number) =>
    utf8.decode(strings.bytes.subarray(strings.start[place]!, strings.start[place + 1]!));
  const list = (types: readonly number[]) =>
    types.flatMap((type, i) => (i % 2 === 0 ? [`${text(type)}/${text(types[i + 1]!)}`] : [])).join(', ');
  return new Fault(
    'invalid-input',
    `Cannot merge profiles with different ${what}: ${list(a)} and ${list(b)}`,
  );
}

const utf8 = new TextDecoder();

function isZero({ valueLow, valueHigh }: SampleView): boolean {
  for (let i = 0; i < valueLow.length; i += 1) if (valueLow[i] !== 0 || valueHigh[i] !== 0) return false;
  return true;
}

function addSample(merge: Merge): void {
  const { file, samples } = merge;
  const { locations, locationCount } = file.sample;
  if (file.key.length <= locationCount) file.key = new Int32Array(2 * locationCount);
  const { key } = file;
  // Locations first: places are given in the order that Go gives ids.
  const known = file.locations;
  for (let i = 0; i < locationCount; i += 1) {
    const place = known[locations[i]!]!;
    key[i + 1] = place >= 0 ? place : mapLocation(merge, locations[i]!);
  }
  key[0] = file.sample.labelCount === 0 ? -1 : labelSetOf(merge);
  const before = samples.count;
  const place = internSequence(samples, key, locationCount + 1);
  if (samples.used > MAX_MERGED_ITEMS) {
    throw new Fault(
      'too-large',
      `Cannot merge profiles: more than ${MAX_MERGED_ITEMS} frames in distinct stacks`,
    );
  }
  if (place === before) appendValues(merge, place);
  else addValues(merge, place);
}

function appendValues(merge: Merge, place: number): void {
  const { valueLow, valueHigh } = merge.file.sample;
  const width = 2 * valueLow.length;
  const at = place * width;
  if (at + width > merge.values.length) merge.values = longer(merge.values, 2 * (at + width));
  for (let i = 0; i < valueLow.length; i += 1) {
    merge.values[at + 2 * i] = valueLow[i]!;
    merge.values[at + 2 * i + 1] = valueHigh[i]!;
  }
}

function longer(column: Int32Array, length: number): Int32Array {
  const grown = new Int32Array(length);
  grown.set(column);
  return grown;
}

function addValues({ file, values }: Merge, place: number): void {
  const { valueLow, valueHigh } = file.sample;
  const at = 2 * place * valueLow.length;
  for (let i = 0; i < valueLow.length; i += 1) {
    const low = (values[at + 2 * i]! + valueLow[i]!) | 0;
    const carry = low >>> 0 < valueLow[i]! >>> 0 ? 1 : 0;
    values[at + 2 * i] = low;
    values[at + 2 * i + 1] = values[at + 2 * i + 1]! + valueHigh[i]! + carry;
  }
}

function hasZeroSamples({ values, samples, header }: Merge): boolean {
  const width = header!.sampleTypes.length;
  for (let place = 0; place < samples.count; place += 1) {
    let bits = 0;
    for (let i = 0; i < width; i += 1) bits |= values[place * width + i]!;
    if (bits === 0) return true;
  }
  return false;
}

function mapLocation(merge: Merge, row: number): number {
  const { file, locations } = merge;
  const { mapping, firstLine, isFolded, addressLow, addressHigh } = file.tables.locations;
  const first = firstLine[row]!;
  const lineCount = firstLine[row + 1]! - first;
  const length = LOCATION_HEAD + LINE_WIDTH * lineCount;
  if (file.locationKey.length < length) file.locationKey = new Int32Array(2 * length);
  const key = file.locationKey;
  let low = addressLow[row]!;
  let high = addressHigh[row]!;
  let offset = -1;
  key[0] = 0;
  if (mapping[row]! >= 0) {
    key[0] = mapMapping(merge, mapping[row]!) + 1;
    offset = mapping[row]! * START_WIDTH;
    // The address relative to its mapping: a 64-bit difference that wraps.
    const startLow = file.starts[offset]!;
    high = (high - file.starts[offset + 1]! - (low >>> 0 < startLow >>> 0 ? 1 : 0)) | 0;
    low = (low - startLow) | 0;
  }
  key[1] = low;
  key[2] = high;
  key[3] = isFolded[row]!;
  for (let i = 0; i < lineCount; i += 1) addLineToKey(merge, first + i, LOCATION_HEAD + LINE_WIDTH * i);
  const before = locations.count;
  const place = internSequence(locations, key, length);
  if (place === before) writeAddress(merge, place, low, high, offset);
  file.locations[row] = place;
  return place;
}

function addLineToKey(merge: Merge, line: number, at: number): void {
  const { tables, locationKey: key } = merge.file;
  const { lines } = tables;
  key[at] = mapFunction(merge, lines.function[line]!);
  key[at + 1] = lines.lineLow[line]!;
  key[at + 2] = lines.lineHigh[line]!;
  key[at + 3] = lines.columnLow[line]!;
  key[at + 4] = lines.columnHigh[line]!;
}

/** The address as the merged profile has it: in the mapping as its first file had it. */
function writeAddress(merge: Merge, place: number, low: number, high: number, offset: number): void {
  if (2 * place + 2 > merge.addresses.length) merge.addresses = longer(merge.addresses, 4 * (place + 1));
  const { starts } = merge.file;
  const startLow = offset < 0 ? 0 : starts[offset + 2]!;
  const startHigh = offset < 0 ? 0 : starts[offset + 3]!;
  const sum = (low + startLow) | 0;
  merge.addresses[2 * place] = sum;
  merge.addresses[2 * place + 1] = high + startHigh + (sum >>> 0 < startLow >>> 0 ? 1 : 0);
}

function mapFunction(merge: Merge, row: number): number {
  const known = merge.file.functions[row]!;
  if (known >= 0) return known;
  const { file } = merge;
  const { functions } = file.tables;
  const key = file.functionKey;
  key[0] = mapString(merge, functions.name[row]!);
  key[1] = mapString(merge, functions.systemName[row]!);
  key[2] = mapString(merge, functions.file[row]!);
  key[3] = functions.startLow[row]!;
  key[4] = functions.startHigh[row]!;
  const place = internSequence(merge.functions, key, 5);
  file.functions[row] = place;
  return place;
}

const PAGE = 0x1000n;

/** Address spaces are laid out anew at every start: a mapping is the same when its file and its size in pages are. */
function mapMapping(merge: Merge, row: number): number {
  const known = merge.file.mappings[row]!;
  if (known >= 0) return known;
  const mapping = merge.file.tables.mappings[row]!;
  const file = mapString(merge, mapping.file);
  const buildId = mapString(merge, mapping.buildId);
  const size = BigInt.asUintN(64, mapping.limit - mapping.start + PAGE - 1n);
  const key = `${size - (size % PAGE)} ${mapping.offset} ${buildId !== 0 ? buildId : file}`;
  let place = merge.mappingPlaces.get(key);
  if (place === undefined) {
    place = merge.mappings.length;
    merge.mappings.push({ ...mapping, file, buildId });
    merge.mappingPlaces.set(key, place);
  }
  merge.file.mappings[row] = place;
  setStarts(merge.file, row, mapping.start, merge.mappings[place]!.start);
  return place;
}

function setStarts(file: FileTables, row: number, here: bigint, merged: bigint): void {
  const at = row * START_WIDTH;
  if (at + START_WIDTH > file.starts.length) file.starts = longer(file.starts, 2 * (at + START_WIDTH));
  file.starts[at] = Number(BigInt.asIntN(32, here));
  file.starts[at + 1] = Number(BigInt.asIntN(32, here >> 32n));
  file.starts[at + 2] = Number(BigInt.asIntN(32, merged));
  file.starts[at + 3] = Number(BigInt.asIntN(32, merged >> 32n));
}

/**
 * Labels in the order that google/pprof writes them: texts by key, then numbers by key, several values of one key as
 * they came. A key's numbers have units all together or not at all.
 */
function labelSetOf(merge: Merge): number {
  const { labels, labelCount } = merge.file.sample;
  const length = labelCount * LABEL_WIDTH;
  if (merge.file.labelKey.length < length) merge.file.labelKey = new Int32Array(2 * length);
  const key = merge.file.labelKey;
  for (let at = 0; at < length; at += LABEL_WIDTH) {
    key[at] = mapString(merge, labels[at]!);
    key[at + 1] = mapString(merge, labels[at + 1]!);
    key[at + 2] = labels[at + 2]!;
    key[at + 3] = labels[at + 3]!;
    key[at + 4] = mapString(merge, labels[at + 4]!);
  }
  sortLabels(merge.strings, key, labelCount);
  return internSequence(merge.labelSets, key, length);
}

/** Insertion sort, stable: profilers put on one label, or five. */
function sortLabels(strings: ByteInterner, key: Int32Array, count: number): void {
  for (let i = 1; i < count; i += 1) {
    for (let at = i * LABEL_WIDTH; at > 0 && isAfter(strings, key, at - LABEL_WIDTH, at); at -= LABEL_WIDTH) {
      for (let j = at; j < at + LABEL_WIDTH; j += 1) {
        const item = key[j]!;
        key[j] = key[j - LABEL_WIDTH]!;
        key[j - LABEL_WIDTH] = item;
      }
    }
  }
}

/** Texts come before numbers, then the order of keys decides. */
function isAfter(strings: ByteInterner, key: Int32Array, a: number, b: number): boolean {
  const isNumberA = key[a + 1] === 0;
  const isNumberB = key[b + 1] === 0;
  if (isNumberA !== isNumberB) return isNumberA;
  return compareInterned(strings, key[a]!, key[b]!) > 0;
}

/** Level 1 is three times as fast as the usual 6 on profiles, for a quarter more bytes; see bench/flame. */
const GZIP_LEVEL = 1;

export const packPprof = (bytes: Uint8Array): Uint8Array => gzipSync(bytes, { level: GZIP_LEVEL });
