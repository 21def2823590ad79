import { oldCollections } from '../../leaks/index.ts';
import { type EpochMs, HOUR_MS } from '../../model/units.ts';
import type { LifeOfRole } from './index.ts';

/**
 * A long life by its lowest reading of each hour. What is old comes from roll-ups, which keep the least, the largest and
 * the last of an hour, and what is new comes as it was sent: judged together they must be of one grain.
 */
export function inHours(life: LifeOfRole, exactFrom: EpochMs): LifeOfRole {
  const kept: number[] = [];
  for (let i = 0; i < life.times.length; i += 1) {
    const hour = Math.floor((life.times[i] as number) / HOUR_MS);
    const last = kept.at(-1);
    if (last === undefined || Math.floor((life.times[last] as number) / HOUR_MS) !== hour) kept.push(i);
    else if ((life.values[i] as number) < (life.values[last] as number)) kept[kept.length - 1] = i;
  }
  const pick = (values: Float64Array) => Float64Array.from(kept, (i) => values[i] as number);
  return {
    ...life,
    ...(life.role === 'heap_used' ? { likelyCollections: collectionsSince(life, exactFrom) } : {}),
    times: pick(life.times),
    values: pick(life.values),
    work: life.work.map((work) => ({ ...work, times: pick(work.times), counts: pick(work.counts) })),
  };
}

/** Collections show as falls in the readings as they were sent; among the lowest of each hour there are none. */
function collectionsSince({ times, values }: LifeOfRole, exactFrom: EpochMs): Float64Array | undefined {
  const from = times.findIndex((time) => time >= exactFrom);
  return from < 0
    ? undefined
    : oldCollections({ times: times.subarray(from), values: values.subarray(from) });
}
