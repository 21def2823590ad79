import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flameOf } from '../../lib/flame/from-profile.ts';
import { mergeFlame, mergeStates } from '../../lib/flame/merge.ts';
import { emptyFlame, type FlameState, INSTANCES_MAX, snapshotOfKey, sumKey } from '../../lib/flame/state.ts';
import { treeOf } from '../../lib/flame/tree.ts';
import { sumOf } from '../../lib/flame/values.ts';
import { drawn, foldedText, origin, T0, upload } from './drawing.ts';
import { described, flameState } from './states.ts';

const CPU = { type: 'cpu', unit: 'nanoseconds' };
const options = { seed: 20_310_509, numRuns: 150 };
const same = (a: FlameState, b: FlameState) => expect(described(a)).toEqual(described(b));

describe('mergeFlame()', () => {
  it('is commutative, associative and has emptyFlame as its identity', () => {
    fc.assert(
      fc.property(flameState, flameState, flameState, (a, b, c) => {
        same(mergeFlame(a, b), mergeFlame(b, a));
        same(mergeFlame(mergeFlame(a, b), c), mergeFlame(a, mergeFlame(b, c)));
        same(mergeFlame(a, emptyFlame), a);
        same(mergeFlame(emptyFlame, a), a);
        same(mergeFlame(a, mergeFlame(emptyFlame, emptyFlame)), a);
      }),
      options,
    );
  });

  it('says the same of many at once as from one to the next', () => {
    fc.assert(
      fc.property(fc.array(flameState, { maxLength: 6 }), (states) => {
        same(mergeStates(states), states.reduce(mergeFlame, emptyFlame));
      }),
      options,
    );
  });

  it('leaves both of its inputs as they were', () => {
    fc.assert(
      fc.property(flameState, flameState, (a, b) => {
        const before = [described(a), described(b)];
        mergeFlame(a, b);
        expect([described(a), described(b)]).toEqual(before);
      }),
      options,
    );
  });

  it('adds deltas of two profiles that have one time', () => {
    const one = flameOf(drawn('main;a 5'), origin(1));
    const two = flameOf(drawn('main;a 5\n main;b 2'), origin(2));
    const { table, sums } = mergeFlame(one, two);
    expect(foldedText(treeOf(table, [...sums.values()]))).toBe('main;a 10\nmain;b 2\n');
  });

  it('keeps sums exact beyond 2^53', () => {
    const one = flameOf(drawn('a 9007199254740991'), origin(1));
    const two = flameOf(drawn('a 2'), origin(2));
    const { table, sums } = mergeFlame(mergeFlame(one, two), two);
    expect(foldedText(treeOf(table, [...sums.values()]))).toBe('a 9007199254740995\n');
  });

  const heap = (n: number, text: string, time: number, instance = 'pod-1') =>
    flameOf(drawn(text, { types: ['inuse_space/bytes level'] }), origin(n, { time, instance }));

  it('keeps the last snapshot of an instance in a bucket, whatever comes first', () => {
    const [early, late] = [heap(1, 'a 10', T0), heap(2, 'a 12', T0 + 1000)];
    for (const merged of [mergeFlame(early, late), mergeFlame(late, early)]) {
      expect([...merged.snapshots.values()].map((one) => [...one.totals.values()])).toEqual([[12]]);
    }
  });

  it('keeps snapshots of two buckets, and of two instances, beside each other', () => {
    const next = mergeFlame(heap(1, 'a 10', T0), heap(2, 'a 12', T0 + 600_000));
    expect(next.snapshots.size).toBe(2);
    expect(mergeFlame(next, heap(3, 'a 1', T0, 'pod-2')).snapshots.size).toBe(3);
  });

  it('keeps the stacks of 16 instances and the totals of all', () => {
    const all = Array.from({ length: 40 }, (_, n) => heap(n, 'a;b 10', T0, `pod-${n}`));
    const forward = all.reduce(mergeFlame, emptyFlame);
    same(forward, [...all].reverse().reduce(mergeFlame, emptyFlame));
    const snapshots = [...forward.snapshots.values()];
    expect(snapshots).toHaveLength(40);
    expect(snapshots.filter(({ columns }) => columns.size > 0)).toHaveLength(INSTANCES_MAX);
    expect(snapshots.flatMap(({ totals }) => [...totals.values()])).toEqual(new Array(40).fill(10));
  });

  it('tells lives of a cumulative profile apart by their start', () => {
    const life = (n: number, lifeStart: number) =>
      flameOf(drawn('a 10', { types: ['alloc_space/bytes cumulative'] }), origin(n, { lifeStart }));
    const { snapshots } = mergeFlame(life(1, T0 - 9000), life(2, T0 - 5000));
    expect([...snapshots.keys()].map((key) => snapshotOfKey(key).start).sort()).toEqual([
      T0 - 9000,
      T0 - 5000,
    ]);
  });

  it('names the two uploads with the smallest ids per stack', () => {
    const states = [7, 3, 5, 9].map((n) => flameOf(drawn(n === 9 ? 'b 1' : 'a 1'), origin(n)));
    const { examples } = states.reduce(mergeFlame, emptyFlame);
    const [{ uploads, first, second, at } = { uploads: [], first: [], second: [], at: [] }] =
      examples.values();
    const named = Array.from(at, (_, i) => [uploads[first[i]!], uploads[second[i]!]]);
    expect(named).toEqual([
      [upload(3), upload(5)],
      [upload(9), undefined],
    ]);
  });

  it('keeps 2,000 units apart, in whatever order they come, and what the others add up to', () => {
    const stateFrom = (first: number, count = 1500) => {
      const lines = Array.from({ length: count }, (_, n) => `main;a 3 [http GET /orders/${first + n}]`);
      return flameOf(drawn(`main 1\n${lines.join('\n')}`), origin(first));
    };
    const [a, b, c] = [stateFrom(0), stateFrom(1500), stateFrom(3000)] as const;
    const whole = mergeStates([a, b, c]);
    expect(whole.sums.size).toBe(2002);
    expect(whole.examples.size).toBe(2002);
    const of = (work: string) => sumOf(whole.sums.get(sumKey(CPU, '', work))!.values);
    expect([of(''), of('http (other)')]).toEqual([3, 3 * 2500]);
    same(mergeFlame(mergeFlame(c, a), b), whole);
    same(mergeFlame(a, mergeFlame(b, c)), whole);
    same(mergeFlame(whole, emptyFlame), whole);
    expect(mergeStates([stateFrom(0, 2500)]).sums.size).toBe(2002);
  });
});
