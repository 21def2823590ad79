import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MIB } from '../../lib/model/units.ts';
import { decodedBytes } from '../../lib/segments/decoded-bytes.ts';
import { sizedCache } from '../../lib/segments/sized-cache.ts';

describe('sizedCache()', () => {
  it('holds no more than its bytes, but for one that is larger, and what was used last', () => {
    const step = fc.record({ key: fc.nat(20), bytes: fc.nat(60), reads: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const cache = sizedCache<number>(100);
        for (const { key, bytes, reads } of steps) {
          if (reads) cache.get(String(key));
          else {
            cache.set(String(key), bytes, bytes);
            expect(cache.get(String(key))).toBe(bytes);
          }
          expect(cache.bytes).toBeLessThanOrEqual(100);
        }
      }),
    );
    const cache = sizedCache<string>(10);
    cache.set('large', 'x', 1000);
    expect(cache.get('large')).toBe('x');
    cache.set('small', 'y', 1);
    expect([cache.get('large'), cache.get('small'), cache.bytes]).toEqual([undefined, 'y', 1]);
  });
});

describe('decodedBytes()', () => {
  it('is within a factor of two of what points and maps take', () => {
    expect(decodedBytes(new Array(100_000).fill(1.5))).toBeGreaterThan(0.7 * MIB);
    const map = new Map(Array.from({ length: 1000 }, (_, n) => [`key ${n}`, { times: [n], values: [n] }]));
    // Measured on the heap of Node 24: 292 bytes for each such entry.
    expect(decodedBytes(map) / 292_000).toBeGreaterThan(0.5);
    expect(decodedBytes(map) / 292_000).toBeLessThan(2);
    expect(decodedBytes({ sum: 5n, bytes: new Float64Array(1000) })).toBeGreaterThan(8000);
  });
});
