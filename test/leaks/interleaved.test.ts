import { describe, expect, it } from 'vitest';
import { analyzeLife, isInterleaved } from '../../lib/leaks/index.ts';
import type { MemoryRole } from '../../lib/model/memory.ts';
import { MIB } from '../../lib/model/units.ts';
import { lifeOf, normal, random } from './draw.ts';

const STEP_S = 15;
const READINGS = 240;

/** Readings of several processes, each every `STEP_S`, so many seconds apart, with noise of 1 MiB. */
function written(levels: readonly ((i: number) => number)[], apartS: number, role: MemoryRole = 'rss') {
  const gauss = normal(random(7));
  const points = levels.flatMap((level, writer) =>
    Array.from({ length: READINGS }, (_, i) => ({
      time: (i * STEP_S + writer * apartS + 0.02 * gauss()) * 1000,
      value: (level(i) + gauss()) * MIB,
    })),
  );
  points.sort((a, b) => a.time - b.time);
  const life = lifeOf(
    points.map(({ value }) => value),
    1,
    { role },
  );
  return { ...life, times: Float64Array.from(points, ({ time }) => time) };
}
const flat = (mib: number) => () => mib;

describe('isInterleaved()', () => {
  it.each([2, 5, 7.5])('sees two levels that take turns, %d s apart', (apartS) => {
    expect(isInterleaved(written([flat(200), flat(260)], apartS))).toBe(true);
    expect(isInterleaved(written([(i) => 200 + i / 4, flat(340)], apartS))).toBe(true);
  });

  it('sees several readings at every interval, in any order', () => {
    expect(isInterleaved(written([200, 240, 300, 330].map(flat), 0.01))).toBe(true);
    expect(isInterleaved(written([200, 240, 300, 330].map(flat), 0.01, 'heap_used'))).toBe(true);
  });

  it('makes a verdict of it', () => {
    expect(analyzeLife(written([(i) => 200 + i, flat(500)], 5)).verdict).toBe('mixed-writers');
  });

  it('leaves one process alone that is told twice at every interval', () => {
    expect(isInterleaved(written([(i) => 200 + i, (i) => 200 + i], 1))).toBe(false);
  });

  it.each([1.9, 2, 2.02, 2.1, 2.5, 3, 4.7, 10])('leaves a saw of %d readings a tooth alone', (length) => {
    const gauss = normal(random(3));
    const values = Array.from({ length: 480 }, (_, i) => (200 + 100 * ((i / length) % 1) + gauss()) * MIB);
    expect(isInterleaved(lifeOf(values, STEP_S, { role: 'heap_used' }))).toBe(false);
  });

  it.each([1, 2, 3])('leaves noise alone (seed %i)', (seed) => {
    const gauss = normal(random(seed));
    const values = Array.from({ length: 480 }, () => (200 + 20 * gauss()) * MIB);
    expect(isInterleaved(lifeOf(values, STEP_S))).toBe(false);
  });
});
