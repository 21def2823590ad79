import { describe, expect, it } from 'vitest';
import { compareReleases } from '../../lib/leaks/index.ts';
import type { Interval, Life, Suspect } from '../../lib/model/leak.ts';
import { HOUR_MS, KIB, MIB, MINUTE_MS } from '../../lib/model/units.ts';
import { normal, random } from './draw.ts';

const CART = { kind: 'http', name: 'POST /cart' } as const;
const suspect = (bytes: number, spread = 0.1): Suspect => ({
  ...{ units: [CART], cause: 'unit', weight: 1, unitsSinceOnset: 10_000 },
  bytesPerUnit: { value: bytes, low: bytes * (1 - spread), high: bytes * (1 + spread) },
});
const KEPT = 40 * KIB;
const PER_HOUR: Interval = { value: 20 * MIB, low: 18 * MIB, high: 22 * MIB };
const bad = (version: string, unit: Suspect | undefined = suspect(KEPT)) => ({
  ...{ version, suspect: unit, perHour: PER_HOUR },
});

/** One process of a release: a warm-up, noise, and what each unit keeps. */
function life(
  version: string,
  at: number,
  { kept = 0, hours = 4, perMinute = 20, seed = 1, noiseMib = 3 } = {},
): Life {
  const next = random(seed);
  const noise = normal(next);
  const n = hours * 60;
  const times = Float64Array.from({ length: n }, (_, i) => at * HOUR_MS + i * MINUTE_MS);
  let sum = 0;
  const counts = Float64Array.from({ length: n }, () => {
    sum += Math.round(perMinute * (0.5 + next()));
    return sum;
  });
  const values = counts.map(
    (count, i) => 200 * MIB + 40 * MIB * (1 - Math.exp(-i / 20)) + kept * count + noiseMib * MIB * noise(),
  );
  return {
    ...{ instance: `pod ${seed}`, version, role: 'rss', startedAt: times[0], times, values, afterGc: false },
    ...{
      majorCollections: undefined,
      limit: undefined,
      load: undefined,
      mixedWriters: false,
      end: undefined,
    },
    work: perMinute > 0 ? [{ unit: CART, status: '', times, counts, complete: true }] : [],
  };
}

/** Releases in a row, four hours each: `g` keeps nothing, `b` keeps memory, `s` is too short to tell. */
const history = (picture: string): Life[] =>
  [...picture].map((kind, i) =>
    life(`1.${i}`, 4 * i, {
      ...{ kept: kind === 'b' ? KEPT : 0, seed: i + 1 },
      ...(kind === 's' ? { hours: 0.1 } : {}),
    }),
  );
const badOf = (picture: string) => `1.${picture.lastIndexOf('b')}`;

