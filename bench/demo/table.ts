// Runs the real demo over seeds, one at a time, and prints the table and the pass marks.
//   node bench/demo/table.ts --seeds 101..110 --no-leak 201..205 [--log FILE]
// About two minutes per seed. Seeds used while tuning do not count: say which ones are fresh. --log keeps each answer.
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PROJECT_DIR } from '../../lib/cli/demo/children.ts';
import { type Answer, judge, type Marks, marksOf } from './marks.ts';

const { values } = parseArgs({
  options: { seeds: { type: 'string' }, 'no-leak': { type: 'string' }, log: { type: 'string' } },
});

function seedsOf(text: string | undefined): number[] {
  if (text === undefined) return [];
  const [from, to = from] = text.split('..').map(Number) as [number, number?];
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

function runDemo(seed: number, noLeak: boolean): Promise<Answer | undefined> {
  const args = [
    join(PROJECT_DIR, 'lib', 'cli', 'main.ts'),
    'demo',
    '--once',
    '--json',
    '--seed',
    String(seed),
  ];
  const child = spawn(process.execPath, noLeak ? [...args, '--no-leak'] : args, {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  return new Promise((resolve) => {
    child.on('close', () => {
      if (values.log) appendFileSync(values.log, out || `{"failed":${seed}}\n`);
      resolve(out === '' ? undefined : (JSON.parse(out) as Answer));
    });
  });
}

const columns = [5, 22, 22, 7, 5, 12, 6, 9, 6, 8] as const;
const row = (...cells: (string | number)[]) =>
  process.stdout.write(
    `${cells
      .map((cell, i) => String(cell).padEnd(columns[i] ?? 0))
      .join(' ')
      .trimEnd()}\n`,
  );
const yes = (is: boolean) => (is ? 'yes' : 'NO');

row(
  'seed',
  'planted',
  'first suspect',
  'weight',
  'first',
  'onset low/high',
  'holds',
  'bytes',
  'found',
  'major GCs',
);
const marks: Marks[] = [];
for (const seed of seedsOf(values.seeds)) {
  const answer = await runDemo(seed, false);
  const mark = marksOf(answer);
  marks.push(mark);
  const suspect = answer?.finding?.suspects[0];
  row(
    seed,
    answer?.truth?.unit ?? 'the demo failed',
    suspect?.units.join(' or ') || suspect?.kind || '-',
    suspect?.weight.toFixed(2) ?? '-',
    yes(mark.first),
    mark.onset ? `${mark.onset.low.toFixed(0)} / +${mark.onset.high.toFixed(0)} s` : '-',
    yes(mark.holds),
    mark.bytesError === undefined ? '-' : `${(mark.bytesError * 100).toFixed(0)} %`,
    answer?.finding ? `${answer.seconds.toFixed(0)} s` : '-',
    answer?.majorCollectionsAfterOnset ?? '-',
  );
}
let quiet = 0;
const quietSeeds = seedsOf(values['no-leak']);
for (const seed of quietSeeds) {
  const answer = await runDemo(seed, true);
  const silent = answer !== undefined && answer.finding === null;
  if (silent) quiet++;
  row(
    seed,
    '(no leak)',
    answer?.finding?.suspects[0]?.units.join(' or ') ?? '-',
    '',
    silent ? 'quiet' : 'FOUND',
  );
}

process.stdout.write('\n');
for (const { name, passed, of, needed } of judge(marks, quiet, quietSeeds.length)) {
  process.stdout.write(
    `${passed >= needed ? 'pass' : 'FAIL'}  ${name}: ${passed} of ${of}, needs ${needed}\n`,
  );
  if (passed < needed) process.exitCode = 1;
}
