import { isInterleaved } from '../../leaks/index.ts';
import type { Life, WorkSeries } from '../../model/leak.ts';
import type { MemoryRole } from '../../model/memory.ts';
import { unitOfKey } from '../../model/unit-of-work.ts';
import type { FactsState } from '../../segments/kinds/facts.ts';
import type { InstanceState } from '../../segments/kinds/instance.ts';
import { collections, type WorkIncrements, workOfProcess } from './counts.ts';
import { type Endings, endOf, GONE_INTERVALS, type Heard, killsOf } from './ends.ts';
import { factIn } from './facts.ts';
import { type RoleSeries, seriesOfRole } from './levels.ts';
import { limitOf, machineValues } from './limits.ts';
import { medianStep } from './median-step.ts';
import { findRestarts } from './restarts.ts';

export interface LivesInput {
  readonly key: string;
  readonly instance: InstanceState;
  readonly facts: FactsState;
  /** The same process under the names of other protocols. */
  readonly companions?: readonly InstanceState[] | undefined;
  /** Limit that people set for the service, bytes. */
  readonly limitSetting: number | null;
  /** End of what was read: an instance that has been silent for long before it is gone. */
  readonly now: number;
}

export { medianStep } from './median-step.ts';

/** A life with the metric that told it. */
export interface LifeOfRole extends Life {
  readonly metric: string;
  readonly parts: readonly string[];
}

/** Heap roles for which the old generation alone is judged. */
const FLOOR_ROLES: readonly MemoryRole[] = ['heap_used', 'heap_after_gc'];

/** The lives of one instance in one role, in order of time. Empty when the role is not sent. */
export function livesOf(input: LivesInput, role: MemoryRole): readonly LifeOfRole[] {
  const { instance, facts } = input;
  const series = bestSeries(instance, role);
  if (series === undefined) return [];
  const intervalMs = medianStep(series.times);
  const { cuts, mixedWriters } = findRestarts(instance, intervalMs);
  const spans = spansOf(series.times, cuts);
  const seldom = role === 'heap_used' ? seldomCollected(instance) : undefined;
  const told: Told = { input, role, series, intervalMs, mixedWriters, seldom };
  const endings: Endings = { kills: killsOf(instance, facts), intervalMs, now: input.now };
  return spans.map((span, i) => ({ ...lifeOf(told, span), end: endOf(spans, i, endings) }));
}

/** What an instance tells in one role. */
interface Told {
  readonly input: LivesInput;
  readonly role: MemoryRole;
  readonly series: RoleSeries;
  readonly intervalMs: number;
  readonly mixedWriters: boolean;
  readonly seldom: RoleSeries | undefined;
}

/** Between two restarts, which are infinite where none is known; places of points, and the last point of the life before. */
interface Span extends Heard {
  readonly begin: number;
  readonly end: number;
  readonly inside: readonly number[];
  readonly before: number | undefined;
}

function spansOf(times: readonly number[], cuts: readonly number[]): Span[] {
  const spans: Span[] = [];
  for (const [i, begin] of [Number.NEGATIVE_INFINITY, ...cuts].entries()) {
    const end = cuts[i] ?? Number.POSITIVE_INFINITY;
    const inside = placesWithin(times, begin, end);
    if (inside.length === 0) continue;
    const [first, last] = [times[inside[0] as number] as number, times[inside.at(-1) as number] as number];
    spans.push({ begin, end, inside, first, last, before: spans.at(-1)?.last });
  }
  return spans;
}

function lifeOf(told: Told, span: Span): Omit<LifeOfRole, 'end'> {
  const { input, role, series, intervalMs, mixedWriters } = told;
  const { key, instance, limitSetting } = input;
  const { begin, end, inside, before, first, last } = span;
  const kept = role === 'heap_after_gc' ? renewals(inside, series.values) : inside;
  const times = Float64Array.from(kept, (at) => series.times[at] as number);
  const values = Float64Array.from(kept, (at) => series.values[at] as number);
  const until = Math.min(end, last + GONE_INTERVALS * intervalMs);
  const startedAt = Number.isFinite(begin) ? begin : processStart(instance, first, intervalMs);
  // Work done before the first export of a process is its own too: counters begin at the process, not at the point.
  // The last export of the life before it is not.
  const workFrom = before === undefined ? (startedAt ?? first) : before + 1;
  return {
    instance: key,
    version: factIn(instance, 'version', first, last) || undefined,
    role,
    metric: series.metric,
    parts: series.parts,
    startedAt,
    times,
    values,
    ...collectionsOf(told, span, workFrom, times),
    limit: limitOf(role, instance, machineValues(instance, input.facts, first, until), limitSetting, last),
    work: workSeries(workOfProcess(instance, input.companions ?? [], workFrom, last), times),
    load: loadOf(instance, first, last),
    mixedWriters: mixedWriters || series.conflict || isInterleaved({ times, values, role }),
  };
}

/** Parts that young collections renew, and with them the sum: what is left then holds garbage of the old ones. */
const YOUNG_PART = /^gen[01]$/i;

