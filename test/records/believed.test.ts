import { expect, it } from 'vitest';
import { believed } from '../../lib/records/believed.ts';

const world = () => {
  const clock = { time: 1000, now: () => clock.time };
  const calls: string[] = [];
  const remember = believed<number>(clock, 30);
  const ask = (key: string, answer: () => number) =>
    remember(key, async () => {
      calls.push(key);
      return answer();
    });
  return { clock, calls, ask };
};

it('asks once for all who ask at once, and again when the answer is old or the clock was set back', async () => {
  const { clock, calls, ask } = world();
  expect(await Promise.all([ask('a', () => 1), ask('a', () => 2), ask('b', () => 3)])).toEqual([1, 1, 3]);
  clock.time += 29;
  expect(await ask('a', () => 4)).toBe(1);
  clock.time += 1;
  expect(await ask('a', () => 5)).toBe(5);
  clock.time -= 1000;
  expect(await ask('a', () => 6)).toBe(6);
  expect(calls).toEqual(['a', 'b', 'a', 'a']);
});

it('tells a failure to all who wait, and asks again', async () => {
  const { ask } = world();
  const fail = () => {
    throw new Error('away');
  };
  const both = [ask('a', fail), ask('a', () => 1)];
  for (const one of both) await expect(one).rejects.toThrow('away');
  expect(await ask('a', () => 2)).toBe(2);
});
