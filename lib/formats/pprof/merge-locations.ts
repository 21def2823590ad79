import { addToBatch, clearBatch, internBatch, internSequence } from './intern.ts';
import {
  type FileTables,
  LINE_WIDTH,
  LOCATION_HEAD,
  longer,
  type Merge,
  mapString,
  START_WIDTH,
} from './merge-state.ts';

/** Maps the first `count` locations of `file.order`, in that order: it is the one in which Go gives ids. */
export function mapLocations(merge: Merge, count: number): void {
  const { file, locations } = merge;
  const batch = file.locationKeys;
  clearBatch(batch);
  for (let i = 0; i < count; i += 1) addLocationKey(merge, file.order[i]!);
  let known = locations.count;
  internBatch(locations, batch);
  for (let i = 0; i < count; i += 1) {
    const place = batch.places[i]!;
    file.locations[file.order[i]!] = place;
    if (place !== known) continue;
    writeAddress(merge, place, file.order[i]!, batch.start[i]!);
    known += 1;
  }
}

function addLocationKey(merge: Merge, row: number): void {
  const { file } = merge;
  const { mapping, firstLine, isFolded, addressLow, addressHigh } = file.tables.locations;
  const first = firstLine[row]!;
  const end = firstLine[row + 1]!;
  let at = addToBatch(file.locationKeys, LOCATION_HEAD + LINE_WIDTH * (end - first));
  const key = file.locationKeys.items;
  let low = addressLow[row]!;
  let high = addressHigh[row]!;
  key[at] = 0;
  if (mapping[row]! >= 0) {
    key[at] = mapMapping(merge, mapping[row]!) + 1;
    // The address relative to its mapping: a 64-bit difference that wraps.
    const offset = mapping[row]! * START_WIDTH;
    const startLow = file.starts[offset]!;
    high = (high - file.starts[offset + 1]! - (low >>> 0 < startLow >>> 0 ? 1 : 0)) | 0;
    low = (low - startLow) | 0;
  }
  key[at + 1] = low;
  key[at + 2] = high;
  key[at + 3] = isFolded[row]!;
  const { lines } = file.tables;
  at += LOCATION_HEAD;
  for (let line = first; line < end; line += 1, at += LINE_WIDTH) {
    const fn = lines.function[line]!;
    const place = file.functions[fn]!;
    key[at] = place >= 0 ? place : mapFunction(merge, fn);
    key[at + 1] = lines.lineLow[line]!;
    key[at + 2] = lines.lineHigh[line]!;
    key[at + 3] = lines.columnLow[line]!;
    key[at + 4] = lines.columnHigh[line]!;
  }
}

/** The address as the merged profile has it: in the mapping as its first file had it. */
function writeAddress(merge: Merge, place: number, row: number, key: number): void {
  const { file } = merge;
  if (2 * place + 2 > merge.addresses.length) merge.addresses = longer(merge.addresses, 4 * (place + 1));
  const offset = file.tables.locations.mapping[row]! * START_WIDTH;
  const startLow = offset < 0 ? 0 : file.starts[offset + 2]!;
  const startHigh = offset < 0 ? 0 : file.starts[offset + 3]!;
  const sum = (file.locationKeys.items[key + 1]! + startLow) | 0;
  merge.addresses[2 * place] = sum;
  merge.addresses[2 * place + 1] =
    file.locationKeys.items[key + 2]! + startHigh + (sum >>> 0 < startLow >>> 0 ? 1 : 0);
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
export function mapMapping(merge: Merge, row: number): number {
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
