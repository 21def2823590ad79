import { describe, expect, it } from 'vitest';
import { alarmRun } from '../../bench/leaks/alarm-run.ts';
import { FAMILIES, madeService } from '../../bench/leaks/alarm-services.ts';
import { MIB } from '../../lib/model/units.ts';

const START = Date.UTC(2026, 0, 5);
const DAYS = 20;
/** One of each family, and one more of the family that rises longest after its start. */
const SERVICES = [...FAMILIES, 'cache' as const].map((family, i) => ({
  ...{ family, seed: 900 + i, deploys: i % 2 === 0 },
}));

/** 200 healthy service-days of `bench/leaks/alarms.ts`, through the scan job on its real schedule by an injected clock. */
describe('the scan job over months', () => {
  it.each(SERVICES)(
    'tells nobody of a healthy service: $family, deploys $deploys',
    async (made) => {
      const run = await alarmRun(madeService({ ...made, days: DAYS, start: START }));
      expect(run.leakNotices).toEqual([]);
    },
    240_000,
  );

  it('is of 200 days, some of the services telling a limit', () => {
    const limits = SERVICES.map((made) => madeService({ ...made, days: 1, start: START }).limit);
    expect(SERVICES.length * DAYS).toBe(200);
    expect(limits.filter((limit) => limit !== undefined)).toHaveLength(4);
  });

  it('tells of 1 MB/h that deploys each three to seven days hide, within twenty days', async () => {
    const made = { seed: 150_043, days: DAYS, start: START, leakPerDay: 24 * MIB } as const;
    const service = madeService({ ...made, family: 'sawtooth' });
    expect(service.births.length).toBeGreaterThan(2);
    const run = await alarmRun(service, true);
    expect(run.leakNotices[0]).toBeLessThan(DAYS);
  }, 240_000);
});
