import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalFlame } from '../../lib/flame/canonical.ts';
import { exampleUploads } from '../../lib/flame/details.ts';
import { flameOf } from '../../lib/flame/from-profile.ts';
import { mergeFlame } from '../../lib/flame/merge.ts';
import { scaled } from '../../lib/flame/scale.ts';
import { type Selection, type States, select } from '../../lib/flame/select.ts';
import { seriesIn } from '../../lib/flame/series.ts';
import { emptyFlame, type FlameState } from '../../lib/flame/state.ts';
import { summariseFlame } from '../../lib/flame/summarise.ts';
import { totalOf, treeOf } from '../../lib/flame/tree.ts';
import { DAY_MS } from '../../lib/model/units.ts';
import { flameKind } from '../../lib/segments/kinds/flame.ts';
import { drawn, foldedText, origin, T0 } from './drawing.ts';
import { profileState } from './states.ts';

const BUCKET_MS = 600_000;
const HOUR_MS = 6 * BUCKET_MS;

const HEAP: Selection = { measure: { type: 'inuse_space', unit: 'bytes' }, temporality: 'level' };
const ALLOC: Selection = { measure: { type: 'alloc_space', unit: 'bytes' }, temporality: 'cumulative' };
const CPU: Selection = { measure: { type: 'cpu', unit: 'nanoseconds' }, temporality: 'delta' };

let uploads = 0;
const profile = (type: string, text: string, at: number, instance = 'a', more = {}) => {
  uploads += 1;
  return flameOf(drawn(text, { types: [type] }), origin(uploads, { time: T0 + at, instance, ...more }));
};
const heap = (text: string, at: number, instance?: string, more = {}) =>
  profile('inuse_space/bytes level', text, at, instance, more);
const alloc = (text: string, at: number, instance?: string, more = {}) =>
  profile('alloc_space/bytes cumulative', text, at, instance, more);

const merged = (...states: FlameState[]) => states.reduce(mergeFlame, emptyFlame);
const seen = (states: readonly FlameState[], selection: Selection, before: readonly FlameState[] = []) => {
  const { tree, ...rest } = select({ states, before }, selection);
  return { lines: foldedText(tree).trim().split('\n'), ...rest };
};

describe('select() of levels', () => {
  it('adds the instances of a bucket and averages the buckets', () => {
    const states = [
      merged(heap('x 10', 0, 'a'), heap('x 20\n y 4', 0, 'b')),
      merged(heap('x 50', BUCKET_MS, 'a'), heap('y 2', BUCKET_MS, 'b')),
    ];
    expect(seen(states, HEAP)).toMatchObject({ lines: ['x 40', 'y 3'], buckets: 2 });
  });

  it('scales the stacks of 16 instances to the total of all, to the byte', () => {
    const many = merged(...Array.from({ length: 40 }, (_, n) => heap('x 1\n y 2', 0, `pod-${n}`)));
    expect(seen([many], HEAP)).toMatchObject({
      lines: ['x 40', 'y 80'],
      instances: 40,
      keptInstances: 16,
    });
  });

  it('counts a restarted instance once in a bucket, as it is at the end', () => {
    const types = { types: ['alloc_space/bytes cumulative', 'inuse_space/bytes level'] };
    const life = (n: number, at: number, lifeStart: number, values: string) =>
      flameOf(drawn(`x ${values}`, types), origin(n, { time: T0 + at, lifeStart }));
    const both = merged(life(901, 1000, T0 - 5, '100 10'), life(902, 2000, T0 + 1500, '7 3'));
    expect(seen([both], HEAP).lines).toEqual(['x 3']);
    expect(seen([both], ALLOC).lines).toEqual(['x 107']);
  });

  it('answers for one version, one unit of work and one instance alone', () => {
    const state = merged(
      heap('x 10 [http GET /a]\n x 5', 0, 'a', { version: '1' }),
      heap('x 7', 0, 'b', { version: '2' }),
    );
    expect(seen([state], { ...HEAP, version: '1' }).lines).toEqual(['x 15']);
    expect(seen([state], { ...HEAP, work: 'http GET /a' }).lines).toEqual(['x 10']);
    expect(seen([state], { ...HEAP, instance: 'b' })).toMatchObject({ lines: ['x 7'], instances: 1 });
    const counted = merged(alloc('x 10', 0, 'a'), alloc('x 7', 0, 'b'));
    expect(seen([counted], { ...ALLOC, instance: 'b' }).lines).toEqual(['x 7']);
  });
});

