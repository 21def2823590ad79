// Plays simulated histories of the store and says what went wrong.
//
//   node test/simulation/main.ts [--seed N] [--first N] [--histories N] [--history N] [--focus NAME] [--mutation NAME] [--json]
//
// Histories of a seed are numbered: --first is where to begin, --history plays that one alone. --mutation breaks the code
// first, as mutations.ts says, and plays histories of the focus that it names. --focus is what all histories are about. Ends with exit code 1 and the command that plays it again when a history is wrong.
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { addTable, type FaultTable, faultsIn, printed } from './faults.ts';
import { FOCUS, type Focus } from './focus.ts';
import { installHooks } from './hooks.ts';
import { MUTATIONS, UNBROKEN } from './mutations.ts';
import { MODEL } from './parts.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
    histories: { type: 'string', default: '20' },
    history: { type: 'string' },
    focus: { type: 'string' },
    mutation: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const mutation = values.mutation === undefined ? UNBROKEN : MUTATIONS[values.mutation];
if (mutation === undefined)
  throw new Error(`Cannot break "${values.mutation}": mutations.ts does not know it`);
const focus = (values.focus ?? mutation.focus) as Focus | undefined;
if (focus !== undefined && !(focus in FOCUS)) throw new Error(`No history is about "${focus}"`);
installHooks([...mutation.changes, ...MODEL]);
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
  const outcome = await playHistory(seed, number, code, focus);
  addTable(table, outcome.faults);
  uploads += outcome.uploads;
  turns += outcome.turns;
  wrongs = outcome.wrongs;
  if (wrongs.length === 0) continue;
  const options = Object.entries({ focus, mutation: values.mutation });
  const given = options
    .flatMap(([name, value]) => (value === undefined ? [] : ` --${name} '${value}'`))
    .join('');
  const command = `node test/simulation/main.ts --seed ${seed} --history ${number}${given}`;
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
