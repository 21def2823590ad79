import { describe, expect, it } from 'vitest';
import { between, rangeQuery, resolveTime, timeTicks, when } from '../../web/src/time.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 19, 9, 0);

describe('time', () => {
  it('timeTicks() names days at midnight and hours between', () => {
    const ticks = timeTicks(Date.UTC(2026, 10, 16, 20), Date.UTC(2026, 10, 18, 2), 6, 'utc');
    expect(ticks.map((tick) => tick.label)).toEqual(['Tue 17 Nov', '06:00', '12:00', '18:00', 'Wed 18 Nov']);
    expect(ticks.filter((tick) => tick.midnight)).toHaveLength(2);
  });
  it.each([2 * 60_000, 15 * 60_000, 6 * HOUR, 72 * HOUR, 30 * 24 * HOUR])(
    'timeTicks() stays under its limit over %d ms',
    (span) => {
      for (const most of [3, 6, 10]) {
        const ticks = timeTicks(NOW - span, NOW, most, 'utc');
        expect(ticks.length).toBeGreaterThan(0);
        expect(ticks.length).toBeLessThanOrEqual(most + 1);
      }
    },
  );
  it('resolveTime() reads ages, RFC 3339 and epoch ms, and nothing else', () => {
    expect(resolveTime('-3d', NOW)).toBe(NOW - 72 * HOUR);
    expect(resolveTime('2026-11-17T14:02:00Z', NOW)).toBe(Date.UTC(2026, 10, 17, 14, 2));
    expect(resolveTime(String(NOW), NOW)).toBe(NOW);
    expect(resolveTime('soon', NOW)).toBeUndefined();
    expect(resolveTime(null, NOW)).toBeUndefined();
  });
  it('rangeQuery() leaves out what the reader did not choose', () => {
    expect(rangeQuery({ from: null, to: null }, NOW)).toBe('');
    expect(rangeQuery({ from: '-1h', to: null }, NOW)).toBe(`?from=${NOW - HOUR}`);
  });
  it('when() is as short as the distance allows', () => {
    expect(when(NOW - HOUR, NOW, 'utc')).toBe('08:00');
    expect(when(NOW - 43 * HOUR, NOW, 'utc')).toBe('Tue 14:00');
    expect(when(NOW - 400 * HOUR, NOW, 'utc')).toBe('Mon 2 Nov');
  });
  it('between() names days only where they differ, seconds only where minutes do not', () => {
    const t = Date.UTC(2026, 10, 17, 14, 2);
    expect(between(t, t + 19 * 60_000, 'utc')).toBe('14:02–14:21');
    expect(between(t, t + 40_000, 'utc')).toBe('14:02:00–14:02:40');
    expect(between(t, t + 24 * HOUR, 'utc')).toBe('Tue 14:02–Wed 14:02');
  });
});
