import { describe, expect, it } from 'vitest';
import { livesOf } from '../../../lib/jobs/lives/index.ts';
import { analyzeLife } from '../../../lib/leaks/index.ts';
import { DAY_MS, HOUR_MS, MIB, MINUTE_MS } from '../../../lib/model/units.ts';
import { factsKind } from '../../../lib/segments/kinds/facts.ts';
import { countKey, emptyInstance, levelKey } from '../../../lib/segments/kinds/instance.ts';
import { normal, random } from '../../leaks/draw.ts';

const STEP_MS = 5 * MINUTE_MS;
const times = Array.from({ length: 864 }, (_, i) => i * STEP_MS);
const noise = (seed: number, mib: number) => {
  const gauss = normal(random(seed));
  return () => mib * gauss();
};

/** Verdict of three days of what a heap held after each collection, MiB by hours of age. */
function verdictOf(mib: (hours: number) => number, parts: readonly string[] = [''], fullEachMs?: number) {
  const values = times.map((time) => Math.round((mib(time / HOUR_MS) * MIB) / parts.length));
  const column = { times, values, conflict: false };
  const levels = new Map(parts.map((part) => [levelKey('heap_after_gc', 'after', part), column]));
  const full = times.map((time) => Math.floor(time / (fullEachMs ?? DAY_MS)));
  const counter = { width: 1, times, starts: times.map(() => -1), cells: full, conflict: false };
  const key = countKey({
    ...{
      role: 'gc_major',
      unit: '',
      status: '',
      metric: 'gc',
      stream: '',
      temporality: 'cumulative',
      bounds: '',
    },
  });
  const counts = new Map(fullEachMs === undefined ? [] : [[key, counter]]);
  const instance = { ...emptyInstance, levels, counts };
  const input = { key: 'pod', instance, facts: factsKind.empty(), limitSetting: null, now: 3 * DAY_MS };
  const [life] = livesOf(input, 'heap_after_gc');
  return life && analyzeLife(life).verdict;
}

describe('a heap that is told by what collections left', () => {
  it('leaks where that only rises: each new value is a collection', () => {
    expect(verdictOf((hours) => 200 + (600 / 72) * hours)).toBe('leak');
    const noisy = noise(1, 4);
    expect(verdictOf((hours) => 200 + (600 / 72) * hours + noisy())).toBe('leak');
  });

  it.each([1, 2, 3])('does not where that is flat, or levels off (seed %i)', (seed) => {
    const some = noise(seed, 8);
    expect(verdictOf(() => 300 + some())).toBe('stable');
    expect(verdictOf((hours) => 200 + 100 * (1 - Math.exp(-hours / 6)) + some())).not.toBe('leak');
  });

  it('leaks, where young collections renew the value too, only if full ones are counted', () => {
    const parts = ['gen0', 'gen1', 'gen2', 'loh'];
    const rise = (hours: number) => 200 + (600 / 72) * hours;
    expect(verdictOf(rise, parts)).toBe('growth-unconfirmed');
    expect(verdictOf(rise, parts, 6 * HOUR_MS)).toBe('leak');
    expect(verdictOf(rise, parts, 2 * DAY_MS)).toBe('growth-unconfirmed');
  });
});
