import type { Life } from '../model/leak.ts';
import { isCountRole } from '../model/memory.ts';
import { areWriters } from './even-turns.ts';
import { median } from './statistics.ts';

// Two processes that write under one name, where neither an id nor a counter tells them apart. Conservative: a single process that
// is taken for two gets no verdict at all. For readings that were exported at an interval: what logs when a job begins and ends,
// or after each collection, comes in rounds by itself.

/** The newest readings, which are enough; fewer than the least may look like anything. */
const READINGS = { least: 48, most: 2_000 } as const;
/** A level changes so many times more from one writer to the next than from each writer's reading to its next. */
const APART = 5;
/** Levels nearer than this, as a share, may be one process's. */
const LEAST_SHARE = 0.02;
/** What goes up and down by itself slips a reading now and then; two writers take turns. */
const TURNS_SHARE = 0.98;
/** Writers begin when they will: of waits that differ by less, as a share of two, one process may work at every second. */
const UNEVEN_SHARE = 0.1;
/** Readings that come this much sooner than the usual longest wait are of one round of exports. */
const ROUND_SHARE = 0.2;
/** A retry makes a round of two now and then; so many readings of rounds are a habit. */
const IN_ROUNDS_SHARE = 0.4;

/** Whether the readings are those of several processes: levels that take turns, or several at once at every interval. */
export function isInterleaved(life: Pick<Life, 'times' | 'values' | 'role'>): boolean {
  const { role } = life;
  const newest = newestOf(life);
  // Of what collections left only renewals are known, and these come when the collector runs.
  if (newest === undefined || role === 'heap_after_gc') return false;
  // A heap that a job fills at every second reading takes turns by itself.
  return (!role.startsWith('heap') && takeTurns(newest)) || comeInRounds(newest, ROUND_SHARE);
}

/**
 * The same of readings that came when somebody wrote them down: several levels told of one and the same moment, again and
 * again, as where nothing tells instances apart, or histories of their own at even waits.
 */
export function isWrittenBySeveral(life: Pick<Life, 'times' | 'values' | 'role'>): boolean {
  const newest = newestOf(life);
  if (newest === undefined) return false;
  const isHeap = life.role.startsWith('heap');
  return comeInRounds(newest, 0) || (!isHeap && WRITERS.some((writers) => comeRoundEvenly(newest, writers)));
}

/** The readings that are looked at; undefined for counts, and where they are too few. */
const newestOf = ({ times, values, role }: Pick<Life, 'times' | 'values' | 'role'>) =>
  isCountRole(role) || times.length < READINGS.least
    ? undefined
    : { times: times.slice(-READINGS.most), values: values.slice(-READINGS.most) };

/** More writers under one name come close enough together to be rounds. */
const WRITERS = [3, 4, 5, 6];

/** Levels that come round, while every second, third, … reading is where it was. */
const takeTurns = (readings: Readings): boolean =>
  twoTakeTurns(readings) ||
  WRITERS.some((writers) => comeRoundUnevenly(readings, writers) || comeRoundEvenly(readings, writers));

interface Readings {
  readonly times: Float64Array;
  readonly values: Float64Array;
}

/** One of so many readings is as the one before of its writer, and all between are elsewhere. */
function levelsComeRound({ values }: Readings, writers: number): boolean {
  const own = distances(values, writers);
  for (let lag = 1; lag < writers; lag++) if (!areApart(distances(values, lag), own, values)) return false;
  return true;
}

/** Waits that differ, each as in the round before. */
function comeRoundUnevenly(readings: Readings, writers: number): boolean {
  const waits = distances(readings.times, 1);
  return (
    isUneven(readings, writers) &&
    median(distances(waits, 1)) >= APART * median(distances(waits, writers)) &&
    levelsComeRound(readings, writers)
  );
}

/** Even waits, and histories of their own. */
const comeRoundEvenly = (readings: Readings, writers: number): boolean =>
  !isUneven(readings, writers) &&
  levelsComeRound(readings, writers) &&
  areWriters(readings, writers, median(distances(readings.times, writers)));

const isUneven = ({ times }: Readings, writers: number): boolean =>
  median(distances(distances(times, 1), 1)) >= (UNEVEN_SHARE * median(distances(times, writers))) / writers;

/** Up, down, up, down, a short wait and a long one, while every second reading is where it was. */
function twoTakeTurns({ times, values }: Readings): boolean {
  const n = values.length;
  let turns = 0;
  for (let i = 2; i < n; i++) {
    const [a, b, c] = [values[i - 2]!, values[i - 1]!, values[i]!];
    if ((b - a) * (c - b) < 0) turns += 1;
  }
  if (turns < TURNS_SHARE * (n - 2)) return false;
  const uneven = median(distances(distances(times, 1), 1));
  if (uneven < UNEVEN_SHARE * median(distances(times, 2))) return false;
  return areApart(distances(values, 1), distances(values, 2), values);
}

/** Several readings at once and then a wait, again and again; they differ, and each round is as the one before. */
function comeInRounds({ times, values }: Readings, roundShare: number): boolean {
  const steps = distances(times, 1);
  const wait = steps.toSorted()[Math.floor(0.95 * steps.length)]!;
  const highest: number[] = [];
  const ranges: number[] = [];
  let [low, high, inRounds, size] = [values[0]!, values[0]!, 0, 1];
  for (let i = 1; i <= values.length; i++) {
    if (i < values.length && steps[i - 1]! <= roundShare * wait) {
      low = Math.min(low, values[i]!);
      high = Math.max(high, values[i]!);
      size += 1;
      continue;
    }
    highest.push(high);
    ranges.push(high - low);
    if (size > 1) inRounds += size;
    [low, high, size] = [values[i]!, values[i]!, 1];
  }
  if (inRounds < IN_ROUNDS_SHARE * values.length || highest.length < READINGS.least / 4) return false;
  return areApart(Float64Array.from(ranges), distances(Float64Array.from(highest), 1), values);
}

function areApart(between: Float64Array, within: Float64Array, values: Float64Array): boolean {
  const apart = median(between);
  return apart >= LEAST_SHARE * median(values) && apart >= APART * median(within);
}

const distances = (values: Float64Array, lag: number): Float64Array =>
  values.slice(lag).map((value, i) => Math.abs(value - values[i]!));
