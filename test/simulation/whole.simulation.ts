import { afterAll, describe, expect, it } from 'vitest';
import { addTable, CORE, FAULT_NAMES, FAULTS, type FaultTable, faultsIn, printed } from './faults.ts';
import { MUTATIONS } from './mutations.ts';
import { play } from './play.ts';

/** Three seeds that are always played, and that of the day. */
const SEEDS = [1, 2, 3, Math.floor(Date.now() / 86_400_000)];
const HISTORIES = 100;
const EACH_PAIR = 1000;
const ALL = 100_000;
/** A broken rule shows within so many histories. */
const MUTANT_HISTORIES = 60;

const total: FaultTable = {};
afterAll(() => console.log(`${printed(total)}\n${faultsIn(total)} faults, seeds ${SEEDS.join(', ')}`));

describe('the store, simulated', () => {
  const seeds = Promise.all(
    SEEDS.map(async (seed) => {
      const played = await play('--seed', String(seed), '--histories', String(HISTORIES));
      addTable(total, played.table);
      return played;
    }),
  );
  seeds.catch(() => undefined); // told by each test

  it.each(SEEDS.map((seed, at) => ({ seed, at })))(
    'counts once and leaves nothing behind, seed $seed',
    async ({ at }) => {
      const { code, said } = (await seeds)[at] as Awaited<typeof seeds>[number];
      expect(said).toBe('');
      expect(code).toBe(0);
    },
    900_000,
  );

  it(`meets every fault in every operation ${EACH_PAIR} times, and ${ALL} in all`, async () => {
    await seeds;
    const core = Object.fromEntries(CORE.map((name) => [name, total[name] ?? {}]));
    const rare = CORE.flatMap((operation) =>
      FAULT_NAMES.map((fault) => ({ operation, fault, met: core[operation]?.[fault] ?? 0 })),
    ).filter(({ met }) => met < EACH_PAIR);
    expect(rare).toEqual([]);
    expect(Object.keys(FAULTS)).toEqual(FAULT_NAMES);
    expect(faultsIn(core)).toBeGreaterThanOrEqual(ALL);
  }, 900_000);
});

describe('the store, broken on purpose', () => {
  it.concurrent.each(Object.keys(MUTATIONS))(
    'is found wrong when %s',
    async (name) => {
      const { code, said } = await play('--histories', String(MUTANT_HISTORIES), '--mutation', name);
      expect(code).toBe(1);
      expect(said).toMatch(/went wrong/);
    },
    900_000,
  );
});
