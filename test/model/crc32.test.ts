import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { crc32 } from '../../lib/model/crc32.ts';

it('crc32() is that of zlib, for every length and wherever the bytes lie', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(9), (bytes, skip) => {
      const part = bytes.subarray(skip);
      expect(crc32(part)).toBe(zlibCrc32(part));
    }),
    { seed: 20_261_121 },
  );
});
