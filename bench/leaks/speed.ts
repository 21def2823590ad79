// Time of one analysis on its own thread, warm and without reading the file: 2,000 points of several kinds, and with 50 routes.
//   node bench/leaks/speed.ts
import { analyzeLife, breaks } from '../../lib/leaks/index.ts';
import type { Life } from '../../lib/model/leak.ts';
import { lifeOf, normal, random } from '../../test/leaks/draw.ts';
import { attributionCase } from './attribution-case.ts';

const N = 2000;
const noise = normal(random(7));
let wander = 0;
const SHAPES: Readonly<Record<string, (i: number) => number>> = {
  'level, then a leak': (i) => 4e6 * noise() + (i > 1000 ? (i - 1000) * 2e5 : 0),
  noise: () => 4e6 * noise(),
  wandering: () => {
    wander += 4e6 * noise();
    return wander;
  },
  stairs: (i) => 4e6 * noise() + Math.floor(i / 190) * 2e7 * (i % 380 < 190 ? 1 : -1),
  constant: () => 0,
  saw: (i) => 1e6 * noise() + (i % 20) * 3e6,
};
const { life: routes } = attributionCase({ seed: 1, routes: 50, spread: 0.3, noise: 0.02, points: N });
const drawn = (shape: (i: number) => number): Life =>
  lifeOf(
    Array.from({ length: N }, (_, i) => 200e6 + shape(i)),
    15,
  );

/** What others take of the machine does not count. */
const cpuMs = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};
const row = (name: string, ...cells: string[]) =>
  process.stdout.write(`${name.padEnd(36)}${cells.map((cell) => cell.padStart(9)).join('')}\n`);
row('ms', 'median', 'p90', 'max');
for (const [name, shape] of Object.entries(SHAPES)) {
  const life = drawn(shape);
  const heap: Life = { ...life, role: 'heap_used' };
  time(`scan, rss, ${name}`, () => analyzeLife(life));
  time(`scan, heap, ${name}`, () => analyzeLife(heap));
  time(`changepoints, ${name}`, () => breaks([life.values]));
}
time('scan, 50 routes', () => analyzeLife(routes));

function time(name: string, run: () => unknown) {
  for (let i = 0; i < 20; i++) run();
  const each = Array.from({ length: 50 }, () => {
    const start = cpuMs();
    run();
    return cpuMs() - start;
  }).toSorted((a, b) => a - b);
  row(name, ...[25, 45, 49].map((place) => each[place]!.toFixed(1)));
}
