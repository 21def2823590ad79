import { bucketMinima } from './buckets.ts';
import { DEFAULTS, type Settings } from './settings.ts';
import { madSd, median, type Points } from './statistics.ts';
import { toothLength } from './tooth-length.ts';

// When the old generation was collected, by the readings alone. A young collection leaves what was promoted, so that the lows after
// young ones only rise: of a heap that merely fills they prove nothing.

/** An old-generation collection frees at least this share of the heap; the tail of young ones frees less. */
const LEAST_SHARE_FREED = 0.05;
/** Where young collections come faster than readings, the least of so many was taken soon after one. */
const READINGS_PER_LOW = 6;
/** Falls of lows beyond so many deviations of their moves are no noise. */
const NOISE_SD = 6;

/**
 * Times of single large falls, or of drops of the lows, whichever are more. Cost: some passes.
 *
 * @param afterGc each value is what one collection left
 */
export function oldCollections(
  readings: Points,
  settings: Settings = DEFAULTS,
  afterGc = false,
): Float64Array {
  const falls = largeFalls(readings, settings);
  const drops = dropsOf(afterGc ? readings : lowsOf(readings));
  return drops.length > falls.length ? drops : falls;
}

const lowsOf = (readings: Points): Points =>
  bucketMinima(readings, Math.max(toothLength(readings, 120), READINGS_PER_LOW));

/** Single falls well beyond the usual. */
function largeFalls({ times, values }: Points, { majorFallFactor: factor }: Settings): Float64Array {
  const falls: number[] = [];
  for (let i = 1; i < values.length; i++)
    if (values[i]! < values[i - 1]!) falls.push(values[i - 1]! - values[i]!);
  const usual = factor * median(falls);
  return times.filter((_, i) => {
    const before = values[i - 1] ?? 0;
    return i > 0 && before - values[i]! >= Math.max(usual, LEAST_SHARE_FREED * before) && usual > 0;
  });
}

/** When lows fell below where they had been, at once or step by step, by more than they wobble; each such fall once. */
function dropsOf({ times, values }: Points): Float64Array {
  const moves = Float64Array.from(
    { length: Math.max(0, values.length - 1) },
    (_, i) => values[i + 1]! - values[i]!,
  );
  const noise = NOISE_SD * madSd(moves);
  const drops: number[] = [];
  let [top, low, isFalling] = [values[0] ?? 0, 0, false];
  for (const [i, value] of values.entries()) {
    const least = Math.max(noise, LEAST_SHARE_FREED * top);
    if (isFalling) {
      low = Math.min(low, value);
      if (value - low < least) continue;
      [top, isFalling] = [value, false];
    } else if (top - value >= least) {
      drops.push(times[i]!);
      [low, isFalling] = [value, true];
    } else top = Math.max(top, value);
  }
  return Float64Array.from(drops);
}
