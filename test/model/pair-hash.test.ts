import { describe, expect, it, vi } from 'vitest';
import { pairHash } from '../../lib/model/pair-hash.ts';

const MASK = 0xfff;

/** As anybody could compute it: factors that stand in the source. */
function known(first: number, second: number): number {
  let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca77);
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae3d);
  return hash ^ (hash >>> 13);
}

const pairs = (isWanted: (first: number, second: number) => boolean, count: number) => {
  const found: [number, number][] = [];
  for (let first = 0; found.length < count; first += 1)
    for (let second = 0; second < 5000 && found.length < count; second += 1)
      if (isWanted(first, second)) found.push([first, second]);
  return found;
};
const slotsOf = (of: readonly (readonly [number, number])[]) =>
  new Set(of.map(([first, second]) => pairHash(first, second) & MASK)).size;

describe('pairHash()', () => {
  it('spreads pairs that were chosen by a hash that can be known', () => {
    const chosen = pairs((first, second) => (known(first, second) & MASK) === 0, 2000);
    expect(slotsOf(chosen)).toBeGreaterThan(1200); // by chance 1,580 of 4,096
  });

  it('spreads neighbours', () => {
    expect(slotsOf(pairs(() => true, 2000))).toBeGreaterThan(1200);
    expect(slotsOf(Array.from({ length: 2000 }, (_, i) => [i, i + 3]))).toBeGreaterThan(1200);
  });

  it('is another one in each process', async () => {
    const mine = Array.from({ length: 9 }, (_, i) => pairHash(i, 7));
    vi.resetModules();
    const other = await import('../../lib/model/pair-hash.ts');
    expect(mine.map((_, i) => other.pairHash(i, 7))).not.toEqual(mine);
  });
});
