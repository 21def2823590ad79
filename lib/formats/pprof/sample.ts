import { MAX_LABELS_PER_SAMPLE, tooMany } from '../profiles/limits.ts';
import type { PprofTables } from './columns.ts';
import { placeOf } from './id-map.ts';
import {
  BYTES,
  broken,
  readField,
  readLength,
  readSmall,
  readVarint,
  skipField,
  skipRest,
  smallOf,
  toBigInt,
} from './wire.ts';

/** One sample, its locations by their place in the tables. Its arrays are longer than what they hold, and used again. */
export interface SampleView {
  locationCount: number;
  /** Leaf first. */
  locations: Int32Array;
  valueCount: number;
  readonly valueLow: Int32Array;
  readonly valueHigh: Int32Array;
  labelCount: number;
  /** Of each label key and text (indices of strings), number (two halves) and unit (index). */
  labels: Int32Array;
}

export const LABEL_WIDTH = 5;

export const createSampleView = (sampleTypes: number): SampleView => ({
  locationCount: 0,
  locations: new Int32Array(256),
  valueCount: 0,
  valueLow: new Int32Array(sampleTypes),
  valueHigh: new Int32Array(sampleTypes),
  labelCount: 0,
  labels: new Int32Array(LABEL_WIDTH * 16),
});

/** @throws Fault('invalid-input') on locations that are not there and on a number of values that differs from the types' */
export function readSample(tables: PprofTables, row: number, view: SampleView): void {
  const { cursor } = tables;
  const end = tables.samples.end[row]!;
  cursor.at = tables.samples.start[row]!;
  view.locationCount = 0;
  view.valueCount = 0;
  view.labelCount = 0;
  while (cursor.at < end) {
    const tag = readSmall(cursor, end);
    if (tag === 0x0a) readLocationIds(tables, readLength(cursor, end), view);
    else if (tag === 0x12) {
      const valuesEnd = readLength(cursor, end);
      while (cursor.at < valuesEnd) readValue(tables, valuesEnd, view);
    } else if (tag === 0x1a) readLabel(tables, readLength(cursor, end), view);
    else if (tag === 0x08) readLocationId(tables, end, view);
    else if (tag === 0x10) readValue(tables, end, view);
    else if ((tag & 7) !== BYTES && tag >>> 3 <= 3)
      throw broken(`field ${tag >>> 3} of a sample has the wrong wire type`);
    else skipField(cursor, tag, end);
  }
  if (view.valueCount !== view.valueLow.length) throw wrongCount(row, view.valueCount, view.valueLow.length);
}

const wrongCount = (row: number, values: number, types: number) =>
  broken(`sample ${row} has ${values} values, and there are ${types} sample types`);

/** The innermost loop of a merge: ids that are small and dense, as nearly all are, take the short way. */
function readLocationIds(tables: PprofTables, end: number, view: SampleView): void {
  const { cursor, locationIds } = tables;
  const { bytes } = cursor;
  const { dense, size } = locationIds;
  let at = cursor.at;
  let count = view.locationCount;
  if (count + (end - at) > view.locations.length) growLocations(view, count + (end - at));
  const { locations } = view;
  while (at < end) {
    let id = bytes[at]!;
    if (id < 0x80) at += 1;
    else if (at + 1 < end && bytes[at + 1]! < 0x80) {
      id = (id & 0x7f) | (bytes[at + 1]! << 7);
      at += 2;
    } else {
      cursor.at = at;
      view.locationCount = count;
      readLocationId(tables, end, view);
      count = view.locationCount;
      at = cursor.at;
      continue;
    }
    const place = id < size ? dense[id]! : placeOf(locationIds, id, 0);
    if (place < 0) throw noLocation(id, 0);
    locations[count++] = place;
  }
  cursor.at = at;
  view.locationCount = count;
}

const noLocation = (low: number, high: number) =>
  broken(`a sample names the location ${BigInt.asUintN(64, toBigInt(low, high))}, which is not there`);

function readLocationId(tables: PprofTables, end: number, view: SampleView): void {
  const { cursor } = tables;
  readVarint(cursor, end);
  const place = placeOf(tables.locationIds, cursor.low, cursor.high);
  if (place < 0) throw noLocation(cursor.low, cursor.high);
  if (view.locationCount === view.locations.length) growLocations(view, view.locationCount + 1);
  view.locations[view.locationCount++] = place;
}

/** Bytes of one list of locations, or ids in it. Decoding refuses much shallower stacks; this bounds memory. */
const MAX_LIST = 1 << 20;

function growLocations(view: SampleView, needed: number): void {
  if (needed > MAX_LIST) throw tooMany('bytes of locations in one sample', MAX_LIST);
  const longer = new Int32Array(2 * needed);
  longer.set(view.locations);
  view.locations = longer;
}

function readValue({ cursor }: PprofTables, end: number, view: SampleView): void {
  readVarint(cursor, end);
  // What is beyond the columns is counted and refused, not stored.
  view.valueLow[view.valueCount] = cursor.low;
  view.valueHigh[view.valueCount] = cursor.high;
  view.valueCount += 1;
}

/** Labels without text, number and unit are left out, as google/pprof does. */
function readLabel(tables: PprofTables, end: number, view: SampleView): void {
  const { cursor, strings } = tables;
  let key = 0;
  let text = 0;
  let low = 0;
  let high = 0;
  let unit = 0;
  while (cursor.at < end) {
    const tag = readField(cursor, end);
    if (tag === 0x08) key = smallOf(cursor);
    else if (tag === 0x10) text = smallOf(cursor);
    else if (tag === 0x18) {
      low = cursor.low;
      high = cursor.high;
    } else if (tag === 0x20) unit = smallOf(cursor);
    else skipRest(cursor, tag, end);
  }
  const highest = Math.max(key, text, unit);
  if (highest >= strings.count) throw broken(`string ${highest} of ${strings.count} is wanted`);
  if (text === 0 && low === 0 && high === 0 && unit === 0) return;
  addLabel(view, key, text, low, high, unit);
}

function addLabel(
  view: SampleView,
  key: number,
  text: number,
  low: number,
  high: number,
  unit: number,
): void {
  if (view.labelCount >= MAX_LABELS_PER_SAMPLE) throw tooMany('labels on one sample', MAX_LABELS_PER_SAMPLE);
  const at = view.labelCount * LABEL_WIDTH;
  if (at === view.labels.length) {
    const longer = new Int32Array(2 * at);
    longer.set(view.labels);
    view.labels = longer;
  }
  view.labels[at] = key;
  view.labels[at + 1] = text;
  // A label is either text or a number; google/pprof takes text first.
  view.labels[at + 2] = text === 0 ? low : 0;
  view.labels[at + 3] = text === 0 ? high : 0;
  view.labels[at + 4] = text === 0 ? unit : 0;
  view.labelCount += 1;
}
