import { describe, expect, it } from 'vitest';
import { judge, markFixed, markLeak, type Said } from '../../bench/leaks/live/judge.ts';
import { KINDS } from '../../bench/leaks/live/kinds.ts';

const kindOf = (name: string) => KINDS.find((kind) => kind.name === name)!;

/** What the server would say, in short: role, cause or units, bytes per unit. */
function said(...leaks: [role: string, cause: string, bytes: number | null, place?: string][]): Said {
  const findings = leaks.map(([role, cause, value, place]) => ({
    kind: 'leak',
    state: 'firing',
    suspects: [
      {
        units: cause.includes(' ') ? cause.split(' + ').map((name) => ({ kind: 'http', name })) : [],
        cause: cause.includes(' ') ? 'unit' : cause,
        bytesPerUnit: value === null ? null : { value, low: value, high: value },
        weight: 1,
        unitsSinceOnset: 1,
      },
    ],
    evidence: { role, explained: { where: place === undefined ? null : { place } } },
  }));
  return { findings, cohorts: [] } as unknown as Said;
}

describe('markLeak()', () => {
  it.each([
    ['map', ['heap_used', 'GET /search', 1000], true],
    ['map', ['heap_used', 'POST /cart', 1000], false],
    ['map', ['heap_used', 'GET /search + POST /cart', 1000], false],
    ['map', ['heap_used', 'clock', null], false],
    ['closure', ['heap_used', 'GET /orders/:id', 1000], true],
    ['go-list', ['heap_after_gc', 'GET /orders/{id}', 1000], true],
    ['promise', ['heap_used', 'GET /products/:id + POST /cart', 1000], true],
    ['promise', ['heap_used', 'POST /cart', 1000], false],
    ['sessions', ['heap_used', 'total-traffic', 1000], true],
    ['clock', ['rss', 'clock', null], true],
    ['sse', ['rss', 'connections', 1000], true],
    ['buffers', ['rss', 'GET /products/:id', 1000, 'external'], true],
    ['buffers', ['heap_used', 'GET /products/:id', 1000], false],
    ['fragmentation', ['rss', 'GET /products/{id}', 1000, 'outside'], true],
    ['fragmentation', ['rss', 'GET /products/{id}', 1000, 'heap'], false],
  ] as const)('%s, told as %j: %s', (name, leak, right) => {
    expect(markLeak(kindOf(name), said([...leak] as never), 1000).right).toBe(right);
  });

  it('hears the heap before the process, and measures the bytes of a right answer alone', () => {
    const both = said(['rss', 'clock', null], ['heap_used', 'GET /search', 1200]);
    expect(markLeak(kindOf('map'), both, 1000).bytesError).toBeCloseTo(0.2);
    expect(markLeak(kindOf('map'), said(['heap_used', 'POST /cart', 1200]), 1000).bytesError).toBeUndefined();
    expect(markLeak(kindOf('map'), said(), 1000).right).toBe(false);
    const counted = said(['goroutine_count', 'POST /checkout', 1.02]);
    expect(markLeak(kindOf('goroutine'), counted, 35_000).bytesError).toBeCloseTo(0.02);
  });
});

describe('judge()', () => {
  it('wants nine of ten answers, all bytes within 15 %, and no fixed program named', () => {
    const right = markLeak(kindOf('map'), said(['heap_used', 'GET /search', 1100]), 1000);
    const wide = markLeak(kindOf('map'), said(['heap_used', 'GET /search', 1200]), 1000);
    const wrong = markLeak(kindOf('map'), said(), 1000);
    const clean = markFixed(said());
    const named = markFixed(said(['rss', 'clock', null]));
    const passes = (...marks: Parameters<typeof judge>) =>
      judge(...marks).map(({ passed, needed }) => passed >= needed);
    expect(passes([...Array(9).fill(right), wrong], [clean])).toEqual([true, true, true]);
    expect(passes([...Array(8).fill(right), wrong, wrong], [clean])).toEqual([false, true, true]);
    expect(passes([right, wide], [clean])).toEqual([true, false, true]);
    expect(passes([right], [clean, named])).toEqual([true, true, false]);
  });
});
