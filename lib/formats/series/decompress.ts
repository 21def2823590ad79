import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { Fault, invalidInput } from '../../model/fault.ts';
import { MIB } from '../../model/units.ts';

/** A file that unpacks to more is refused: a year of 1 s readings takes 600 MB as text, and nobody scans that at once. */
const MAX_BYTES = 512 * MIB;

const startsWith = (bytes: Uint8Array, ...magic: number[]) => magic.every((byte, i) => bytes[i] === byte);

/** Unpacks gzip and zstd, every member and frame of them, by content; other bytes come back as they are. */
export function decompress(bytes: Uint8Array): Uint8Array {
  const packed = startsWith(bytes, 0x1f, 0x8b)
    ? gunzipSync
    : startsWith(bytes, 0x28, 0xb5, 0x2f, 0xfd)
      ? zstdDecompressSync
      : undefined;
  if (!packed) return bytes;
  try {
    return packed(bytes, { maxOutputLength: MAX_BYTES });
  } catch (error) {
    if (error instanceof RangeError)
      throw new Fault('too-large', `Cannot unpack the file: more than ${MAX_BYTES} bytes`);
    throw invalidInput('Cannot unpack the file: broken gzip or zstd data', { cause: error });
  }
}
