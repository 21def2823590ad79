import { DAY_MS, type EpochMs, HOUR_MS, MINUTE_MS } from '../model/units.ts';
import type { ObjectInfo } from '../ports/object-store.ts';
import { type StoredMark, type SweepMark, UNSWEPT, type Unfinished } from '../records/sweeps.ts';
import { CLOCKS_OFF_MS, rawHourPrefix, rawPlace } from './raw-segment.ts';

// Which raw objects the sweep of uploads has to open: decided by when the store stamped them, against a mark for each shard.

/** A raw upload without a ledger record is enqueued again after this long: longer than any queue should take. */
export const UNSEEN_AFTER_MS = 15 * MINUTE_MS;
/** A queue that lags by more is not waited for: what it lost would be found too late. */
export const LAG_MAX_MS = 6 * HOUR_MS;
/** Between two events of an object that stays unfinished: twice as long each time, up to this. */
const AGAIN_MAX_MS = 4 * HOUR_MS;
/** Between the hour that names an object and the storing of it. Who takes longer, or whose clock is behind, is looked for once a day. */
const SLOW_MS = 4 * HOUR_MS;
const LATE_EVERY_MS = DAY_MS;
/** How far back a store's time may seem to go without its clock having been set: S3 tells whole seconds, on many machines. */
const JITTER_MS = MINUTE_MS;
/** From where the sweep begins again when the store's clock was set back: its mark lies ahead and says nothing. */
const SET_BACK_MS = 2 * DAY_MS;

/** What holds for one sweep over all shards. Times are the object store's. */
export interface Run {
  readonly now: EpochMs;
  /** Objects that are younger are left to the queue. */
  readonly waitMs: number;
  /** How many of the youngest objects of each shard the queue may still hold, where it cannot tell how old its messages are. */
  readonly queued: number;
  readonly isStart: boolean;
}
export interface Shard {
  readonly project: string;
  readonly shard: string;
  readonly stored: StoredMark | undefined;
  /** What was stored before is past its retention, and so is its ledger. */
  readonly since: EpochMs;
}
/** What a sweep looks for in one shard. */
export interface Search {
  readonly shard: Shard;
  readonly run: Run;
  readonly mark: SweepMark;
  readonly isSetBack: boolean;
  readonly isLateDue: boolean;
}

export function searchOf(shard: Shard, run: Run): Search {
  const { stored, since } = shard;
  const { mark = UNSWEPT } = stored ?? {};
  const isSetBack = mark.until > run.now - UNSEEN_AFTER_MS + JITTER_MS;
  const begun: SweepMark = isSetBack
    ? { ...mark, ...between(mark, since, run.now - SET_BACK_MS), aheadUntil: aheadOf(mark) }
    : { ...mark, ...between(mark, since, Number.POSITIVE_INFINITY) };
  const isLateDue = run.isStart || run.now - begun.lateUntil >= LATE_EVERY_MS;
  return { shard, run, mark: begun, isSetBack, isLateDue };
}

const between = ({ until, lateUntil }: SweepMark, least: EpochMs, most: EpochMs) => ({
  until: Math.max(least, Math.min(until, most)),
  lateUntil: Math.max(least, Math.min(lateUntil, most)),
});
const aheadOf = ({ until, aheadUntil = 0 }: SweepMark) => Math.max(until, aheadUntil);

/** The key after which the listing begins. It ends with the last key: doors whose clock is ahead name later hours. */
export function listedAfter({ shard: { project, shard, stored }, mark, isLateDue }: Search): string {
  if (stored === undefined) return '';
  const from = isLateDue ? mark.lateUntil - CLOCKS_OFF_MS : mark.until - SLOW_MS;
  return rawHourPrefix(shard, project, from);
}

/** True of objects that no sweep has looked at. */
export function isNew(object: ObjectInfo, { mark, run, isLateDue }: Search): boolean {
  if (isAhead(object, run)) return object.modified > aheadOf(mark);
  if (object.modified > mark.until) return true;
  return isLateDue && object.modified > mark.lateUntil && isLate(object);
}

/** Stored by a clock that was set back since: its age is not known, but it is as old as that. */
const isAhead = ({ modified }: ObjectInfo, { now }: Run) => modified > now + UNSEEN_AFTER_MS;

/** Named by an hour that the usual listing did not begin with when this object was stored. */
const isLate = ({ key, modified }: ObjectInfo) =>
  (rawPlace(key)?.hour ?? modified) + HOUR_MS <= modified - SLOW_MS;

/** Those of `objects`, which are sorted by age, that are to be opened now, and until when that is all there was. */
export function dueOf(objects: readonly ObjectInfo[], { run, mark }: Search) {
  const { now, waitMs, queued } = run;
  const held = objects[Math.max(0, objects.length - queued)];
  const heldFrom = queued === 0 || held === undefined ? now : Math.max(held.modified - 1, now - LAG_MAX_MS);
  const to = Math.min(now - waitMs, heldFrom);
  return {
    due: objects.filter((object) => object.modified <= to || isAhead(object, run)),
    // What is younger may have been stored without being listed yet, whoever was not waited for.
    until: Math.max(mark.until, Math.min(to, now - UNSEEN_AFTER_MS)),
  };
}

/** Time for an object that was unfinished to be looked at again; at start-up it is. */
export function isDueAgain({ sentAt, times }: Unfinished, { now, waitMs, isStart }: Run): boolean {
  const pauseMs = Math.min(AGAIN_MAX_MS, UNSEEN_AFTER_MS * 2 ** Math.max(0, times - 1));
  return isStart || Math.abs(now - sentAt) >= Math.max(waitMs, pauseMs);
}

/** The mark once all of `due` were looked at, which was all there was until then. */
export function markAfter(
  { mark, run, isLateDue }: Search,
  due: readonly ObjectInfo[],
  until: EpochMs,
): SweepMark {
  const ahead = due.filter((object) => isAhead(object, run)).map(({ modified }) => modified);
  const { aheadUntil: _, ...rest } = mark;
  const aheadUntil = Math.max(mark.aheadUntil ?? 0, ...ahead);
  return {
    ...rest,
    until,
    ...(isLateDue && { lateUntil: until }),
    ...(aheadUntil > until && { aheadUntil }),
  };
}

/** The mark when all was looked at that was stored before `next`, and nothing else. */
export function markBefore({ mark, isLateDue }: Search, next: EpochMs, until: EpochMs): SweepMark {
  const to = Math.min(until, next - 1);
  return {
    ...mark,
    until: Math.max(mark.until, to),
    lateUntil: isLateDue ? Math.max(mark.lateUntil, to) : mark.lateUntil,
  };
}
