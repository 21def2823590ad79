import { describe, it } from 'vitest';
import { killUnderLoad } from '../server/kills.ts';

const KILLS = 100;

describe('tidemark serve, killed a hundred times', () => {
  it(`counts every upload it answered with 2xx exactly once after ${KILLS} SIGKILLs under load`, async () => {
    const promised = await killUnderLoad({ kills: KILLS, seed: 100, anyTime: 0.5 });
    console.log(`${KILLS} SIGKILLs, ${promised} uploads answered with 2xx: none lost, none counted twice`);
  }, 600_000);
});
