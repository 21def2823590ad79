import type { ReleaseSlope, Releases } from '../model/finding.ts';
import type { Interval, Life, Suspect } from '../model/leak.ts';
import { isCountRole } from '../model/memory.ts';
import { unitKey } from '../model/unit-of-work.ts';
import { HOUR_MS } from '../model/units.ts';
import { decimate } from './buckets.ts';
import { fixProof } from './fix-proof.ts';
import { floorOf } from './floor.ts';
import { DEFAULTS, type Settings } from './settings.ts';
import { combined, type Estimate, slopeWithError } from './slope-with-error.ts';
import { firstAtOrAfter, type Points, slicePoints } from './statistics.ts';
import { type UnitCounts, unitCounts } from './work-counts.ts';

/** Releases that are compared at most, the newest, and processes of each. */
const MAX_RELEASES = 12;
const MAX_LIVES = 200;
/** The start of a process is start-up: as in the pool, its first third, but a day and a half at most. */
const START_UP_SHARE = 1 / 3;
/** Lows of one process. A heap of unknown collections gives the least of each of so many equal stretches, so that the last
 * ones lie no higher than the first: an envelope always rises towards its end. */
const LOWS = 48;
const BUCKETS_OF_HEAP = 24;
/** A release keeps nothing when its interval ends below this share of what the bad one keeps. */
const NOTHING_BELOW = 0.25;

/**
 * What each release kept, per hour and per unit of the suspect, which one was the first bad one, and whether the newest
 * has ended it. Processes of all releases are looked at in one way, whatever their verdict was.
 *
 * Cost: a floor and two lines per life, some .3 ms each.
 *
 * @param lives of one role, of all releases
 * @param bad the release that was found to keep memory; one that is not among them, as `all versions`, leaves the table alone
 */
export function compareReleases(
  lives: readonly Life[],
  bad: { readonly version: string; readonly suspect: Suspect | undefined; readonly perHour: Interval | null },
  settings: Settings = DEFAULTS,
): Releases {
  const { suspect } = bad;
  const isUnit = suspect?.cause === 'unit' && suspect.units.length === 1 && suspect.bytesPerUnit !== null;
  const unit = isUnit ? unitKey(suspect.units[0]!) : undefined;
  const items = [...Map.groupBy(lives, (life) => life.version ?? '')]
    .map(([version, same]) => releaseSlope(version, same, unit, settings))
    .filter((item) => item !== undefined)
    .toSorted((a, b) => a.from - b.from)
    .filter(({ version }, i, all) => i >= all.length - MAX_RELEASES || version === bad.version);
  const place = items.findIndex(({ version }) => version === bad.version);
  const kept = isUnit ? suspect.bytesPerUnit! : bad.perHour;
  const of = (item: ReleaseSlope) => (isUnit ? item.bytesPerUnit : item.slopeBytesPerHour);
  const least = isCountRole(lives[0]!.role) ? settings.minRiseCount : settings.minRiseBytes;
  return {
    by: isUnit ? 'unit' : 'clock',
    items,
    firstBad: kept && place !== -1 ? firstBad(items, place, kept, of) : null,
    fix:
      place === -1
        ? null
        : fixOf(lives, items, place, isUnit ? suspect.bytesPerUnit : null, bad.perHour, least),
  };
}

/** The newest release against the bad one: by the unit where it sends counts of work. */
function fixOf(
  lives: readonly Life[],
  items: readonly ReleaseSlope[],
  place: number,
  perUnit: Interval | null,
  perHour: Interval | null,
  least: number,
): Releases['fix'] {
  const next = successor(items, items[place]!);
  if (next === undefined) return null;
  const { version, units, hours, bytesPerUnit, slopeBytesPerHour } = next;
  const hasCounts = lives.some(
    (life) => (life.version ?? '') === version && life.work.some(({ complete }) => complete),
  );
  if (perUnit && hasCounts)
    return fixProof(perUnit, { version, by: 'unit', kept: bytesPerUnit, served: units }, least);
  if (!perHour) return null;
  return fixProof(perHour, { version, by: 'clock', kept: slopeBytesPerHour, served: hours }, least);
}

/** The newest release that came after the bad one, or that was gone back to. */
const successor = (items: readonly ReleaseSlope[], bad: ReleaseSlope): ReleaseSlope | undefined =>
  items.findLast((item) => item !== bad && (item.from > bad.from || item.to > bad.to));

