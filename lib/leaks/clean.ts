import type { Life } from '../model/leak.ts';
import type { MemoryRole } from '../model/memory.ts';
import { medianStep, type Points, slicePoints } from './statistics.ts';

/** From this step on, the first sample is still start-up more often than not. */
const FIRST_SAMPLE_IS_START_UP_MS = 30_000;

/** What takes memory as long as it runs: nothing is how failed scrapes are filled, and what is told before a first collection. */
const NEVER_NOTHING: ReadonlySet<MemoryRole> = new Set([
  'heap_used',
  'heap_total',
  'heap_after_gc',
  'rss',
  'virtual',
  'container_usage',
  'host_usage',
]);

/**
 * Drops what is no reading (NaN, infinite, negative, times that do not advance, nothing where something must be) and, at long
 * steps, the first sample: it falls into the start-up. Series of a few points keep it.
 */
export function clean(
  { times, values, role }: Pick<Life, 'times' | 'values' | 'role'>,
  minPoints: number,
): Points {
  const least = NEVER_NOTHING.has(role) ? Number.MIN_VALUE : 0;
  const keptTimes = new Float64Array(times.length);
  const keptValues = new Float64Array(times.length);
  let n = 0;
  for (let i = 0; i < times.length; i++) {
    const time = times[i]!;
    const value = values[i]!;
    if (!Number.isFinite(time) || !Number.isFinite(value) || value < least) continue;
    if (n > 0 && time <= keptTimes[n - 1]!) continue;
    keptTimes[n] = time;
    keptValues[n] = value;
    n += 1;
  }
  const all = slicePoints({ times: keptTimes, values: keptValues }, 0, n);
  const dropsFirst = n > minPoints && medianStep(all.times) >= FIRST_SAMPLE_IS_START_UP_MS;
  return dropsFirst ? slicePoints(all, 1, n) : all;
}
