import { describe, expect, it } from 'vitest';
import { startEngines } from '../support/aws/cloud.ts';
import { countOnceThrough } from './faults.ts';

describe('stores that throttle, conflict, break, and keep silent about what they did', () => {
  it.each([1])(
    'have every upload counted once: seed %i',
    async (seed) => {
      const engines = await startEngines(Date.UTC(2026, 10, 14, 12));
      const pause = () => {
        engines.clock.time += 61_000; // what failed comes again after a minute at most
      };
      try {
        expect(await countOnceThrough(engines, { seed, uploads: 6, share: 0.2, pause })).toBeGreaterThan(10);
      } finally {
        await engines.close();
      }
    },
    120_000,
  );
});
