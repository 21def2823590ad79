import { createTables, type PprofTables } from './columns.ts';
import {
  type ByteInterner,
  createByteInterner,
  createSequenceBatch,
  createSequenceInterner,
  internBytes,
  type SequenceBatch,
  type SequenceInterner,
} from './intern.ts';
import { createSampleView, type SampleView } from './sample.ts';

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
export interface FileTables {
  readonly tables: PprofTables;
  sample: SampleView;
  /** Samples of the file: label set, then locations. */
  readonly sampleKeys: SequenceBatch;
  /** Their values, as in `values`. */
  sampleValues: Int32Array;
  readonly locationKeys: SequenceBatch;
  /** Rows of locations in the order of their first use. */
  order: Int32Array;
  strings: Int32Array;
  functions: Int32Array;
  locations: Int32Array;
  mappings: Int32Array;
  /** START_WIDTH of each mapping: where it starts in the file and in the merge, in halves. */
  starts: Int32Array;
  labelKey: Int32Array;
  readonly functionKey: Int32Array;
}

export const LOCATION_HEAD = 4;
export const LINE_WIDTH = 5;
export const START_WIDTH = 4;

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
    sampleKeys: createSequenceBatch(),
    sampleValues: new Int32Array(1 << 10),
    locationKeys: createSequenceBatch(),
    order: new Int32Array(0),
    strings: new Int32Array(0),
    functions: new Int32Array(0),
    locations: new Int32Array(0),
    mappings: new Int32Array(0),
    starts: new Int32Array(64),
    labelKey: new Int32Array(64),
    functionKey: new Int32Array(5),
  },
});

export function mapString({ strings, file }: Merge, index: number): number {
  const known = file.strings[index]!;
  if (known >= 0) return known;
  const { cursor, strings: spans } = file.tables;
  const place = internBytes(strings, cursor.bytes, spans.start[index]!, spans.end[index]!);
  file.strings[index] = place;
  return place;
}

const utf8 = new TextDecoder();

/** @param place in `strings` */
export const textOfMerge = ({ strings }: Merge, place: number): string =>
  utf8.decode(strings.bytes.subarray(strings.start[place]!, strings.start[place + 1]!));

/** A copy with room for more. */
export function longer(column: Int32Array, length: number): Int32Array {
  const grown = new Int32Array(length);
  grown.set(column);
  return grown;
}
