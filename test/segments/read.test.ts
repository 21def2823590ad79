import { describe, expect, it } from 'vitest';
import { PARTITION_MS } from '../../lib/model/partition.ts';
import { segmentReader } from '../../lib/segments/read.ts';
import { type SegmentCache, segmentCache } from '../../lib/segments/store.ts';
import { commitTo, PARTITION, stores, sumOf, upTo } from './one-partition.ts';

describe('segmentReader()', () => {
  it('merges once for questions that come together, whatever part of it they are about', async () => {
    const world = stores();
    for (const one of upTo(5)) await commitTo(world, [one]);
    const cold = segmentCache(world.objects);
    const loads: string[] = [];
    const cache: SegmentCache = {
      ...cold,
      async load(key) {
        loads.push(key);
        return cold.load(key);
      },
    };
    const reader = segmentReader(world.context, cache);
    const { start, ...place } = PARTITION;
    const ask = (name: string) =>
      reader.range(
        'instance',
        { ...place, from: start, to: start + PARTITION_MS },
        { name, of: (whole) => whole },
      );
    const answers = await Promise.all(['a', 'b', 'b', 'c'].map(ask));
    expect(loads).toHaveLength(5);
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    await ask('d');
    expect(loads).toHaveLength(5);
    await commitTo(world, [...upTo(6)]);
    await ask('a');
    expect(loads.length).toBeGreaterThan(5);
    expect(await sumOf(world)).toBe(0b111111);
  });
});
