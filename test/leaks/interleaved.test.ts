import { describe, expect, it } from 'vitest';
import { analyzeLife, isInterleaved, isWrittenBySeveral } from '../../lib/leaks/index.ts';
import type { Life } from '../../lib/model/leak.ts';
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
  it.each([2, 5, 6.5])('sees two levels that take turns, %d s apart', (apartS) => {
    expect(isInterleaved(written([flat(200), flat(260)], apartS))).toBe(true);
    expect(isInterleaved(written([(i) => 200 + i / 4, flat(340)], apartS))).toBe(true);
  });

  it.each([2, 4])('sees three and more levels that come round, %d s apart', (apartS) => {
    expect(isInterleaved(written([flat(200), flat(260), (i) => 330 + i / 4], apartS))).toBe(true);
  });

  it('leaves a process alone whose work comes round at every third reading', () => {
    expect(isInterleaved(written([flat(200), flat(260), flat(330)], STEP_S / 3))).toBe(false);
  });

  /** Workers that export each minute, evenly apart, each with a level and a wandering of its own. */
  const workers = (writers: number, leak: (writer: number) => number, seed: number) => {
    const gauss = normal(random(seed));
    const levels = Array.from({ length: writers }, (_, writer) => {
      let own = gauss();
      return Array.from({ length: READINGS }, (_, i) => {
        own = 0.7 * own + 0.714 * gauss();
        return (150 + 40 * ((writer * 5) % 7) + (leak(writer) * i) / READINGS + 3 * own) * MIB;
      });
    });
    const values = Array.from(
      { length: READINGS * writers },
      (_, i) => levels[i % writers]![(i / writers) | 0]!,
    );
    return lifeOf(values, 60 / writers);
  };

  it.each([3, 4, 5, 6])('sees %d workers at even waits, none, one or all of which leak', (writers) => {
    for (const leak of [() => 0, (one: number) => (one === 0 ? 60 : 0), () => 60])
      for (const seed of [1, 2, 3]) {
        const life = workers(writers, leak, seed);
        expect([isInterleaved(life), isWrittenBySeveral(life)]).toEqual([true, true]);
      }
  });

  it.each([3, 3.004, 3.02, 3.1, 4, 4.01, 4.03, 5, 5.02])(
    'leaves a process alone whose memory is a saw of %d readings that wanders and leaks',
    (length) => {
      for (const seed of [1, 2, 3, 4]) {
        const gauss = normal(random(seed));
        let own = gauss();
        const values = Array.from({ length: 960 }, (_, i) => {
          own = 0.9 * own + 0.436 * gauss();
          return (200 + 100 * ((i / length + seed / 4) % 1) + 3 * own + i / 10) * MIB;
        });
        const life = lifeOf(values, STEP_S);
        expect([isInterleaved(life), isWrittenBySeveral(life)]).toEqual([false, false]);
      }
    },
  );

  it('sees several readings at every interval, in any order', () => {
    expect(isInterleaved(written([200, 240, 300, 330].map(flat), 0.01))).toBe(true);
    expect(isInterleaved(written([200, 240, 300, 330].map(flat), 0.01, 'heap_used'))).toBe(true);
  });

  it('leaves one process alone that is told twice at every interval', () => {
    expect(isInterleaved(written([(i) => 200 + i, (i) => 200 + i], 1))).toBe(false);
  });

  it('leaves a process alone that works at every second reading', () => {
    expect(isInterleaved(written([flat(200), flat(260)], STEP_S / 2))).toBe(false);
  });

  /** A job each minute: readings so many seconds after its start, in MiB, and what each job adds for good. */
  const jobs = (seconds: readonly number[], mib: readonly number[], leak: number, more: Partial<Life>) => {
    const points = Array.from({ length: 30 }, (_, job) =>
      seconds.map((s, i) => ({ time: (60 * job + s) * 1000, value: (mib[i]! + leak * job) * MIB })),
    ).flat();
    const values = points.map(({ value }) => value);
    return lifeOf(values, 1, { ...more, times: Float64Array.from(points, ({ time }) => time) });
  };
  const collected = (leak: number, more: Partial<Life>) =>
    jobs([0, 1, 2, 3], [60, 110, 160, 70], leak, { ...more, afterGc: true });

  it.each([0, 1])('leaves collections alone that come in bursts, with %d MiB a job kept', (leak) => {
    expect(isInterleaved(collected(leak, { role: 'heap_after_gc' }))).toBe(false);
    const { verdict } = analyzeLife(collected(leak, { role: 'heap_used' }));
    expect(verdict).toBe(leak > 0 ? 'leak' : 'step');
  });

  it('leaves what a process logs before and after each job', () => {
    expect(analyzeLife(jobs([0, 2], [60, 160], 0, { role: 'rss' })).verdict).toBe('stable');
    expect(analyzeLife(jobs([0, 2], [60, 160], 2, { role: 'heap_used' })).verdict).toBe('growth-unconfirmed');
  });

  it.each([1.9, 2, 2.02, 2.1, 2.5, 3, 4.7, 10])('leaves a saw of %d readings a tooth alone', (length) => {
    const gauss = normal(random(3));
    const values = Array.from({ length: 480 }, (_, i) => (200 + 100 * ((i / length) % 1) + gauss()) * MIB);
    expect(isInterleaved(lifeOf(values, STEP_S, { role: 'heap_used' }))).toBe(false);
  });

  it.each([1, 2, 3])(
    'leaves a job alone whose two stages differ in size, each in its own way (seed %i)',
    (seed) => {
      const gauss = normal(random(seed));
      const size = { long: 0, short: 0 };
      const values = Array.from({ length: 2000 }, (_, i) => {
        const stage = i % 4; // read each quarter of a minute, and begun each minute
        if (stage === 0) {
          size.long = 0.95 * size.long + 0.31 * gauss();
          size.short = 0.95 * size.short + 0.31 * gauss();
        }
        const [long, short] = [1 + 0.15 * size.long, 1 + 0.15 * size.short];
        return (300 + [0, 120 * long, 60 * short, 30 * short][stage]! + 0.02 * i + 0.4 * gauss()) * MIB;
      });
      expect(isInterleaved(lifeOf(values, STEP_S, { role: 'rss' }))).toBe(false);
    },
  );

  it.each([1, 2, 3])('leaves noise alone (seed %i)', (seed) => {
    const gauss = normal(random(seed));
    const values = Array.from({ length: 480 }, () => (200 + 20 * gauss()) * MIB);
    expect(isInterleaved(lifeOf(values, STEP_S))).toBe(false);
  });
});
