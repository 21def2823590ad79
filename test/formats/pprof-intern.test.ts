import { describe, expect, it } from 'vitest';
import { createByteInterner, internBytes } from '../../lib/formats/pprof/intern.ts';
import { Fault } from '../../lib/model/fault.ts';

const turned = (hash: number) => (hash << 5) | (hash >>> 27);

/** Eight bytes each, all of one hash: the second word undoes what the first one did. */
function colliding(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => {
    const first = Math.imul(turned(8) ^ i, 0x9e3779b1);
    return new Uint8Array(Int32Array.of(i, turned(first) ^ 1).buffer);
  });
}

const plain = (count: number) =>
  Array.from({ length: count }, (_, i) => new TextEncoder().encode(`name ${i}`));

const internAll = (texts: readonly Uint8Array[]) => {
  const interner = createByteInterner();
  const places = texts.map((text) => internBytes(interner, text, 0, text.length));
  return { interner, places };
};

describe('internBytes()', () => {
  it('gives each text a place of its own, whatever its hash', () => {
    const { places, interner } = internAll(colliding(500));
    expect(new Set(places).size).toBe(500);
    expect(interner.longest).toBeGreaterThanOrEqual(499); // or the texts do not collide
  });

  it('refuses content that was made to be slow', () => {
    expect(() => internAll(colliding(2000))).toThrow(Fault);
  });

  it('refuses content that is found again and again behind a long run', () => {
    const few = colliding(1000);
    expect(internAll([...few, ...few]).interner.count).toBe(1001);
    expect(() => internAll(Array.from({ length: 20 }, () => few).flat())).toThrow(Fault);
  });

  it('has short runs for names as they are', () => {
    expect(internAll(plain(50_000)).interner.longest).toBeLessThan(200);
  });
});