/** Backwards from the bad release to the last one that kept nothing; what lies between may be the first bad one. */
function firstBad(
  items: readonly ReleaseSlope[],
  place: number,
  kept: Interval,
  of: (item: ReleaseSlope) => Interval | null,
): Releases['firstBad'] {
  const isGood = (item: ReleaseSlope) =>
    (of(item)?.high ?? Number.POSITIVE_INFINITY) <= NOTHING_BELOW * kept.value;
  const isBad = (item: ReleaseSlope) => (of(item)?.low ?? 0) > NOTHING_BELOW * kept.value;
  const good = items.findLastIndex((item, i) => i < place && isGood(item));
  const since = items.slice(good + 1, place + 1);
  const sure = since.findIndex((item, i) => i === since.length - 1 || isBad(item));
  return {
    versions: since.slice(0, sure + 1).map(({ version }) => version),
    lastGood: items[good]?.version ?? null,
  };
}

function releaseSlope(
  version: string,
  lives: readonly Life[],
  unit: string | undefined,
  settings: Settings,
): ReleaseSlope | undefined {
  const usable = lives
    .filter(({ mixedWriters, times }) => !mixedWriters && times.length > 0)
    .slice(-MAX_LIVES);
  if (usable.length === 0) return undefined;
  const seen = usable.map((life) => seenAfterStartUp(life, unit, settings));
  const sum = (of: (one: Seen) => number) => seen.reduce((all, one) => all + of(one), 0);
  return {
    version,
    from: Math.min(...usable.map(({ times }) => times[0]!)),
    to: Math.max(...usable.map(({ times }) => times.at(-1)!)),
    lives: usable.length,
    hours: sum((one) => one.durationMs) / HOUR_MS,
    units: Math.round(sum((one) => one.units)),
    slopeBytesPerHour: combined(
      seen.flatMap((one) => one.byClock ?? []),
      HOUR_MS,
    ),
    bytesPerUnit: combined(
      seen.flatMap((one) => one.byUnit ?? []),
      1,
    ),
  };
}

export interface Seen {
  readonly durationMs: number;
  readonly units: number;
  /** False where the work was sampled at a rate that nobody told: 0 units say nothing then. */
  readonly isCounted: boolean;
  readonly byClock: Estimate | undefined;
  readonly byUnit: Estimate | undefined;
}

/** One process after its start-up: how long, how much work, and its slopes. */
export function seenAfterStartUp(life: Life, unit: string | undefined, settings: Settings): Seen {
  const lows = settled(lowsOf(life, settings), life, settings);
  const asked = unitCounts(life.work).filter((one) =>
    unit === undefined ? !one.isPart : unitKey(one.unit) === unit,
  );
  // What was sampled at a rate that nobody told is no count.
  const seen = asked.filter(({ complete }) => complete);
  const own = unit === undefined ? undefined : seen[0];
  const [from, to] = [lows.times[0] ?? 0, life.times.at(-1)!];
  const since = (one: UnitCounts) => one.at(to) - one.at(from);
  const least = settings.noiseFloorShare * (lows.values[0] ?? 0);
  const byUnit =
    own && slopeWithError({ times: lows.times.map((t) => own.at(t)), values: lows.values }, least);
  return {
    durationMs: lows.times.length > 0 ? to - from : 0,
    isCounted: seen.length > 0 || asked.length === 0,
    units: lows.times.length > 0 ? seen.reduce((all, one) => all + since(one), 0) : 0,
    byClock: slopeWithError(lows, least),
    byUnit,
  };
}

function lowsOf(life: Life, settings: Settings): Points {
  const { levels, readings, collected, collections } = floorOf(life, settings);
  if (!collected || life.afterGc) return decimate(levels, LOWS, 'medians');
  const isCounted = collections.told && levels.times.length >= settings.minPoints;
  return isCounted ? decimate(levels, LOWS, 'medians') : decimate(readings, BUCKETS_OF_HEAP, 'minima');
}

function settled(lows: Points, { startedAt, times }: Life, { warmUpLimitMs }: Settings): Points {
  const birth = startedAt ?? times[0]!;
  const startUp = Math.min(warmUpLimitMs, START_UP_SHARE * (times.at(-1)! - birth));
  return slicePoints(lows, firstAtOrAfter(lows.times, birth + startUp), lows.times.length);
}
