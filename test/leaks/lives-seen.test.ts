import { describe, expect, it } from 'vitest';
import { analyzeSeries } from '../../lib/leaks/index.ts';
import type { MemoryRole } from '../../lib/model/memory.ts';
import { MIB } from '../../lib/model/units.ts';
import { lifeOf, normal, random } from './draw.ts';

const POINTS = 900;

/** Processes that replace each other in one series: `at` is a level in MiB by the share of a life that has passed. */
function replaced(lives: number, at: (age: number) => number, stepS = 60, role: MemoryRole = 'rss') {
  const gauss = normal(random(5));
  const mib = Array.from({ length: POINTS }, (_, i) => at(((i * lives) / POINTS) % 1) + 3 * gauss());
  return lifeOf(
    mib.map((value) => value * MIB),
    stepS,
    { role },
  );
}
const leaking = (age: number) => 150 + 300 * age;

describe('analyzeSeries()', () => {
  it.each([3.4, 4.5, 6.3, 12.5])('finds a leak that %d processes show, one after the other', (lives) => {
    const { verdict, slopeBytesPerHour } = analyzeSeries(replaced(lives, leaking));
    const perHour = (300 * MIB * lives) / (POINTS / 60);
    expect(verdict).toBe('leak');
    expect(Math.abs(slopeBytesPerHour!.value / perHour - 1)).toBeLessThan(0.1);
  });

  it.each([
    ['that warm up', 5.5, (age: number) => 150 + 300 * (1 - Math.exp(-age / 0.15))],
    ['that warm up for as long as they live', 5.5, (age: number) => 150 + 400 * (1 - Math.exp(-age / 0.5))],
    ['that give half of it back', 5.5, (age: number) => 200 + 150 * age],
    ['that work in batches', 5.5, (age: number) => (age < 0.4 ? 500 : 200)],
    ['of a few readings each', 60.5, leaking],
    ['whose jobs end with their rise', 7, (age: number) => (age < 0.75 ? 200 : 600)],
    ['whose jobs rise from where they have stood', 7, (age: number) => 200 + 800 * Math.max(0, age - 0.5)],
    ['that fill ever more slowly', 5, (age: number) => 150 + 98 * Math.log1p(20 * age)],
  ])('calls none in processes %s', (_, lives, at) => {
    expect(analyzeSeries(replaced(lives, at)).verdict).not.toBe('leak');
  });

  it('takes no collection for a new process', () => {
    expect(analyzeSeries(replaced(5.5, leaking, 60, 'heap_used')).verdict).not.toBe('leak');
  });

  it('does not hear one process that rises among several that stay', () => {
    const gauss = normal(random(5));
    const level = (i: number) => (i % 180 < 5 ? 80 : i < 180 ? 250 + i : 250);
    const mib = Array.from({ length: POINTS }, (_, i) => level(i) + 3 * gauss());
    const { verdict } = analyzeSeries(
      lifeOf(
        mib.map((value) => value * MIB),
        60,
      ),
    );
    expect(verdict).toBe('growth-unconfirmed');
  });

  it('counts the work of each process from its birth on', () => {
    const life = replaced(4.5, () => 0);
    const work = {
      unit: { kind: 'http' as const, name: 'GET /a' },
      ...{ status: '', times: life.times, complete: true },
      counts: life.times.map((_, i) => i * 50),
    };
    const grown = replaced(4.5, leaking);
    const [suspect] = analyzeSeries({ ...grown, work: [work] }).suspects;
    const each = (300 * 4.5 * MIB) / POINTS / 50;
    expect(Math.abs((suspect?.bytesPerUnit?.value ?? 0) / each - 1)).toBeLessThan(0.1);
  });
});
