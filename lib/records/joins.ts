import { DAY_MS, type EpochMs } from '../model/units.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { joinKey, joinsBetween } from './keys.ts';
import { queryAll, update } from './pages.ts';

/** What became of the pieces that arrived in one minute. */
export interface JoinRecord {
  readonly minute: EpochMs;
  /** Where the minute was divided into parts, fixed before the first is committed; absent until then. */
  readonly cuts?: readonly string[];
  /** Absent: the join has begun and is not done. */
  readonly joinedAt?: EpochMs;
  /** Local roots that came in this minute, put together with what came around it. */
  readonly traces: number;
  /** Spans of this minute whose root came neither in it nor within two minutes of it; a longer request's still join it. */
  readonly rootless: number;
  /** Spans and chunks that were analysed after the minute had been joined. */
  readonly late: number;
  /** Of the parts between the cuts, how many are joined: whoever begins again goes on there. */
  readonly parts?: number;
  /** Spans and chunks that memory had no room for. */
  readonly leftOut?: number;
  /** Absent once the next part is joined: the others are tries of which no end is known, or that went wrong. */
  readonly tries?: JoinTries;
}

interface JoinTries {
  /** With the one under way. A minute of too many is given up: `joinedAt` is set, and this stays. */
  readonly count: number;
  /** When the one under way began; absent: none is. */
  readonly since?: EpochMs;
  /** Why the last one went wrong, if it could tell. */
  readonly reason?: string;
}

export const untouched = (minute: EpochMs): JoinRecord => ({ minute, traces: 0, rootless: 0, late: 0 });

const KEEP_DAYS = 14;

export async function readJoin(
  records: RecordStore,
  project: string,
  generation: number | 'live',
  minute: EpochMs,
): Promise<JoinRecord | undefined> {
  const { pk, sk } = joinKey(project, generation, minute);
  return (await records.get(pk, sk))?.body as JoinRecord | undefined;
}

/**
 * Under one condition: `change` gets what stands there, and returns undefined to leave it. A replay may join minutes that are
 * older than records are kept: theirs count from when they were written.
 */
export async function changeJoin(
  { records, clock }: { readonly records: RecordStore; readonly clock: Clock },
  project: string,
  generation: number | 'live',
  minute: EpochMs,
  change: (before: JoinRecord | undefined) => JoinRecord | undefined,
): Promise<JoinRecord | undefined> {
  return update<JoinRecord>(records, joinKey(project, generation, minute), (before) => {
    const body = change(before);
    return body && { body, expiresAt: Math.max(minute, clock.now()) + KEEP_DAYS * DAY_MS };
  });
}

/** Joins of live uploads that arrived in [from, to). */
export async function listJoins(
  records: RecordStore,
  project: string,
  from: EpochMs,
  to: EpochMs,
): Promise<readonly JoinRecord[]> {
  const range = joinsBetween(project, from, to);
  return (await queryAll(records, range.pk, range)).map(({ body }) => body as JoinRecord);
}