describe('select() of cumulative values', () => {
  it('takes differences within a life, from the bucket before the range on', () => {
    const before = [alloc('x 100\n y 5', -1000)];
    const states = [alloc('x 130\n y 5', 1000), alloc('x 160\n y 9', BUCKET_MS)];
    expect(seen(states, ALLOC, before).lines).toEqual(['x 60', 'y 4']);
  });

  it('counts a life that is new from its beginning', () => {
    expect(seen([alloc('x 30', 0)], ALLOC).lines).toEqual(['x 30']);
  });

  it('takes a total that falls for a restart', () => {
    const states = [alloc('x 130', 1000), alloc('x 20', BUCKET_MS), alloc('x 50', 2 * BUCKET_MS)];
    expect(seen(states, ALLOC, [alloc('x 100', -1000)]).lines).toEqual(['x 80']);
    expect(seen([alloc('x 20', 5)], ALLOC, [alloc('x 100', -1000)]).lines).toEqual(['x 20']);
  });

  it('takes another release for another process where nothing tells when it began', () => {
    const of = (version: string, text: string, at: number, more = {}) =>
      alloc(text, at, 'a', { version, ...more });
    const second = { ...ALLOC, version: '2' };
    const before = [of('1', 'x 100', -1000)];
    expect(seen([of('2', 'x 150', 1000)], second, before).lines).toEqual(['x 150']);
    const back = [of('2', 'x 130', 0), of('1', 'x 7', BUCKET_MS), of('2', 'x 150', 2 * BUCKET_MS)];
    expect(seen(back, second, [of('2', 'x 100', -1000)]).lines).toEqual(['x 180']);
    expect(seen([summariseFlame(merged(...back), HOUR_MS)], second).lines).toEqual(['x 280']);
    const one = { lifeStart: T0 - 5000 };
    const told = seen([of('2', 'x 150', 1000, one)], second, [of('1', 'x 100', -1000, one)]);
    expect(told.lines).toEqual(['x 50']);
  });

  it('tells how many instances are new, however often they began', () => {
    const life = (at: number, instance: string) => alloc('x 1', at, instance, { lifeStart: T0 + at - 5 });
    const lives = [life(10, 'a'), life(500, 'a'), life(500, 'b')];
    expect(seen(lives, ALLOC)).toMatchObject({
      instances: 2,
      keptInstances: 2,
      newInstances: 2,
      profiles: 3,
    });
    expect(seen(lives, ALLOC, [life(-100, 'b')]).newInstances).toBe(1);
  });
});

describe('select() of deltas', () => {
  it('adds up over buckets, versions and units, and tells how much was looked at', () => {
    const cpu = (text: string, at: number) => {
      uploads += 1;
      return flameOf(drawn(text, { durationNs: 15e9 }), origin(uploads, { time: T0 + at }));
    };
    const states = [merged(cpu('a;b 5', 0), cpu('a 1 [job mail]', 1)), cpu('a;b 2', BUCKET_MS)];
    expect(seen(states, CPU)).toMatchObject({ lines: ['a 1', 'a;b 7'], profiles: 3, durationMs: 45_000 });
    expect(seen(states, { ...CPU, work: 'job mail' }).lines).toEqual(['a 1']);
  });
});

