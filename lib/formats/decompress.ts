import {
  brotliDecompressSync,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  type ZlibOptions,
  type ZstdOptions,
  zstdDecompressSync,
} from 'node:zlib';
import { Fault } from '../model/fault.ts';
import { MIB } from '../model/units.ts';

export type Compression = 'identity' | 'gzip' | 'deflate' | 'br' | 'zstd';

export interface DecompressLimits {
  readonly maxBytes: number;
  /** Output over input; small outputs are never refused for it. */
  readonly maxRatio: number;
}

/** What every body may grow to, whatever its ratio: a request of zeros is 1,000 times smaller when packed, and harmless. */
const RATIO_FLOOR_BYTES = MIB;
const GZIP = [0x1f, 0x8b, 0x08];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];

/**
 * Unpacks a body or a file, all members and frames of it. The first bytes win over the declared encoding: agents send
 * zstd and gzip without a header that says so, and files have none.
 *
 * @param encoding value of Content-Encoding; '' and 'identity' mean plain, as far as the bytes agree
 * @throws Fault `unsupported` for other encodings, `invalid-input` for broken data, `too-large` beyond the limits
 */
export function decompress(bytes: Uint8Array, encoding: string, limits: DecompressLimits): Uint8Array {
  const declared = compressionOf(encoding);
  const actual = bytes.length === 0 ? 'identity' : (sniffCompression(bytes) ?? declared);
  if (actual === 'identity') {
    if (bytes.length > limits.maxBytes) throw tooLarge(limits.maxBytes);
    return bytes;
  }
  const maxOutputLength = Math.min(
    limits.maxBytes,
    Math.max(RATIO_FLOOR_BYTES, bytes.length * limits.maxRatio),
  );
  try {
    return UNPACK[actual](bytes, maxOutputLength);
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    // The bound is not there for a machine short of memory: zlib refuses with the same error then, and rightly so.
    if (cause instanceof RangeError) throw tooLarge(maxOutputLength, cause);
    throw new Fault('invalid-input', `Cannot unpack body: broken ${actual} data`, { cause });
  }
}

/** For the door, whose own code knows Web APIs alone: see ZstdInflate there. */
export const inflateZstd = (bytes: Uint8Array, maxBytes: number): Uint8Array =>
  decompress(bytes, 'zstd', { maxBytes, maxRatio: Number.POSITIVE_INFINITY });

/** For the door as well: Sentry's Python SDK sends brotli where its module can be imported. */
export const inflateBrotli = (bytes: Uint8Array, maxBytes: number): Uint8Array =>
  decompress(bytes, 'br', { maxBytes, maxRatio: Number.POSITIVE_INFINITY });

/** gzip and zstd by their magic numbers. A zlib stream has none worth the name: text may begin with the same bytes. */
export function sniffCompression(bytes: Uint8Array): 'gzip' | 'zstd' | undefined {
  if (GZIP.every((byte, i) => bytes[i] === byte)) return 'gzip';
  return ZSTD.every((byte, i) => bytes[i] === byte) ? 'zstd' : undefined;
}

function compressionOf(encoding: string): Compression {
  switch (encoding.trim().toLowerCase()) {
    case '':
    case 'identity':
      return 'identity';
    case 'gzip':
    case 'x-gzip':
      return 'gzip';
    case 'deflate':
    case 'zlib': // the Collector's name for the same
      return 'deflate';
    case 'br':
      return 'br';
    case 'zstd':
      return 'zstd';
    default:
      throw new Fault(
        'unsupported',
        `Cannot unpack content encoding "${encoding.slice(0, 40)}": need gzip, deflate, br or zstd`,
      );
  }
}

const UNPACK: Readonly<
  Record<Exclude<Compression, 'identity'>, (bytes: Uint8Array, maxOutputLength: number) => Uint8Array>
> = {
  gzip: (bytes, maxOutputLength) =>
    gunzipSync(bytes, { maxOutputLength, chunkSize: chunkSizeFor(bytes, maxOutputLength) }),
  deflate: (bytes, maxOutputLength) =>
    (isZlib(bytes) ? inflateSync : inflateRawSync)(bytes, { maxOutputLength } satisfies ZlibOptions),
  br: (bytes, maxOutputLength) => brotliDecompressSync(bytes, { maxOutputLength }),
  zstd: unpackZstd,
};

const MIN_CHUNK = 1024;
/** Deflate cannot do better than this (zlib's technical details). */
const MAX_DEFLATE_RATIO = 1032;

/**
 * Room for all that comes out, as the last four bytes of gzip tell it: else zlib unpacks in pieces of 16 KiB and joins
 * them. They are a hint only, of the last member, and a liar gains nothing: room that is not used is not touched.
 */
function chunkSizeFor(bytes: Uint8Array, maxOutputLength: number): number {
  const last = bytes.length - 4;
  const size = last < 0 ? 0 : new DataView(bytes.buffer, bytes.byteOffset + last, 4).getUint32(0, true);
  return Math.max(MIN_CHUNK, Math.min(size + 1, maxOutputLength, bytes.length * MAX_DEFLATE_RATIO));
}

/** RFC 9110 means zlib by "deflate"; some senders mean the raw form. Header of RFC 1950: method 8, checked by 31. */
const isZlib = (bytes: Uint8Array): boolean =>
  ((bytes[0] ?? 0) & 0x0f) === 8 && (((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)) % 31 === 0;

/** node:zlib stops without a word after the first frame (24.21), and files appended to have many. */
function unpackZstd(bytes: Uint8Array, maxOutputLength: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let left = maxOutputLength;
  for (let at = 0; at < bytes.length; ) {
    if (left <= 0) throw tooLarge(maxOutputLength);
    const options: ZstdOptions = { info: true, maxOutputLength: left };
    // The types do not know that `info` changes the result.
    const { buffer, engine } = zstdDecompressSync(bytes.subarray(at), options) as unknown as {
      buffer: Uint8Array;
      engine: { bytesWritten: number };
    };
    if (engine.bytesWritten <= 0) throw new Fault('invalid-input', 'Cannot unpack body: broken zstd data');
    parts.push(buffer);
    left -= buffer.length;
    at += engine.bytesWritten;
  }
  return parts.length === 1 ? parts[0]! : concat(parts);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const tooLarge = (limit: number, cause?: unknown) =>
  new Fault('too-large', `Cannot unpack body: more than ${limit} bytes`, { cause });
