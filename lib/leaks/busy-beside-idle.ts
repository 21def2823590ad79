import type { BusyBesideIdle, LoadShare } from '../model/finding.ts';
import type { Life } from '../model/leak.ts';
import { HOUR_MS } from '../model/units.ts';
import { type Seen, seenAfterStartUp } from './releases.ts';
import { DEFAULTS } from './settings.ts';
import { combined } from './slope-with-error.ts';

/** Instances that do nearly as much as each other tell nothing. */
const CLEARLY_BUSIER = 2;

/**
 * What the busiest third of a cohort's lives keeps per hour beside the idlest third: where work makes memory stay they differ
 * as their traffic does, where the clock does they do not. Undefined where the lives are too few or too alike, or
 * their work was sampled at a rate that nobody told.
 *
 * @param unit key of the unit whose traffic is compared; all of it where none is suspected
 */
export function busyBesideIdle(lives: readonly Life[], unit: string | undefined): BusyBesideIdle | undefined {
  const seen = lives
    .filter(({ mixedWriters, times, work }) => !mixedWriters && times.length > 0 && work.length > 0)
    .map((life) => seenAfterStartUp(life, unit, DEFAULTS))
    .filter(({ byClock, isCounted }) => byClock !== undefined && isCounted)
    .toSorted((a, b) => perHour(a) - perHour(b));
  const third = Math.floor(seen.length / 3);
  const idlest = shareOf(seen.slice(0, third));
  const busiest = shareOf(seen.slice(seen.length - third));
  if (!idlest || !busiest || !(busiest.unitsPerHour > CLEARLY_BUSIER * idlest.unitsPerHour)) return undefined;
  return { busiest, idlest };
}

const perHour = ({ units, durationMs }: Seen) => (units * HOUR_MS) / Math.max(1, durationMs);

function shareOf(seen: readonly Seen[]): LoadShare | undefined {
  const slope = combined(
    seen.flatMap(({ byClock }) => byClock ?? []),
    HOUR_MS,
  );
  if (slope === null) return undefined;
  const unitsPerHour = seen.reduce((sum, one) => sum + perHour(one), 0) / seen.length;
  return { lives: seen.length, unitsPerHour, slopeBytesPerHour: slope };
}
