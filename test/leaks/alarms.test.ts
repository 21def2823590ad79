import { describe, expect, it } from 'vitest';
import { alarmRun } from '../../bench/leaks/alarm-run.ts';
import { FAMILIES, madeService } from '../../bench/leaks/alarm-services.ts';
import { DAY_MS, MIB } from '../../lib/model/units.ts';

const START = Date.UTC(2026, 0, 5);

/** A slice of `bench/leaks/alarms.ts`: the scan job on its schedule, by an injected clock. */
describe('the scan job over days', () => {
  it('tells nobody of healthy services of any kind', async () => {
    for (const [i, family] of FAMILIES.entries()) {
      const run = await alarmRun(madeService({ seed: 500 + i, days: 2, start: START, family }));
      expect([family, run.leakNotices]).toEqual([family, []]);
    }
  }, 120_000);

  it('tells of a leak of 10 MB/h once, and reads all that is kept only on new evidence', async () => {
    const leakPerDay = 240 * MIB;
    const service = madeService({
      ...{ seed: 7, days: 4, start: START, leakPerDay, family: 'wandering' },
      deploys: false,
    });
    const run = await alarmRun(service);
    expect(run.leakNotices).toHaveLength(1);
    const scans = ((service.times.at(-1)! - START) / DAY_MS) * 288;
    expect(run.looks).toBeLessThan(scans / 3);
  }, 120_000);
});
