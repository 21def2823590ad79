import { describe, expect, it } from 'vitest';
import { postMortemOf } from '../../lib/jobs/post-mortem.ts';
import { MIB } from '../../lib/model/units.ts';
import { lifeOf } from '../leaks/draw.ts';

describe('postMortemOf()', () => {
  it('takes a life of more readings than a call has arguments', () => {
    const values = Array.from({ length: 200_000 }, (_, i) => 100 * MIB + i);
    const life = { ...lifeOf(values, 1), metric: 'rss', parts: [''] };
    const death = { instance: 'one', version: undefined, time: life.times.at(-1)!, cause: 'oom' } as const;
    const told = postMortemOf(undefined, life, undefined, {
      ...death,
      lastValue: values.at(-1),
      shareOfLimit: undefined,
    });
    expect(told.growth).toEqual({ bytes: 199_999, since: 0, isFloor: false });
  });
});