describe('compareReleases()', () => {
  it('gives each release its hours, units, and slope with an interval that holds the truth', () => {
    const { items, by } = compareReleases(history('ggb'), bad('1.2'));
    expect(by).toBe('unit');
    expect(items.map(({ version, lives }) => [version, lives])).toEqual([
      ['1.0', 1],
      ['1.1', 1],
      ['1.2', 1],
    ]);
    for (const [i, truth] of [0, 0, KEPT].entries()) {
      const { bytesPerUnit, hours, units, slopeBytesPerHour } = items[i]!;
      expect(bytesPerUnit!.low).toBeLessThan(truth + KIB);
      expect(bytesPerUnit!.high).toBeGreaterThan(truth - KIB);
      expect(bytesPerUnit!.high - bytesPerUnit!.low).toBeLessThan(KEPT / 4);
      // The first third of four hours is start-up.
      expect([Math.round(hours * 3), Math.round(units / 1000)]).toEqual([8, 3]);
      expect(slopeBytesPerHour!.value / MIB).toBeCloseTo((truth * 20 * 60) / MIB, -1);
    }
  });

  it('holds the truth nineteen times in twenty', () => {
    const held = Array.from({ length: 60 }, (_, i) => {
      const lives = [
        life('1', 0, { kept: KEPT, seed: 2 * i + 1 }),
        life('1', 0, { kept: KEPT, seed: 2 * i + 2 }),
      ];
      const { low, high } = compareReleases(lives, bad('1')).items[0]!.bytesPerUnit!;
      return low <= KEPT && KEPT <= high;
    });
    expect(held.filter(Boolean).length).toBeGreaterThanOrEqual(54);
  });

  it.each([
    ['gb', ['1.1'], '1.0'],
    ['ggbb', ['1.2'], '1.1'],
    ['bgb', ['1.2'], '1.1'],
    ['gsb', ['1.1', '1.2'], '1.0'],
    ['gsbb', ['1.1', '1.2'], '1.0'],
    ['gbsb', ['1.1'], '1.0'],
    ['bb', ['1.0'], null],
    ['b', ['1.0'], null],
    ['sb', ['1.0', '1.1'], null],
  ])('of %s the first bad one is among %j, after %s', (picture, versions, lastGood) => {
    expect(compareReleases(history(picture), bad(badOf(picture))).firstBad).toEqual({ versions, lastGood });
  });

  it('compares by the clock where no unit is named', () => {
    const { by, firstBad, fix } = compareReleases(history('gb'), { ...bad('1.1'), suspect: undefined });
    expect([by, firstBad, fix]).toEqual(['clock', { versions: ['1.1'], lastGood: '1.0' }, null]);
    const fixed = compareReleases([...history('gb'), life('1.4.3', 8)], {
      ...bad('1.1'),
      suspect: undefined,
    });
    expect(fixed.fix).toMatchObject({ state: 'fixed', by: 'clock' });
  });

  it('compares by failures alone where only they keep memory, up to the proof of the fix', () => {
    const failing = (version: string, at: number, kept: number, seed: number): Life => {
      const one = life(version, at, { kept, seed });
      const good = { ...one.work[0]!, status: '200', counts: one.work[0]!.counts.map((n) => 9 * n) };
      return { ...one, work: [good, { ...one.work[0]!, status: '500' }] };
    };
    const lives = [failing('1.0', 0, 0, 1), failing('1.1', 4, KEPT, 2), failing('1.2', 8, 0, 3)];
    const units = [{ kind: 'http', name: 'POST /cart (5xx)' }] as const;
    const { items, firstBad, fix } = compareReleases(lives, bad('1.1', { ...suspect(KEPT), units }));
    expect(items[1]!.bytesPerUnit!.value / KEPT).toBeCloseTo(1, 1);
    expect(firstBad).toEqual({ versions: ['1.1'], lastGood: '1.0' });
    expect(fix).toMatchObject({ version: '1.2', state: 'fixed', by: 'unit' });
  });

  it('counts no units that were sampled at a rate that nobody told: hours stand in', () => {
    const lives = [...history('gb'), life('1.2', 8, { seed: 5 })].map((one) => ({
      ...one,
      work: one.version === '1.2' ? one.work.map((series) => ({ ...series, complete: false })) : one.work,
    }));
    const { items, fix } = compareReleases(lives, bad('1.1'));
    expect(items.map(({ units }) => units > 0)).toEqual([true, true, false]);
    expect(fix).toMatchObject({ version: '1.2', state: 'fixed', by: 'clock' });
  });

  it('gives the table alone where no release was found to be the bad one', () => {
    const { items, firstBad, fix } = compareReleases(history('gb'), bad('all versions'));
    expect([items.length, firstBad, fix]).toEqual([2, null, null]);
  });

  it('keeps the bad one beside the newest dozen', () => {
    const { items, fix } = compareReleases(history(`b${'g'.repeat(14)}`), bad('1.0'));
    expect([items.length, items[0]!.version, fix!.version]).toEqual([13, '1.0', '1.14']);
  });
});

describe('the proof of a fix', () => {
  const fixBy = (fix: Parameters<typeof life>[2]) =>
    compareReleases([...history('gb'), life('1.4.3', 8, { seed: 9, ...fix })], bad('1.1')).fix!;

  it('is given by units served', () => {
    const fix = fixBy({});
    expect(fix).toMatchObject({ version: '1.4.3', state: 'fixed' });
    expect(fix.kept!.low).toBeLessThan(0);
    expect(fix.kept!.high).toBeLessThan(KEPT / 4);
    expect(fix.served).toBeGreaterThanOrEqual(fix.needed!);
  });

  it('is not given by time alone, and says how many units are missing', () => {
    const fix = fixBy({ perMinute: 1, hours: 4 });
    expect(fix.state).toBe('undecided');
    expect(fix.needed).toBeGreaterThan(fix.served);
    const more = fixBy({ perMinute: 20, hours: 4 });
    expect(more.state).toBe('fixed');
  });

  it('comes with about as many units as were said to be missing', () => {
    const early = fixBy({ hours: 0.5, noiseMib: 6 });
    expect(early.state).toBe('undecided');
    const hours = (0.5 * 3 * early.needed!) / early.served;
    expect(fixBy({ hours: Math.ceil(hours), noiseMib: 6 }).state).toBe('fixed');
  });

  it('is not given to a release that keeps as much, or half', () => {
    expect(fixBy({ kept: KEPT })).toMatchObject({ state: 'keeps', needed: null });
    expect(fixBy({ kept: KEPT / 2 })).toMatchObject({ state: 'less', needed: null });
  });

  it('is given to a release that was gone back to', () => {
    const again = life('1.0', 12, { seed: 4 });
    expect(compareReleases([...history('gb'), again], bad('1.1')).fix).toMatchObject({
      ...{ version: '1.0', state: 'fixed' },
    });
  });
});
