import { describe, expect, it } from 'vitest';
import { alarmRun } from '../../bench/leaks/alarm-run.ts';
import type { MadeService } from '../../bench/leaks/alarm-services.ts';
import { MIB, MINUTE_MS } from '../../lib/model/units.ts';

const START = Date.UTC(2026, 0, 5);
const HOURS = 5;

/** A reading a minute of a level that stays, but for the minutes in which the network was away. */
function steady(isAway: (minute: number) => boolean): MadeService {
  const minutes = Array.from({ length: HOURS * 60 }, (_, minute) => minute).filter((m) => !isAway(m));
  return {
    family: 'steady',
    role: 'rss',
    times: minutes.map((minute) => START + minute * MINUTE_MS),
    values: minutes.map((minute) => 200 * MIB + ((minute * 7919) % 101) * 10_000),
    births: [{ at: START, version: '1' }],
    limit: undefined,
  };
}

describe('a process that was only silent', () => {
  it('is looked at again, as one that never was', async () => {
    const [whole, broken] = await Promise.all(
      [steady(() => false), steady((m) => m >= 60 && m < 80)].map((service) => alarmRun(service)),
    );
    expect(whole!.looks).toBeGreaterThan(10);
    expect(broken!.looks).toBeGreaterThan(0.7 * whole!.looks);
  });
});
