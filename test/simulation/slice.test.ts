import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { faultsIn } from './faults.ts';
import { MUTATIONS } from './mutations.ts';
import { play } from './play.ts';

const LIB = join(import.meta.dirname, '..', '..', 'lib');

// Two histories; the tier `simulation` plays hundreds, and breaks the code in every way that mutations.ts knows.
describe('a simulated store', () => {
  it('is right once it has settled, after hundreds of faults', async () => {
    const { code, said, table } = await play('--seed', '1', '--histories', '2');
    expect(said).toBe('');
    expect(code).toBe(0);
    expect(faultsIn(table)).toBeGreaterThan(500);
  }, 240_000);

  it.each(Object.entries(MUTATIONS))('can be broken as the code stands: %s', (_, { changes }) => {
    for (const { file, from } of changes)
      expect(readFileSync(join(LIB, file), 'utf8').split(from)).toHaveLength(2);
  });
});
