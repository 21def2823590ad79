import { MAX_SAMPLES, tooMany } from '../profiles/limits.ts';
import { emptyHeader, functionColumns, locationColumns, type PprofTables, type Spans } from './columns.ts';
import { checkHeader, readHeaderInteger, readHeaderMessage } from './header.ts';
import { addId, placeOf, resetIdMap } from './id-map.ts';
import {
  BYTES,
  broken,
  readField,
  readLength,
  readSmall,
  skipRest,
  smallOf,
  toBigInt,
  VARINT,
} from './wire.ts';

// The tables of one pprof file as columns, checked as google/pprof's CheckValid does: what decoding and merging have in
// common. https://github.com/google/pprof/blob/main/proto/profile.proto
//
// Tables may come in any order and samples come first in most files, so that a first pass finds where every message
// lies and the second one reads them, the referred before the referring.

/** Rows of a table that is not a sample: four times as many as samples, and no real file has a tenth of it. */
const MAX_ROWS = 4_000_000;

/**
 * Reads everything but the samples, which `readSample` reads one by one.
 *
 * @param bytes not compressed
 * @param samplesMax more than the usual for what a merge has written itself
 * @throws Fault('invalid-input') on what google/pprof refuses: broken wire data, indices and ids that point nowhere,
 *   ids of 0 or given twice, several profiles in one file
 */
export function readTables(bytes: Uint8Array, tables: PprofTables, samplesMax = MAX_SAMPLES): void {
  tables.cursor.bytes = bytes;
  tables.cursor.at = 0;
  tables.header = emptyHeader();
  for (const table of [
    tables.strings,
    tables.samples,
    tables.functionSpans,
    tables.locationSpans,
    tables.mappingSpans,
  ]) {
    table.count = 0;
  }
  findMessages(tables, bytes.length, samplesMax);
  checkHeader(tables);
  readMappings(tables);
  readFunctions(tables);
  readLocations(tables);
}

const SAMPLE = 2;
const MAPPING = 3;
const LOCATION = 4;
const FUNCTION = 5;
const STRING = 6;

function findMessages(tables: PprofTables, end: number, samplesMax: number): void {
  const { cursor } = tables;
  while (cursor.at < end) {
    const tag = readSmall(cursor, end);
    const field = tag >>> 3;
    if ((tag & 7) !== BYTES) {
      readHeaderInteger(tables, tag, end);
      continue;
    }
    const fieldEnd = readLength(cursor, end);
    if (field === SAMPLE) addSpan(tables.samples, cursor.at, fieldEnd, 'samples', samplesMax);
    else if (field === STRING) addSpan(tables.strings, cursor.at, fieldEnd, 'strings', MAX_ROWS);
    else if (field === LOCATION) addSpan(tables.locationSpans, cursor.at, fieldEnd, 'locations', MAX_ROWS);
    else if (field === FUNCTION) addSpan(tables.functionSpans, cursor.at, fieldEnd, 'functions', MAX_ROWS);
    else if (field === MAPPING) addSpan(tables.mappingSpans, cursor.at, fieldEnd, 'mappings', MAX_SAMPLES);
    else readHeaderMessage(tables, field, fieldEnd);
    cursor.at = fieldEnd;
  }
}

function addSpan(table: Spans, start: number, end: number, what: string, limit: number): void {
  const at = table.count;
  if (at === table.start.length) {
    if (at >= limit) throw tooMany(`${what} in one pprof`, limit);
    table.start = grown(table.start, 2 * at);
    table.end = grown(table.end, 2 * at);
  }
  table.start[at] = start;
  table.end[at] = end;
  table.count = at + 1;
}

function grown(column: Int32Array, length: number): Int32Array {
  const longer = new Int32Array(length);
  longer.set(column);
  return longer;
}

function readMappings(tables: PprofTables): void {
  const { cursor, mappingSpans, mappingIds } = tables;
  tables.mappings = [];
  resetIdMap(mappingIds, mappingSpans.count);
  for (let row = 0; row < mappingSpans.count; row += 1) {
    const end = mappingSpans.end[row]!;
    cursor.at = mappingSpans.start[row]!;
    const fields = new Array<bigint>(11).fill(0n);
    while (cursor.at < end) {
      const tag = readField(cursor, end);
      if ((tag & 7) === VARINT && tag >>> 3 <= 10)
        fields[tag >>> 3] = BigInt.asUintN(64, toBigInt(cursor.low, cursor.high));
      else skipRest(cursor, tag, end);
    }
    const id = fields[1]!;
    if (id === 0n) throw broken(`mapping ${row} has no id`);
    const isNew = addId(mappingIds, Number(BigInt.asIntN(32, id)), Number(BigInt.asIntN(32, id >> 32n)), row);
    if (!isNew) throw broken(`two mappings have the id ${id}`);
    tables.mappings.push({
      start: fields[2]!,
      limit: fields[3]!,
      offset: fields[4]!,
      file: stringIndex(tables, fields[5]!),
      buildId: stringIndex(tables, fields[6]!),
      flags: [fields[7] !== 0n, fields[8] !== 0n, fields[9] !== 0n, fields[10] !== 0n],
    });
  }
}

function stringIndex({ strings }: PprofTables, index: bigint): number {
  if (index >= BigInt(strings.count)) throw broken(`string ${index} of ${strings.count} is wanted`);
  return Number(index);
}

