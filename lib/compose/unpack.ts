import { createHash } from 'node:crypto';
import { decompress, inflateBrotli, inflateZstd } from '../formats/decompress.ts';
import { recogniseProfiles } from '../jobs/recognise-profiles.ts';
import type { digest } from '../model/ids.ts';

/** The same as the one of `model/ids.ts`: for bodies of some kB its job of its own costs more than the hash. */
const digestAtOnce: typeof digest = async (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return new Uint8Array(hash.digest());
};

/** What Web APIs cannot unpack, for the door: encodings of bodies, and profiles, which are packed inside of them. */
export const unpackers = {
  recogniseProfiles,
  digest: digestAtOnce,
  zstd: inflateZstd,
  brotli: inflateBrotli,
  gzip: (bytes: Uint8Array, maxBytes: number) =>
    decompress(bytes, 'gzip', { maxBytes, maxRatio: Number.POSITIVE_INFINITY }),
};
