import { describe, expect, it } from 'vitest';
import type { LifeOfRole } from '../../lib/jobs/lives/index.ts';
import type { Cohort } from '../../lib/jobs/load-service.ts';
import { evidenceOf, type ScanOutcome } from '../../lib/jobs/scan-outcome.ts';
import { analyzeCohort } from '../../lib/leaks/index.ts';
import { serviceName } from '../../lib/model/service.ts';
import { HOUR_MS, MIB, MINUTE_MS } from '../../lib/model/units.ts';
import { lifeOf, normal, random } from '../leaks/draw.ts';

const HOURS = 12;

/** Half a day of an instance that grows after two hours; `end` in hours. */
function life(instance: string, version: string, mibPerHour: number, end = HOURS): LifeOfRole {
  const gauss = normal(random(instance.length * 31 + mibPerHour));
  const hours = Array.from({ length: (end * HOUR_MS) / MINUTE_MS }, (_, i) => i / 60);
  const values = hours.map((h) => (200 + mibPerHour * Math.max(0, h - 2) + gauss()) * MIB);
  const ended = { time: end * HOUR_MS, reason: 'gone' } as const;
  return {
    ...lifeOf(values, 60, { instance, version, limit: 1024 * MIB }),
    ...{ metric: 'rss', parts: [''], end: end < HOURS ? ended : undefined },
  };
}

const cohortOf = (version: string, lives: LifeOfRole[]): Cohort => ({
  ...{ role: 'rss', version, lives, result: analyzeCohort(lives) },
});

describe('evidenceOf()', () => {
  const leaking = cohortOf('2', [
    life('steep and gone', '2', 60, 8),
    life('runs', '2', 20),
    life('runs faster', '2', 30),
  ]);
  const older = cohortOf('1', [life('a', '1', 0), life('b', '1', 0), life('c', '1', 0, 5)]);
  const outcome = {
    ...{ project: 'p', service: serviceName({ name: 'shop' }), now: HOURS * HOUR_MS, from: 0 },
    looked: [leaking, older].map((cohort) => ({ cohort })),
    ...{ deaths: [], rules: [], loaded: undefined, instances: 4 },
  } as unknown as ScanOutcome;

  it('counts processes that run and grow among all that run, whatever their version', () => {
    const { running, instances, looked } = evidenceOf(outcome, leaking, []);
    expect([running, instances.length, looked]).toEqual([{ growing: 2, all: 4 }, 3, 3]);
  });

  it('forecasts for the process that runs and is full first, not for one that has gone', () => {
    const { timeToLimitS, limitBytes } = evidenceOf(outcome, leaking, []);
    // 200 + 30 × 10 = 500 MiB now: 524 of room at 30 MiB an hour.
    expect(timeToLimitS!.value / 3600).toBeCloseTo(524 / 30, 0);
    expect(limitBytes).toBe(1024 * MIB);
  });

  it('has no forecast where no process that grows runs', () => {
    const gone = cohortOf('2', [life('steep and gone', '2', 60, 8)]);
    const { timeToLimitS, running } = evidenceOf(outcome, gone, []);
    expect([timeToLimitS, running]).toEqual([null, undefined]);
  });
});
