import { describe, expect, it } from 'vitest';
import { seriesOfRole } from '../../../lib/jobs/lives/levels.ts';
import { at, levels, story } from './story.ts';

const SPACES = { role: 'heap_used' as const, metric: 'v8js.memory.heap.used' };
const drawn = (series: ReturnType<typeof seriesOfRole>[number] | undefined) => {
  const values = new Map(series?.times.map((time, i) => [time, series.values[i]]));
  return Array.from({ length: 10 }, (_, step) => values.get(at(step)) ?? '.').join('');
};

describe('seriesOfRole()', () => {
  it('adds up the parts of a metric', () => {
    const heap = story(
      levels('1111111111', { ...SPACES, part: 'old_space' }),
      levels('2222222222', { ...SPACES, part: 'new_space' }),
    );
    const [series] = seriesOfRole(heap, 'heap_used');
    expect(drawn(series)).toBe('3333333333');
    expect(series?.parts).toEqual(['old_space', 'new_space']);
  });

  it('leaves out times at which a space is missing: half of an export is a false low', () => {
    const heap = story(
      levels('1111111111', { ...SPACES, part: 'old_space' }),
      levels('2222.2222.', { ...SPACES, part: 'new_space' }),
    );
    expect(drawn(seriesOfRole(heap, 'heap_used')[0])).toBe('3333.3333.');
  });

  it('keeps both sides of an upgrade that adds a space', () => {
    const long = '1'.repeat(30);
    const heap = story(
      levels(long, { ...SPACES, part: 'old_space' }),
      levels(`${'.'.repeat(20)}${'2'.repeat(10)}`, { ...SPACES, part: 'trusted_space' }),
    );
    const [series] = seriesOfRole(heap, 'heap_used');
    expect(series?.times).toHaveLength(30);
    expect([series?.values[0], series?.values.at(-1)]).toEqual([1, 3]);
  });

  it('keeps both sides of a rollback that removes a space, up to the few exports around it', () => {
    const heap = story(
      levels('1'.repeat(60), { ...SPACES, part: 'old_space' }),
      levels('2'.repeat(40), { ...SPACES, part: 'trusted_space' }),
    );
    const [series] = seriesOfRole(heap, 'heap_used');
    expect(series?.values.filter((value) => value === 3)).toHaveLength(40);
    expect(series?.values.filter((value) => value === 1).length).toBeGreaterThan(10);
  });

  it('keeps every time of counts by state, whose states come and go', () => {
    const THREADS = { role: 'thread_count' as const, metric: 'jvm.thread.count' };
    const jvm = story(
      levels('5555555555', { ...THREADS, part: 'runnable' }),
      levels('..1...2..3', { ...THREADS, part: 'blocked' }),
    );
    expect(drawn(seriesOfRole(jvm, 'thread_count')[0])).toBe('5565557558');
  });

  it.each(['G1 Old Gen', 'ZGC Old Generation', 'Tenured Gen', 'tenured-LOA'])(
    'adds up the old generation alone where it is asked for and told: %s',
    (part) => {
      const pools = story(
        levels('2222222222', { metric: 'jvm.memory.used', part }),
        levels('1919191919', { metric: 'jvm.memory.used', part: 'G1 Eden Space' }),
      );
      expect(drawn(seriesOfRole(pools, 'heap_used', { old: true })[0])).toBe('2222222222');
    },
  );

  it('adds up all parts where none is the old generation', () => {
    const one = story(levels('1919191919', { part: 'heap' }));
    expect(drawn(seriesOfRole(one, 'heap_used', { old: true })[0])).toBe('1919191919');
  });

  it('puts the better of two metrics of one role first', () => {
    const both = story(
      levels('1111111111', { role: 'rss', metric: 'nodejs.memory.rss' }),
      levels('2222222222', { role: 'rss', metric: 'process.memory.usage' }),
    );
    expect(seriesOfRole(both, 'rss').map(({ metric }) => metric)).toEqual([
      'process.memory.usage',
      'nodejs.memory.rss',
    ]);
  });

  it('tells when two values came for one time', () => {
    const two = story(levels('1111111111'), levels('1111211111'));
    expect(seriesOfRole(two, 'heap_used')[0]).toMatchObject({ conflict: true });
    expect(drawn(seriesOfRole(two, 'heap_used')[0])).toBe('1111211111');
  });

  it('is empty for a role that was not sent', () => {
    expect(seriesOfRole(story(levels('1')), 'rss')).toEqual([]);
  });
});
