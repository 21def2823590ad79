import { describe, expect, it } from 'vitest';
import { inHours } from '../../../lib/jobs/lives/in-hours.ts';
import type { LifeOfRole } from '../../../lib/jobs/lives/index.ts';
import { HOUR_MS, MIB } from '../../../lib/model/units.ts';
import { lifeOf } from '../../leaks/draw.ts';

/** A heap of a hundred hours in steps of five minutes, collected every two hours. */
const saw = Array.from({ length: 1200 }, (_, i) => (100 + (i % 24) * 2 + (i % 2) * 4) * MIB);
const life: LifeOfRole = { ...lifeOf(saw, 300), role: 'heap_used', metric: 'heap', parts: [] };

describe('inHours()', () => {
  it('keeps the lowest reading of each hour', () => {
    const { times, values } = inHours(life, 50 * HOUR_MS);
    expect(times).toHaveLength(100);
    expect([values[0], values[2]]).toEqual([100 * MIB, 100 * MIB]);
  });

  it('keeps where collections showed in what came as it was sent', () => {
    const { likelyCollections } = inHours(life, 50 * HOUR_MS);
    expect(likelyCollections).toHaveLength(24);
    expect(inHours({ ...life, role: 'rss' }, 50 * HOUR_MS).likelyCollections).toBeUndefined();
  });
});
