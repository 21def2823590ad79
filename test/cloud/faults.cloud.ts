import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshOn, type RealEngines, startRealEngines } from '../support/aws/real-engines.ts';
import { countOnceThrough } from './faults.ts';

let real: RealEngines;
beforeAll(async () => {
  real = await startRealEngines();
}, 120_000);
afterAll(() => real?.close());

describe('versitygw, DynamoDB Local and ElasticMQ behind a proxy that troubles them', () => {
  it.each([3, 4])(
    'have every upload counted once: seed %i',
    async (seed) => {
      // The queue has the machine's clock here.
      const pause = async () => {
        await new Promise((resolve) => setTimeout(resolve, 1000));
        engines.clock.time = Date.now();
      };
      const engines = await freshOn(real, Date.now());
      try {
        expect(await countOnceThrough(engines, { seed, uploads: 15, share: 0.25, pause })).toBeGreaterThan(5);
      } finally {
        await engines.close();
      }
    },
    180_000,
  );
});
