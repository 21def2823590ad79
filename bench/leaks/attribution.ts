// Who is named first, and does the interval of bytes per unit hold: node bench/leaks/attribution.ts [--trials N]
import { parseArgs } from 'node:util';
import { analyzeLife } from '../../lib/leaks/index.ts';
import { attributionCase } from './attribution-case.ts';

const { values } = parseArgs({ options: { trials: { type: 'string', default: '100' } } });
const trials = Number(values.trials);

for (const [spread, noise, routes] of [
  [0.3, 0.02, 20],
  [0.1, 0.02, 20],
  [0.1, 0.005, 20],
  [0.3, 0.1, 20],
  [0.3, 0.02, 60],
] as const) {
  const tally = { first: 0, third: 0, covered: 0, leak: 0 };
  const errors: number[] = [];
  for (let seed = 0; seed < trials; seed++) {
    const { life, leaking, bytesPerUnit } = attributionCase({ seed, routes, spread, noise });
    const { suspects, verdict } = analyzeLife(life);
    const names = suspects.flatMap(({ units }) => units.map(({ name }) => name));
    tally.leak += Number(verdict === 'leak');
    tally.third += Number(names.slice(0, 3).includes(leaking));
    if (names[0] !== leaking) continue;
    tally.first += 1;
    const bytes = suspects[0]!.bytesPerUnit!;
    tally.covered += Number(bytes.low <= bytesPerUnit && bytesPerUnit <= bytes.high);
    errors.push(Math.abs(bytes.value / bytesPerUnit - 1));
  }
  const share = (n: number, of: number) => (n / Math.max(1, of)).toFixed(2);
  const error = errors.toSorted((a, b) => a - b)[errors.length >> 1] ?? Number.NaN;
  process.stdout.write(
    `s=${spread} noise=${noise} routes=${routes}: first ${share(tally.first, trials)}, in three ${share(tally.third, trials)}, ` +
      `interval holds ${share(tally.covered, tally.first)}, median error ${(100 * error).toFixed(1)} %, leak ${share(tally.leak, trials)}\n`,
  );
}