function readFunctions(tables: PprofTables): void {
  const { functionSpans, functionIds, strings } = tables;
  const { count } = functionSpans;
  if (tables.functions.name.length < count) tables.functions = functionColumns(2 * count);
  resetIdMap(functionIds, count);
  for (let row = 0; row < count; row += 1) {
    const highest = readFunction(tables, row);
    if (highest >= strings.count) throw broken(`string ${highest} of ${strings.count} is wanted`);
  }
}

/** @returns the highest index of a string in it */
function readFunction({ cursor, functions, functionSpans, functionIds }: PprofTables, row: number): number {
  const end = functionSpans.end[row]!;
  cursor.at = functionSpans.start[row]!;
  let idLow = 0;
  let idHigh = 0;
  let name = 0;
  let systemName = 0;
  let file = 0;
  functions.startLow[row] = 0;
  functions.startHigh[row] = 0;
  while (cursor.at < end) {
    const tag = readField(cursor, end);
    if (tag === 0x10) name = smallOf(cursor);
    else if (tag === 0x18) systemName = smallOf(cursor);
    else if (tag === 0x20) file = smallOf(cursor);
    else if (tag === 0x08) {
      idLow = cursor.low;
      idHigh = cursor.high;
    } else if (tag === 0x28) {
      functions.startLow[row] = cursor.low;
      functions.startHigh[row] = cursor.high;
    } else skipRest(cursor, tag, end);
  }
  if (idLow === 0 && idHigh === 0) throw broken(`function ${row} has no id`);
  if (!addId(functionIds, idLow, idHigh, row)) throw broken(`two functions have the id of function ${row}`);
  functions.name[row] = name;
  functions.systemName[row] = systemName;
  functions.file[row] = file;
  return Math.max(name, systemName, file);
}

function readLocations(tables: PprofTables): void {
  const { locationSpans, locationIds } = tables;
  const { count } = locationSpans;
  if (tables.locations.mapping.length < count) tables.locations = locationColumns(2 * count);
  resetIdMap(locationIds, count);
  let lineCount = 0;
  for (let row = 0; row < count; row += 1) lineCount = readLocation(tables, row, lineCount);
  tables.locations.firstLine[count] = lineCount;
}

/** @returns the number of lines read so far */
function readLocation(tables: PprofTables, row: number, firstLine: number): number {
  const { cursor, locations, locationSpans, locationIds } = tables;
  const end = locationSpans.end[row]!;
  cursor.at = locationSpans.start[row]!;
  let lineCount = firstLine;
  let idLow = 0;
  let idHigh = 0;
  let mapping = -1;
  let addressLow = 0;
  let addressHigh = 0;
  let isFolded = 0;
  while (cursor.at < end) {
    const tag = readField(cursor, end);
    if (tag === 0x22) readLine(tables, lineCount++, readLength(cursor, end));
    else if (tag === 0x08) {
      idLow = cursor.low;
      idHigh = cursor.high;
    } else if (tag === 0x10) mapping = mappingOf(tables);
    else if (tag === 0x18) {
      addressLow = cursor.low;
      addressHigh = cursor.high;
    } else if (tag === 0x28) isFolded = smallOf(cursor) === 0 ? 0 : 1;
    else skipRest(cursor, tag, end);
  }
  if (idLow === 0 && idHigh === 0) throw broken(`location ${row} has no id`);
  if (!addId(locationIds, idLow, idHigh, row)) throw broken(`two locations have the id of location ${row}`);
  locations.mapping[row] = mapping;
  locations.addressLow[row] = addressLow;
  locations.addressHigh[row] = addressHigh;
  locations.isFolded[row] = isFolded;
  locations.firstLine[row] = firstLine;
  return lineCount;
}

/** Mappings that are missing are no error: google/pprof takes such locations as outside of any mapping. */
const mappingOf = ({ mappingIds, cursor }: PprofTables): number =>
  placeOf(mappingIds, cursor.low, cursor.high);

function readLine(tables: PprofTables, row: number, end: number): void {
  const { cursor, functionIds } = tables;
  if (row === tables.lines.function.length) growLines(tables);
  const { lines } = tables;
  let place = -1;
  lines.lineLow[row] = 0;
  lines.lineHigh[row] = 0;
  lines.columnLow[row] = 0;
  lines.columnHigh[row] = 0;
  while (cursor.at < end) {
    const tag = readField(cursor, end);
    if (tag === 0x08) place = placeOf(functionIds, cursor.low, cursor.high);
    else if (tag === 0x10) {
      lines.lineLow[row] = cursor.low;
      lines.lineHigh[row] = cursor.high;
    } else if (tag === 0x18) {
      lines.columnLow[row] = cursor.low;
      lines.columnHigh[row] = cursor.high;
    } else skipRest(cursor, tag, end);
  }
  if (place < 0) throw broken('a location has a line without a function, or with one that is not there');
  lines.function[row] = place;
}

function growLines(tables: PprofTables): void {
  const { lines } = tables;
  const length = 2 * lines.function.length;
  if (length > 2 * MAX_ROWS) throw tooMany('lines in one pprof', 2 * MAX_ROWS);
  tables.lines = {
    function: grown(lines.function, length),
    lineLow: grown(lines.lineLow, length),
    lineHigh: grown(lines.lineHigh, length),
    columnLow: grown(lines.columnLow, length),
    columnHigh: grown(lines.columnHigh, length),
  };
}
