import type { Interval, Life } from '../model/leak.ts';
import { type DurationMs, HOUR_MS, SECOND_MS } from '../model/units.ts';
import { floorOf } from './floor.ts';
import { DEFAULTS, type Settings } from './settings.ts';
import { firstAtOrAfter, median, type Points } from './statistics.ts';

/** What lives that grow at the same ages say of any of them: bytes, or a count for roles that count. */
export interface LivesTogether {
  readonly lifeMs: DurationMs;
  /** What a life of that length gains at the pooled slope. */
  readonly gain: Interval;
  /** Age at which start-up is left out of the slope, and the level that a life has reached by then. */
  readonly settledMs: DurationMs;
  readonly settledLevel: number;
  /** Age, in seconds, at which a life that goes on reaches a level; undefined for one that it begins above. */
  ageAt(level: number): Interval | undefined;
}

/** The newest of them tell where a life begins now. */
const MAX_LIVES = 60;

/**
 * @param perHour the pooled slope over the last two thirds of the median life
 * @returns undefined of lives without a low in these two thirds
 */
export function livesTogether(
  given: readonly Life[],
  perHour: Interval,
  settings: Settings = DEFAULTS,
): LivesTogether | undefined {
  const lives = given
    .filter(({ mixedWriters, times }) => !mixedWriters && times.length > 0)
    .toSorted((a, b) => b.times.at(-1)! - a.times.at(-1)!)
    .slice(0, MAX_LIVES);
  if (lives.length === 0) return undefined;
  const birthOf = ({ startedAt, times }: Life) => startedAt ?? times[0]!;
  const lifeMs = median(lives.map((life) => life.times.at(-1)! - birthOf(life)));
  const settledMs = lifeMs / 3;
  const levels = lives.flatMap(
    (life) => levelAt(floorOf(life, settings).levels, birthOf(life) + settledMs, perHour.value) ?? [],
  );
  if (levels.length === 0) return undefined;
  const settledLevel = median(levels);
  const gained = (rate: number) => (rate * lifeMs) / HOUR_MS;
  return {
    ...{ lifeMs, settledMs, settledLevel },
    gain: { value: gained(perHour.value), low: gained(perHour.low), high: gained(perHour.high) },
    ageAt(level) {
      const room = level - settledLevel;
      if (!(room > 0)) return undefined;
      const age = (rate: number) =>
        rate > 0 ? (settledMs + (room / rate) * HOUR_MS) / SECOND_MS : Number.MAX_SAFE_INTEGER;
      return { value: age(perHour.value), low: age(perHour.high), high: age(perHour.low) };
    },
  };
}

/** All later lows together, each taken back along the slope; undefined without one. */
function levelAt({ times, values }: Points, from: number, perHour: number): number | undefined {
  const first = firstAtOrAfter(times, from);
  if (first >= times.length) return undefined;
  let sum = 0;
  for (let i = first; i < times.length; i += 1) sum += values[i]! - (perHour * (times[i]! - from)) / HOUR_MS;
  return sum / (times.length - first);
}
