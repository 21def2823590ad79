import { decompress } from '../decompress.ts';
import { MAX_PROFILE_BYTES, MAX_PROFILE_RATIO } from '../profiles/limits.ts';

/** A profile without the compression that it brings along: senders differ in it from one try to the next. */
export const unpackProfile = (bytes: Uint8Array): Uint8Array =>
  decompress(bytes, '', { maxBytes: MAX_PROFILE_BYTES, maxRatio: MAX_PROFILE_RATIO });
