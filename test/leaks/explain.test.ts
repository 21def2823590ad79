import { describe, expect, it } from 'vitest';
import { attributionCase } from '../../bench/leaks/attribution-case.ts';
import {
  analyzeLife,
  busyBesideIdle,
  comparedCounts,
  growingLines,
  stopGapOf,
  whereGrown,
} from '../../lib/leaks/index.ts';
import type { Life, Suspect } from '../../lib/model/leak.ts';
import { unitKey } from '../../lib/model/unit-of-work.ts';
import { MIB } from '../../lib/model/units.ts';
import { lifeOf, normal, random } from './draw.ts';

describe('whereGrown()', () => {
  it.each([
    [{ rss: 100 * MIB, heapUsed: 90 * MIB }, 'heap'],
    [{ rss: 100 * MIB, heapUsed: 2 * MIB, external: 95 * MIB }, 'external'],
    [{ rss: 100 * MIB, heapUsed: 1 * MIB, threads: 800 }, 'stacks'],
    [{ rss: 100 * MIB, heapUsed: 1 * MIB, heapTotal: 90 * MIB }, 'allocator'],
    [{ rss: 100 * MIB, heapUsed: 0, heapTotal: 0, external: 0 }, 'outside'],
  ])('tells %o as %s', (growths, place) => {
    expect(whereGrown(growths)?.place).toBe(place);
  });

  it('names experiments for what no line can explain, and none for the heap', () => {
    expect(whereGrown({ rss: 100 * MIB, heapUsed: 0 })?.experiments.length).toBeGreaterThan(1);
    expect(whereGrown({ rss: 100 * MIB, heapUsed: 100 * MIB })?.experiments).toEqual([]);
  });

  it('says nothing of a process whose heap is not sent', () => {
    expect(whereGrown({ rss: 100 * MIB, threads: 5 })).toBeUndefined();
    expect(whereGrown({ rss: 100 * MIB, external: 90 * MIB })?.place).toBe('external');
  });
});

describe('busyBesideIdle()', () => {
  const UNIT = { kind: 'http', name: 'GET /a' } as const;
  /** A day of an instance that serves so many an hour. */
  const instance = (unitsPerHour: number, mibPerHour: number): Life => {
    const gauss = normal(random(unitsPerHour));
    const hours = Array.from({ length: 288 }, (_, i) => i / 12);
    const life = lifeOf(
      hours.map((hour) => (300 + mibPerHour * hour + gauss()) * MIB),
      300,
    );
    const counts = Float64Array.from(hours, (hour) => Math.round(unitsPerHour * hour));
    return { ...life, work: [{ unit: UNIT, status: '', times: life.times, counts, complete: true }] };
  };

  it('tells that what busy instances keep goes with their work', () => {
    const told = busyBesideIdle(
      [100, 200, 900, 4000, 5000, 6000].map((n) => instance(n, n / 500)),
      undefined,
    );
    expect(told?.busiest.slopeBytesPerHour.value).toBeCloseTo(11 * MIB, -6);
    expect(told?.idlest.slopeBytesPerHour.high).toBeLessThan(2 * MIB);
    expect([told?.busiest.lives, Math.round(told?.idlest.unitsPerHour ?? 0)]).toEqual([2, 150]);
  });

  it('compares failures where only they keep memory, and nothing that was sampled at a rate that nobody told', () => {
    const failing = (complete: boolean) =>
      [100, 200, 900, 4000, 5000, 6000].map((n) => {
        const life = instance(n, n / 500);
        const [all] = life.work;
        return {
          ...life,
          work: [
            { ...all!, complete, status: '200', counts: all!.counts.map((count) => 9 * count) },
            { ...all!, complete, status: '503' },
          ],
        };
      });
    const told = busyBesideIdle(failing(true), unitKey({ ...UNIT, name: 'GET /a (5xx)' }));
    expect([told?.busiest, told?.idlest].map((third) => Math.round(third!.unitsPerHour))).toEqual([
      5500, 150,
    ]);
    expect(busyBesideIdle(failing(false), unitKey(UNIT))).toBeUndefined();
    expect(busyBesideIdle(failing(false), undefined)).toBeUndefined();
    expect(busyBesideIdle(failing(true), unitKey({ ...UNIT, name: 'GET /other' }))).toBeUndefined();
    expect(comparedCounts(failing(false)[0]!, 43_200_000)).toEqual([]);
    expect(comparedCounts(failing(true)[0]!, 43_200_000)).toHaveLength(1);
  });

  it('is silent where all do about as much, or where there are too few', () => {
    expect(
      busyBesideIdle(
        [100, 110, 120].map((n) => instance(n, 1)),
        undefined,
      ),
    ).toBeUndefined();
    expect(
      busyBesideIdle(
        [100, 900].map((n) => instance(n, 1)),
        undefined,
      ),
    ).toBeUndefined();
  });
});

