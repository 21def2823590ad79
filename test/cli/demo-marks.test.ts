import { describe, expect, it } from 'vitest';
import { judge, marksOf } from '../../bench/demo/marks.ts';

const truth = { unit: 'GET /search' as const, onset: 100_000, bytesPerUnit: 16_000 };
const suspect = (units: string[], value = 15_000) => ({
  units,
  kind: 'http' as const,
  bytesPerUnit: { value, low: value - 1, high: value + 1 },
  weight: 1,
});
const answer = (
  suspects: ReturnType<typeof suspect>[],
  onset: { t: number; low: number; high: number } | null = { t: 1, low: 90_000, high: 110_000 },
) => ({
  finding: { service: 'demo-shop', onset, suspects, summary: '' },
  truth,
  cleared: [],
  seconds: 80,
  url: '',
  seed: 1,
  majorCollectionsAfterOnset: 14,
});

describe('marksOf', () => {
  it('takes the true route alone in the first place, nothing else', () => {
    expect(marksOf(answer([suspect(['GET /search'])])).first).toBe(true);
    expect(marksOf(answer([suspect(['GET /search', 'POST /cart'])])).first).toBe(false);
    expect(marksOf(answer([suspect(['POST /cart']), suspect(['GET /search'])])).first).toBe(false);
    expect(marksOf(answer([])).first).toBe(false);
    expect(marksOf(undefined).first).toBe(false);
  });
  it('wants an interval around the onset that is at most 30 s wide', () => {
    const holds = (low: number, high: number) => marksOf(answer([], { t: low, low, high })).holds;
    expect(holds(90_000, 120_000)).toBe(true);
    expect(holds(90_000, 120_001)).toBe(false);
    expect(holds(100_001, 110_000)).toBe(false);
    expect(marksOf(answer([], null)).holds).toBe(false);
  });
  it('measures bytes of the true route only', () => {
    expect(marksOf(answer([suspect(['GET /search'], 12_000)])).bytesError).toBeCloseTo(-0.25);
    expect(marksOf(answer([suspect(['POST /cart'], 16_000)])).bytesError).toBeUndefined();
  });
});

describe('judge', () => {
  it('needs 9 of 10 routes, 8 of 10 onsets, every byte count of a true route, and silence', () => {
    const right = marksOf(answer([suspect(['GET /search'])]));
    const wrong = marksOf(answer([suspect(['POST /cart'])], null));
    const marks = [...Array(9).fill(right), wrong];
    expect(judge(marks, 5, 5).map(({ passed, needed }) => [passed, needed])).toEqual([
      [9, 9],
      [9, 8],
      [9, 9],
      [5, 5],
    ]);
    expect(judge([...marks.slice(1), wrong], 4, 5).map(({ passed, needed }) => passed >= needed)).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});
