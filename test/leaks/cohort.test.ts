import { describe, expect, it } from 'vitest';
import { autoscaledCohort, rollingCohort } from '../../bench/leaks/cohort-case.ts';
import { analyzeCohort, deathsNearLimit, poolCohort } from '../../lib/leaks/index.ts';
import type { Life } from '../../lib/model/leak.ts';
import { DAY_MS, HOUR_MS, MIB, MINUTE_MS } from '../../lib/model/units.ts';
import { lifeOf, normal, random } from './draw.ts';

/** A pod of three hours: warm-up of 60 MB within a quarter of an hour, and a leak on top. */
function pod(seed: number, leakMibPerHour: number, minutes = 180): Life {
  const noise = normal(random(seed));
  const values = Array.from({ length: minutes / 5 }, (_, i) => {
    const hours = i / 12;
    return (200 + 60 * (1 - Math.exp(-hours / 0.25)) + leakMibPerHour * hours + 3 * noise()) * MIB;
  });
  return { ...lifeOf(values, 300), instance: `pod-${seed}` };
}
const pods = (n: number, leak: number, minutes?: number) =>
  Array.from({ length: n }, (_, i) => pod(i + 1, leak, minutes));

describe('analyzeCohort()', () => {
  it('does not take forty warm-ups for a leak', () => {
    expect(analyzeCohort(pods(40, 0)).verdict).not.toBe('leak');
  });

  it('finds a leak that deploys every three hours would hide', () => {
    expect(analyzeCohort(pods(40, 12)).verdict).toBe('leak');
  });

  it('does not believe the one in a hundred that looks like a leak', () => {
    const lives = rollingCohort({ seed: 8, lives: 120, leakMibPerHour: 0, warmUp: 'slow' });
    const { verdict, perLife } = analyzeCohort(lives);
    expect(perLife.filter((life) => life.verdict === 'leak').length).toBeGreaterThan(0);
    expect(verdict).not.toBe('leak');
  });

  it('does not believe dense readings of warm-ups that fall back a little and look like leaks that were given back', () => {
    const verdicts = [1, 2, 3, 4, 5, 6].map(
      (seed) =>
        analyzeCohort(
          rollingCohort({ seed, lives: 80, leakMibPerHour: 0, warmUp: 'slow', stepMs: MINUTE_MS }),
        ).verdict,
    );
    expect(verdicts).not.toContain('leak');
  });

  it('finds 6 MB/h in 160 lives of three hours, and not in healthy ones', () => {
    const verdictOf = (leakMibPerHour: number) =>
      analyzeCohort(rollingCohort({ seed: 2, lives: 160, leakMibPerHour, warmUp: 'quick' })).verdict;
    expect([verdictOf(0), verdictOf(6)]).toEqual(['stable', 'leak']);
  });

  it('finds a leak in pods that come and go with the day', () => {
    const verdictOf = (leakMibPerHour: number) =>
      analyzeCohort(autoscaledCohort({ seed: 1, lives: 80, leakMibPerHour, warmUp: 'quick', swingMib: 15 }))
        .verdict;
    expect([verdictOf(0), verdictOf(6)]).toEqual(['stable', 'leak']);
  });

  it('finds 4 MB a day that deploys every five days would hide, and no warm-up that takes half a day', () => {
    const made = (leakMibPerDay: number, warmUp: 'quick' | 'days') =>
      rollingCohort({
        ...{ seed: 4, lives: 8, pods: 1, warmUp, lifeMs: 5 * DAY_MS, stepMs: HOUR_MS },
        leakMibPerHour: leakMibPerDay / 24,
      });
    expect(poolCohort(made(4, 'quick'))?.verdict).toBe('leak');
    expect(poolCohort(made(0, 'quick'))?.verdict).toBe('stable');
    expect(poolCohort(made(0, 'days'))?.verdict).not.toBe('leak');
  });

  it('does not judge lives of twenty minutes', () => {
    for (const stepMs of [300_000, 15_000]) {
      const lives = rollingCohort({
        seed: 1,
        lives: 60,
        leakMibPerHour: 12,
        warmUp: 'quick',
        lifeMs: 1_200_000,
        stepMs,
      });
      expect(analyzeCohort(lives).verdict).toBe('insufficient-data');
    }
  });

  it.each([
    ['are killed for their memory', 'oom', 2048, 'leak'],
    ['end at their limit, and nobody says why', 'gone', 560, 'leak'],
    ['end far below it', 'gone', 2048, 'insufficient-data'],
  ] as const)('judges lives of twenty minutes that %s', (_, reason, limitMib, verdict) => {
    const lives = rollingCohort({
      ...{ seed: 1, lives: 24, pods: 1, leakMibPerHour: 900, warmUp: 'quick' },
      ...{ lifeMs: 20 * MINUTE_MS, stepMs: 15_000 },
    });
    const ended = lives.map((life) => ({
      ...life,
      limit: limitMib * MIB,
      end: { time: life.times.at(-1)!, reason },
    }));
    expect(analyzeCohort(ended).verdict).toBe(verdict);
  });

  it('says what is missing when lives are too short', () => {
    const { verdict, reason } = analyzeCohort(pods(8, 12, 25));
    expect(verdict).toBe('insufficient-data');
    expect(reason).toMatch(/median life .* needs/);
  });

  it('has no verdict without lives', () => {
    expect(analyzeCohort([]).verdict).toBe('insufficient-data');
  });
});

describe('deathsNearLimit()', () => {
  const life = { ...lifeOf([100, 200, 290, 295], 15), limit: 300 };

  it('tells a death near the limit, and one that was killed', () => {
    const near: Life = { ...life, end: { time: 60_000, reason: 'restart' } };
    const killed: Life = { ...lifeOf([1, 2], 15), end: { time: 70_000, reason: 'oom' } };
    expect(deathsNearLimit([near, killed]).map(({ cause }) => cause)).toEqual(['oom', 'near-limit']);
  });

  it('says nothing of other ends', () => {
    const far: Life = { ...life, limit: 1000, end: { time: 60_000, reason: 'restart' } };
    expect(deathsNearLimit([life, far])).toEqual([]);
  });
});
