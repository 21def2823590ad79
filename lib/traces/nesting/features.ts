import type { Prior } from './prior.ts';
import { depthBelow, type Reading } from './reading.ts';
import { ROOT } from './span-table.ts';
import { NEAR_MS, type Timeline } from './timeline.ts';

/**
 * What speaks for and against a span P as the parent of C, with the weight of it. Found on traces of the real SDK whose
 * parents are known, as `bench/traces/nesting-fit.ts` tells; it looks for better ones.
 */
export const WEIGHTS = {
  /** P awaits its one live child, so it starts nothing else. */
  direct: -3.7,
  /** Same op and description, starts < 2 ms apart: siblings. */
  twin: -2.4,
  /** As many live children as ever, and neither a burst of starts nor one tick: no reason to start one more. */
  over: -2.7,
  /** A live child younger than 2 ms, though this is no burst. */
  tick: -2.0,
  /** The event before was an end deeper below P: who awaited that goes on, not P. */
  within: -1.7,
  /** log10 of the seconds since P started or its last child ended. */
  gap: -1.1,
  /** Live children, fewer than ever: a slot of a semaphore came free. */
  free: -1.1,
  /** P ends before the chain of calls that C begins. */
  chainOut: -0.7,
  root: -0.4,
  /** P ends right after C, or after the chain of calls that C begins. */
  ends: 3.0,
  /** The event before was the end of a child of P. */
  siblingTight: 2.1,
  /** The event before was P's start. */
  startTight: 1.3,
  /** How often spans like P were parents of spans like C in this endpoint when they could have been. */
  prior: 1.3,
  /** Live children, and the event before was a start below P. */
  burst: 1.0,
  /** The event before was the start of a child of P. */
  kinTight: 1.0,
  /** P ends right after a span like C that started with it. */
  groupEnds: 0.5,
  /** P ends before the spans like C that started with it. */
  groupOut: -0.5,
} as const;

/**
 * What a span's end tells of the reading that led there; found by trial on the traces that the weights above were fitted to.
 */
export const END_WEIGHTS = {
  /** Nothing happens near it, and its parent has no other child alive: whoever awaited it should have gone on. */
  lonely: -0.7,
  /** It calls nothing, though it is no leaf. */
  empty: -1.5,
  /** It had children, and ends long after the last of them: what made it end? */
  uncaused: -0.7,
} as const;

type Feature = keyof typeof WEIGHTS;
const FEATURES = Object.keys(WEIGHTS) as Feature[];
export type Weights = Readonly<Record<Feature, number>>;
/** Features of one pair. */
export type Vector = Record<Feature, number>;
export const emptyVector = (): Vector => Object.fromEntries(FEATURES.map((f) => [f, 0])) as Vector;

/** Σ weight × feature, written out: a loop over names takes five times as long, and this is where a repair's time goes. */
export const scoreOf = (v: Vector, w: Weights): number =>
  w.direct * v.direct +
  w.twin * v.twin +
  w.over * v.over +
  w.tick * v.tick +
  w.within * v.within +
  w.gap * v.gap +
  w.free * v.free +
  w.chainOut * v.chainOut +
  w.root * v.root +
  w.ends * v.ends +
  w.siblingTight * v.siblingTight +
  w.startTight * v.startTight +
  w.prior * v.prior +
  w.burst * v.burst +
  w.kinTight * v.kinTight +
  w.groupEnds * v.groupEnds +
  w.groupOut * v.groupOut;

const TICK_MS = 2;
const MIN_GAP_S = 1e-5;
const MS_PER_S = 1000;
const SLACK_MS = 0.3;

/** Fills `into` with the features of the pair. Constant time. */
export function featuresOf(
  timeline: Timeline,
  reading: Reading,
  child: number,
  candidate: number,
  prior: Prior | undefined,
  into: Vector,
): void {
  const { table } = timeline;
  const now = table.start[child]!;
  const slot = candidate + 1;
  const event = timeline.before[child]!;
  const near = timeline.sinceBefore[child]! < NEAR_MS;
  const tight = timeline.sinceBefore[child]! <= timeline.tightMs;
  const subject = event >> 1; // ROOT stays ROOT
  const isEnd = event !== ROOT && (event & 1) === 1;
  const isStart = event !== ROOT && !isEnd;
  const depth = event === ROOT ? 0 : depthBelow(reading, subject, candidate);
  const live = reading.live[slot]!;
  const youngest = reading.youngest[slot]!;
  const burst = live > 0 && near && isStart && depth > 0;
  const tick =
    live > 0 && youngest !== ROOT && table.end[youngest]! > now && now - table.start[youngest]! < TICK_MS;

  into.direct = live === 1 && reading.awaited[reading.liveSum[slot]!] === 1 ? 1 : 0;
  into.burst = burst ? 1 : 0;
  into.tick = tick && !burst ? 1 : 0;
  into.over = live > 0 && live >= reading.peak[slot]! && !burst && !tick ? 1 : 0;
  into.free = live > 0 && live < reading.peak[slot]! ? 1 : 0;
  into.within = isEnd && near && depth > 1 ? 1 : 0;
  into.siblingTight = isEnd && tight && depth === 1 ? 1 : 0;
  into.kinTight = isStart && tight && depth === 1 ? 1 : 0;
  into.startTight = tight && (event === ROOT ? candidate === ROOT : isStart && subject === candidate) ? 1 : 0;
  into.gap = Math.log10(Math.max(MIN_GAP_S, (now - reading.lastEnd[slot]!) / MS_PER_S));
  into.root = candidate === ROOT ? 1 : 0;
  into.prior = prior ? prior.of(candidate === ROOT ? ROOT : table.key[candidate]!, table.key[child]!) : 0;
  outerFeatures(timeline, child, candidate, into);
}

/** Those that follow from the times alone. */
function outerFeatures(timeline: Timeline, child: number, candidate: number, into: Vector): void {
  const { table, endsWith, chainEnd, group, groupEnd, groups } = timeline;
  const until = candidate === ROOT ? table.rootEnd : table.end[candidate]!;
  const isTwin =
    candidate !== ROOT &&
    table.key[candidate] === table.key[child] &&
    Math.abs(table.start[child]! - table.start[candidate]!) < TICK_MS;
  into.twin = isTwin ? 1 : 0;
  into.ends = endsWith[child] === candidate ? 1 : 0;
  into.chainOut = until < chainEnd[child]! - SLACK_MS ? 1 : 0;
  const g = group[child]!;
  const members = groups[g]!;
  into.groupEnds = members.length > 1 && endsWithOneOf(members, child, candidate, endsWith) ? 1 : 0;
  into.groupOut = members.length > 1 && until < groupEnd[g]! - SLACK_MS ? 1 : 0;
}

/** Members of a group that are looked at: bounds what a gather over thousands costs. */
const MAX_MEMBERS = 16;

function endsWithOneOf(
  members: readonly number[],
  child: number,
  candidate: number,
  endsWith: Int32Array,
): boolean {
  const until = Math.min(members.length, MAX_MEMBERS);
  for (let m = 0; m < until; m++)
    if (members[m] !== child && endsWith[members[m]!] === candidate) return true;
  return false;
}
