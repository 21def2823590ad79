import { describe, it } from 'vitest';
import { killUnderLoad } from './kills.ts';

const KILLS = 20;

describe('tidemark serve, killed', () => {
  it(`counts every upload it answered with 2xx exactly once after ${KILLS} SIGKILLs under load`, async () => {
    await killUnderLoad({ kills: KILLS, seed: 20, anyTime: 0 });
  }, 180_000);
});
