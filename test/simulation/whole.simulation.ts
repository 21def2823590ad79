import { afterAll, describe, expect, it } from 'vitest';
import { addTable, CORE, FAULT_NAMES, type FaultTable, faultsIn, printed } from './faults.ts';
import { MUTATIONS } from './mutations.ts';
import { play } from './play.ts';

// Three fixed seeds and the seed of the day, each until together they have met what is asked for.
// TIDEMARK_SIMULATION_HISTORIES plays so many histories of each and counts nothing; TIDEMARK_SIMULATION_MUTATIONS=all breaks
// the code in every way that mutations.ts knows.
const HISTORIES = Number(process.env.TIDEMARK_SIMULATION_HISTORIES ?? Number.POSITIVE_INFINITY);
const isWhole = HISTORIES === Number.POSITIVE_INFINITY;
const TODAY = Number(new Date().toISOString().slice(0, 10).replaceAll('-', ''));
const SEEDS = [1, 2, 3, TODAY];
/** Faults in the operations that count, and of each sort in each of them. */
const FAULTS = 100_000;
const FAULTS_OF_A_SORT = 1000;
/** Histories of a seed that one process plays: of every focus, all of them. */
const ROUND = 20;
/** Five or six are needed. */
const ROUNDS_MAX = 10;
/** A broken rule shows within so many histories, which are about what mutations.ts says. */
const MUTANT_HISTORIES = 150;
/** Those that take longer than some ten seconds of CPU; the others are broken in every run. */
const LATE = [
  'a merge lists what it wrote long ago',
  'the ledger is not asked',
  'the sweep does not fence',
  'raw objects expire under a replay',
  'the sweep forgets what it sent again',
  'a replay keeps one copy of an upload',
];
const isAll = process.env.TIDEMARK_SIMULATION_MUTATIONS === 'all';
const mutants = Object.keys(MUTATIONS).filter((name) => isAll || !LATE.includes(name));

const total: FaultTable = {};
const core = () => Object.fromEntries(CORE.map((name) => [name, total[name] ?? {}]));
const began = performance.now();
let seconds = 0;
afterAll(() => {
  const sum = `${faultsIn(core())} faults in ${CORE.join(', ')}; ${faultsIn(total)} with those around them`;
  console.log(`${printed(total)}\n${sum}; seeds ${SEEDS.join(', ')} in ${seconds.toFixed(0)} s`);
});

/** Pairs of an operation and a fault that were met too seldom. */
const seldom = () =>
  CORE.flatMap((operation) =>
    FAULT_NAMES.map((fault) => [operation, fault, core()[operation]?.[fault] ?? 0] as const),
  ).filter(([, , count]) => count < FAULTS_OF_A_SORT);
const isEnough = () => faultsIn(core()) >= FAULTS && seldom().length === 0;

/** What each seed said, in the order of SEEDS. */
async function playSeeds(): Promise<readonly string[]> {
  const said = SEEDS.map(() => '');
  const rounds = isWhole ? ROUNDS_MAX : Math.ceil(HISTORIES / ROUND);
  for (let round = 0; round < rounds && said.join('') === '' && !(isWhole && isEnough()); round += 1) {
    const [first, histories] = [round * ROUND, Math.min(ROUND, HISTORIES - round * ROUND)];
    await Promise.all(
      SEEDS.map(async (seed, at) => {
        const range = ['--first', String(first), '--histories', String(histories)];
        const played = await play('--seed', String(seed), ...range);
        addTable(total, played.table);
        said[at] += played.said || (played.code === 0 ? '' : `It ended with ${played.code}`);
      }),
    );
    seconds = (performance.now() - began) / 1000;
  }
  return said;
}

describe('the store, simulated', () => {
  const seeds = playSeeds();
  seeds.catch(() => undefined); // told by each test

  it.each(SEEDS.map((seed, at) => ({ seed, at })))(
    'counts once and leaves nothing behind, seed $seed',
    async ({ at }) => {
      expect((await seeds)[at]).toBe('');
    },
    1_200_000,
  );

  it.runIf(isWhole)(
    `meets every fault in every operation ${FAULTS_OF_A_SORT} times, ${FAULTS} in all`,
    async () => {
      await seeds;
      expect(seldom()).toEqual([]);
      expect(faultsIn(core())).toBeGreaterThanOrEqual(FAULTS);
    },
    1_200_000,
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
