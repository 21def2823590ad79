import type { Life } from '../model/leak.ts';
import { isCountRole } from '../model/memory.ts';
import { type Attribution, attribute, type Lead, NOBODY } from './attribution.ts';
import { decimate } from './buckets.ts';
import type { Floor } from './floor.ts';
import { type Gate, type Measures, measure, type StretchFacts } from './gates.ts';
import type { Problem } from './hypotheses.ts';
import { holderColumns } from './in-flight.ts';
import { type Candidate, countBetween, type Shape } from './judge.ts';
import { lagsOf } from './lags.ts';
import { settlingColumns } from './rivals.ts';
import type { Settings } from './settings.ts';
import {
  at,
  firstAfter,
  firstAtOrAfter,
  fitLine,
  madSd,
  median,
  medianStep,
  type Points,
  slicePoints,
} from './statistics.ts';
import type { UnitCounts } from './work-counts.ts';

/** The rise seen along finished work instead of the clock. */
export interface ByWork {
  readonly attribution: Attribution;
  readonly rise: WorkRise | undefined;
}

export interface WorkRise {
  readonly lead: Lead;
  readonly facts: StretchFacts;
  readonly measures: Measures;
  /** Beats every step and levelling-off curve, and fails no gate but those of size and proof. */
  readonly isGrowth: boolean;
  /** Passes every gate along its work. */
  readonly isLeak: boolean;
}

const NOTHING: ByWork = { attribution: NOBODY, rise: undefined };
/** Fewer points leave nothing to tell explanations apart with. */
const MIN_POINTS = 10;
/** By how much BIC the work must beat a step and a curve that levels off. */
const MIN_EVIDENCE = 10;
/** A rise below these shares, of the least rise of a leak and of the level, is not asked after. */
const LEAST_PART = 0.2;
const LEAST_SHARE = 0.03;
/** Gates that a rise may fail and still be growth: it is small, or not yet proven. */
const FORGIVEN: ReadonlySet<Gate> = new Set(['effect', 'proof', 'young', 'new']);
/** Share of a young life in which code is still compiled, and thrown out again: measured on Node 24, 12 of 120 s. */
const SETTLING_SHARE = 0.1;
/** A rise that began later leaves too little to explain. */
const LATEST_ONSET = 0.75;

/**
 * Explains a rise by what the process did. Rates that change every quarter of a minute bend a leak in time beyond
 * recognition; along the count of the right unit it is straight.
 */
export function judgeByWork(
  life: Life,
  floor: Floor,
  shape: Shape,
  candidate: Candidate | undefined,
  units: readonly UnitCounts[],
  settings: Settings,
): ByWork {
  const window = windowOf(floor, shape, candidate, settings);
  const { points } = window;
  // Whoever reads many files fills the page cache by its work, and keeps nothing.
  const isExplained = life.role !== 'container_cached';
  if (!isExplained || units.length === 0 || points.times.length < MIN_POINTS) return NOTHING;
  const minRise = isCountRole(life.role) ? settings.minRiseCount : settings.minRiseBytes;
  if (riseOf(points) < Math.max(LEAST_PART * minRise, LEAST_SHARE * points.values[0]!)) return NOTHING;
  const problem: Problem = {
    points,
    from: window.from,
    to: window.to,
    holders: [
      ...holderColumns(points.times, units),
      ...window.sides,
      ...garbageColumns(floor, points, units),
    ],
    settling: settlingColumns(points.times, window.beginsWithLife),
  };
  const attribution = attribute(problem, units, lagsOf(life, units), openRequests(life, points.times));
  const { lead } = attribution;
  if (!lead) return NOTHING;
  return { attribution, rise: workRise(floor, points, lead, minRise, settings) };
}

/** Requests in flight at the times of the points; undefined when not sent, or always the same. */
function openRequests({ load }: Life, times: Float64Array): Float64Array | undefined {
  if (!load || load.times.length === 0) return undefined;
  const column = times.map((t) => load.values[Math.max(0, firstAfter(load.times, t) - 1)]!);
  return column.some((v) => v !== column[0]) ? column : undefined;
}

interface Window {
  readonly points: Points;
  readonly sides: readonly Float64Array[];
  readonly beginsWithLife: boolean;
  /** Where the rise may begin. */
  readonly from: number;
  readonly to: number;
}

/**
 * The points to explain: the present life without its first moments, which belong to start-up. A life of more points
 * than the search sees is cut down to the surroundings of its rise.
 */