/** What is known of a heap's collections. */
function collectionsOf(
  { input: { instance }, role, series, seldom }: Told,
  { first, last }: Span,
  workFrom: number,
  times: Float64Array,
): Pick<Life, 'afterGc' | 'majorCollections' | 'minorCollections' | 'likelyCollections' | 'collected'> {
  const counted = (kind: 'gc_major' | 'gc_minor') => collections(instance, kind, workFrom, last);
  if (role === 'heap_used')
    return {
      afterGc: false,
      majorCollections: counted('gc_major'),
      minorCollections: counted('gc_minor'),
      collected: seldom && collectedWithin(seldom, first, last),
    };
  if (role !== 'heap_after_gc') return { afterGc: false, majorCollections: undefined };
  const isRenewedByAll = series.parts.some((part) => YOUNG_PART.test(part));
  const likelyCollections = isRenewedByAll ? counted('gc_major') : times;
  return { afterGc: true, majorCollections: undefined, likelyCollections };
}

/** Every scan of five minutes asks for them: no array for each point. */
function placesWithin(times: readonly number[], begin: number, end: number): number[] {
  const places: number[] = [];
  for (let at = 0; at < times.length; at += 1) {
    const time = times[at] as number;
    if (time >= begin && time < end) places.push(at);
  }
  return places;
}

/** Old generation for heaps; the after-collection metric only while it keeps moving: else the raw heap speaks. */
function bestSeries(instance: InstanceState, role: MemoryRole): RoleSeries | undefined {
  const [best] = seriesOfRole(instance, role, { old: FLOOR_ROLES.includes(role) });
  if (best === undefined || best.times.length === 0) return undefined;
  if (role === 'heap_after_gc' && !keepsMoving(best.values)) return undefined;
  return best;
}

const MOVES_MIN = 2;
/** Exports per collection, on the average, up to which the value says more than the raw heap's own lows. */
const EXPORTS_PER_MOVE = 8;
/** So many collections bear a verdict, however often somebody asked between them. */
const MOVES_ENOUGH = 16;

/**
 * Whether a value after collections is renewed often, also of late. G1 renews the old generation's by old collections
 * alone, which may never come while it grows from 21 to 40 MB; Go's, which follows from the goal, stands at 2 MB until
 * the heap passes 4 MB, and moved 6 times in 79 exports of a leak: too few to tell it from "stable".
 */
function keepsMoving(values: readonly number[]): boolean {
  const moves = values.flatMap((value, i) => (i > 0 && value !== values[i - 1] ? [i] : []));
  const last = moves.at(-1) ?? 0;
  return (
    moves.length >= MOVES_MIN &&
    (moves.length >= MOVES_ENOUGH || moves.length * EXPORTS_PER_MOVE >= values.length) &&
    last >= Math.floor((values.length * 2) / 3)
  );
}

/** What collections left, where they were too few for a verdict. */
function seldomCollected(instance: InstanceState): RoleSeries | undefined {
  const [best] = seriesOfRole(instance, 'heap_after_gc', { old: true });
  return best === undefined || keepsMoving(best.values) ? undefined : best;
}

/** Within one life; the first value was there before we looked. */
function collectedWithin({ times, values }: RoleSeries, from: number, to: number): Life['collected'] {
  const inside = times.flatMap((time, at) => (time >= from && time <= to ? [at] : []));
  const told = renewals(inside, values).slice(1);
  if (told.length === 0) return undefined;
  return {
    times: Float64Array.from(told, (at) => times[at] as number),
    values: Float64Array.from(told, (at) => values[at] as number),
  };
}

/** A value after collections is news only when a collection has changed it: repeats of it are the scraper's. */
const renewals = (places: readonly number[], values: readonly number[]) =>
  places.filter((at, i) => i === 0 || values[at] !== values[places[i - 1] as number]);

/** The earliest start of a counter that could be this process's own, when it began shortly before its first point. */
function processStart(instance: InstanceState, first: number, intervalMs: number): number | undefined {
  let earliest = Number.POSITIVE_INFINITY;
  for (const { starts } of instance.counts.values()) earliest = Math.min(earliest, starts[0] ?? earliest);
  return first - earliest <= 3 * intervalMs && earliest <= first ? earliest : undefined;
}

function loadOf(instance: InstanceState, from: number, to: number): Life['load'] {
  const [active] = seriesOfRole(instance, 'active_requests');
  if (active === undefined) return undefined;
  const inside = active.times.flatMap((time, at) => (time >= from && time <= to ? [at] : []));
  if (inside.length === 0) return undefined;
  return {
    times: Float64Array.from(inside, (at) => active.times[at] as number),
    values: Float64Array.from(inside, (at) => active.values[at] as number),
  };
}

/** Cumulative counts at the times of the life's points, one series per unit and status class. */
function workSeries(work: readonly WorkIncrements[], times: Float64Array): WorkSeries[] {
  const groups = new Map<string, WorkIncrements[]>();
  for (const part of work) {
    const key = JSON.stringify([part.unit, part.status]);
    groups.set(key, [...(groups.get(key) ?? []), part]);
  }
  return [...groups.values()].map((parts) => {
    const [first] = parts as [WorkIncrements];
    const counts = new Float64Array(times.length);
    for (const { increments } of parts) {
      let at = 0;
      let sum = 0;
      for (let i = 0; i < times.length; i += 1) {
        while (at < increments.times.length && (increments.times[at] as number) <= (times[i] as number)) {
          sum += increments.counts[at] as number;
          at += 1;
        }
        counts[i] = (counts[i] as number) + sum;
      }
    }
    const complete = parts.every((part) => part.complete);
    return { unit: unitOfKey(first.unit), status: first.status, times, counts, complete };
  });
}