describe('growingLines()', () => {
  const times = [0, 60_000, 120_000, 180_000];
  const series = (site: string, values: number[]) => ({ site, times, values });

  it('gives bytes per unit of the same counts as the floor, and leaves out what stays', () => {
    const totals = { times, values: [10_000, 20_000, 30_000, 40_000] };
    const sites = [
      series('keeps', [0, 9_900, 20_000, 30_000]),
      series('stays', [9_000, 9_010, 8_990, 9_000]),
    ];
    const lines = growingLines(sites, totals, 0, (t) => t / 1000);
    expect(lines.map(({ site }) => site)).toEqual(['keeps']);
    expect(lines[0]!.share).toBeGreaterThan(0.9);
    expect(lines[0]!.bytesPerUnit!.value).toBeCloseTo(167, -1);
  });

  /** What a profiler that samples says of memory that is kept: errors add up, since an object once drawn stays in. */
  function sampled(seed: number, perUnit: number, snapshots = 40) {
    const next = random(seed);
    const gauss = normal(next);
    let [count, bytes] = [0, 0];
    const counts = Array.from({ length: snapshots }, () => {
      count += 20 + 60 * next();
      return count;
    });
    const kept = counts.map((to, i) => {
      const mean = (perUnit * (to - (counts[i - 1] ?? 0))) / 512_000;
      bytes += 512_000 * Math.max(0, Math.round(mean + Math.sqrt(mean) * gauss()));
      return bytes;
    });
    const minutes = counts.map((_, i) => (i + 1) * 60_000);
    const countAt = (t: number) => counts[Math.min(snapshots - 1, Math.max(0, t / 60_000 - 1))]!;
    return { kept, minutes, countAt, gauss, next };
  }
  const linesOf = (drawn: ReturnType<typeof sampled>, values: Record<string, readonly number[]>) => {
    const sites = Object.entries(values).map(([site, of]) => ({ site, times: drawn.minutes, values: of }));
    const all = drawn.minutes.map((_, i) => sites.reduce((sum, { values: of }) => sum + of[i]!, 0));
    return growingLines(sites, { times: drawn.minutes, values: all }, 0, drawn.countAt);
  };

  it('gives an interval that holds the truth though the profiler samples', () => {
    const perUnit = 40 * 1024;
    const held = Array.from({ length: 200 }, (_, seed) => {
      const drawn = sampled(seed + 1, perUnit);
      const { low, high } = linesOf(drawn, { keeps: drawn.kept })[0]!.bytesPerUnit!;
      return low <= perUnit && perUnit <= high;
    });
    expect(held.filter(Boolean).length).toBeGreaterThanOrEqual(176);
  });

  it('names neither a cache that has filled nor buffers that come and go, however large', () => {
    const named: string[] = [];
    for (let seed = 1; seed <= 40; seed += 1) {
      const drawn = sampled(seed, 40 * 1024);
      const fills = drawn.minutes.map((_, i) => 200 * MIB * (1 - Math.exp(-i / (3 + 4 * drawn.next()))));
      const comes = drawn.minutes.map(() => 60 * MIB * (1 + 0.5 * drawn.gauss()));
      const lines = linesOf(drawn, { fills, comes, keeps: drawn.kept });
      named.push(...lines.slice(1).map(({ site }) => site));
      expect(lines[0]!.site).toBe('keeps');
      expect(lines[0]!.share).toBeGreaterThan(0.5);
    }
    expect(named.length).toBeLessThanOrEqual(1);
  });

  it('names a table that doubles', () => {
    const drawn = sampled(3, 40 * 1024);
    const table = drawn.kept.map((bytes) => 2 ** Math.ceil(Math.log2(1 + bytes)));
    expect(linesOf(drawn, { table }).map(({ site }) => site)).toEqual(['table']);
  });

  it('counts from the onset on, not from the last snapshot before it', () => {
    const at = [0, 10, 20, 30, 40].map((minute) => minute * 60_000);
    const values = at.map((time) => 1000 * Math.max(0, time / 60_000 - 9));
    const series = { times: at, values };
    const [line] = growingLines([{ site: 'a', ...series }], series, 9 * 60_000, (t) => t / 60_000);
    expect(line!.bytesPerUnit!.value).toBeCloseTo(1000, 5);
  });

  it('gives no interval from two snapshots', () => {
    const two = { times: times.slice(0, 2), values: [0, 500] };
    expect(growingLines([{ site: 'a', ...two }], two, 0, (t) => t)[0]?.bytesPerUnit).toBeNull();
  });
});

describe('stopGapOf()', () => {
  const suspect: Suspect = {
    ...{ units: [{ kind: 'http', name: 'GET /a' }], cause: 'unit', weight: 1, unitsSinceOnset: 100 },
    bytesPerUnit: { value: 1000, low: 800, high: 1250 },
  };
  const room = { limit: 1_000_000, floorStart: 300_000 };
  const facts = { ...room, slopeBytesPerHour: null, suspect, ownUnits: 25, allUnits: 100 };

  it('counts requests of all kinds into the room under the limit, however many lives the suspect was counted in', () => {
    expect(stopGapOf(facts)?.maxRequests).toEqual({ value: 2000, low: 1600, high: 2500 });
    // Another one keeps as much again.
    const pair = { ...facts, suspect: { ...facts.suspect, share: 0.5 } };
    expect(stopGapOf(pair)?.maxRequests).toEqual({ value: 1000, low: 800, high: 1250 });
  });

  it('gives the time between restarts with the interval of the slope', () => {
    const slopeBytesPerHour = { value: 100_000, low: 50_000, high: 125_000 };
    expect(stopGapOf({ ...facts, slopeBytesPerHour })?.restartS).toEqual({
      ...{ value: 18_000, low: 14_400, high: 36_000 },
    });
  });

  it('says nothing without a limit', () => {
    expect(stopGapOf({ ...facts, limit: undefined })).toBeUndefined();
  });
});

