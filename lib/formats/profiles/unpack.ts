import { decompress } from '../decompress.ts';
import { MAX_PROFILE_BYTES, MAX_PROFILE_RATIO } from './limits.ts';

/** Without its compression, within the limits: plain, gzip or zstd, whatever its first bytes say. */
export const unpackProfile = (bytes: Uint8Array): Uint8Array =>
  decompress(bytes, '', { maxBytes: MAX_PROFILE_BYTES, maxRatio: MAX_PROFILE_RATIO });
