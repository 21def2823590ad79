import type { Life } from '../model/leak.ts';
import type { Bytes, EpochMs } from '../model/units.ts';

/** A process that ended because of its memory, or as if: no statistics are needed to show it. */
export interface Death {
  readonly instance: string;
  readonly version: string | undefined;
  readonly time: EpochMs;
  readonly cause: 'oom' | 'near-limit';
  /** Last reading before the end, and its share of the limit where one is known. */
  readonly lastValue: Bytes | undefined;
  readonly shareOfLimit: number | undefined;
}

const NEAR_LIMIT = 0.9;
/** A reading is the last one only if it was taken among the last three: before a longer silence anything may happen. */
const STALE_STEPS = 3;

/** Lives that ended out of memory or at 90 % of their limit, newest first. */
export function deathsNearLimit(lives: readonly Life[]): Death[] {
  return lives.flatMap((life) => deathOf(life) ?? []).toSorted((a, b) => b.time - a.time);
}

function deathOf(life: Life): Death | undefined {
  if (!life.end) return undefined;
  const lastValue = life.values.at(-1);
  const lastTime = life.times.at(-1);
  const share = life.limit && lastValue !== undefined ? lastValue / life.limit : undefined;
  const step = life.times.length > 1 ? (lastTime! - life.times[0]!) / (life.times.length - 1) : 0;
  const isFresh = lastTime !== undefined && life.end.time - lastTime <= STALE_STEPS * step;
  const isNear = isFresh && share !== undefined && share >= NEAR_LIMIT;
  if (life.end.reason !== 'oom' && !isNear) return undefined;
  return {
    instance: life.instance,
    version: life.version,
    time: life.end.time,
    cause: life.end.reason === 'oom' ? 'oom' : 'near-limit',
    lastValue,
    shareOfLimit: share,
  };
}
