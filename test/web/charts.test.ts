import { describe, expect, it } from 'vitest';
import { placeLabels } from '../../web/src/charts/labels.ts';
import { domainOf, forecastOf } from '../../web/src/charts/memory-model.ts';
import { nearest, type Point, runs, thin } from '../../web/src/charts/reduce.ts';
import { valueAxis } from '../../web/src/charts/scale.ts';
import { between } from '../../web/src/time.ts';
import { memoryOf } from '../browser/fixture-memory.ts';
import { NOW, SERVICE } from '../browser/fixture-story.ts';

const MIB = 1024 ** 2;
const line = (from: number, to: number, step = 1): Point[] =>
  Array.from({ length: Math.floor((to - from) / step) }, (_, i) => [from + i * step, i]);

describe('charts', () => {
  it('runs() cuts where data is missing and at starts of lives', () => {
    const points = [...line(0, 100), ...line(200, 300)];
    expect(runs(points).map((run) => run.length)).toEqual([100, 100]);
    expect(runs(points, [50]).map((run) => run.length)).toEqual([50, 50, 100]);
  });
  it('thin() keeps spikes and gives at most two points per pixel', () => {
    const points = line(0, 10_000).map(([t]): Point => [t, t === 5003 ? 99 : 1]);
    const thinned = thin(points, (t) => t / 100);
    expect(thinned.length).toBeLessThanOrEqual(200);
    expect(thinned.some(([, v]) => v === 99)).toBe(true);
    expect(thinned.every(([t], i) => i === 0 || t >= thinned[i - 1]![0])).toBe(true);
  });
  it('nearest() finds the closer neighbour', () => {
    const points = line(0, 100, 10);
    expect([-5, 14, 16, 500].map((t) => nearest(points, t))).toEqual([0, 1, 2, 9]);
  });
  it.each([3, 900, 60 * MIB, 512 * MIB, 3.9 * 1024 * MIB])(
    'valueAxis(%d) has zero and at most six lines',
    (max) => {
      const { ticks, top } = valueAxis(max, 'bytes');
      expect(ticks[0]?.value).toBe(0);
      expect(ticks.length).toBeLessThanOrEqual(6);
      expect(ticks.length).toBeGreaterThan(2);
      expect(top).toBeGreaterThan(max);
    },
  );
  it('placeLabels() never lets two meet, and never cuts one off', () => {
    const spot = { x: 100, y: 20, anchor: 'middle' as const };
    const labels = ['first', 'second', 'third'].map((text) => ({
      text,
      className: '',
      spots: [spot, { ...spot, y: 40 }],
    }));
    expect(placeLabels(labels, 200).map((label) => label.text)).toEqual(['first', 'second']);
    const [placed] = placeLabels(
      [{ text: 'at the edge', className: '', needed: true, spots: [{ ...spot, x: 199 }] }],
      200,
    );
    expect(placed).toMatchObject({ x: 200, anchor: 'end' });
  });
  it('domainOf() gives the forecast room, and no more than it may take', () => {
    const memory = memoryOf(SERVICE, 'heap_used', NOW - 80 * 3_600_000, NOW);
    const input = {
      series: memory.series[0]!,
      deploys: [],
      from: memory.from,
      to: NOW,
      chosen: false,
      now: NOW,
    };
    const forecast = forecastOf(input)!;
    const { from, to, measuredTo } = domainOf(input);
    expect(forecast.isOpen).toBe(false);
    expect(to).toBeGreaterThan(forecast.high);
    expect(to - measuredTo).toBeLessThan(0.56 * (measuredTo - from));
    expect(domainOf({ ...input, to: NOW - 20 * 3_600_000, chosen: true }).to).toBe(NOW - 20 * 3_600_000);
  });
  it('forecastOf() ends the wedge of an interval that has no end', () => {
    const [first] = memoryOf(SERVICE, 'heap_used', NOW - 80 * 3_600_000, NOW).series;
    const timeToLimitS = { value: 7200, low: 3600, high: Number.MAX_SAFE_INTEGER };
    const series = { ...first!, timeToLimitS };
    const forecast = forecastOf({ series, deploys: [], from: 0, to: NOW, chosen: false, now: NOW })!;
    expect(forecast).toMatchObject({ isOpen: true, high: forecast.t + 4 * 3_600_000 });
  });
  it('between() names days by their dates where their names come again', () => {
    const day = 24 * 3_600_000;
    expect(between(NOW, NOW + 2 * day, 'utc')).toMatch(/^\w{3} \d\d:\d\d–\w{3} \d\d:\d\d$/);
    expect(between(NOW, NOW + 10 * day, 'utc')).toMatch(/^\w{3} \d+ \w{3}–\w{3} \d+ \w{3}$/);
  });
});
