import { describe, expect, it } from 'vitest';
import { attributionCase } from '../../bench/leaks/attribution-case.ts';
import { lifeOfRun, simulateDemo } from '../../bench/leaks/demo-simulator.ts';
import { analyzeCohort, analyzeLife } from '../../lib/leaks/index.ts';

const SEEDS = Array.from({ length: 12 }, (_, i) => i);

describe('suspects', () => {
  it('come with the leaking route first where routes vary by a third', () => {
    const results = SEEDS.map((seed) => {
      const { life, leaking, bytesPerUnit } = attributionCase({ seed, spread: 0.3, noise: 0.02 });
      const suspect = analyzeLife(life).suspects[0]!;
      return { right: suspect.units[0]?.name === leaking, bytes: suspect.bytesPerUnit!.value / bytesPerUnit };
    });
    expect(results.filter(({ right }) => right).length).toBeGreaterThanOrEqual(11);
    expect(results.filter(({ bytes }) => Math.abs(bytes - 1) < 0.1).length).toBeGreaterThanOrEqual(11);
  });

  it('cannot part two routes that rise and fall together, and say so', () => {
    const { life, leaking } = attributionCase({ seed: 3, spread: 0.3, noise: 0.02 });
    const twin = life.work.find(({ unit }) => unit.name === leaking)!;
    const work = [...life.work, { ...twin, unit: { ...twin.unit, name: 'GET /twin' } }];
    const names = analyzeLife({ ...life, work }).suspects[0]!.units.map(({ name }) => name);
    expect(names.toSorted()).toEqual([leaking, 'GET /twin'].toSorted());
  });

  it('name two routes that leak alike, and what each keeps', () => {
    const named = SEEDS.map((seed) => {
      const made = attributionCase({ seed, routes: 8, spread: 0.5, noise: 0.01, cause: 'pair' });
      const { suspects } = analyzeLife(made.life);
      const bytes = (name: string) =>
        suspects.find(({ units }) => units[0]!.name === name)?.bytesPerUnit?.value ?? 0;
      const errors = [
        bytes(made.leaking) / made.bytesPerUnit - 1,
        bytes(made.other.name) / made.other.bytesPerUnit - 1,
      ];
      return suspects.length === 2 && errors.every((error) => Math.abs(error) < 0.15);
    });
    expect(named.filter(Boolean).length).toBeGreaterThanOrEqual(10);
  });

  it.each(['clock', 'total-traffic'] as const)('come with %s first where it makes the rise', (cause) => {
    const first = SEEDS.map((seed) => {
      const { life } = attributionCase({ seed, spread: 0.3, noise: 0.02, cause, warmUpBytes: 20e6 });
      return analyzeLife(life).suspects[0]?.cause;
    });
    expect(first.filter((one) => one === cause).length).toBeGreaterThanOrEqual(10);
  });

  it('clear routes that keep nothing', () => {
    const { life, leaking } = attributionCase({ seed: 5, spread: 0.3, noise: 0.005 });
    const { cleared } = analyzeLife(life);
    expect(cleared.length).toBeGreaterThan(0);
    expect(cleared.map(({ unit }) => unit.name)).not.toContain(leaking);
  });

  it('add up over lives', () => {
    const lives = [1, 1].map((seed, i) => {
      const { life } = attributionCase({ seed, spread: 0.3, noise: 0.02 });
      return { ...life, instance: `pod-${i}` };
    });
    const { leaking } = attributionCase({ seed: 1, spread: 0.3, noise: 0.02 });
    expect(analyzeCohort(lives).suspects[0]!.units[0]!.name).toBe(leaking);
  });
});

describe('the demo, simulated', () => {
  it('is never called a leak without one', () => {
    for (const seed of SEEDS) {
      const run = simulateDemo(seed + 500, { leak: false });
      expect(analyzeLife(lifeOfRun(run)).verdict, `seed ${seed}`).not.toBe('leak');
    }
  });
});
