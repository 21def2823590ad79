import { describe, expect, it } from 'vitest';
import { flameOf } from '../../lib/flame/from-profile.ts';
import { functionTimes } from '../../lib/flame/functions.ts';
import { mergeFlame } from '../../lib/flame/merge.ts';
import { type FunctionMoments, growths, type SideMoments } from '../../lib/flame/regression.ts';
import { originsBetween } from '../../lib/flame/shift.ts';
import { emptyFlame } from '../../lib/flame/state.ts';
import { treeOf } from '../../lib/flame/tree.ts';
import { studentQuantile } from '../../lib/model/student.ts';
import { drawn, origin } from './drawing.ts';

const US = 1000;
/** Sums over profiles, each drawn as text in microseconds. */
function side(profiles: readonly string[]): SideMoments {
  const functions = new Map<string, FunctionMoments>();
  let [us, squares] = [0n, 0n];
  for (const text of profiles) {
    const [all] = functionTimes(drawn(text.replace(/ (\d+)/g, (_, n) => ` ${Number(n) * US}`)))!;
    const whole = BigInt(all!.totalUs);
    us += whole;
    squares += whole * whole;
    for (const { name, totalUs } of all!.functions) {
      const [x, before] = [BigInt(totalUs), functions.get(name) ?? { us: 0n, squares: 0n, products: 0n }];
      functions.set(name, {
        us: before.us + x,
        squares: before.squares + x * x,
        products: before.products + x * whole,
      });
    }
  }
  return { profiles: profiles.length, us, squares, functions };
}

const wobble = (n: number, base: number) => base + ((n * 7) % 5);
const profiles = (count: number, text: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => text(n));
const steady = profiles(20, (n) => `main;parse ${wobble(n, 100)}\n main;send ${wobble(n + 3, 400)}`);

it('functionTimes() takes no unit for one of time because every object has a member of that name', () => {
  const profile = drawn('a;b 5');
  const sampleTypes = profile.sampleTypes.map((type) => ({ ...type, unit: 'constructor' }));
  expect(functionTimes({ ...profile, sampleTypes })).toBeUndefined();
});

describe('growths()', () => {
  it('finds the function whose share grew, and how much', () => {
    const slower = profiles(20, (n) => `main;parse ${wobble(n, 160)}\n main;send ${wobble(n + 3, 400)}`);
    const [first, ...rest] = growths(side(steady), side(slower));
    expect(rest).toEqual([]);
    expect(first).toMatchObject({ key: 'parse', measure: 'share' });
    expect(first!.change.value).toBeCloseTo(162 / 564 - 102 / 504, 2);
    expect(first!.change.low).toBeGreaterThan(0.05);
  });

  it('says nothing of what did not change, of few profiles, and of one wild profile', () => {
    expect(growths(side(steady), side([...steady].reverse()))).toEqual([]);
    const slower = profiles(5, () => 'main;parse 300\n main;send 400');
    expect(growths(side(steady), side(slower))).toEqual([]);
    const wild = [...steady.slice(1), 'main;parse 3000\n main;send 400'];
    expect(growths(side(steady), side(wild))).toEqual([]);
  });

  it('knows that others seem to grow where one got faster', () => {
    const faster = profiles(20, (n) => `main;parse ${wobble(n, 20)}\n main;send ${wobble(n + 3, 400)}`);
    const [send, ...rest] = growths(side(steady), side(faster));
    expect(rest).toEqual([]);
    expect(send).toMatchObject({ key: 'send', dilutedBy: 'parse' });
  });

  it('finds a function that is new', () => {
    const withNew = steady.map((text, n) => `${text}\n main;check ${wobble(n, 40)}`);
    expect(growths(side(steady), side(withNew)).map(({ key, left }) => [key, left])).toEqual([['check', 0]]);
  });

  it('tells costs, which grow even where all of it grows alike', () => {
    const twice = profiles(20, (n) => `main;parse ${wobble(n, 200)}\n main;send ${wobble(n + 3, 800)}`);
    expect(growths(side(steady), side(twice))).toEqual([]);
    const costs = growths(side(steady), side(twice), { measures: ['cost'] });
    expect(costs.map(({ key }) => key)).toEqual(['main', 'send', 'parse']);
    expect(costs[2]!.right).toBeCloseTo(0.202, 3);
  });
});

describe('originsBetween()', () => {
  const tree = (text: string) => {
    const { table, sums } = mergeFlame(emptyFlame, flameOf(drawn(text), origin(1)));
    return treeOf(table, [...sums.values()]);
  };
  const before = tree('main;serve;render;escape 100\n main;serve;render;join 100\n main;query 800');

  it('calls it growth where the callers grew with it', () => {
    const after = tree('main;serve;render;escape 220\n main;serve;render;join 100\n main;query 800');
    expect(originsBetween(before, after)({ name: 'escape', file: '' })).toEqual({ kind: 'growth' });
  });

  it('calls it a shift where a sibling gave what it took', () => {
    const after = tree('main;serve;render;escape 190\n main;serve;render;join 10\n main;query 800');
    expect(originsBetween(before, after)({ name: 'escape', file: '' })).toEqual({
      kind: 'shift',
      within: { name: 'render', file: '' },
      from: { name: 'join', file: '' },
    });
  });

  it('knows of a caller that is new as well that it grew itself', () => {
    const after = tree('main;serve;render;join 200\n main;query 800\n main;audit;check 300');
    expect(originsBetween(before, after)({ name: 'check', file: '' })).toEqual({ kind: 'growth' });
  });
});

describe('studentQuantile()', () => {
  it.each([
    [0.025, 10, 2.2281388],
    [0.05, 1, 6.3137515],
    [0.0005, 20, 3.849516],
    [0.025, 1e6, 1.959966],
  ])('of %d with %d degrees is the table value', (probability, degrees, value) => {
    expect(studentQuantile(probability, degrees)).toBeCloseTo(value, 5);
  });
});
