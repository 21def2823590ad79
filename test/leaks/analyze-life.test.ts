import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyzeLife } from '../../lib/leaks/index.ts';
import { MIB } from '../../lib/model/units.ts';
import { draw, lifeOf, normal, random } from './draw.ts';

const LEAK = `
                     *
                    *
                   *
                  *
                 *
                *
      **********
`;

describe('analyzeLife() on drawn series', () => {
  it('calls a rise after a quiet stretch a leak, and finds where it begins', () => {
    const { verdict, onset } = analyzeLife(draw(LEAK));
    const bend = 9 * 8 * 15_000;
    expect(verdict).toBe('leak');
    expect(onset!.low).toBeLessThanOrEqual(bend);
    expect(onset!.high).toBeGreaterThanOrEqual(bend);
  });

  it('finds the onset where growth begins, not where it gathers pace', () => {
    const noise = normal(random(5));
    const level = (i: number) => 200 + Math.max(0, i - 100) + 0.3 * Math.max(0, i - 160);
    const values = Array.from({ length: 500 }, (_, i) => (level(i) + 0.3 * noise()) * MIB);
    const { verdict, onset } = analyzeLife(lifeOf(values, 1));
    expect(verdict).toBe('leak');
    expect(onset!.low).toBeLessThanOrEqual(100_000);
    expect(onset!.high).toBeGreaterThanOrEqual(100_000);
    expect(onset!.high).toBeLessThan(110_000);
  });

  it('calls a quiet series stable', () => {
    expect(analyzeLife(draw('************************')).verdict).toBe('stable');
  });

  it('says of a floor that falls that it does, and not that it stays', () => {
    const values = Array.from({ length: 200 }, (_, i) => (400 - i) * MIB);
    const { verdict, reason } = analyzeLife(lifeOf(values, 15));
    expect(verdict).toBe('stable');
    expect(reason).toMatch(/^The floor fell from \d+\.\d MiB to 2\d\d\.\d MiB over \d+ lows\.$/);
  });

  it.each([
    { from: 62, counted: 5, verdict: 'growth-unconfirmed' },
    { from: 2, counted: 29, verdict: 'leak' },
  ])('says $verdict of a heap that rises while $counted collections are counted', ({ from, ...row }) => {
    const garbage = random(3);
    const level = (i: number) => 200 + 2 * Math.max(0, i - 60);
    const values = Array.from({ length: 120 }, (_, i) => (level(i) + 3 * garbage()) * MIB);
    const majorCollections = Float64Array.from({ length: row.counted }, (_, i) => (from + 4 * i) * 15_000);
    const life = lifeOf(values, 15, { role: 'heap_used', majorCollections });
    expect(analyzeLife(life).verdict).toBe(row.verdict);
  });

  it.each([
    [7, 'leak'],
    [5, 'leak'],
    [4, 'growth-unconfirmed'],
    [3, 'growth-unconfirmed'],
  ])('says of growth in %d steps: %s', (steps, verdict) => {
    const noise = normal(random(2));
    const tread = 80;
    const level = (i: number) => 200 + 30 * Math.min(steps, Math.floor(i / tread));
    const values = Array.from({ length: tread * (steps + 1) }, (_, i) => (level(i) + 2 * noise()) * MIB);
    expect(analyzeLife(lifeOf(values, 15)).verdict).toBe(verdict);
  });

  it('finds the onset of growth in steps up to a tread before the first', () => {
    const noise = normal(random(2));
    const level = (i: number) => 200 + 30 * Math.max(0, Math.ceil((i - 299) / 60));
    const values = Array.from({ length: 660 }, (_, i) => (level(i) + 2 * noise()) * MIB);
    const { verdict, onset } = analyzeLife(lifeOf(values, 15));
    const [jump, tread] = [300 * 15_000, 60 * 15_000];
    expect(verdict).toBe('leak');
    expect(Math.abs(onset!.t - jump)).toBeLessThanOrEqual(3 * 15_000);
    expect(Math.abs(onset!.low - (jump - tread))).toBeLessThanOrEqual(6 * 15_000);
    expect(onset!.high).toBeGreaterThanOrEqual(jump);
  });

  it('takes nothing for no reading of what always takes some', () => {
    const garbage = random(3);
    const level = (i: number) => 200 + Math.max(0, i - 100) / 2 + 60 * garbage() - (i % 40 === 0 ? 20 : 0);
    const values = Array.from({ length: 600 }, (_, i) => (i % 100 === 90 ? 0 : level(i) * MIB));
    const { verdict } = analyzeLife(lifeOf(values, 15, { role: 'heap_used' }));
    const filled = values.filter((value) => value > 0);
    expect(verdict).toBe(analyzeLife(lifeOf(filled, 15, { role: 'heap_used' })).verdict);
    expect(verdict).not.toBe('stable');
    const quiet = values.map((value, i) => (value === 0 ? 0 : (200 + (i % 3)) * MIB));
    expect(analyzeLife(lifeOf(quiet, 15)).floor?.start).toBeGreaterThan(190 * MIB);
  });

  it('calls a held jump a step', () => {
    const values = Array.from({ length: 200 }, (_, i) => (i < 90 ? 200 : 300) * MIB + (i % 3) * MIB);
    expect(analyzeLife(lifeOf(values, 15)).verdict).toBe('step');
  });

  it.each([
    [
      'a rise that levels off',
      `
                  **************
              ****
            **
           *
          *
      ****
      `,
    ],
    [
      'a daily cycle',
      `
          **      **      **
         *  *    *  *    *  *
        *    *  *    *  *    *
      **      **      **      *
      `,
    ],
    [
      'restarts that each begin with a ramp',
      `
         ***   ***   ***   ***
        *     *     *     *
       *     *     *     *
      *     *     *     *
      `,
    ],
    [
      'a level that comes back',
      `
      ******          ******
            **      **
              ******
      `,
    ],
  ])('does not call %s a leak', (_, picture) => {
    expect(analyzeLife(draw(picture)).verdict).not.toBe('leak');
  });

  it('does not call the teeth of a heap a leak', () => {
    const values = Array.from({ length: 600 }, (_, i) => (100 + 3 * (i % 25)) * MIB);
    expect(analyzeLife({ ...lifeOf(values, 15), role: 'heap_used' }).verdict).toBe('stable');
  });

  it('leaves a rising heap unconfirmed until its old generation was collected', () => {
    const values = Array.from({ length: 300 }, (_, i) => (100 + Math.max(0, i - 100)) * MIB);
    expect(analyzeLife({ ...lifeOf(values, 15), role: 'heap_used' }).verdict).toBe('growth-unconfirmed');
  });

  it('confirms it without a collection once no heap fills for so long', () => {
    const of = (days: number) => {
      const values = Array.from({ length: 24 * days }, (_, i) => (100 + 2 * i) * MIB);
      return analyzeLife({ ...lifeOf(values, 3600), role: 'heap_used' }).verdict;
    };
    expect([of(5), of(8)]).toEqual(['growth-unconfirmed', 'leak']);
  });

  it.each([
    { share: 0.8, noiseMib: 1, verdict: 'leak', why: 'most of what had leaked is free' },
    { share: 0.35, noiseMib: 1, verdict: 'leak', why: 'no noise falls so far' },
    { share: 0.35, noiseMib: 20, verdict: 'stable', why: 'noise falls so far' },
  ])('of a rise under noise of $noiseMib MiB that falls back by $share: $verdict, since $why', (row) => {
    const noise = normal(random(4));
    const level = (i: number) => (i < 300 ? 300 + i / 3 : 400 - 100 * row.share);
    const values = Array.from({ length: 420 }, (_, i) => (level(i) + row.noiseMib * noise()) * MIB);
    expect(analyzeLife(lifeOf(values, 15)).verdict).toBe(row.verdict);
  });

  /** Teeth of 60 MiB that come faster than readings. Their lows rise by 1.5 MiB a reading; an old collection leaves a part of that. */
  const scraped = (oldEvery: number, part: number, seed: number) => {
    const moment = random(seed);
    const values = Array.from({ length: 600 }, (_, i) => {
      const since = i % oldEvery;
      return (150 + 1.5 * (part * (i - since) + since) + 60 * moment()) * MIB;
    });
    return analyzeLife(lifeOf(values, 15, { role: 'heap_used' })).verdict;
  };

  it.each([1, 2, 3, 4])(
    'takes no tooth for an old collection, at whatever moment it is read (%d)',
    (seed) => {
      expect(scraped(1000, 0, seed)).toBe('growth-unconfirmed');
      expect(scraped(100, 0, seed)).not.toBe('leak');
    },
  );

  it.each([1, 2, 3, 4])('sees old collections among the teeth by lows that drop (%d)', (seed) => {
    expect(scraped(100, 0.4, seed)).toBe('leak');
  });

  it.each([
    [6, 'leak'],
    [2, 'growth-unconfirmed'],
  ])('says of a log of collections, %d of them full: %s', (full, verdict) => {
    const survivors = random(3);
    const values = Array.from(
      { length: 400 },
      (_, i) => (100 + Math.max(0, i - 100) + 10 * survivors()) * MIB,
    );
    const life = lifeOf(values, 15, { role: 'heap_used', afterGc: true });
    const majorCollections = life.times
      .filter((_, i) => i > 110 && i % Math.floor(280 / full) === 0)
      .slice(-full);
    expect(analyzeLife({ ...life, majorCollections }).verdict).toBe(verdict);
  });

  it('confirms it by collections that were counted', () => {
    const values = Array.from({ length: 300 }, (_, i) => (100 + Math.max(0, i - 100) + (i % 10)) * MIB);
    const life = lifeOf(values, 15);
    const majorCollections = life.times.filter((_, i) => i % 10 === 0);
    expect(analyzeLife({ ...life, role: 'heap_used', majorCollections }).verdict).toBe('leak');
  });

  it('sees that memory follows the load', () => {
    const next = normal(random(3));
    const load = Array.from({ length: 240 }, (_, i) => 100 + Math.max(0, i - 60) + 3 * next());
    const life = lifeOf(
      load.map((l) => (100 + l) * MIB),
      60,
    );
    const withLoad = { ...life, load: { times: life.times, values: Float64Array.from(load) } };
    expect(analyzeLife(life).verdict).toBe('leak');
    expect(analyzeLife(withLoad).verdict).toBe('load-proportional');
  });

  it('says exhausted, insufficient or mixed where no shape can be judged', () => {
    const few = lifeOf([1, 2, 3], 15);
    expect(analyzeLife(few).verdict).toBe('insufficient-data');
    expect(analyzeLife({ ...draw(LEAK), mixedWriters: true }).verdict).toBe('mixed-writers');
  });
});

