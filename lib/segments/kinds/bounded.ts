import { byShortHash } from '../../model/hash.ts';
import { mergeAll } from '../kind.ts';

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
  const keys = [...map.keys()].filter((key) => other(key) !== key);
  if (keys.length <= max) return map;
  const kept = new Map(map);
  const beyond = byShortHash(keys).slice(max);
  for (const key of beyond) kept.delete(key);
  for (const [sum, keys] of Map.groupBy(beyond, other)) {
    const values = [sum, ...keys].flatMap((key) => (map.has(key) ? [map.get(key) as V] : []));
    // In pairs: one after the other would copy the sum for each of a hundred thousand.
    kept.set(sum, mergeAll(values, merge) as V);
  }
  return kept;
}
