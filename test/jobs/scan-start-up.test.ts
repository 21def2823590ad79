import { describe, expect, it } from 'vitest';
import { MIB, SECOND_MS } from '../../lib/model/units.ts';
import { scanLevels } from './scan-levels.ts';

/** A process that grows from its first second on, beside a heap whose floor is calm. */
const rss = (second: number) => (100 + 2 * second) * MIB;
const heap_used = (second: number) => (20 + ((second * 7) % 5)) * MIB;
const heap_total = (second: number) => (30 + 1.8 * second) * MIB;

const told = async (levels: Parameters<typeof scanLevels>[0]) =>
  (await scanLevels(levels, SECOND_MS, 12, 10)).findings.map(({ evidence }) => evidence.role);

describe('a process in its first minutes', () => {
  it('is told of when it grows outside of what its runtime takes', async () => {
    expect(await told({ rss, heap_used })).toEqual(['rss']);
  });

  it('is not told of while its runtime takes room for the heap', async () => {
    expect(await told({ rss, heap_used, heap_total })).toEqual([]);
  });
});