describe('analyzeLife() on any series', () => {
  const series = fc.array(fc.oneof(fc.double({ min: 0, max: 1e12 }), fc.constant(Number.NaN)), {
    maxLength: 120,
  });

  it('never throws and gives confidence within 0..1', () => {
    fc.assert(
      fc.property(series, fc.constantFrom('rss' as const, 'heap_used' as const), (values, role) => {
        const result = analyzeLife({ ...lifeOf(values, 15), role, limit: 1e9 });
        expect(result.confidence).toBeGreaterThanOrEqual(0);
        expect(result.confidence).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('gives the same answer twice', () => {
    fc.assert(
      fc.property(series, (values) => {
        expect(analyzeLife(lifeOf(values, 15))).toEqual(analyzeLife(lifeOf(values, 15)));
      }),
      { numRuns: 30 },
    );
  });

  it.each([1, 5, 15, 20])('judges a leak the same at a step of %s s', (stepS) => {
    for (const seed of [1, 2, 3]) expect(analyzeLife(draw(LEAK, { stepS, seed })).verdict).toBe('leak');
  });

  it('does not depend on where its clock begins, nor on the unit of memory above the least rise', () => {
    const life = draw(LEAK);
    const later = { ...life, times: life.times.map((t) => t + 1.7e12) };
    const larger = { ...life, values: life.values.map((v) => v * 8) };
    expect(analyzeLife(later).verdict).toBe('leak');
    expect(analyzeLife(later).onset!.t - 1.7e12).toBeCloseTo(analyzeLife(life).onset!.t, -1);
    expect(analyzeLife(larger).verdict).toBe('leak');
  });
});
