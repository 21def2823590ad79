import { MAX_SAMPLE_TYPES, tooMany } from '../profiles/limits.ts';
import type { PprofHeader, PprofTables, ValueTypeIndex } from './columns.ts';
import {
  broken,
  type Cursor,
  readSmall,
  readVarint,
  skipField,
  TOO_LARGE,
  toBigInt,
  VARINT,
} from './wire.ts';

// What a pprof file says of itself beside its tables.

const SAMPLE_TYPE = 1;
const PERIOD_TYPE = 11;
const COMMENT = 13;

export function readHeaderMessage({ cursor, header }: PprofTables, field: number, end: number): void {
  if (field === SAMPLE_TYPE) {
    if (header.sampleTypes.length >= MAX_SAMPLE_TYPES) throw tooMany('sample types', MAX_SAMPLE_TYPES);
    header.sampleTypes.push(readValueType(cursor, end));
  } else if (field === PERIOD_TYPE) header.periodType = readValueType(cursor, end);
  else if (field === COMMENT) {
    while (cursor.at < end) addComment(header, readSmall(cursor, end));
  } else if (isHeaderInteger(field)) throw wrongType(field);
}

const MAX_COMMENTS = 10_000;

function addComment(header: PprofHeader, comment: number): void {
  if (header.comments.length >= MAX_COMMENTS) throw tooMany('comments', MAX_COMMENTS);
  header.comments.push(comment);
}

function readValueType(cursor: Cursor, end: number): ValueTypeIndex {
  let type = 0;
  let unit = 0;
  while (cursor.at < end) {
    const tag = readSmall(cursor, end);
    if (tag === 0x08) type = readSmall(cursor, end);
    else if (tag === 0x10) unit = readSmall(cursor, end);
    else skipField(cursor, tag, end);
  }
  return { type, unit };
}

const isHeaderInteger = (field: number) => field >= 7 && field <= 15;
const wrongType = (field: number) => broken(`field ${field} of the profile has the wrong wire type`);

export function readHeaderInteger({ cursor, header }: PprofTables, tag: number, end: number): void {
  const field = tag >>> 3;
  const known = tag !== TOO_LARGE && field >= 1 && field <= 15;
  if (!known || (tag & 7) !== VARINT || field < 7 || field === PERIOD_TYPE) {
    if (known) throw wrongType(field);
    skipField(cursor, tag, end);
    return;
  }
  readVarint(cursor, end);
  const small = cursor.high === 0 && cursor.low >= 0 ? cursor.low : TOO_LARGE;
  const integer = toBigInt(cursor.low, cursor.high);
  if (field === 7) header.dropFrames = small;
  else if (field === 8) header.keepFrames = small;
  else if (field === 9) {
    if (header.timeNanos !== 0n) throw broken('several profiles follow each other in one file');
    header.timeNanos = integer;
  } else if (field === 10) header.durationNanos = integer;
  else if (field === 12) header.period = integer;
  else if (field === COMMENT) addComment(header, small);
  else if (field === 14) header.defaultSampleType = small;
  else header.docUrl = small;
}

/** Its indices of strings point at some. */
export function checkHeader({ strings, header }: PprofTables): void {
  const { count } = strings;
  if (count > 0 && strings.start[0] !== strings.end[0]) throw broken('the first string has to be empty');
  const check = (index: number) => {
    if (index >= count) throw broken(`string ${index} of ${count} is wanted`);
  };
  for (const { type, unit } of [...header.sampleTypes, header.periodType]) {
    // Without any string, an absent period type is no fault of its own.
    if (type !== 0 || unit !== 0 || count > 0) {
      check(type);
      check(unit);
    }
  }
  if (count === 0) throw broken('it has no strings');
  for (const comment of header.comments) check(comment);
  check(header.dropFrames);
  check(header.keepFrames);
  check(header.defaultSampleType);
  check(header.docUrl);
}
