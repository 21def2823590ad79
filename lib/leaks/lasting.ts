import type { LeakResult } from '../model/leak.ts';
import { HOUR_MS } from '../model/units.ts';

/** Share of the time since its onset that a rise has lasted if it goes on: straight ones last for all of it. */
const LASTS = 0.75;

/** Whether the rise of a leak goes on, or ended while its process lived on; false where there is none. */
export function hasLasted({ onset, slopeBytesPerHour, floor, floorPoints }: LeakResult): boolean {
  if (onset === null || slopeBytesPerHour === null || floor === null) return false;
  const risen = ((floor.end - floor.start) / slopeBytesPerHour.value) * HOUR_MS;
  return risen >= LASTS * (floorPoints.times.at(-1)! - onset.t);
}
