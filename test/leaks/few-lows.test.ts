import { describe, expect, it } from 'vitest';
import { attributeFew } from '../../lib/leaks/few-lows.ts';
import { unitCounts } from '../../lib/leaks/work-counts.ts';
import type { Life, WorkSeries } from '../../lib/model/leak.ts';
import { lifeOf, normal, random } from './draw.ts';

const SECONDS = 80;
const ROUTES = ['GET /a', 'GET /b', 'GET /c', 'GET /d', 'GET /e'];
const BYTES = 50_000;
const LEAKING = 2;

/** Routes whose rates are drawn anew every 5 s, and the heap that some collections left. */
function drawn(seed: number, collections: number, noise: number): Life {
  const next = random(seed);
  const gauss = normal(next);
  const times = Float64Array.from({ length: SECONDS }, (_, i) => i * 1000);
  const work = ROUTES.map((name): WorkSeries => {
    let [count, rate] = [0, 0];
    const counts = times.map((_, i) => {
      if (i % 5 === 0) rate = 2 * Math.exp(gauss() * 0.8);
      count += rate;
      return count;
    });
    return { unit: { kind: 'http', name }, status: '', times, counts, complete: true };
  });
  const at = Float64Array.from({ length: collections }, (_, k) =>
    Math.round(((k + 0.2 + 0.6 * next()) * (SECONDS - 1)) / collections),
  );
  const kept = work[LEAKING]!.counts;
  return lifeOf(
    Array.from(times, () => 0),
    1,
    {
      role: 'heap_used',
      work,
      // The export after the collection shows it: half a second after it, on the average.
      collected: {
        times: at.map((i) => i * 1000),
        values: at.map((i) => 2e6 + BYTES * 0.5 * (kept[i]! + kept[Math.max(0, i - 1)]!) + noise * gauss()),
      },
    },
  );
}

const suspectsOf = (life: Life) => attributeFew(life, unitCounts(life.work))?.suspects ?? [];

describe('attributeFew()', () => {
  it('names route and bytes by seven exact values', () => {
    const [first] = suspectsOf(drawn(1, 7, 50_000));
    expect(first?.units.map(({ name }) => name)).toEqual([ROUTES[LEAKING]]);
    expect(first?.bytesPerUnit?.value).toBeGreaterThan(0.85 * BYTES);
    expect(first?.bytesPerUnit?.value).toBeLessThan(1.15 * BYTES);
  });

  it.each([
    { collections: 6, noise: 400_000 },
    { collections: 10, noise: 400_000 },
  ])('is as sure as it is right, with $collections values', ({ collections, noise }) => {
    const firsts = Array.from({ length: 400 }, (_, seed) => suspectsOf(drawn(seed, collections, noise))[0]);
    const right = firsts.filter((s) => s?.units[0]?.name === ROUTES[LEAKING]).length / firsts.length;
    const sure = firsts.reduce((sum, s) => sum + (s?.weight ?? 0), 0) / firsts.length;
    expect(right).toBeGreaterThan(0.7);
    expect(Math.abs(sure - right)).toBeLessThan(0.15);
  });

  it('holds the true bytes in nine of ten of its intervals', () => {
    const lives = Array.from({ length: 200 }, (_, seed) => drawn(seed, 8, 200_000));
    const found = lives.flatMap((life) =>
      suspectsOf(life).filter(({ units }) => units[0]?.name === ROUTES[LEAKING]),
    );
    const holds = found.filter(({ bytesPerUnit: b }) => b !== null && b.low <= BYTES && BYTES <= b.high);
    expect(found.length).toBeGreaterThan(190);
    expect(holds.length / found.length).toBeGreaterThan(0.9);
  });

  it('says nothing with four values, without units, or when nothing rises', () => {
    const life = drawn(1, 4, 0);
    expect(attributeFew(life, unitCounts(life.work))).toBeUndefined();
    expect(attributeFew(drawn(1, 8, 0), [])).toBeUndefined();
    const { collected, ...rest } = drawn(1, 8, 0);
    const falling = {
      ...rest,
      collected: { times: collected!.times, values: collected!.values.map((v) => -v) },
    };
    expect(attributeFew(falling, unitCounts(falling.work))).toBeUndefined();
  });
});
