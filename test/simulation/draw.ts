import { random } from '../segments/chaos.ts';

/** Draws of one history: the same for the same seed. */
export interface Draw {
  /** [0, 1) */
  unit(): number;
  chance(probability: number): boolean;
  /** A whole number of [from, to]. */
  whole(from: number, to: number): number;
  pick<T>(list: readonly T[]): T;
}

export function draws(seed: number): Draw {
  const unit = random(seed);
  const whole = (from: number, to: number) => from + Math.floor(unit() * (to - from + 1));
  return {
    unit,
    chance: (probability) => unit() < probability,
    whole,
    pick: (list) => list[whole(0, list.length - 1)] as (typeof list)[number],
  };
}

/** Seed of the n-th history of a run: neighbours must not begin alike. */
export const seedOf = (seed: number, history: number) =>
  (Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(history + 1, 0x85ebca6b)) >>> 0;
