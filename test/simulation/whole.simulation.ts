import { afterAll, describe, expect, it } from 'vitest';
import { addTable, CORE, FAULT_NAMES, type FaultTable, faultsIn, printed } from './faults.ts';
import { MUTATIONS } from './mutations.ts';
import { play } from './play.ts';

// TIDEMARK_SIMULATION_HISTORIES plays fewer histories, of the fixed seeds alone; without it all are played, and the seed of
// the day beside them.
const WHOLE = 80;
const HISTORIES = Number(process.env.TIDEMARK_SIMULATION_HISTORIES ?? WHOLE);
const isWhole = HISTORIES >= WHOLE;
const TODAY = Math.floor(Date.now() / 86_400_000);
const SEEDS = [1, 2, 3, ...(isWhole ? [TODAY] : [])];
/** Faults of the operations that count, in one history, on average: a change that lets the simulation idle shows. */
const FAULTS_A_HISTORY = 200;
/** A broken rule shows within so many histories. */
const MUTANT_HISTORIES = isWhole ? 60 : HISTORIES;
/** Those that a few histories show; the others need more. */
const SOON = [
  'footers are not looked at',
  'heads are written without a condition',
  'a loser deletes its segment',
  'an upload is done before it is committed',
  'a merge forgets what was added meanwhile',
  'a join counts every copy of an upload',
];
const mutants = isWhole ? Object.keys(MUTATIONS) : SOON;

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

  it('meets every fault in every operation', async () => {
    await seeds;
    const core = Object.fromEntries(CORE.map((name) => [name, total[name] ?? {}]));
    const never = CORE.flatMap((operation) => FAULT_NAMES.filter((fault) => !core[operation]?.[fault]));
    if (isWhole) expect(never).toEqual([]);
    expect(faultsIn(core)).toBeGreaterThanOrEqual(FAULTS_A_HISTORY * HISTORIES * SEEDS.length);
  }, 900_000);
});

describe('the store, broken on purpose', () => {
  it.concurrent.each(mutants)(
    'is found wrong when %s',
    async (name) => {
      const { code, said } = await play('--histories', String(MUTANT_HISTORIES), '--mutation', name);
      expect(code).toBe(1);
      expect(said).toMatch(/went wrong/);
    },
    900_000,
  );
});
