import { expect, it } from 'vitest';
import { eachInTurn } from '../../lib/jobs/each-project.ts';

it('gives everyone a turn, and throws the first error at the end', async () => {
  const turns: number[] = [];
  const work = async (n: number) => {
    turns.push(n);
    if (n % 2 === 1) throw new Error(`error of ${n}`);
  };
  await expect(eachInTurn([0, 1, 2, 3, 4], work)).rejects.toThrow('error of 1');
  expect(turns).toEqual([0, 1, 2, 3, 4]);
  await eachInTurn([2, 4], work);
  const until = async (n: number) => {
    turns.push(n);
    return n === 6 ? 'enough' : 'next';
  };
  await eachInTurn([5, 6, 7], until);
  expect(turns.slice(5)).toEqual([2, 4, 5, 6]);
});
