// Who is named first, and do the intervals of bytes per unit hold, where a route, two, all traffic or the clock leak: node bench/leaks/attribution.ts [--trials N]
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

for (const cause of ['clock', 'total-traffic', 'pair'] as const) {
  for (const warmUpBytes of [0, 20e6]) {
    const tally = { first: 0, both: 0, covered: 0, told: 0, pairs: 0 };
    for (let seed = 0; seed < trials; seed++) {
      const made = attributionCase({ seed, spread: 0.3, noise: 0.02, cause, warmUpBytes });
      const truth = new Map([
        [made.leaking, made.bytesPerUnit],
        [made.other.name, made.other.bytesPerUnit],
      ]);
      const { suspects } = analyzeLife(made.life);
      const isPair = suspects.length === 2 && suspects.every((one) => one.cause === 'unit' && one.share! < 1);
      tally.pairs += Number(isPair);
      tally.first += Number(
        cause === 'pair'
          ? suspects[0]?.units.some(({ name }) => truth.has(name))
          : suspects[0]?.cause === cause,
      );
      if (isPair && cause === 'pair') {
        const found = new Set(suspects.flatMap(({ units }) => units.map(({ name }) => name)));
        tally.both += Number([...truth.keys()].every((name) => found.has(name)));
      }
      for (const { cause: own, units, bytesPerUnit: bytes } of suspects.slice(0, isPair ? 2 : 1)) {
        const real = own === 'total-traffic' ? made.bytesPerUnit : truth.get(units[0]?.name ?? '');
        if (real === undefined || !bytes || (cause === 'pair' && !isPair)) continue;
        tally.told += 1;
        tally.covered += Number(bytes.low <= real && real <= bytes.high);
      }
    }
    process.stdout.write(
      `${cause}, warm-up ${warmUpBytes / 1e6} MB: first ${tally.first} of ${trials}, pairs ${tally.pairs}, ` +
        `both among them ${tally.both}, interval holds ${tally.covered} of ${tally.told}\n`,
    );
  }
}
