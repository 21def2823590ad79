import { eventsOf } from './replay.ts';
import { ROOT, type SpanTable } from './span-table.ts';

/**
 * Two events closer than this are one step of the program: nothing was awaited in between. ms. Between the end of a span and
 * what follows it SDKs take up to half of one on a busy machine; timers take one at least.
 */
export const NEAR_MS = 0.6;
/** Tight is twice the usual gap between starts of one tick, or this where a trace has no such pair. ms. */
const TIGHT_MS = 0.06;
/** Equal spans that start closer than this are one group. ms. */
const TOGETHER_MS = 2;
/** No span. */
export const NONE = -3;

/** What a trace's times say about its spans, whoever their parents are. */
export interface Timeline {
  readonly table: SpanTable;
  /** Starts and ends in their order: 2 × span, + 1 for an end. */
  readonly events: Int32Array;
  readonly tightMs: number;
  /** The event right before each start, as in `events`; ROOT: the root's start. */
  readonly before: Int32Array;
  /** ms from that event to the start. */
  readonly sinceBefore: Float64Array;
  /** 1 where nothing happens near a span's end. */
  readonly isAlone: Uint8Array;
  /**
   * A span ends, the next starts near, it ends, …: one coroutine that awaits call after call. `endsWith` is the span
   * that ends near the end of that chain, ROOT or NONE; `chainEnd` is when the chain ends.
   */
  readonly endsWith: Int32Array;
  readonly chainEnd: Float64Array;
  /** Equal spans that start together: a number per group, and when the last of it ends. */
  readonly group: Int32Array;
  readonly groupEnd: Float64Array;
  /** Spans of each group. */
  readonly groups: readonly (readonly number[])[];
}

export function timelineOf(table: SpanTable): Timeline {
  const events = eventsOf(table);
  const before = befores(table, events);
  const isAlone = lonelyEnds(table, events);
  return { table, events, ...before, isAlone, ...chains(table, events), ...groupsOf(table) };
}

export const timeOf = ({ start, end }: SpanTable, event: number): number =>
  (event & 1) === 1 ? end[event >> 1]! : start[event >> 1]!;

function befores(table: SpanTable, events: Int32Array) {
  const n = table.spans.length;
  const before = new Int32Array(n).fill(ROOT);
  const sinceBefore = new Float64Array(n);
  const gaps: number[] = [];
  for (let k = 0; k < events.length; k++) {
    if ((events[k]! & 1) === 1) continue;
    const i = events[k]! >> 1;
    if (k > 0) before[i] = events[k - 1]!;
    sinceBefore[i] = table.start[i]! - (k > 0 ? timeOf(table, events[k - 1]!) : 0);
    const afterStart = k > 0 && (events[k - 1]! & 1) === 0;
    if (afterStart && sinceBefore[i]! < NEAR_MS) gaps.push(sinceBefore[i]!);
  }
  gaps.sort((a, b) => a - b);
  const tightMs = gaps.length > 0 ? 2 * gaps[gaps.length >> 1]! : TIGHT_MS;
  return { before, sinceBefore, tightMs };
}

/** 1 where nothing happens near a span's end. */
export function lonelyEnds(table: SpanTable, events: Int32Array): Uint8Array {
  const isAlone = new Uint8Array(table.spans.length);
  for (const [k, event] of events.entries()) {
    if ((event & 1) === 0) continue;
    const span = event >> 1;
    const next = events[k + 1];
    const at = next === undefined ? table.rootEnd : timeOf(table, next);
    if (at - table.end[span]! >= NEAR_MS) isAlone[span] = 1;
  }
  return isAlone;
}

/**
 * From the last event to the first: the chain of a span is known once that of the span after it is. A burst of near
 * starts after an end is a `gather`: the chain goes on with whichever of them goes on longest.
 */
function chains(table: SpanTable, events: Int32Array) {
  const n = table.spans.length;
  const endsWith = new Int32Array(n).fill(NONE);
  const chainEnd = new Float64Array(n);
  for (let k = events.length - 1; k >= 0; k--) {
    if ((events[k]! & 1) === 0) continue;
    const i = events[k]! >> 1;
    chainEnd[i] = table.end[i]!;
    const next = events[k + 1];
    if (next === undefined) {
      if (table.rootEnd - table.end[i]! < NEAR_MS) endsWith[i] = ROOT;
    } else if (timeOf(table, next) - table.end[i]! < NEAR_MS) {
      if ((next & 1) === 1) endsWith[i] = next >> 1;
      else follow(table, events, k + 1, i, endsWith, chainEnd);
    }
  }
  return { endsWith, chainEnd };
}

/** Starts of one burst that are looked at. */
const MAX_BURST = 16;

function follow(
  table: SpanTable,
  events: Int32Array,
  first: number,
  span: number,
  endsWith: Int32Array,
  chainEnd: Float64Array,
): void {
  for (let k = first; k < events.length && k < first + MAX_BURST; k++) {
    const event = events[k]!;
    if ((event & 1) === 1) return;
    if (k > first && timeOf(table, event) - timeOf(table, events[k - 1]!) >= NEAR_MS) return;
    const member = event >> 1;
    if (k > first && chainEnd[member]! <= chainEnd[span]!) continue;
    chainEnd[span] = chainEnd[member]!;
    endsWith[span] = endsWith[member]!;
  }
}

function groupsOf({ spans, start, end, key }: SpanTable) {
  const n = spans.length;
  const group = new Int32Array(n);
  const groups: number[][] = [];
  const groupEnd: number[] = [];
  const last = new Map<number, number>();
  for (let i = 0; i < n; i++) {
    const sibling = last.get(key[i]!);
    const joins = sibling !== undefined && start[i]! - start[sibling]! < TOGETHER_MS;
    const g = joins ? group[sibling]! : groups.push([]) - 1;
    groups[g]!.push(i);
    groupEnd[g] = Math.max(groupEnd[g] ?? end[i]!, end[i]!);
    group[i] = g;
    last.set(key[i]!, i);
  }
  return { group, groups, groupEnd: Float64Array.from(groupEnd) };
}
