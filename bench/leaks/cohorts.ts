// Short lives pooled: how many healthy cohorts are called leaking, how many leaking ones are found.
//   node bench/leaks/cohorts.ts [--runs N]
import { parseArgs } from 'node:util';
import { analyzeCohort } from '../../lib/leaks/index.ts';
import { MINUTE_MS } from '../../lib/model/units.ts';
import { autoscaledCohort, type CohortOptions, rollingCohort } from './cohort-case.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '20' } } });
const runs = Number(values.runs);

for (const warmUp of ['quick', 'slow', 'two', 'log', 'none'] as const)
  for (const leakMibPerHour of [0, 6])
    for (const lives of [40, 160])
      report(`3 h x 10 pods, ${warmUp}, ${leakMibPerHour} MB/h, ${lives}`, rollingCohort, {
        lives,
        leakMibPerHour,
        warmUp,
      });
for (const leakMibPerHour of [0, 3, 6])
  report(`autoscaled, ${leakMibPerHour} MB/h, 80`, autoscaledCohort, {
    lives: 80,
    leakMibPerHour,
    warmUp: 'quick',
    swingMib: 15,
  });
for (const [leakMibPerHour, stepMs] of [
  [0, 5 * MINUTE_MS],
  [12, 5 * MINUTE_MS],
  [12, MINUTE_MS],
  [12, MINUTE_MS / 4],
] as const)
  report(`20 min, every ${stepMs / 1000} s, ${leakMibPerHour} MB/h, 160`, rollingCohort, {
    lives: 160,
    leakMibPerHour,
    warmUp: 'quick',
    lifeMs: 20 * MINUTE_MS,
    stepMs,
  });

function report(
  name: string,
  make: (options: CohortOptions) => ReturnType<typeof rollingCohort>,
  options: Omit<CohortOptions, 'seed'>,
) {
  const tally = new Map<string, number>();
  for (let seed = 1; seed <= runs; seed++) {
    const { verdict } = analyzeCohort(make({ ...options, seed }));
    tally.set(verdict, (tally.get(verdict) ?? 0) + 1);
  }
  const shares = [...tally].map(([verdict, count]) => `${verdict} ${(count / runs).toFixed(2)}`);
  process.stdout.write(`${name.padEnd(44)} ${shares.join(', ')}\n`);
}
