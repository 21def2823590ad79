// How often series without a leak are called one, and leaks found, by kind, length and scrape interval:
//   node bench/leaks/null.ts [--runs 200] [--seed 1] [--only white,season]
import { parseArgs } from 'node:util';
import { analyzeSeries } from '../../lib/leaks/index.ts';
import type { Life, Verdict } from '../../lib/model/leak.ts';
import { MIB } from '../../lib/model/units.ts';
import { lifeOf } from '../../test/leaks/draw.ts';
import { KINDS, type Kind } from './null-kinds.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
});
const runs = Number(values.runs);
const wanted = values.only?.split(',');
/** Hours seen, and seconds between readings: 900, 480 and 1,440 points. */
const LENGTHS = [
  { hours: 0.25, stepS: 1 },
  { hours: 2, stepS: 15 },
  { hours: 24, stepS: 60 },
] as const;

function lifeOfKind(kind: Kind, { hours, stepS }: (typeof LENGTHS)[number], seed: number): Life {
  const points = Math.round((hours * 3600) / stepS);
  const { mib, load } = kind.make({ points, hours, seed });
  const life = lifeOf(
    mib.map((v) => v * MIB),
    stepS,
    { role: kind.role },
  );
  return load ? { ...life, load: { times: life.times, values: Float64Array.from(load) } } : life;
}

const total = { healthy: 0, false: 0, leaks: 0, found: 0 };
const line = (cells: readonly (string | number)[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`);
line(['kind', ...LENGTHS.map(({ hours, stepS }) => `${hours} h at ${stepS} s`), 'other verdicts']);
line(Array.from({ length: LENGTHS.length + 2 }, () => '---'));
for (const kind of KINDS.filter(({ name }) => !wanted || wanted.includes(name))) {
  const others = new Map<Verdict, number>();
  const told = LENGTHS.map((length) => {
    let flagged = 0;
    for (let run = 0; run < runs; run++) {
      const { verdict } = analyzeSeries(lifeOfKind(kind, length, Number(values.seed) * 1_000_003 + run));
      if (verdict === 'leak' || verdict === 'exhausted') flagged += 1;
      else others.set(verdict, (others.get(verdict) ?? 0) + 1);
    }
    total[kind.leaks ? 'found' : 'false'] += flagged;
    total[kind.leaks ? 'leaks' : 'healthy'] += runs;
    return `${flagged} of ${runs}`;
  });
  const rest = [...others].toSorted(([, a], [, b]) => b - a).map(([verdict, count]) => `${count} ${verdict}`);
  line([kind.leaks ? `**${kind.name}**` : kind.name, ...told, rest.join(', ')]);
}
process.stdout.write(
  `\nhealthy called leak: ${total.false} of ${total.healthy}; leaks (bold) found: ${total.found} of ${total.leaks}\n`,
);
