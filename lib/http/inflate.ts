import { Fault } from '../model/fault.ts';
import { MIB } from '../model/units.ts';

/** Unpacks all frames or members. @throws Fault('too-large') beyond `maxBytes`, anything else when they are broken */
export type InflateAll = (bytes: Uint8Array, maxBytes: number) => Uint8Array | Promise<Uint8Array>;

export interface InflateLimits {
  readonly maxBytes: number;
  /** Output over input; small outputs are never refused for it. */
  readonly maxRatio: number;
  /** Web APIs have no zstd. */
  readonly zstd?: InflateAll | undefined;
  /** Web APIs have no brotli either. */
  readonly brotli?: InflateAll | undefined;
  /** Takes bodies of several gzip members, which DecompressionStream refuses. */
  readonly gzip?: InflateAll | undefined;
  /** Told of what it makes, as it makes it; throws when all requests together hold too much. */
  readonly hold?: (bytes: number) => void;
}

/** As in formats/decompress.ts, which reads the same bodies later: both have to agree on what is fine. */
const RATIO_FLOOR_BYTES = MIB;

/**
 * Unpacks a body by Web APIs alone, so that the door also runs at the edge. The first bytes win over the declared encoding.
 *
 * @param encoding value of Content-Encoding
 * @throws Fault `unsupported` for other encodings, `invalid-input` for broken data, `too-large` beyond the limits
 */
export async function inflate(
  bytes: Uint8Array,
  encoding: string,
  limits: InflateLimits,
): Promise<Uint8Array> {
  const declared = FORMATS.get(encoding.trim().toLowerCase());
  if (declared === undefined) throw unsupported(encoding);
  const actual = bytes.length === 0 ? 'identity' : (sniff(bytes) ?? declared);
  if (actual === 'identity') {
    if (bytes.length > limits.maxBytes) throw tooLarge(limits.maxBytes);
    return bytes;
  }
  const maxBytes = Math.min(limits.maxBytes, Math.max(RATIO_FLOOR_BYTES, bytes.length * limits.maxRatio));
  const whole = { zstd: limits.zstd, br: limits.brotli, gzip: limits.gzip, deflate: undefined }[actual];
  if ((actual === 'zstd' || actual === 'br') && whole === undefined) throw unsupported(encoding || actual);
  try {
    if (whole !== undefined) {
      const plain = await whole(bytes, maxBytes);
      limits.hold?.(plain.length);
      return plain;
    }
    const format = actual === 'deflate' && !isZlib(bytes) ? 'deflate-raw' : (actual as 'gzip' | 'deflate');
    return await drain(bytes, format, maxBytes, limits.hold);
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw new Fault('invalid-input', `Cannot unpack body: broken ${actual} data`, { cause });
  }
}

/** Pulls piece by piece, so that a bomb is dropped when it passes the bound and not when it has gone off. */
async function drain(
  bytes: Uint8Array,
  format: CompressionFormat,
  maxBytes: number,
  hold: InflateLimits['hold'] = () => undefined,
): Promise<Uint8Array> {
  const stream = new DecompressionStream(format);
  const writer = stream.writable.getWriter();
  // Errors of the writing side arrive at the reader as well, which is where they are told.
  const ignore = () => undefined;
  writer.write(bytes as Uint8Array<ArrayBuffer>).catch(ignore);
  writer.close().catch(ignore);
  const reader = stream.readable.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    try {
      if (length > maxBytes) throw tooLarge(maxBytes);
      hold(value.length);
    } catch (error) {
      reader.cancel().catch(ignore);
      throw error;
    }
    parts.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

type Compression = 'identity' | 'gzip' | 'deflate' | 'br' | 'zstd';

const FORMATS: ReadonlyMap<string, Compression> = new Map([
  ['', 'identity'],
  ['identity', 'identity'],
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['zlib', 'deflate'],
  ['br', 'br'],
  ['zstd', 'zstd'],
]);

function sniff(bytes: Uint8Array): Compression | undefined {
  const [a, b, c, d] = bytes;
  if (a === 0x1f && b === 0x8b && c === 0x08) return 'gzip';
  return a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd ? 'zstd' : undefined;
}

/** RFC 9110 means zlib by "deflate"; some senders mean the raw form. */
const isZlib = (bytes: Uint8Array): boolean =>
  ((bytes[0] ?? 0) & 0x0f) === 8 && (((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)) % 31 === 0;

const unsupported = (encoding: string) =>
  new Fault(
    'unsupported',
    `Cannot unpack content encoding "${encoding.slice(0, 40)}": need gzip, deflate, br or zstd`,
  );

const tooLarge = (limit: number) => new Fault('too-large', `Cannot unpack body: more than ${limit} bytes`);
