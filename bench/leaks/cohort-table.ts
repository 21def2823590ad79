// Which verdicts cohorts of every kind get, healthy and leaking: node bench/leaks/cohort-table.ts [--runs N]
import { parseArgs } from 'node:util';
import { analyzeCohort } from '../../lib/leaks/index.ts';
import { KINDS } from './cohort-kinds.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '10' } } });
const runs = Number(values.runs);
const print = (line: string) => process.stdout.write(`${line}\n`);
const sums = { healthy: 0, flagged: 0, leaking: 0, right: 0 };

print('| cohort | healthy | leaking | right |\n|---|---|---|---|');
for (const { name, make, right } of KINDS) {
  const [healthy, leaking] = [false, true].map((leaks) =>
    Array.from({ length: runs }, (_, i) => analyzeCohort(make(i + 1, leaks)).verdict),
  ) as [string[], string[]];
  const isRight = leaking.filter((verdict) => (right as readonly string[]).includes(verdict)).length;
  sums.healthy += runs;
  sums.flagged += healthy.filter((verdict) => verdict === 'leak' || verdict === 'exhausted').length;
  sums.leaking += runs;
  sums.right += isRight;
  print(`| ${name} | ${counted(healthy)} | ${counted(leaking)} | ${isRight} of ${runs} |`);
}
print(
  `\nhealthy flagged ${sums.flagged} of ${sums.healthy}, leaking judged right ${sums.right} of ${sums.leaking}`,
);

function counted(verdicts: readonly string[]): string {
  const groups = [...Map.groupBy(verdicts, (verdict) => verdict)].sort((a, b) => b[1].length - a[1].length);
  return groups.map(([verdict, same]) => `${same.length} ${verdict}`).join(', ');
}
