import { shortHash } from '../../model/hash.ts';
import { compareText } from '../bytes.ts';

export interface Bound<V> {
  readonly max: number;
  /** What a key beyond it counts as: one of few, which count as themselves. */
  other(key: string): string;
  merge(a: V, b: V): V;
}

/**
 * `map` with `max` keys at most, and what the others add up to: those with the smallest hash stay. Merging stays what it is, in any
 * order: what was left out on one side would have been left out of the whole as well.
 *
 * Cost: nothing up to `max` keys; beyond it a sort of them.
 */
export function boundedMap<V>(
  map: ReadonlyMap<string, V>,
  { max, other, merge }: Bound<V>,
): ReadonlyMap<string, V> {
  if (map.size <= max) return map;
  const places = [...map.keys()]
    .filter((key) => other(key) !== key)
    .map((key) => ({ key, hash: shortHash(key) }))
    .sort((a, b) => compareText(a.hash, b.hash) || compareText(a.key, b.key));
  if (places.length <= max) return map;
  const kept = new Map(map);
  for (const { key } of places.slice(max)) {
    const value = map.get(key) as V;
    const before = kept.get(other(key));
    kept.set(other(key), before === undefined ? value : merge(before, value));
    kept.delete(key);
  }
  return kept;
}
