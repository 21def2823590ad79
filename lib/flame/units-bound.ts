import { byShortHash } from '../model/hash.ts';
import { OTHER_UNITS, unitKey } from '../model/unit-of-work.ts';
import { exampleKey, exampleOfKey, type FlameState, sumKey, sumOfKey } from './state.ts';

/** Units of work whose deltas a state keeps apart: as many as one profile may name. */
const UNITS_MAX = 2000;
const OTHER = unitKey(OTHER_UNITS);

/** What keys of `sums` and `examples` are in the sum of states. */
export interface KeysInSum {
  sum(key: string): string;
  example(key: string): string;
}

/**
 * Undefined where `states` together have UNITS_MAX units at most. Of more, as a service has that names its work by raw paths, those
 * with the smallest hash stay and the others count as one. A unit that is left out here would be left out in every order.
 */
export function boundedUnits(states: readonly FlameState[]): KeysInSum | undefined {
  const sums = new Set(states.flatMap((state) => [...state.sums.keys()]));
  const examples = new Set(states.flatMap((state) => [...state.examples.keys()]));
  if (sums.size + examples.size <= UNITS_MAX) return undefined;
  const units = new Set(Array.from(sums, (key) => sumOfKey(key).work));
  // A unit all of whose values are zero has examples alone.
  for (const key of examples) units.add(exampleOfKey(key).work ?? '');
  for (const none of ['', OTHER]) units.delete(none);
  if (units.size <= UNITS_MAX) return undefined;
  const beyond = new Set(byShortHash(units).slice(UNITS_MAX));
  return {
    sum(key) {
      const of = sumOfKey(key);
      return beyond.has(of.work) ? sumKey(of, of.version, OTHER) : key;
    },
    example(key) {
      const { measures, version, work } = exampleOfKey(key);
      if (version === undefined || work === undefined || !beyond.has(work)) return key;
      const of = measures.map(([type, unit]) => ({ type, unit }));
      return exampleKey(of, version, OTHER);
    },
  };
}
