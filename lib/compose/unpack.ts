import { decompress, inflateBrotli, inflateZstd } from '../formats/decompress.ts';
import { recogniseProfiles } from '../jobs/recognise-profiles.ts';

/** What Web APIs cannot unpack, for the door: encodings of bodies, and profiles, which are packed inside of them. */
export const unpackers = {
  recogniseProfiles,
  zstd: inflateZstd,
  brotli: inflateBrotli,
  gzip: (bytes: Uint8Array, maxBytes: number) =>
    decompress(bytes, 'gzip', { maxBytes, maxRatio: Number.POSITIVE_INFINITY }),
};
