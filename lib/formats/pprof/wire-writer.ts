// Protobuf's wire format, written. Lengths of nested messages are computed before they are written, so that nothing
// is moved afterwards.

export interface WireWriter {
  bytes: Uint8Array;
  at: number;
}

export const createWireWriter = (): WireWriter => ({ bytes: new Uint8Array(1 << 16), at: 0 });

export const written = (writer: WireWriter): Uint8Array => writer.bytes.subarray(0, writer.at);

/** Makes room for `count` more bytes. The functions below do not check. */
export function reserve(writer: WireWriter, count: number): void {
  const needed = writer.at + count;
  if (needed <= writer.bytes.length) return;
  const grown = new Uint8Array(Math.max(needed, 2 * writer.bytes.length));
  grown.set(writer.bytes);
  writer.bytes = grown;
}

/** No integer takes more, with its tag. */
export const MAX_FIELD = 16;

/** Bytes of an unsigned integer below 2^31. */
export const sizeOfSmall = (value: number): number =>
  value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;

/** Bytes of a 64-bit integer in halves; negative ones take ten. */
export function sizeOf(low: number, high: number): number {
  if (high === 0) return sizeOfSmall(low >>> 0);
  if (high < 0) return 10;
  const top = ((high << 4) | (low >>> 28)) >>> 0; // bits from 28 on, as far as 32 bits reach
  return high < 0x800_0000 ? 4 + sizeOfSmall(top) : 9;
}

/** An unsigned integer below 2^32. */
export function writeSmall(writer: WireWriter, value: number): void {
  const { bytes } = writer;
  let at = writer.at;
  let rest = value >>> 0;
  while (rest >= 0x80) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  writer.at = at;
}

export function writeVarint(writer: WireWriter, low: number, high: number): void {
  if (high === 0) {
    writeSmall(writer, low);
    return;
  }
  const { bytes } = writer;
  let at = writer.at;
  let lower = low >>> 0;
  let upper = high >>> 0;
  while (upper !== 0 || lower >= 0x80) {
    bytes[at++] = (lower & 0x7f) | 0x80;
    lower = ((lower >>> 7) | (upper << 25)) >>> 0;
    upper >>>= 7;
  }
  bytes[at++] = lower;
  writer.at = at;
}

/** A field of one integer; zeros are left out, as proto3 does. */
export function writeOptional(writer: WireWriter, tag: number, low: number, high = 0): void {
  if (low === 0 && high === 0) return;
  writer.bytes[writer.at++] = tag;
  writeVarint(writer, low, high);
}

/** Of a field whose tag takes one byte. */
export const sizeOfOptional = (low: number, high = 0): number =>
  low === 0 && high === 0 ? 0 : 1 + sizeOf(low, high);

export function writeBigOptional(writer: WireWriter, tag: number, value: bigint): void {
  writeOptional(writer, tag, Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
}

export const sizeOfBigOptional = (value: bigint): number =>
  sizeOfOptional(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));

export function writeLength(writer: WireWriter, tag: number, length: number): void {
  writer.bytes[writer.at++] = tag;
  writeSmall(writer, length);
}
