import type { Life } from '../model/leak.ts';
import { bucketMinima, decimate } from './buckets.ts';
import { clean } from './clean.ts';
import { inFlightOf } from './in-flight.ts';
import { oldCollections } from './old-collections.ts';
import { withoutDay } from './season.ts';
import type { Settings } from './settings.ts';
import { firstAtOrAfter, median, type Points } from './statistics.ts';
import { toothLength } from './tooth-length.ts';
import type { UnitCounts } from './work-counts.ts';

/** What is left of a series when the garbage is taken off: the least that the process can have kept. */
export interface Floor {
  /** Floor points, ascending. */
  readonly points: Points;
  /** Single low readings, for regressions: an envelope would press one low into many points. */
  readonly levels: Points;
  /** By how much the reading after each low is higher, where that is known: a low taken late after its collection holds
   * some of the same garbage. */
  readonly regrowth: Float64Array | undefined;
  /** The cleaned readings below which the floor lies. */
  readonly readings: Points;
  /** True when a fall of the readings is a collection: then garbage only adds, and the floor never falls. */
  readonly collected: boolean;
  /** True when each point is already the least of several readings. */
  readonly thinned: boolean;
  /** Times of old-generation collections; `told` where somebody counts them. */
  readonly collections: { readonly times: Float64Array; readonly told: boolean };
  readonly confirmedUntil: number | null;
}

/** Roles whose value falls only when a collector runs. */
const isCollected = (life: Life): boolean => life.role === 'heap_used' || life.role === 'heap_after_gc';

export function floorOf(life: Life, settings: Settings): Floor {
  const all = decimateRaw(clean(life, settings.minPoints), settings);
  if (!isCollected(life)) return sampledFloor(withoutDay(all));
  const told = life.majorCollections;
  const lows = told && !life.afterGc ? valuesAt(all, told) : undefined;
  // Collections that are counted leave no doubt which readings are floors; with too few of them the envelope must do.
  if (lows && lows.times.length >= settings.minPoints) return confirmedFloor(lows, regrowthOf(lows, all));
  return envelopeFloor(all, life, settings);
}

const decimateRaw = (points: Points, settings: Settings): Points =>
  decimate(points, settings.maxRawPoints, 'minima');

/** Every reading counts; teeth, if there are any, are cut at their length. */
function sampledFloor(readings: Points): Floor {
  const m = toothLength(readings, 40);
  const points = m > 1 ? bucketMinima(readings, m) : lowerOfNeighbours(readings);
  return {
    points,
    levels: m > 1 ? points : readings,
    regrowth: undefined,
    readings,
    collected: false,
    thinned: m > 1,
    collections: { times: new Float64Array(0), told: false },
    confirmedUntil: readings.times.at(-1) ?? null,
  };
}

function confirmedFloor(lows: Points, regrowth: Float64Array): Floor {
  return {
    points: futureMinimum(lows),
    levels: lows,
    regrowth,
    readings: lows,
    collected: true,
    thinned: false,
    collections: { times: lows.times, told: true },
    confirmedUntil: lows.times.at(-1) ?? null,
  };
}

function envelopeFloor(readings: Points, life: Life, settings: Settings): Floor {
  const { afterGc } = life;
  const m = afterGc ? 1 : toothLength(readings, 120);
  const collections = collectionsOf(life, readings, settings);
  const lower = m > 1 ? bucketMinima(readings, m) : lowerOfNeighbours(readings);
  const points = futureMinimum(lower);
  return {
    points,
    levels: touching(lower, points),
    regrowth: undefined,
    readings,
    collected: true,
    thinned: m > 1,
    collections,
    confirmedUntil: (afterGc ? readings.times.at(-1) : collections.times.at(-1)) ?? null,
  };
}

/** The floor without memory that units hold only while they run; the same one when none does. */
export function withoutInFlight(floor: Floor, units: readonly UnitCounts[], settings: Settings): Floor {
  if (units.length === 0) return floor;
  const levels = decimate(floor.levels, settings.maxBuckets, floor.collected ? 'minima' : 'medians');
  const { columns, adjusted } = inFlightOf(levels, units);
  if (columns.length === 0) return floor;
  return {
    ...floor,
    points: floor.collected ? futureMinimum(adjusted) : adjusted,
    levels: adjusted,
    readings: adjusted,
  };
}

/** z(t) = min over s ≥ t: what is kept at t is still there later, so no later reading can lie below it. */
export function futureMinimum({ times, values }: Points): Points {
  const floor = values.slice();
  for (let i = floor.length - 2; i >= 0; i--) floor[i] = Math.min(floor[i]!, floor[i + 1]!);
  return { times, values: floor };
}

/** The readings that lie on the envelope. */
function touching({ times, values }: Points, envelope: Points): Points {
  const keep = (_: number, i: number) => values[i] === envelope.values[i];
  return { times: times.filter(keep), values: values.filter(keep) };
}

/** Removes spikes of one sample and does not shift a rising line. */
function lowerOfNeighbours({ times, values }: Points): Points {
  return { times, values: values.map((v, i) => Math.min(v, values[i + 1] ?? v)) };
}

/** Readings at, or first after, the given times. */
function valuesAt({ times, values }: Points, wanted: Float64Array): Points {
  const outTimes: number[] = [];
  const outValues: number[] = [];
  for (const time of wanted) {
    const i = firstAtOrAfter(times, time);
    if (i >= times.length || outTimes.at(-1) === times[i]) continue;
    outTimes.push(times[i]!);
    outValues.push(values[i]!);
  }
  return { times: Float64Array.from(outTimes), values: Float64Array.from(outValues) };
}

/** Rise from each low to the next reading, unless that is a low itself: then the usual rise. */
function regrowthOf(lows: Points, { times, values }: Points): Float64Array {
  const rises = lows.times.map((time, i) => {
    const next = firstAtOrAfter(times, time) + 1;
    if (next >= times.length || times[next] === lows.times[i + 1]) return Number.NaN;
    return Math.max(0, values[next]! - lows.values[i]!);
  });
  const known = rises.filter(Number.isFinite);
  const usual = known.length > 0 ? median(known) : 0;
  return rises.map((rise) => (Number.isFinite(rise) ? rise : usual));
}

/**
 * Counted ones; else the most that anything tells of. Of a log of collections each value is what one left, so that those that it
 * calls full are as good as those that its values show, and it calls no concurrent one full.
 */
function collectionsOf(life: Life, readings: Points, settings: Settings): Floor['collections'] {
  const { afterGc, likelyCollections, majorCollections: told } = life;
  if (told && told.length > 0 && !afterGc) return { times: told, told: true };
  const shown = oldCollections(readings, settings, afterGc);
  const all = [shown, likelyCollections ?? [], told ?? []];
  const most = all.reduce((longest, times) => (times.length > longest.length ? times : longest));
  return { times: Float64Array.from(most), told: false };
}
