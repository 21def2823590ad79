import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../lib/model/fault.ts';
import { uploadId } from '../../lib/model/ids.ts';
import { PIECE_FORMS } from '../../lib/model/piece.ts';
import { decodePieces, encodePieces, type StoredPiece } from '../../lib/segments/pieces.ts';

const hex = (digits: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: digits, maxLength: digits })
    .map((d) => d.join(''));
const piece: fc.Arbitrary<StoredPiece> = fc.record({
  form: fc.constantFrom(...PIECE_FORMS),
  key: hex(32),
  process: fc.constantFrom('', 'shop\nhost-1\n17'),
  roots: fc.array(hex(16), { maxLength: 3 }),
  profiler: fc.constantFrom('', 'b'.repeat(32)),
  spans: fc.nat(),
  payload: fc.uint8Array({ maxLength: 50 }),
  upload: hex(32).map(uploadId),
  index: fc.nat(1000),
  shiftMs: fc.integer(),
});
type Name = Pick<StoredPiece, 'key' | 'upload' | 'index'>;
const byName = (a: Name, b: Name) =>
  JSON.stringify([a.key, a.upload, a.index]) < JSON.stringify([b.key, b.upload, b.index]) ? -1 : 1;

describe('pieces', () => {
  it('come back as they were, sorted by key', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(piece, { selector: (one) => `${one.key} ${one.upload} ${one.index}`, maxLength: 20 }),
        (pieces) => {
          const decoded = decodePieces(encodePieces(pieces));
          expect(decoded.map((one) => ({ ...one, payload: [...one.payload] })).sort(byName)).toEqual(
            pieces.map((one) => ({ ...one, payload: [...one.payload] })).sort(byName),
          );
          expect(decoded.map(({ key }) => key)).toEqual(pieces.map(({ key }) => key).sort());
        },
      ),
    );
  });

  it('are refused cleanly when they are cut, changed or anything else', () => {
    const refused = (bytes: Uint8Array) => {
      expect(() => decodePieces(bytes)).toThrow(Fault);
    };
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 5 }), fc.nat(), fc.nat(), (pieces, cut, at) => {
        const bytes = encodePieces(pieces);
        refused(bytes.subarray(0, cut % bytes.length));
        bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ 0xff;
        refused(bytes);
      }),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), refused));
  });
});
