// Plays simulated histories of the store and says what went wrong.
//
//   node test/simulation/main.ts [--seed N] [--first N] [--histories N] [--history N] [--mutation NAME] [--json]
//
// Histories of a seed are numbered: --first is where to begin, --history plays that one alone. --mutation breaks the code
// first, as mutations.ts says. Ends with exit code 1 and the command that plays it again when a history is wrong.
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { addTable, type FaultTable, faultsIn, printed } from './faults.ts';
import { installHooks } from './hooks.ts';
import { MUTATIONS } from './mutations.ts';
import { MODEL } from './parts.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
    histories: { type: 'string', default: '20' },
    history: { type: 'string' },
    mutation: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const mutation = values.mutation === undefined ? [] : MUTATIONS[values.mutation];
if (mutation === undefined)
  throw new Error(`Cannot break "${values.mutation}": mutations.ts does not know it`);
installHooks([...mutation, ...MODEL]);
// Web Crypto answers from another thread, at a time that no seed decides.
crypto.subtle.digest = async (_, data) =>
  new Uint8Array(
    createHash('sha256')
      .update(data as Uint8Array)
      .digest(),
  ).buffer;
const { versions } = await import('./versions.ts');
const { playHistory } = await import('./history.ts');

const seed = Number(values.seed);
const first = Number(values.history ?? values.first);
const numbers = Array.from(
  { length: values.history === undefined ? Number(values.histories) : 1 },
  (_, n) => first + n,
);
const code = await versions();
const table: FaultTable = {};
let uploads = 0;
let turns = 0;
let wrongs: readonly string[] = [];
for (const number of numbers) {
  const outcome = await playHistory(seed, number, code);
  addTable(table, outcome.faults);
  uploads += outcome.uploads;
  turns += outcome.turns;
  wrongs = outcome.wrongs;
  if (wrongs.length === 0) continue;
  const command = `node test/simulation/main.ts --seed ${seed} --history ${number}`;
  console.error(
    [`History ${number} of seed ${seed} went wrong. Again: ${command}`, ...wrongs.slice(0, 10)].join('\n  '),
  );
  process.exitCode = 1;
  break;
}
if (values.json) console.log(JSON.stringify({ seed, table, uploads, turns, wrongs }));
else {
  console.log(printed(table));
  console.log(`${faultsIn(table)} faults, ${uploads} uploads, ${turns} turns, seed ${seed}`);
}