function windowOf(floor: Floor, shape: Shape, candidate: Candidate | undefined, settings: Settings): Window {
  const { levels } = floor;
  const birth = shape.points.times[shape.fit.segments[shape.falls.births.at(-1)!]!.from]!;
  const last = candidate ? candidate.points.times.at(-1)! : levels.times.at(-1)!;
  let from = birth + SETTLING_SHARE * (last - birth);
  let to = birth + LATEST_ONSET * (last - birth);
  let beginsWithLife = true;
  const many = countBetween(levels.times, birth, last) > settings.maxBuckets;
  if (many && candidate && candidate.stretch.first > 0) {
    const first = candidate.points.times[0]!;
    const duration = candidate.facts.durationMs;
    beginsWithLife = first - 2 * duration <= from;
    from = Math.max(from, first - 2 * duration);
    to = first + 0.6 * duration;
  }
  const start = firstAtOrAfter(levels.times, from);
  const stop = firstAfter(levels.times, last);
  const all = slicePoints(levels, start, stop);
  const points = decimate(all, settings.maxBuckets, floor.collected ? 'minima' : 'medians');
  const sides = points === all && floor.regrowth ? [floor.regrowth.subarray(start, stop)] : [];
  return { points, sides, beginsWithLife, from: points.times[0] ?? from, to };
}

/**
 * Garbage of the old generation since its last collection: all units leave some, so that it goes with all traffic, and
 * with the clock. Where every point comes right after a collection there is none.
 */
function garbageColumns(floor: Floor, { times }: Points, units: readonly UnitCounts[]): Float64Array[] {
  if (!floor.collected || floor.regrowth) return [];
  const collections = floor.collections.times;
  const since = times.map((t) => {
    const next = firstAfter(collections, t);
    return next > 0 ? collections[next - 1]! : times[0]!;
  });
  const total = (t: number) => units.reduce((sum, unit) => sum + unit.at(t), 0);
  const before = since.map(total);
  return [times.map((t, i) => total(t) - before[i]!), times.map((t, i) => t - since[i]!)];
}

function riseOf({ values }: Points): number {
  const tenth = Math.max(1, Math.floor(values.length / 10));
  return median(values.subarray(values.length - tenth)) - Math.min(...values);
}

function workRise(floor: Floor, points: Points, lead: Lead, minRise: number, settings: Settings): WorkRise {
  const { times } = points;
  const begin = Math.max(0, firstAtOrAfter(times, lead.onset.t) - 1);
  const own: Points = { times: lead.work.subarray(begin), values: lead.values.subarray(begin) };
  const line = fitLine(own);
  const start = at(line, own.times[0]!);
  const top = at(line, own.times.at(-1)!);
  const residuals = lead.values.map((v, i) => v - at(line, lead.work[i]!));
  const facts: StretchFacts = {
    durationMs: times.at(-1)! - times[begin]!,
    firstSlope: fitLine(own, 0, Math.max(2, Math.ceil(own.times.length / 3))).slope,
    start,
    top,
    highestBefore: begin > 0 ? median(lead.values.subarray(0, begin)) : 0,
    beginsWithLife: lead.onset.low <= times[0]! + 2 * medianStep(times),
    end: 'end',
    fall: 0,
    collected: floor.collected,
    capped: false,
    riseOfLimit: 0,
    majorCollections: countBetween(floor.collections.times, lead.onset.t, times.at(-1)!),
    isLastTooth: false,
    counted: floor.collections.told,
    isCache: false,
    fitSd: madSd(residuals),
    minRise,
    lows: times.length - begin,
  };
  const measures = measure(own, facts, { ...settings, youngLows: youngLowsOf(facts, settings) });
  // Garbage of an old generation that was hardly collected goes with all traffic too, and with the clock.
  const mayBeGarbage = measures.failed.includes('proof') && lead.cause.kind !== 'unit';
  const isGrowth =
    !mayBeGarbage && lead.evidence >= MIN_EVIDENCE && measures.failed.every((gate) => FORGIVEN.has(gate));
  const isLeak =
    isGrowth &&
    measures.failed.length === 0 &&
    lead.cause.kind !== 'clock' &&
    lead.cause.kind !== 'connections';
  return { lead, facts, measures, isGrowth, isLeak };
}

/**
 * A start-up may take as long as thirty readings. A low right after a counted collection is worth more than a reading, and a
 * collector that has room comes seldom: ten of them, straight along one work while the level doubled, are no start-up.
 */
const youngLowsOf = ({ counted, start, top }: StretchFacts, settings: Settings): number =>
  counted && top >= 2 * start ? settings.minConfirmedLows : settings.youngLows;
