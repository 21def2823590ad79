// Fits the weights of the repair again, on traces whose parents are known:
//   node bench/traces/nesting-fit.ts --data DIR [--data DIR …] [--even | --odd]
// Conditional logit by Newton's method: each span chooses among its possible parents, with everything before it as the
// program had it. What other traces tell (`prior`) depends on the weights, so the fit is repeated three times.
import { parseArgs } from 'node:util';
import { factsOf } from '../../lib/traces/nesting/deployments.ts';
import {
  emptyVector,
  FEATURES,
  type Feature,
  featuresOf,
  WEIGHTS,
  type Weights,
} from '../../lib/traces/nesting/features.ts';
import { learnPrior, Reader } from '../../lib/traces/nesting/repair.ts';
import { DEFAULTS } from '../../lib/traces/nesting/settings.ts';
import { Keys, ROOT, tableOf } from '../../lib/traces/nesting/span-table.ts';
import { timelineOf } from '../../lib/traces/nesting/timeline.ts';
import { type Labelled, readLabelled } from './labelled.ts';

const { values } = parseArgs({
  options: { data: { type: 'string', multiple: true }, even: { type: 'boolean' }, odd: { type: 'boolean' } },
});
if (!values.data) {
  process.stderr.write(
    'Usage: node bench/traces/nesting-fit.ts --data DIR [--data DIR …] [--even | --odd]\n',
  );
  process.exit(2);
}

/** One span's choice: a vector per candidate, the true one first. `weight` gives each kind of program an equal say. */
interface Choice {
  readonly vectors: readonly Float64Array[];
  readonly weight: number;
}

const keep = (_: unknown, i: number) => (values.even ? i % 2 === 0 : values.odd ? i % 2 === 1 : true);
const sets = values.data
  .flatMap(readLabelled)
  .filter(({ name }) => !name.includes('late'))
  .map(({ traces }) => traces.filter(keep).filter(isWrong))
  .filter((traces) => traces.length > 0);

function isWrong({ trace, truth }: Labelled): boolean {
  const sent = new Set([trace.root.spanId, ...trace.spans.map((s) => s.spanId)]);
  const reported = (id: string) => (sent.has(id) ? id : trace.root.spanId);
  const hasTasks = trace.spans.some(({ origin }) => origin === 'auto.function.asyncio');
  return !hasTasks && trace.spans.some((s) => truth.get(s.spanId) !== reported(s.parentSpanId));
}

function choicesOf(traces: readonly Labelled[], weights: Weights): Choice[] {
  const keys = new Keys();
  const facts = factsOf(
    traces.map(({ trace }) => tableOf(trace, keys)),
    DEFAULTS,
  );
  const endpoints = Map.groupBy(facts.keys(), (k) => facts[k]!.table.trace.name);
  const choices: Float64Array[][] = [];
  for (const members of endpoints.values()) {
    const timelines = members.map((k) => timelineOf(facts[k]!.table));
    const readers = (prior: Parameters<typeof featuresOf>[4]) =>
      members.map((k, m) => new Reader(timelines[m]!, facts[k]!.isLayer, prior, DEFAULTS, weights));
    const prior = learnPrior(readers, DEFAULTS.rounds - 1);
    for (const [m, reader] of readers(prior).entries()) {
      const { spans } = facts[members[m]!]!.table;
      const index = new Map(spans.map((s, i) => [s.spanId, i]));
      const { truth } = traces[members[m]!]!;
      const parents = Int32Array.from(spans, (s) => index.get(truth.get(s.spanId) ?? '') ?? ROOT);
      reader.follow(parents, (child, candidates, reading) => {
        const right = parents[child]!;
        if (candidates.length < 2 || !candidates.includes(right)) return;
        choices.push(
          [right, ...candidates.filter((p) => p !== right)].map((p) => {
            const vector = emptyVector();
            featuresOf(timelines[m]!, reading, child, p, prior, vector);
            return Float64Array.from(FEATURES, (f) => vector[f]);
          }),
        );
      });
    }
  }
  return choices.map((vectors) => ({ vectors, weight: 1000 / choices.length }));
}

