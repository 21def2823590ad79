import { Fault } from '../../model/fault.ts';
import { clip } from '../work/attributes.ts';
import { MAX_STRING_LENGTH, type Signal } from './limits.ts';

// Protobuf wire format, https://protobuf.dev/programming-guides/encoding/, as far as OTLP uses it. Every read is checked
// against the end of the innermost message. A known field with another wire type is an unknown field, as in the reference
// implementations, and is skipped.

export const VARINT = 0;
export const FIXED64 = 1;
export const LEN = 2;
export const FIXED32 = 5;

/** A field's tag, as it stands before it on the wire. */
export const tagOf = (field: number, wireType: number): number => field * 8 + wireType;

const TWO_32 = 2 ** 32;
const TWO_49 = 2 ** 49;
const LOW_BYTES = 7;
const NS_PER_MS = 1e6;
/** Three bytes of UTF-8 make at most one UTF-16 unit, four make two. */
const MAX_STRING_BYTES = MAX_STRING_LENGTH * 3 + 4;
const INTERN_SLOTS = 1024;
const INTERN_MAX_BYTES = 48;

/**
 * Attribute keys and most values repeat in every point and in every request: one string object for each saves decoding and
 * hashing. Shared by all readers; it holds at most 48 kB, and what it returns is compared byte by byte.
 */
const interned: (string | undefined)[] = new Array(INTERN_SLOTS);

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

export class Reader {
  readonly bytes: Uint8Array;
  readonly signal: Signal;
  at = 0;
  /** End of the innermost open message. */
  limit: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, signal: Signal) {
    this.bytes = bytes;
    this.signal = signal;
    this.limit = bytes.length;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Narrows the view to the length-delimited message that begins here; hand the result to `leave`. */
  enter(): number {
    const outer = this.limit;
    this.limit = this.#lengthEnd();
    return outer;
  }

  leave(outer: number): void {
    this.at = this.limit;
    this.limit = outer;
  }

  more(): boolean {
    return this.at < this.limit;
  }

  tag(): number {
    const tag = this.varint();
    if (tag < 8 || tag >= TWO_32) throw this.fault(`field number ${Math.floor(tag / 8)} is not allowed`);
    return tag;
  }

  skip(tag: number): void {
    switch (tag & 7) {
      case VARINT:
        this.varint();
        return;
      case FIXED64:
        this.#take(8);
        return;
      case LEN:
        this.at = this.#lengthEnd();
        return;
      case FIXED32:
        this.#take(4);
        return;
      default:
        throw this.fault(`wire type ${tag & 7} is not used by OTLP`);
    }
  }

  /** Unsigned; beyond 2^53 the nearest double. */
  varint(): number {
    const { bytes, limit } = this;
    let at = this.at;
    if (at < limit) {
      const first = bytes[at]!;
      if (first < 0x80) {
        this.at = at + 1;
        return first;
      }
    }
    let low = 0;
    let high = 0; // apart from `low`, so that a number beyond 2^53 is rounded once
    let scale = 1;
    for (let i = 0; i < 10; i += 1) {
      if (at >= limit) throw this.fault('a number ends early');
      const byte = bytes[at]!;
      at += 1;
      // The tenth byte holds the 64th bit alone; what is above it is cut off, as in the reference implementations.
      const bits = i === 9 ? byte & 1 : byte & 0x7f;
      if (i < LOW_BYTES) low += bits * scale;
      else high += bits * scale;
      if (byte < 0x80) {
        this.at = at;
        return high * TWO_49 + low;
      }
      scale = i === LOW_BYTES - 1 ? 1 : scale * 128;
    }
    throw this.fault('a number has more than ten bytes');
  }

  /** int64: a number where a double holds it exactly, else its decimal text. */
  signedVarint(): number | string {
    const start = this.at;
    const value = this.varint();
    if (value <= Number.MAX_SAFE_INTEGER) return value;
    let exact = 0n;
    for (let i = this.at - 1; i >= start; i -= 1) exact = (exact << 7n) | BigInt(this.bytes[i]! & 0x7f);
    const signed = BigInt.asIntN(64, exact);
    const number = Number(signed);
    return Number.isSafeInteger(number) ? number : signed.toString();
  }

  /** sint32 of the zigzag form. */
  zigzag(): number {
    const value = this.varint() % TWO_32;
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  double(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  fixed64(): number {
    const at = this.#take(8);
    return this.#view.getUint32(at + 4, true) * TWO_32 + this.#view.getUint32(at, true);
  }

  sfixed64(): number {
    const at = this.#take(8);
    return this.#view.getInt32(at + 4, true) * TWO_32 + this.#view.getUint32(at, true);
  }

  /** A time in Unix nanoseconds, as milliseconds. Rounds exactly like `Number(decimalText) / 1e6`. */
  timeMs(): number {
    return this.fixed64() / NS_PER_MS;
  }

  /** Difference of two fixed64 that were read at `from` and `to`; exact for less than 104 days. */
  differenceAt(from: number, to: number): number {
    const view = this.#view;
    const high = view.getUint32(to + 4, true) - view.getUint32(from + 4, true);
    return high * TWO_32 + (view.getUint32(to, true) - view.getUint32(from, true));
  }

  string(): string {
    const end = this.#lengthEnd();
    const start = this.at;
    this.at = end;
    const length = end - start;
    if (length > INTERN_MAX_BYTES) {
      return clip(
        utf8.decode(this.bytes.subarray(start, Math.min(end, start + MAX_STRING_BYTES))),
        MAX_STRING_LENGTH,
      );
    }
    return this.#short(start, end);
  }

  /** Start and end of a length-delimited field, which is then passed. */
  span(): readonly [number, number] {
    const end = this.#lengthEnd();
    const start = this.at;
    this.at = end;
    return [start, end];
  }

  fault(message: string): Fault {
    return new Fault(
      'invalid-input',
      `Cannot read OTLP ${this.signal} (protobuf): ${message} at byte ${this.at}`,
    );
  }

  #short(start: number, end: number): string {
    const { bytes } = this;
    let hash = end - start;
    let i = start;
    for (; i + 4 <= end; i += 4) hash = Math.imul(hash ^ this.#view.getInt32(i, true), 0x5bd1e995);
    for (; i < end; i += 1) hash = Math.imul(hash ^ bytes[i]!, 0x5bd1e995);
    const slot = (hash ^ (hash >>> 15)) & (INTERN_SLOTS - 1);
    const known = interned[slot];
    if (known !== undefined && known.length === end - start && this.#equals(known, start)) return known;
    const text = utf8.decode(bytes.subarray(start, end));
    interned[slot] = text;
    return text;
  }

  /** True for ASCII alone: any other text has units that no byte equals, or another length. */
  #equals(text: string, start: number): boolean {
    for (let i = 0; i < text.length; i += 1) {
      const unit = text.charCodeAt(i);
      if (unit !== this.bytes[start + i] || unit > 0x7f) return false;
    }
    return true;
  }

  #lengthEnd(): number {
    const length = this.varint();
    const end = this.at + length;
    if (end > this.limit)
      throw this.fault(`a length of ${length} bytes where ${this.limit - this.at} are left`);
    return end;
  }

  #take(size: number): number {
    const at = this.at;
    if (at + size > this.limit) throw this.fault(`${size} bytes wanted where ${this.limit - at} are left`);
    this.at = at + size;
    return at;
  }
}
