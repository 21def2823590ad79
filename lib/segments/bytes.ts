import { invalidInput } from '../model/fault.ts';

// Writer and reader of the binary codecs. Integers are LEB128 varints, signed ones zigzagged; both are exact up to
// 2^53 as numbers and beyond as bigints. Strings are written once per section, in a sorted table (see `strings`).

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder('utf-8', { fatal: true });
/** Sums of weight × duration pass 2^64 on hostile spans: ten of a lifetime each. */
const BIG_BITS = 128n;
const BIG_END = 1n << BIG_BITS;
const INT31_MAX = 0x7fff_ffff;
const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER);

export class ByteWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;

  #reserve(count: number) {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }

  get length() {
    return this.#length;
  }

  u8(value: number) {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** A whole number in [0, 2^53). */
  uint(value: number) {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`Cannot write ${value} as an unsigned integer`);
    this.#reserve(8);
    let rest = value;
    // Beyond 31 bits shifts do not reach; nearly all integers are small.
    while (rest > INT31_MAX) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#small(rest);
  }

  #small(value: number) {
    let rest = value | 0;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = rest | 0x80;
      rest >>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A whole number. */
  int(value: number) {
    if (!Number.isInteger(value)) throw new RangeError(`Cannot write ${value} as an integer`);
    // Zigzag doubles the value, so that numbers beyond 2^52 take the way through bigint.
    const small = Math.abs(value) < 2 ** 52;
    if (small) this.uint(value < 0 ? -value * 2 - 1 : value * 2);
    else this.big(BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n)));
  }

  /** A whole number in [0, 2^128). */
  big(value: bigint) {
    if (value < 0n || value >= BIG_END) throw new RangeError(`Cannot write ${value} as an unsigned integer`);
    // The same bytes; only larger ones pay for bigint.
    if (value <= SAFE_MAX) {
      this.uint(Number(value));
      return;
    }
    let rest = value;
    while (rest >= 0x80n) {
      this.u8(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.u8(Number(rest));
  }

  f64(value: number) {
    this.#reserve(8);
    new DataView(this.#bytes.buffer).setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  raw(bytes: Uint8Array) {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  text(value: string) {
    if (this.#ascii(value)) return;
    const bytes = utf8.encode(value);
    this.uint(bytes.length);
    this.raw(bytes);
  }

  /** Writes a short text of ASCII alone, as names mostly are, without a call of the encoder; false: nothing was written. */
  #ascii(value: string): boolean {
    const { length } = value;
    if (length >= 0x80) return false;
    this.#reserve(length + 1);
    const bytes = this.#bytes;
    const start = this.#length;
    for (let i = 0; i < length; i += 1) {
      const code = value.charCodeAt(i);
      if (code >= 0x80) return false;
      bytes[start + 1 + i] = code;
    }
    bytes[start] = length;
    this.#length = start + 1 + length;
    return true;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

/** Refuses what is cut, overlong or out of range with `Fault('invalid-input')`; never reads outside its bytes. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done() {
    return this.#at >= this.#bytes.length;
  }

  /** How many bytes follow. */
  get left() {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) throw invalidInput(`Cannot decode segment: it ends at byte ${this.#at}`);
    this.#at += 1;
    return value;
  }

  uint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 8; count += 1) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 0x80;
    }
    throw invalidInput(`Cannot decode segment: integer before byte ${this.#at} exceeds 2^53`);
  }

  int(): number {
    // Seven bytes hold 49 bits, which a double multiplies exactly: the way of nearly all integers.
    const began = this.#at;
    let zigzag = 0;
    let scale = 1;
    for (let count = 0; count < 7; count += 1) {
      const byte = this.u8();
      zigzag += (byte & 0x7f) * scale;
      if (byte < 0x80) return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
      scale *= 0x80;
    }
    this.#at = began;
    const raw = this.big();
    const value = Number((raw >> 1n) ^ -(raw & 1n));
    if (!Number.isSafeInteger(value))
      throw invalidInput('Cannot decode segment: signed integer exceeds 2^53');
    return value;
  }

  /** As many signed integers as `out` is long, as `int` reads them: without its call for every byte of them. */
  ints(out: Float64Array) {
    const bytes = this.#bytes;
    let at = this.#at;
    for (let i = 0; i < out.length; i += 1) {
      // Behind the end there is no byte below 0x80 either.
      let byte = bytes[at]!;
      let low = byte & 0x7f;
      let end = at + 1;
      for (let shift = 7; !(byte < 0x80) && shift < 28; shift += 7) {
        byte = bytes[end++]!;
        low |= (byte & 0x7f) << shift;
      }
      if (byte < 0x80) {
        out[i] = (low >>> 1) ^ -(low & 1);
        at = end;
        continue;
      }
      let high = 0;
      for (let shift = 0; !(byte < 0x80) && shift < 21; shift += 7) {
        byte = bytes[end++]!;
        high |= (byte & 0x7f) << shift;
      }
      if (byte < 0x80) {
        const half = high * 2 ** 27 + (low >>> 1);
        out[i] = (low & 1) === 0 ? half : -half - 1;
        at = end;
      } else {
        this.#at = at;
        out[i] = this.int();
        at = this.#at;
      }
    }
    this.#at = at;
  }

  big(): bigint {
    // 49 bits at a time, which a double adds up exactly: bigints are slow.
    let value = 0n;
    for (let shift = 0n; shift < BIG_BITS; shift += 49n) {
      let part = 0;
      let scale = 1;
      for (let count = 0; count < 7; count += 1) {
        const byte = this.u8();
        part += (byte & 0x7f) * scale;
        if (byte >= 0x80) {
          scale *= 0x80;
          continue;
        }
        if (shift === 0n) return BigInt(part);
        value |= BigInt(part) << shift;
        if (value < BIG_END) return value;
        throw this.#tooBig();
      }
      value |= BigInt(part) << shift;
    }
    throw this.#tooBig();
  }

  #tooBig() {
    return invalidInput(`Cannot decode segment: integer before byte ${this.#at} exceeds ${BIG_BITS} bits`);
  }

  f64(): number {
    const bytes = this.raw(8);
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
  }

  raw(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) {
      throw invalidInput(
        `Cannot decode segment: ${length} bytes wanted at ${this.#at} of ${this.#bytes.length}`,
      );
    }
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  text(): string {
    const bytes = this.raw(this.uint());
    try {
      return fromUtf8.decode(bytes);
    } catch (cause) {
      throw invalidInput('Cannot decode segment: a string is not UTF-8', { cause });
    }
  }

  /** A count of things that take at least `bytesEach` bytes: refused when they cannot all be there. */
  count(bytesEach = 1): number {
    const value = this.uint();
    if (value * bytesEach > this.#bytes.length - this.#at) {
      throw invalidInput(`Cannot decode segment: ${value} entries cannot fit into the bytes that follow`);
    }
    return value;
  }
}

