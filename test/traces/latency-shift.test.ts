import { describe, expect, it } from 'vitest';
import { sketchOf } from '../../lib/model/sketch.ts';
import { studentTail } from '../../lib/model/student.ts';
import { apdex, failureRate } from '../../lib/traces/apdex.ts';
import { compareLatency, fisherTail, shiftOverTime } from '../../lib/traces/latency-shift.ts';

/** A small generator of our own, so that every run draws the same. */
function drawer(seed: number) {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 1) / 4294967297;
  };
  /** Log-normal around `ms`, which is how latencies lie. */
  return (ms: number, spread = 0.5) =>
    ms * 1000 * Math.exp(spread * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()));
}
const side = (us: readonly number[]) => ({
  sketch: sketchOf(us.map((value) => [value, 1000] as const)),
  requests: us.length,
});
const draw = (seed: number, count: number, ms: number) => {
  const next = drawer(seed);
  return side(Array.from({ length: count }, () => next(ms)));
};

describe('compareLatency', () => {
  it('finds a regression and an improvement of 30 %, and says how large', () => {
    const slower = compareLatency(draw(1, 500, 100), draw(2, 500, 130));
    expect(slower.verdict).toBe('regression');
    expect(slower.change).toBeGreaterThan(0.15);
    expect(compareLatency(draw(2, 500, 130), draw(1, 500, 100)).verdict).toBe('improvement');
  });

  it('calls few changes among 200 that are none', () => {
    const verdicts = Array.from(
      { length: 200 },
      (_, i) => compareLatency(draw(2 * i, 60, 80), draw(2 * i + 1, 60, 80)).verdict,
    );
    expect(verdicts.filter((verdict) => verdict !== 'no-change').length).toBeLessThanOrEqual(4);
  });

  it('says nothing of few requests, small changes and fast endpoints', () => {
    expect(compareLatency(draw(1, 10, 100), draw(2, 500, 200)).verdict).toBe('too-few');
    expect(compareLatency(draw(1, 5000, 100), draw(2, 5000, 104)).verdict).toBe('no-change');
    expect(compareLatency(draw(1, 5000, 1), draw(2, 5000, 2)).verdict).toBe('no-change');
  });

  it('judges by requests, not by what they stand for', () => {
    const sampled = { ...draw(3, 25, 100), requests: 25 };
    const heavy = {
      ...sampled,
      sketch: { buckets: new Map([...sampled.sketch.buckets].map(([i, w]) => [i, w * 1e6])) },
    };
    const other = draw(4, 400, 110);
    expect(compareLatency(heavy, other)).toEqual(compareLatency(sampled, other));
  });
});

describe('shiftOverTime', () => {
  const windows = (counts: number, level: (i: number) => number) =>
    Array.from({ length: counts }, (_, i) => ({ ...draw(i + 1, 200, level(i)), start: i * 3_600_000 }));

  it('finds where the latency rose for good', () => {
    const shift = shiftOverTime(windows(24, (i) => (i < 15 ? 100 : 160)));
    expect(shift).toMatchObject({ verdict: 'regression', at: 15 });
    expect(shift.change).toBeGreaterThan(0.4);
  });

  it('takes one busy hour and a daily wave for no change', () => {
    expect(shiftOverTime(windows(24, (i) => (i === 12 ? 400 : 100))).verdict).toBe('no-change');
    expect(shiftOverTime(windows(24, () => 100)).verdict).toBe('no-change');
    expect(shiftOverTime(windows(6, () => 100)).verdict).toBe('too-few');
  });
});

describe('tests of significance', () => {
  it('agree with tables', () => {
    // R: fisher.test(matrix(c(8, 2, 1, 5), 2), alternative = "greater")
    expect(fisherTail(8, 10, 1, 6)).toBeCloseTo(0.02448, 4);
    // R: 2 * pt(-2.228139, 10), 2 * pt(-3.182446, 3)
    expect(studentTail(2.228139, 10)).toBeCloseTo(0.05, 5);
    expect(studentTail(3.182446, 3)).toBeCloseTo(0.05, 5);
    expect(studentTail(0, 5)).toBe(1);
  });
});

describe('apdex and failureRate', () => {
  it('count the satisfied whole and the tolerating half', () => {
    const ms = [100, 200, 250, 500, 1000, 5000];
    expect(apdex(sketchOf(ms.map((value) => [value * 1000, 1000] as const)))).toBeCloseTo((3 + 2 / 2) / 6, 5);
    expect(apdex(sketchOf([]))).toBe(1);
  });

  it('says how sure it is', () => {
    expect(failureRate(5, 100)).toMatchObject({ value: 0.05 });
    expect(failureRate(5, 100).low).toBeCloseTo(0.0215, 3);
    expect(failureRate(5, 100).high).toBeCloseTo(0.1118, 3);
    expect(failureRate(0, 0)).toEqual({ value: 0, low: 0, high: 1 });
  });
});
