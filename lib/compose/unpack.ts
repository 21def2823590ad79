import { decompress, inflateBrotli, inflateZstd } from '../formats/decompress.ts';

/** What Web APIs cannot unpack, for the door. */
export const unpackers = {
  zstd: inflateZstd,
  brotli: inflateBrotli,
  gzip: (bytes: Uint8Array, maxBytes: number) =>
    decompress(bytes, 'gzip', { maxBytes, maxRatio: Number.POSITIVE_INFINITY }),
};
