// Time of one analysis, warm: 2,000 points without work, and with 50 routes. node bench/leaks/speed.ts
import { analyzeLife, changePoints } from '../../lib/leaks/index.ts';
import type { Life } from '../../lib/model/leak.ts';
import { lifeOf, normal, random } from '../../test/leaks/draw.ts';
import { attributionCase } from './attribution-case.ts';

const N = 2000;
const next = random(7);
const noise = normal(next);
const level = (i: number) => 200e6 + 4e6 * noise() + (i > 1000 ? (i - 1000) * 2e5 : 0);
const plain = lifeOf(
  Array.from({ length: N }, (_, i) => level(i)),
  15,
);
const heap: Life = {
  ...lifeOf(
    Array.from({ length: N }, (_, i) => level(i) + (i % 20) * 3e6),
    15,
  ),
  role: 'heap_used',
};
const { life: routes } = attributionCase({ seed: 1, routes: 50, spread: 0.3, noise: 0.02, points: N });

time('2,000 points, rss', () => analyzeLife(plain));
time('2,000 points, heap', () => analyzeLife(heap));
time('2,000 points, 50 routes', () => analyzeLife(routes));
time('change points of 2,000', () => changePoints(plain.times, plain.values));

function time(name: string, run: () => unknown) {
  for (let i = 0; i < 20; i++) run();
  const each = Array.from({ length: 50 }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  }).toSorted((a, b) => a - b);
  process.stdout.write(
    `${name.padEnd(28)} median ${each[25]!.toFixed(1)} ms, p90 ${each[45]!.toFixed(1)} ms\n`,
  );
}