describe('comparedCounts()', () => {
  it('shows what people compare by hand, which here names another unit than the one that keeps memory', () => {
    const { life, leaking } = attributionCase({ seed: 4, spread: 0.3, noise: 0.02 });
    const onset = life.times[120]!;
    const compared = comparedCounts(life, onset);
    expect(compared[0]!.unit.name).not.toBe(leaking);
    const [suspect] = analyzeLife(life).suspects;
    expect(suspect!.units[0]!.name).toBe(leaking);
    expect(suspect!.share).toBeGreaterThan(0.9);
  });
});

describe('rivals and parts of units', () => {
  const n = 240;
  const noise = normal(random(5));
  const rate = random(6);
  const made = (levelAt: (i: number) => number, more: Partial<Life>): Life =>
    lifeOf(
      Array.from({ length: n }, (_, i) => (300 + levelAt(i) + 0.5 * noise()) * MIB),
      60,
      more,
    );
  const cumulative = (perStep: () => number) => {
    let sum = 0;
    return Float64Array.from({ length: n }, () => {
      sum += perStep();
      return sum;
    });
  };
  const work = (name: string, status: string, counts: Float64Array): Life['work'][number] => ({
    unit: { kind: 'http', name },
    status,
    times: Float64Array.from(counts, (_, i) => i * 60_000),
    counts,
    complete: true,
  });

  it('names the failures of a unit when only they keep memory', () => {
    let burst = 1;
    const failed = cumulative(() => {
      if (rate() < 0.05) burst = rate() < 0.5 ? 0.1 : 4;
      return burst * (1 + rate());
    });
    const good = cumulative(() => 100 + 40 * rate());
    const kept = (i: number) => (i > 100 ? (failed[i]! - failed[100]!) * 0.6 : 0);
    const life = made(kept, { work: [work('GET /a', '200', good), work('GET /a', '500', failed)] });
    expect(analyzeLife(life).suspects[0]?.units[0]?.name).toBe('GET /a (5xx)');
  });

  it('tells no bytes of all traffic alike where some of it was sampled at a rate that nobody told', () => {
    const counts = Array.from({ length: 6 }, () => {
      let own = 1;
      return cumulative(() => {
        own = Math.max(0.2, own * (0.7 + 0.6 * rate()));
        return 10 * own;
      });
    });
    const kept = (i: number) =>
      i > 80 ? counts.reduce((sum, one) => sum + 0.05 * (one[i]! - one[80]!), 0) : 0;
    const of = (complete: boolean) =>
      made(kept, {
        work: counts.map((one, k) => ({ ...work(`GET /${k}`, '', one), complete: complete || k > 0 })),
      });
    const [whole, partly] = [of(true), of(false)].map((life) => analyzeLife(life).suspects[0]!);
    expect([whole!.cause, partly!.cause]).toEqual(['total-traffic', 'total-traffic']);
    expect(whole!.bytesPerUnit!.value / MIB).toBeCloseTo(0.05, 2);
    expect(partly!.bytesPerUnit).toBeNull();
  });

  it('takes what open requests hold for theirs', () => {
    let open = 5;
    const load = Float64Array.from({ length: n }, (_, i) => {
      open += i > 60 ? Math.round(3 * rate()) - (rate() < 0.1 ? 8 : 0) : 0;
      return Math.max(0, open);
    });
    const times = Float64Array.from(load, (_, i) => i * 60_000);
    const counts = cumulative(() => 100 + 40 * rate());
    const life = made((i) => load[i]! * 0.8, {
      load: { times, values: load },
      work: [work('GET /a', '', counts)],
    });
    const { verdict, suspects } = analyzeLife(life);
    expect([verdict, suspects[0]?.cause]).toEqual(['load-proportional', 'connections']);
  });

  it('names two units that make the rise together, with their shares', () => {
    const slow = (size: number) => {
      let own = noise();
      return cumulative(() => {
        own = 0.9 * own + 0.44 * noise();
        return size * Math.exp(0.6 * own);
      });
    };
    const [a, b, c] = [slow(50), slow(30), slow(80)];
    const kept = (i: number) => (i > 80 ? (a[i]! - a[80]!) * 0.02 + (b[i]! - b[80]!) * 0.03 : 0);
    const all = [work('GET /a', '', a), work('GET /b', '', b), work('GET /c', '', c)];
    const { suspects } = analyzeLife(made(kept, { work: all }));
    expect(suspects.map(({ units }) => units[0]!.name).sort()).toEqual(['GET /a', 'GET /b']);
    expect(suspects.every(({ share }) => share! > 0.2)).toBe(true);
  });
});