describe('summariseFlame()', () => {
  const everything = (from: States) =>
    seriesIn(from.states).map((series) => {
      const { tree, profiles: _, ...rest } = select(from, series);
      return [series.measure, series.temporality, foldedText(tree), rest];
    });
  const bucketOf = (state: FlameState) =>
    [...state.snapshots.keys()].map((key) => (JSON.parse(key) as [string, number])[1])[0] ?? T0;

  it('keeps what a reader of whole hours sees, and gives the same when done in two steps', () => {
    fc.assert(
      fc.property(fc.array(profileState, { maxLength: 8 }), (states) => {
        const children = [...Map.groupBy(states, bucketOf).values()].map((group) => merged(...group));
        const whole = merged(...children);
        const rolled = flameKind.decode(flameKind.encode(summariseFlame(whole, HOUR_MS)), 1);
        expect(everything({ states: [rolled], before: [] })).toEqual(
          everything({ states: [whole], before: [] }),
        );
        const twice = summariseFlame(
          merged(...children.map((one) => summariseFlame(one, BUCKET_MS))),
          HOUR_MS,
        );
        expect(canonicalFlame(twice)).toEqual(canonicalFlame(summariseFlame(whole, HOUR_MS)));
      }),
      { seed: 20_310_514, numRuns: 150 },
    );
  });

  it('shows bars of levels by the uploads that its children showed them by', () => {
    const sent = [heap('x 1\n y;z 2', 0, 'a'), heap('x 3', 0, 'b'), heap('y;z 1', BUCKET_MS, 'a')];
    const whole = merged(...sent);
    const shown = (state: FlameState, more: Partial<Selection> = {}) => {
      const { tree } = select({ states: [state], before: [] }, HEAP);
      return exampleUploads([state], { ...HEAP, ...more }, tree, tree, false).map((one) => one?.slice(-2));
    };
    const rolled = summariseFlame(summariseFlame(whole, HOUR_MS), DAY_MS);
    expect(shown(rolled)).toEqual(shown(whole));
    expect(new Set(shown(rolled)).size).toBe(1); // the smallest id shows all
    expect(shown(rolled, { version: 'another' }).some(Boolean)).toBe(false);
    expect(shown(rolled, { instance: 'b' }).some(Boolean)).toBe(false);
  });

  it('holds no snapshot of a level, and one of each life and step', () => {
    const buckets = [0, 1, 2, 6, 7].map((n) =>
      merged(heap('x 1', n * BUCKET_MS), alloc(`x ${n + 1}`, n * BUCKET_MS)),
    );
    const { snapshots, levelTotals } = summariseFlame(merged(...buckets), HOUR_MS);
    expect([...snapshots.values()].map(({ totals }) => [...totals.values()])).toEqual([[3], [8]]);
    expect(levelTotals.size).toBe(5);
  });
});

describe('scaled()', () => {
  it('gives integers that add up to the rounded sum', () => {
    const lists = fc.array(fc.integer({ min: -50, max: 2 ** 40 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(
        lists,
        fc.bigInt({ min: 1n, max: 90n }),
        fc.bigInt({ min: 1n, max: 90n }),
        (list, up, down) => {
          const { table, sums } = flameOf(
            drawn(list.map((value, i) => `f${i} ${value}`).join('\n')),
            origin(1),
          );
          const whole = treeOf(table, [...sums.values()]);
          const error = BigInt(totalOf(scaled(whole, up, down))) * down - BigInt(totalOf(whole)) * up;
          expect(2n * (error < 0n ? -error : error)).toBeLessThanOrEqual(down);
        },
      ),
      { seed: 20_310_515, numRuns: 200 },
    );
  });
});

describe('totals', () => {
  it('of a graph beyond 2^53 are exact', () => {
    const big = flameOf(drawn('a 9007199254740993\n b 9007199254740993'), origin(7));
    expect(totalOf(select({ states: [big, big], before: [] }, CPU).tree)).toBe(36028797018963972n);
  });
});
