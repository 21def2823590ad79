import { HOUR_MS } from '../../model/units.ts';
import type { LifeOfRole } from './index.ts';

/**
 * A long life by its lowest reading of each hour. What is old comes from roll-ups, which keep the least, the largest and
 * the last of an hour, and what is new comes as it was sent: judged together they must be of one grain.
 */
export function inHours(life: LifeOfRole): LifeOfRole {
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
    times: pick(life.times),
    values: pick(life.values),
    work: life.work.map((work) => ({ ...work, times: pick(work.times), counts: pick(work.counts) })),
  };
}
