import { shortHash } from '../../model/hash.ts';
import { compareText } from '../bytes.ts';

export interface Bound<V> {
  readonly max: number;
  /** Key of all that is beyond it. */
  readonly other: string;
  merge(a: V, b: V): V;
}

/**
 * `map` with `max` keys at most: those with the smallest hash stay, and the others become one. Merging stays what it is, in any
 * order: what was left out on one side would have been left out of the whole as well.
 *
 * Cost: nothing up to `max` keys; beyond it a sort of them.
 */
export function bounded<V>(
  map: ReadonlyMap<string, V>,
  { max, other, merge }: Bound<V>,
): ReadonlyMap<string, V> {
  if (map.size - (map.has(other) ? 1 : 0) <= max) return map;
  const places = [...map.keys()]
    .filter((key) => key !== other)
    .map((key) => ({ key, hash: shortHash(key) }))
    .sort((a, b) => compareText(a.hash, b.hash) || compareText(a.key, b.key));
  const kept = new Map(places.slice(0, max).map(({ key }) => [key, map.get(key) as V]));
  const beyond = [other, ...places.slice(max).map(({ key }) => key)];
  const rest = beyond
    .flatMap((key) => (map.has(key) ? [map.get(key) as V] : []))
    .reduce((a, b) => merge(a, b));
  return kept.set(other, rest);
}
