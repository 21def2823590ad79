import { gzipSync, type ZlibOptions } from 'node:zlib';
import { invalidInput } from '../../model/fault.ts';
import { MIB } from '../../model/units.ts';
import { combineHeader } from './merge-header.ts';
import { mapMapping } from './merge-locations.ts';
import { addSamples } from './merge-samples.ts';
import { createMerge, type Merge } from './merge-state.ts';
import { readTables } from './tables.ts';
import { writeMerged } from './write-merged.ts';

// Merges pprof files without the detour through a model: what comes out equals, byte by byte before compression, what
// google/pprof's Parse, Merge and Write make of the same files (profile/merge.go, read 2026-09). In particular: samples
// of zeros are left out and so is what only they referred to; addresses are made relative to their mapping; times are
// the earliest, durations add up, the longest period wins, comments are joined.

export { createMerge } from './merge-state.ts';

/**
 * Adds one profile. After a Fault the merge is not fit for use: half of the file may be in it.
 *
 * @param bytes pprof, not compressed
 * @throws Fault('invalid-input') when it is broken, or measures something else than the ones before
 */
export function addToMerge(merge: Merge, bytes: Uint8Array, samplesMax?: number): void {
  const { file } = merge;
  const { tables } = file;
  readTables(bytes, tables, samplesMax);
  file.strings = cleared(file.strings, tables.strings.count);
  file.functions = cleared(file.functions, tables.functionSpans.count);
  file.locations = cleared(file.locations, tables.locationSpans.count);
  file.mappings = cleared(file.mappings, tables.mappingSpans.count);
  combineHeader(merge);
  // The first mapping of the first file is the program, and stays first.
  if (merge.mappings.length === 0 && tables.mappings.length > 0) mapMapping(merge, 0);
  addSamples(merge);
}

/** The merged profile as protobuf, not compressed. The merge can go on afterwards. */
export function finishMerge(merge: Merge): Uint8Array {
  if (merge.header === undefined) throw invalidInput('Cannot merge: no profiles');
  const bytes = writeMerged(merge, merge.header);
  if (!hasZeroSamples(merge)) return bytes;
  // What cancelled out goes, and what only it referred to: once more, as google/pprof does.
  const again = createMerge();
  addToMerge(again, bytes, merge.samples.count);
  return writeMerged(again, again.header!);
}

function cleared(column: Int32Array, length: number): Int32Array {
  if (column.length < length) return new Int32Array(2 * length).fill(-1);
  return column.fill(-1, 0, length);
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

/** Level 1 is three times as fast as the usual 6 on profiles, for a quarter more bytes; with more memory a tenth faster. */
const GZIP: ZlibOptions = { level: 1, memLevel: 9, chunkSize: MIB };

export const packPprof = (bytes: Uint8Array): Uint8Array => gzipSync(bytes, GZIP);
