// Change points on made series with truth: levels, ramps, kinks, noise white and correlated. Prints F1 (margin 5) and cover.
//   node bench/leaks/change-points.ts [--series 400] [--seed 1] [--longest 600]
import { parseArgs } from 'node:util';
import { breaks } from '../../lib/leaks/index.ts';

const { values } = parseArgs({
  options: {
    series: { type: 'string', default: '400' },
    seed: { type: 'string', default: '1' },
    longest: { type: 'string', default: '600' },
  },
});
const random = mulberry(Number(values.seed));
const METHODS = { 'levels or lines': (y: Float64Array) => breaks([y]), 'no change': () => [] };
const scores = new Map(Object.keys(METHODS).map((name) => [name, { f1: 0, cover: 0, ms: 0 }]));
const count = Number(values.series);
for (let i = 0; i < count; i++) {
  const { y, truth } = series();
  for (const [name, method] of Object.entries(METHODS)) {
    const begun = performance.now();
    const found = method(y);
    const score = scores.get(name)!;
    score.ms += (performance.now() - begun) / count;
    score.f1 += f1(truth, found) / count;
    score.cover += cover(truth, found, y.length) / count;
  }
}
console.log('method'.padEnd(20), 'F1    cover  ms');
for (const [name, { f1: f, cover: c, ms }] of scores)
  console.log(name.padEnd(20), f.toFixed(3), c.toFixed(3), ms.toFixed(2));

function series(): { y: Float64Array; truth: number[] } {
  const n = 80 + Math.floor(random() * (Number(values.longest) - 80));
  const changes = Math.floor(random() * 5);
  const truth = [...new Set(Array.from({ length: changes }, () => 15 + Math.floor(random() * (n - 30))))]
    .sort((a, b) => a - b)
    .filter((t, k, all) => k === 0 || t - all[k - 1]! > 12);
  const lines = random() < 0.5;
  const rho = random() < 0.5 ? 0 : 0.6 * random();
  const y = new Float64Array(n);
  let level = 0;
  let slope = lines ? normal() * 0.05 : 0;
  let noise = 0;
  for (let t = 0; t < n; t++) {
    if (truth.includes(t)) {
      if (lines) slope = normal() * 0.08;
      if (!lines || random() < 0.3) level += (random() < 0.5 ? -1 : 1) * (1.5 + 3 * random());
    }
    level += slope;
    noise = rho * noise + normal() * Math.sqrt(1 - rho * rho);
    y[t] = level + noise;
  }
  return { y, truth };
}

function f1(truth: readonly number[], found: readonly number[]): number {
  const wanted = new Set([0, ...truth]);
  const got = new Set([0, ...found]);
  let hits = 0;
  const left = new Set(got);
  for (const t of wanted) {
    const near = [...left]
      .filter((g) => Math.abs(g - t) <= 5)
      .sort((a, b) => Math.abs(a - t) - Math.abs(b - t))[0];
    if (near === undefined) continue;
    hits += 1;
    left.delete(near);
  }
  const [precision, recall] = [hits / got.size, hits / wanted.size];
  return hits === 0 ? 0 : (2 * precision * recall) / (precision + recall);
}

function cover(truth: readonly number[], found: readonly number[], n: number): number {
  const pieces = (cuts: readonly number[]) => {
    const bounds = [0, ...cuts, n];
    return bounds.slice(1).map((to, i) => [bounds[i]!, to] as const);
  };
  const got = pieces(found);
  return pieces(truth).reduce((sum, [a, b]) => {
    const best = Math.max(
      ...got.map(
        ([c, d]) => Math.max(0, Math.min(b, d) - Math.max(a, c)) / (Math.max(b, d) - Math.min(a, c)),
      ),
    );
    return sum + ((b - a) / n) * best;
  }, 0);
}

function normal(): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function mulberry(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
