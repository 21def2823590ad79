import { MIB } from '../../model/units.ts';
import { decompress as unpack } from '../decompress.ts';

/** A file that unpacks to more is refused: a year of 1 s readings takes 600 MB as text, and nobody scans that at once. */
const MAX_BYTES = 512 * MIB;

/** Unpacks gzip and zstd, every member and frame of them, by content; other bytes come back as they are. */
export const decompress = (bytes: Uint8Array): Uint8Array =>
  unpack(bytes, '', { maxBytes: MAX_BYTES, maxRatio: Number.POSITIVE_INFINITY });
