import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filterText, matchOf, termsIn } from '../../lib/flame/filter-text.ts';

describe('matchOf()', () => {
  it.each([
    ['snap', ['snapshotCart src/cart/snapshot.ts', 'handle src/Snap.ts']],
    ['"run"', ['run src/job.ts']],
    ['"run"\npg/', ['run src/job.ts', 'query node_modules/pg/lib/client.js']],
    ['"run', []],
    ['\n \n', []],
  ])('%j', (text, found) => {
    const match = matchOf(text);
    const all = [
      'snapshotCart src/cart/snapshot.ts',
      'handle src/Snap.ts',
      'run src/job.ts',
      'runTask src/job.ts',
      'query node_modules/pg/lib/client.js',
    ];
    expect(all.filter((one) => match(...(one.split(' ') as [string, string])))).toEqual(found);
  });

  it('finds a name again, whatever it is made of', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 }), (names) => {
        const terms = names.map((text) => ({ text, isWhole: true }));
        const text = filterText(terms);
        expect(termsIn(text)).toEqual(terms);
        for (const name of names) expect(matchOf(text)(name, '')).toBe(true);
      }),
    );
  });
});
