import { createIdMap, type IdMap } from './id-map.ts';
import { type Cursor, cursorOf } from './wire.ts';

// What the tables of one pprof file are kept in.

export interface Spans {
  count: number;
  start: Int32Array;
  end: Int32Array;
}

/** 64-bit integers are in two columns, `…Low` and `…High`. Columns are longer than their tables. */
export interface PprofTables {
  readonly cursor: Cursor;
  readonly strings: Spans;
  readonly samples: Spans;
  readonly functionSpans: Spans;
  readonly locationSpans: Spans;
  readonly mappingSpans: Spans;
  header: PprofHeader;
  mappings: PprofMapping[];
  readonly mappingIds: IdMap;
  readonly functionIds: IdMap;
  readonly locationIds: IdMap;
  functions: FunctionColumns;
  locations: LocationColumns;
  lines: LineColumns;
}

export interface ValueTypeIndex {
  readonly type: number;
  readonly unit: number;
}

/** Strings are indices. */
export interface PprofHeader {
  readonly sampleTypes: ValueTypeIndex[];
  readonly comments: number[];
  periodType: ValueTypeIndex;
  period: bigint;
  timeNanos: bigint;
  durationNanos: bigint;
  dropFrames: number;
  keepFrames: number;
  defaultSampleType: number;
  docUrl: number;
}

export interface PprofMapping {
  start: bigint;
  limit: bigint;
  offset: bigint;
  file: number;
  buildId: number;
  /** has_functions, has_filenames, has_line_numbers, has_inline_frames */
  flags: [boolean, boolean, boolean, boolean];
}

interface FunctionColumns {
  name: Int32Array;
  systemName: Int32Array;
  file: Int32Array;
  startLow: Int32Array;
  startHigh: Int32Array;
}

interface LocationColumns {
  /** Place of the mapping, −1: none. */
  mapping: Int32Array;
  addressLow: Int32Array;
  addressHigh: Int32Array;
  isFolded: Uint8Array;
  /** Lines of location i are [firstLine[i], firstLine[i + 1]), innermost first. */
  firstLine: Int32Array;
}

interface LineColumns {
  function: Int32Array;
  lineLow: Int32Array;
  lineHigh: Int32Array;
  columnLow: Int32Array;
  columnHigh: Int32Array;
}

const spans = (): Spans => ({ count: 0, start: new Int32Array(1024), end: new Int32Array(1024) });
const ints = (length: number) => new Int32Array(length);

/** Room for the tables of one file; many files may be read into it one after the other. */
export const createTables = (): PprofTables => ({
  cursor: cursorOf(new Uint8Array(0)),
  strings: spans(),
  samples: spans(),
  functionSpans: spans(),
  locationSpans: spans(),
  mappingSpans: spans(),
  header: emptyHeader(),
  mappings: [],
  mappingIds: createIdMap(),
  functionIds: createIdMap(),
  locationIds: createIdMap(),
  functions: functionColumns(0),
  locations: locationColumns(0),
  lines: lineColumns(1024),
});

export const functionColumns = (length: number): FunctionColumns => ({
  name: ints(length),
  systemName: ints(length),
  file: ints(length),
  startLow: ints(length),
  startHigh: ints(length),
});

export const locationColumns = (length: number): LocationColumns => ({
  mapping: ints(length),
  addressLow: ints(length),
  addressHigh: ints(length),
  isFolded: new Uint8Array(length),
  firstLine: ints(length + 1),
});

const lineColumns = (length: number): LineColumns => ({
  function: ints(length),
  lineLow: ints(length),
  lineHigh: ints(length),
  columnLow: ints(length),
  columnHigh: ints(length),
});

export const emptyHeader = (): PprofHeader => ({
  sampleTypes: [],
  comments: [],
  periodType: { type: 0, unit: 0 },
  period: 0n,
  timeNanos: 0n,
  durationNanos: 0n,
  dropFrames: 0,
  keepFrames: 0,
  defaultSampleType: 0,
  docUrl: 0,
});