/** Ascending whole numbers as differences. */
export function writeAscending(out: ByteWriter, values: readonly number[]) {
  out.uint(values.length);
  let before = 0;
  for (const value of values) {
    out.int(value - before);
    before = value;
  }
}

export function readAscending(from: ByteReader): number[] {
  const values = new Array<number>(from.count());
  let before = 0;
  for (let i = 0; i < values.length; i += 1) {
    const step = from.int();
    if (i > 0 && step < 0) throw invalidInput(`Cannot decode segment: value ${i} of a column falls`);
    before += step;
    values[i] = before;
  }
  return values;
}

const WHOLE = 0;
const FRACTIONAL = 1;

/**
 * Any finite numbers: as differences of integers where all are whole and safe, else as doubles.
 * @throws RangeError on NaN and infinities: no merge could order them
 */
export function writeNumbers(out: ByteWriter, values: readonly number[]) {
  const odd = values.find((value) => !Number.isFinite(value));
  if (odd !== undefined) throw new RangeError(`Cannot write ${odd} into a column`);
  out.uint(values.length);
  // Differences of two safe integers may leave the safe range: half of it keeps them inside.
  const whole = values.every((value) => Number.isInteger(value) && Math.abs(value) < 2 ** 51);
  out.u8(whole ? WHOLE : FRACTIONAL);
  let before = 0;
  for (const value of values) {
    if (whole) out.int(value - before);
    else out.f64(value);
    before = value;
  }
}

export function readNumbers(from: ByteReader): number[] {
  const length = from.count();
  const form = from.u8();
  if (form !== WHOLE && form !== FRACTIONAL) throw invalidInput(`Cannot decode segment: column form ${form}`);
  const values = new Array<number>(length);
  let before = 0;
  for (let i = 0; i < length; i += 1) {
    before = form === WHOLE ? before + from.int() : from.f64();
    if (!Number.isFinite(before)) throw invalidInput(`Cannot decode segment: a column holds ${before}`);
    values[i] = before;
  }
  return values;
}

/** Every string of a section once, sorted, so that equal states give equal bytes. */
export class StringTable {
  readonly #index = new Map<string, number>();

  constructor(strings: Iterable<string>) {
    const sorted = [...new Set(strings)].sort(compareText);
    for (const [index, text] of sorted.entries()) {
      // Half of a surrogate pair has no UTF-8: it would come back as another string, out of order.
      if (!text.isWellFormed()) throw new RangeError(`Cannot encode section: ${JSON.stringify(text)} is cut`);
      this.#index.set(text, index);
    }
  }

  /** In the order of their places. */
  get texts(): readonly string[] {
    return [...this.#index.keys()];
  }

  write(out: ByteWriter) {
    out.uint(this.#index.size);
    for (const text of this.#index.keys()) out.text(text);
  }

  indexOf(text: string): number {
    const index = this.#index.get(text);
    if (index === undefined)
      throw new RangeError(`Cannot encode section: "${text}" is not in its string table`);
    return index;
  }
}

export function readStrings(from: ByteReader): (index: number) => string {
  const strings = Array.from({ length: from.count() }, () => from.text());
  return (index) => {
    const text = strings[index];
    if (text === undefined) throw invalidInput(`Cannot decode segment: string ${index} of ${strings.length}`);
    return text;
  };
}

/** Order of UTF-16 code units: the same on every machine, unlike localeCompare. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export const sortedEntries = <V>(map: ReadonlyMap<string, V>): [string, V][] =>
  [...map].sort(([a], [b]) => compareText(a, b));
