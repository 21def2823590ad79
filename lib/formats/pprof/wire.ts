import { invalidInput } from '../../model/fault.ts';

// Protobuf's wire format, https://protobuf.dev/programming-guides/encoding/, as far as pprof uses it. Integers have up to
// 64 bits and come as two halves: a bigint per integer would cost ten times the rest.

export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;

const LOW_BITS = 0x7f;
const MORE = 0x80;

/** More than any count, length or index here can be; an int32, so that nothing becomes a double. */
export const TOO_LARGE = 0x7fff_ffff;

/** A place in bytes, and the two halves of the integer read last. Both halves are signed 32-bit patterns. */
export interface Cursor {
  bytes: Uint8Array;
  at: number;
  low: number;
  high: number;
}

export const cursorOf = (bytes: Uint8Array): Cursor => ({ bytes, at: 0, low: 0, high: 0 });

export const broken = (detail: string) => invalidInput(`Cannot decode pprof: ${detail}`);

/** Reads an integer of up to ten bytes before `end`. Bits over 64 are dropped, as all decoders do. Nearly all take four or less. */
export function readVarint(cursor: Cursor, end: number, from = cursor.at): void {
  const { bytes } = cursor;
  let low = 0;
  for (let at = from, shift = 0; at < end && shift < 28; shift += 7) {
    const byte = bytes[at++]!;
    low |= (byte & LOW_BITS) << shift;
    if (byte < MORE) {
      cursor.at = at;
      cursor.low = low;
      cursor.high = 0;
      return;
    }
  }
  readLong(cursor, end, from);
}

function readLong(cursor: Cursor, end: number, from: number): void {
  const { bytes } = cursor;
  let at = from;
  let low = 0;
  let high = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    if (at >= end) throw broken(`it ends inside an integer at byte ${at}`);
    const byte = bytes[at++]!;
    const bits = byte & LOW_BITS;
    if (shift < 28) low |= bits << shift;
    else if (shift === 28) {
      low |= bits << 28;
      high = bits >>> 4;
    } else if (shift < 63) high |= bits << (shift - 32);
    else high |= (bits & 1) << 31;
    if (byte < MORE) {
      cursor.at = at;
      cursor.low = low;
      cursor.high = high;
      return;
    }
  }
  throw broken(`the integer before byte ${at} has more than ten bytes`);
}

/**
 * An integer that has to be small: a tag, a length, an index. Whatever is larger comes back as TOO_LARGE, and its halves
 * are in the cursor. Nine in ten take one byte or two.
 */
export function readSmall(cursor: Cursor, end: number): number {
  const { bytes, at } = cursor;
  if (at + 1 < end) {
    const first = bytes[at]!;
    if (first < MORE) {
      cursor.at = at + 1;
      return first;
    }
    const second = bytes[at + 1]!;
    if (second < MORE) {
      cursor.at = at + 2;
      return (first & LOW_BITS) | (second << 7);
    }
  }
  readVarint(cursor, end);
  return smallOf(cursor);
}

/** The integer read last where it is small, else TOO_LARGE. */
export const smallOf = ({ low, high }: Cursor): number => (high === 0 && low >= 0 ? low : TOO_LARGE);

/** Reads a tag, and the integer behind it where it announces one: what else follows is the caller's to read or to skip. */
export function readField(cursor: Cursor, end: number): number {
  const first = cursor.bytes[cursor.at]!;
  if (first < MORE && (first & 7) === VARINT) {
    readVarint(cursor, end, cursor.at + 1);
    return first;
  }
  const tag = readSmall(cursor, end);
  if ((tag & 7) === VARINT) readVarint(cursor, end);
  return tag;
}

/** Reads the length of a field and returns its end; the cursor stands at its first byte. */
export function readLength(cursor: Cursor, end: number): number {
  const length = readSmall(cursor, end);
  if (length > end - cursor.at) {
    throw broken(`a field at byte ${cursor.at} has ${length} bytes and ${end - cursor.at} are left`);
  }
  return cursor.at + length;
}

/** Passes over a field whose tag was read. */
export function skipField(cursor: Cursor, tag: number, end: number): void {
  switch (tag & 7) {
    case VARINT:
      readVarint(cursor, end);
      return;
    case FIXED64:
      skipBytes(cursor, 8, end);
      return;
    case BYTES:
      cursor.at = readLength(cursor, end);
      return;
    case FIXED32:
      skipBytes(cursor, 4, end);
      return;
    default:
      throw broken(`unknown wire type ${tag & 7} at byte ${cursor.at}`);
  }
}

/** Passes over what `readField` left of a field. */
export function skipRest(cursor: Cursor, tag: number, end: number): void {
  if ((tag & 7) !== VARINT) skipField(cursor, tag, end);
}

function skipBytes(cursor: Cursor, count: number, end: number): void {
  if (count > end - cursor.at) throw broken(`it ends inside a field at byte ${cursor.at}`);
  cursor.at += count;
}

const TWO_32 = 2 ** 32;

/** A signed 64-bit integer as a number; beyond 2^53 it is not exact. */
export const toNumber = (low: number, high: number): number => high * TWO_32 + (low >>> 0);

export const toBigInt = (low: number, high: number): bigint => (BigInt(high) << 32n) | BigInt(low >>> 0);

/** An unsigned one, fit for a map's key: a number where that is exact. */
export const toKey = (low: number, high: number): number | bigint =>
  high >= 0 && high < 0x20_0000 ? high * TWO_32 + (low >>> 0) : BigInt.asUintN(64, toBigInt(low, high));
