import type { EpochMs } from '../model/units.ts';
import type { PutOutcome, RecordStore } from '../ports/record-store.ts';
import { sweepKey, sweepsOf } from './keys.ts';
import { queryAll, update } from './pages.ts';

/**
 * How far the sweep of uploads has come in one shard of a project's raw objects. All times are the object store's: it stamps
 * each object as it becomes visible, whatever hour its key names.
 */
export interface SweepMark {
  /** Every object that was stored until then was looked at, but those of `lateUntil`. */
  readonly until: EpochMs;
  /** The same of objects whose key names an hour long before they were stored. */
  readonly lateUntil: EpochMs;
  /** The store's clock was set back: what it stamped until then, before that, was looked at. */
  readonly aheadUntil?: EpochMs;
  /** Objects that were looked at and hold an upload that was not finished. */
  readonly unfinished: readonly Unfinished[];
}
export interface Unfinished {
  readonly key: string;
  readonly size: number;
  /** When its event was sent last, and how often it was. */
  readonly sentAt: EpochMs;
  readonly times: number;
}

/** Some 50 KB: a record takes 300. A shard that has so many goes no further before some of them are finished. */
export const UNFINISHED_MAX = 400;

export const UNSWEPT: SweepMark = { until: 0, lateUntil: 0, unfinished: [] };

export interface StoredMark {
  readonly mark: SweepMark;
  readonly version: number;
}

/** By shard; those that were never swept have none. */
export async function listSweeps(
  records: RecordStore,
  project: string,
): Promise<ReadonlyMap<string, StoredMark>> {
  const found = await queryAll(records, sweepsOf(project).pk);
  return new Map(found.map(({ sk, body, version }) => [sk, { mark: body as SweepMark, version }]));
}

/** Only over what its writer began with: two that swept at once have both looked, and one of them says so. */
export function writeSweep(
  records: RecordStore,
  {
    project,
    shard,
    version,
  }: { readonly project: string; readonly shard: string; readonly version?: number },
  mark: SweepMark,
): Promise<PutOutcome> {
  const condition = version === undefined ? { ifAbsent: true as const } : { ifVersion: version };
  return records.put({ ...sweepKey(project, shard), body: mark }, condition);
}

/**
 * Has the next sweep look at an object again that earlier ones may have found finished: before its uploads become
 * unfinished. Where too many wait already, the mark goes back to it.
 */
export async function lookAgain(
  records: RecordStore,
  { project, shard }: { readonly project: string; readonly shard: string },
  { key, size, modified }: { readonly key: string; readonly size: number; readonly modified: EpochMs },
): Promise<void> {
  await update<SweepMark>(records, sweepKey(project, shard), (before = UNSWEPT) => {
    const { until, lateUntil, unfinished } = before;
    if (unfinished.some((one) => one.key === key)) return undefined;
    if (unfinished.length < UNFINISHED_MAX)
      return { body: { ...before, unfinished: [...unfinished, { key, size, sentAt: 0, times: 0 }] } };
    const earliest = modified - 1;
    return {
      body: { ...before, until: Math.min(until, earliest), lateUntil: Math.min(lateUntil, earliest) },
    };
  });
}
