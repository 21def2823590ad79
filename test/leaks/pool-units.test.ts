import { describe, expect, it } from 'vitest';
import { rollingCohort } from '../../bench/leaks/cohort-case.ts';
import { analyzeCohort } from '../../lib/leaks/index.ts';
import type { Life, WorkSeries } from '../../lib/model/leak.ts';
import { MIB } from '../../lib/model/units.ts';
import { normal, random } from './draw.ts';

const PODS = 10;
const PER_STEP = 600;

/** Counts of six routes, one life's: pods have shares of their own, and each route varies by a third. */
function counted(life: Life, at: number): WorkSeries[] {
  const next = random(at + 991);
  const gauss = normal(next);
  const share = 0.5 + ((at * 7) % PODS) / PODS;
  return [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5, 1 / 6].map((popular, route) => {
    let own = gauss();
    let sum = 0;
    const counts = life.times.map(() => {
      own = 0.8 * own + 0.6 * gauss();
      sum += Math.round(PER_STEP * popular * share * Math.exp(0.3 * own));
      return sum;
    });
    const unit = { kind: 'http' as const, name: `GET /${route}` };
    return { unit, status: '', times: life.times, counts, complete: true };
  });
}

/** 160 lives of three hours with a warm-up, which keep `bytes` of each request of a route, or so many MiB an hour. */
function pool(leak: { route: number; bytes: number } | { mibPerHour: number }): Life[] {
  const leakMibPerHour = 'mibPerHour' in leak ? leak.mibPerHour : 0;
  return rollingCohort({ seed: 5, lives: 160, leakMibPerHour, warmUp: 'quick', noiseMib: 4 }).map(
    (life, at) => {
      const work = counted(life, at);
      if (!('route' in leak)) return { ...life, work };
      const { counts } = work[leak.route]!;
      return { ...life, work, values: life.values.map((v, i) => v + leak.bytes * counts[i]!) };
    },
  );
}

describe('suspects of short lives together', () => {
  const bytes = (8 * MIB * 3) / (PER_STEP * 12);

  it('are the unit that lives which did more of it have grown by, whatever their warm-up', () => {
    const { verdict, onset, suspects } = analyzeCohort(pool({ route: 2, bytes }));
    expect([verdict, onset, suspects.map(({ units }) => units.map(({ name }) => name))]).toEqual([
      'leak',
      null,
      [['GET /2']],
    ]);
    const [{ bytesPerUnit, weight, share }] = suspects as [(typeof suspects)[0]];
    expect(Math.abs(bytesPerUnit!.value / bytes - 1)).toBeLessThan(0.3);
    expect(bytesPerUnit!.low).toBeLessThan(bytes);
    expect(bytesPerUnit!.high).toBeGreaterThan(bytes);
    expect(weight).toBeGreaterThan(0.9);
    expect(share).toBeGreaterThan(0.7);
  });

  it('are not what single lives take their warm-up for, where these speak for all', () => {
    const { onset, suspects } = analyzeCohort(pool({ route: 2, bytes: 2 * bytes }));
    expect([onset === null, suspects.map(({ units }) => units.map(({ name }) => name))]).toEqual([
      false,
      [['GET /2']],
    ]);
    expect(Math.abs(suspects[0]!.bytesPerUnit!.value / (2 * bytes) - 1)).toBeLessThan(0.3);
  });

  it('name units together that are always called together', () => {
    const lives = pool({ route: 2, bytes }).map((life) => ({
      ...life,
      work: life.work.map((one, route) => (route === 4 ? { ...one, counts: life.work[2]!.counts } : one)),
    }));
    const { suspects } = analyzeCohort(lives);
    expect(suspects.map(({ units }) => units.map(({ name }) => name).toSorted())).toEqual([
      ['GET /2', 'GET /4'],
    ]);
  });

  it('are none where the clock makes all of them grow', () => {
    const { verdict, suspects } = analyzeCohort(pool({ mibPerHour: 8 }));
    expect([verdict, suspects]).toEqual(['leak', []]);
  });

  it('are asked of the newest lives alone by each for itself', () => {
    const lives = pool({ route: 2, bytes: 4 * bytes });
    const { perLife } = analyzeCohort(lives);
    const named = perLife.flatMap(({ suspects }, at) =>
      suspects.length > 0 ? [lives[at]!.times.at(-1)!] : [],
    );
    const ends = lives.map(({ times }) => times.at(-1)!).toSorted((a, b) => b - a);
    expect(named.length).toBeGreaterThan(20);
    expect(Math.min(...named)).toBeGreaterThanOrEqual(ends[59]!);
  });
});
