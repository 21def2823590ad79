import { shortHash } from '../model/hash.ts';

/** Chooses among instances evenly: names of one deployment differ in their last letters alone. */
export const instanceHash = (instance: string): number => {
  let h = Number.parseInt(shortHash(instance), 16);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};