const RIDGE = 0.5;

function newton(choices: readonly Choice[], start: Float64Array): Float64Array {
  const n = FEATURES.length;
  const w = start.slice();
  for (let step = 0; step < 25; step++) {
    const gradient = w.map((v) => -RIDGE * v);
    const hessian = Array.from({ length: n }, (_, i) =>
      Float64Array.from({ length: n }, (_, j) => (i === j ? RIDGE : 0)),
    );
    for (const { vectors, weight } of choices) {
      const scores = vectors.map((v) => v.reduce((sum, x, f) => sum + x * w[f]!, 0));
      const top = Math.max(...scores);
      const e = scores.map((s) => Math.exp(s - top));
      const total = e.reduce((a, b) => a + b);
      const mean = new Float64Array(n);
      for (const [k, v] of vectors.entries()) for (let f = 0; f < n; f++) mean[f]! += (v[f]! * e[k]!) / total;
      for (let f = 0; f < n; f++) gradient[f]! += weight * (vectors[0]![f]! - mean[f]!);
      for (const [k, v] of vectors.entries())
        for (let i = 0; i < n; i++)
          for (let j = 0; j < n; j++)
            hessian[i]![j]! += weight * (e[k]! / total) * (v[i]! - mean[i]!) * (v[j]! - mean[j]!);
    }
    const move = solve(hessian, gradient);
    // Newton's step, halved until it does some good.
    const before = likelihood(choices, w);
    let share = 1;
    const at = () => w.map((v, f) => v + share * move[f]!);
    while (share > 1e-3 && likelihood(choices, at()) < before) share /= 2;
    w.set(at());
    if (Math.max(...move.map(Math.abs)) < 1e-4) break;
  }
  return w;
}

function likelihood(choices: readonly Choice[], w: Float64Array): number {
  let sum = w.reduce((total, v) => total - (RIDGE / 2) * v * v, 0);
  for (const { vectors, weight } of choices) {
    const scores = vectors.map((v) => v.reduce((total, x, f) => total + x * w[f]!, 0));
    const top = Math.max(...scores);
    sum += weight * (scores[0]! - top - Math.log(scores.reduce((total, s) => total + Math.exp(s - top), 0)));
  }
  return sum;
}

/** Gauss with pivots. */
function solve(a: Float64Array[], b: Float64Array): Float64Array {
  const m = a.map((row, i) => Float64Array.of(...row, b[i]!));
  const n = b.length;
  for (let c = 0; c < n; c++) {
    const pivot = m
      .slice(c)
      .reduce((best, row, i) => (Math.abs(row[c]!) > Math.abs(m[best]![c]!) ? c + i : best), c);
    [m[c], m[pivot]] = [m[pivot]!, m[c]!];
    for (let r = 0; r < n; r++) {
      if (r === c) continue;
      const factor = m[r]![c]! / m[c]![c]!;
      for (let k = c; k <= n; k++) m[r]![k]! -= factor * m[c]![k]!;
    }
  }
  return Float64Array.from({ length: n }, (_, i) => m[i]![n]! / m[i]![i]!);
}

let weights: Weights = WEIGHTS;
for (let round = 0; round < 3; round++) {
  const choices = sets.flatMap((traces) => choicesOf(traces, weights));
  const fitted = newton(
    choices,
    Float64Array.from(FEATURES, (f) => weights[f]),
  );
  weights = Object.fromEntries(FEATURES.map((f, i) => [f, Number(fitted[i]!.toFixed(2))])) as Record<
    Feature,
    number
  >;
  process.stderr.write(`round ${round + 1}: ${choices.length} choices of ${sets.length} sets\n`);
}
process.stdout.write(`${JSON.stringify(weights, null, 2)}\n`);
