import { afterAll, describe, expect, it } from 'vitest';
import { addTable, CORE, FAULT_NAMES, type FaultTable, faultsIn, printed } from './faults.ts';
import { MUTATIONS } from './mutations.ts';
import { play } from './play.ts';

// Three fixed seeds and the seed of the day. TIDEMARK_SIMULATION_HISTORIES plays fewer histories of each, and counts nothing;
// TIDEMARK_SIMULATION_MUTATIONS=all breaks the code in every way that mutations.ts knows.
const WHOLE = 100;
const HISTORIES = Number(process.env.TIDEMARK_SIMULATION_HISTORIES ?? WHOLE);
const isWhole = HISTORIES >= WHOLE;
const TODAY = Number(new Date().toISOString().slice(0, 10).replaceAll('-', ''));
const SEEDS = [1, 2, 3, TODAY];
/** Faults in the operations that count, of all seeds, and of each sort in each operation. */
const FAULTS = 100_000;
const FAULTS_OF_A_SORT = 1000;
/** A broken rule shows within so many histories. */
const MUTANT_HISTORIES = 60;
/** Those that a few histories show; the others need more. */
const SOON = [
  'footers are not looked at',
  'heads are written without a condition',
  'a loser deletes its segment',
  'an upload is done before it is committed',
  'a merge forgets what was added meanwhile',
  'a join counts every copy of an upload',
];
const mutants = process.env.TIDEMARK_SIMULATION_MUTATIONS === 'all' ? Object.keys(MUTATIONS) : SOON;

const total: FaultTable = {};
const core = () => Object.fromEntries(CORE.map((name) => [name, total[name] ?? {}]));
const began = performance.now();
let seconds = 0;
afterAll(() => {
  const sum = `${faultsIn(core())} faults in ${CORE.join(', ')}; ${faultsIn(total)} with those around them`;
  console.log(`${printed(total)}\n${sum}; seeds ${SEEDS.join(', ')} in ${seconds.toFixed(0)} s`);
});

describe('the store, simulated', () => {
  const seeds = Promise.all(
    SEEDS.map(async (seed) => {
      const played = await play('--seed', String(seed), '--histories', String(HISTORIES));
      addTable(total, played.table);
      seconds = (performance.now() - began) / 1000;
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

  it.runIf(isWhole)(
    `meets every fault in every operation ${FAULTS_OF_A_SORT} times`,
    async () => {
      await seeds;
      const table = core();
      const seldom = CORE.flatMap((operation) =>
        FAULT_NAMES.map((fault) => [operation, fault, table[operation]?.[fault] ?? 0] as const),
      ).filter(([, , count]) => count < FAULTS_OF_A_SORT);
      expect(seldom).toEqual([]);
      expect(faultsIn(table)).toBeGreaterThanOrEqual(FAULTS);
    },
    900_000,
  );
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
