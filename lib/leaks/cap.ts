import type { Life } from '../model/leak.ts';
import type { Floor } from './floor.ts';
import type { Settings } from './settings.ts';
import { firstAtOrAfter, type Points, slicePoints } from './statistics.ts';

export interface Cap {
  readonly capped: boolean;
  /** The floor without the silence at the cap, which would blur the rise. */
  readonly points: Points;
}

/** Full collections among the last 60 that say: the heap is full and the collector knows. */
const RECENT_COLLECTIONS = 60;
const MANY_FULL = 5;
const FALLS_AT_CAP = 10;

/** Whether a heap has reached its limit, or a level from which its collector no longer gets down. */
export function capOf(life: Life, floor: Floor, settings: Settings): Cap {
  const { points } = floor;
  const n = points.times.length;
  const limit = life.limit;
  if (!floor.collected || !limit || n < settings.minPoints) return { capped: false, points };
  const start = points.values[0]!;
  const end = points.values[n - 1]!;
  const nearLimit = end >= settings.capShare * limit;
  const busyAtTop = end >= settings.capShareWithActivity * limit && isBusyAtTop(life, floor, limit);
  if (!nearLimit && !busyAtTop) return { capped: false, points };
  const reached = timeOfShare(points, start + 0.97 * (end - start));
  const way = points.times[reached]! - points.times[0]!;
  const cutTime = points.times[reached]! + 0.25 * way;
  const cut = Math.max(firstAtOrAfter(points.times, cutTime), reached + 3);
  return { capped: true, points: slicePoints(points, 0, Math.min(n, cut)) };
}

const timeOfShare = (points: Points, level: number): number => {
  const i = points.values.findIndex((v) => v >= level);
  return i < 0 ? points.values.length - 1 : i;
};

/** An idle process is flat too: at the top it must go on collecting. */
function isBusyAtTop(life: Life, floor: Floor, limit: number): boolean {
  const { times, values } = floor.readings;
  if (life.afterGc && life.majorCollections) {
    const since = times[Math.max(0, times.length - RECENT_COLLECTIONS)]!;
    if (life.majorCollections.filter((t) => t >= since).length >= MANY_FULL) return true;
  }
  const points = floor.points;
  const first = points.values[0]!;
  const last = points.values.at(-1)!;
  const reachedAt = points.times[timeOfShare(points, first + 0.95 * (last - first))]!;
  const wayMs = reachedAt - times[0]!;
  if (times.at(-1)! - reachedAt < 0.1 * wayMs) return false;
  let falls = 0;
  for (let i = firstAtOrAfter(times, reachedAt) + 1; i < times.length; i++)
    if (values[i - 1]! - values[i]! > 0.002 * limit) falls += 1;
  return falls >= FALLS_AT_CAP;
}
