// node bench/leaks/lines.ts [--seed 1] [--runs 40]: heap profiles over time as samplers draw them, and which lines are named.
//
// A service with two leaking lines, six that stay, three that only warm up and two that come and go. Profilers keep a sample:
// Go one object in 512 KiB, V8 one in as many or less; an object that was drawn stays in. Truth: bytes per unit of each line.

import { parseArgs } from 'node:util';
import { growingLines } from '../../lib/leaks/index.ts';
import { KIB, MIB, MINUTE_MS } from '../../lib/model/units.ts';
import { normal, random } from '../../test/leaks/draw.ts';

interface Shape {
  readonly snapshots: number;
  /** Bytes between two samples of the profiler. */
  readonly rate: number;
  readonly fromBirth: boolean;
  /** What warms up, of what leaks. */
  readonly warm: number;
  readonly comesAndGoes: boolean;
}

const STEPS = 4; // a minute
const SIZES = [64, 256, KIB, 8 * KIB];

function drawn({ snapshots, rate, fromBirth, warm, comesAndGoes }: Shape, seed: number) {
  const next = random(seed * 7919 + 13);
  const gauss = normal(next);
  const steps = snapshots * STEPS;
  const onset = fromBirth ? 0 : Math.floor(steps * (0.2 + 0.4 * next()));
  const leaked = (30 + 100 * next()) * MIB;
  let own = 0;
  let served = 0;
  const counts = Array.from({ length: steps }, () => {
    own = 0.95 * own + 0.3 * gauss();
    served += 30 * Math.exp(0.4 * own);
    return served;
  });
  const servedAt = (step: number) => counts[Math.min(steps, step) - 1] ?? 0;
  const perUnit = leaked / (served - servedAt(onset));
  const parts = 0.3 + 0.4 * next();
  const sampler = () => {
    const size = SIZES[Math.floor(next() * SIZES.length)]!;
    const chance = 1 - Math.exp(-size / rate);
    return (bytes: number) => {
      const mean = (Math.max(0, bytes) / size) * chance;
      const found = mean > 60 ? Math.round(mean + Math.sqrt(mean) * gauss()) : poisson(next, mean);
      return (found * size) / chance;
    };
  };
  /** Live bytes of a line by what it gains in each step. */
  const line = (gain: (step: number) => number) => {
    const sample = sampler();
    let bytes = sample(gain(0));
    return Array.from({ length: snapshots }, (_, k) => {
      for (let i = k * STEPS + 1; i <= (k + 1) * STEPS; i += 1) bytes += sample(gain(i));
      return bytes;
    });
  };
  const leak = (share: number) => (step: number) =>
    step > onset ? share * perUnit * (servedAt(step) - servedAt(step - 1)) : 0;
  const fills = () => {
    const [size, tau] = [warm * leaked * (0.5 + next()), steps * (0.03 + 0.12 * next())];
    return (step: number) => (step === 0 ? 0 : size * (Math.exp(-(step - 1) / tau) - Math.exp(-step / tau)));
  };
  const stays = () => {
    const size = (5 + 30 * next()) * MIB;
    return (step: number) => (step === 0 ? size : 0);
  };
  const passing = () => {
    const sample = sampler();
    return Array.from({ length: snapshots }, () => sample((15 + 10 * gauss()) * MIB));
  };
  const values = new Map([
    ['leak 0', line(leak(parts))],
    ['leak 1', line(leak(1 - parts))],
    ...Array.from({ length: 6 }, (_, i) => [`stays ${i}`, line(stays())] as const),
    ...(warm > 0 ? Array.from({ length: 3 }, (_, i) => [`warm ${i}`, line(fills())] as const) : []),
    ...(comesAndGoes ? Array.from({ length: 2 }, (_, i) => [`passes ${i}`, passing()] as const) : []),
  ]);
  const times = Array.from({ length: snapshots }, (_, k) => (k + 1) * MINUTE_MS);
  const totals = times.map((_, k) => [...values.values()].reduce((sum, of) => sum + of[k]!, 0));
  const lines = growingLines(
    [...values].map(([site, of]) => ({ site, times, values: of })),
    { times, values: totals },
    (onset * MINUTE_MS) / STEPS,
    (time) => servedAt(Math.round((time * STEPS) / MINUTE_MS)),
  );
  return {
    lines,
    truth: new Map([
      ['leak 0', parts * perUnit],
      ['leak 1', (1 - parts) * perUnit],
    ]),
  };
}

function poisson(next: () => number, mean: number): number {
  const least = Math.exp(-mean);
  let found = 0;
  for (let left = next(); left > least; left *= next()) found += 1;
  return found;
}

const { values: options } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, runs: { type: 'string', default: '40' } },
});
const [seed, runs] = [Number(options.seed), Number(options.runs)];
const print = (line: string) => process.stdout.write(`${line}\n`);
print('snapshots  lines found  one of them first  others a run  interval holds');
for (const snapshots of [4, 6, 12, 20, 120]) {
  let [cases, found, first, others, held, told] = [0, 0, 0, 0, 0, 0];
  for (const rate of [512 * KIB, 32 * KIB])
    for (const fromBirth of [true, false])
      for (const warm of [0, 0.15, 1.2])
        for (const comesAndGoes of [false, true])
          for (let run = 0; run < runs; run += 1) {
            const { lines, truth } = drawn(
              { snapshots, rate, fromBirth, warm, comesAndGoes },
              seed * 10_000 + run,
            );
            cases += 1;
            first += lines[0] && truth.has(lines[0].site) ? 1 : 0;
            for (const { site, bytesPerUnit } of lines) {
              const kept = truth.get(site);
              if (kept === undefined) others += 1;
              else found += 1;
              if (kept === undefined || !bytesPerUnit) continue;
              told += 1;
              held += bytesPerUnit.low <= kept && kept <= bytesPerUnit.high ? 1 : 0;
            }
          }
  const share = (part: number, of: number) => (part / of).toFixed(3);
  print(
    [
      String(snapshots).padEnd(9),
      share(found, 2 * cases).padEnd(11),
      share(first, cases).padEnd(17),
      share(others, cases).padEnd(12),
      `${share(held, told)} of ${told}`,
    ].join('  '),
  );
}
