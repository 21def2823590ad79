import { describe, expect, it } from 'vitest';
import { MIB, MINUTE_MS } from '../../lib/model/units.ts';
import { scanLevels } from './scan-levels.ts';

const SCANS = 60;

/** A healthy heap of Go: between collections it grows to twice what they leave, and what they leave wobbles. */
const heap_used = (minute: number) => (40 + 6 * (minute % 7)) * MIB;
const heap_after_gc = (minute: number) => (40 + ((minute * 37) % 11) / 10) * MIB;

describe('a heap that is told twice', () => {
  it('is looked at no more often than by the role that is judged', async () => {
    const raw = await scanLevels({ heap_used }, MINUTE_MS, SCANS, 5);
    const both = await scanLevels({ heap_used, heap_after_gc }, MINUTE_MS, SCANS, 5);
    expect(raw.looks).toBeLessThan(0.75 * SCANS);
    expect(both.looks).toBeLessThanOrEqual(raw.looks + 3);
  });
});
