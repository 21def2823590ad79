import { toKey } from './wire.ts';

/** From the ids of one file to places in its table. Ids are any 64-bit numbers; nearly always they are 1, 2, 3, … */
export interface IdMap {
  /** Place by id for ids below `size`, −1: none. Longer than `size`: it serves many files. */
  dense: Int32Array;
  size: number;
  sparse: Map<number | bigint, number> | undefined;
}

const NONE = -1;

export const createIdMap = (): IdMap => ({ dense: new Int32Array(0), size: 0, sparse: undefined });

/** Forgets all ids, and makes room for `count` of them. */
export function resetIdMap(map: IdMap, count: number): void {
  // Twice the count: files that left something out still have small ids.
  map.size = 2 * count + 16;
  if (map.dense.length < map.size) map.dense = new Int32Array(2 * map.size);
  map.dense.fill(NONE, 0, map.size);
  map.sparse = undefined;
}

/** @returns false when the id is taken */
export function addId(map: IdMap, low: number, high: number, place: number): boolean {
  if (high === 0 && low >= 0 && low < map.size) {
    if (map.dense[low] !== NONE) return false;
    map.dense[low] = place;
    return true;
  }
  map.sparse ??= new Map();
  const key = toKey(low, high);
  if (map.sparse.has(key)) return false;
  map.sparse.set(key, place);
  return true;
}

/** The place of an id, −1: none. */
export function placeOf(map: IdMap, low: number, high: number): number {
  if (high === 0 && low >= 0 && low < map.size) return map.dense[low]!;
  return map.sparse?.get(toKey(low, high)) ?? NONE;
}
