import type { UploadId } from '../model/ids.ts';
import type { Partition } from '../model/partition.ts';
import { DAY_MS, type EpochMs } from '../model/units.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { attemptKey, buildTryKey, failureKey } from './keys.ts';
import { update } from './pages.ts';

const KEEP_DAYS = 30;

/** Counts a try of an upload before it is made, so that the tries are known that never ended. Returns how many there were. */
export const beginAttempt = (records: RecordStore, project: string, id: UploadId, now: EpochMs) =>
  countOne(records, attemptKey(project, id), now);

/** The try ended, however it did. */
export async function endAttempts(records: RecordStore, project: string, id: UploadId): Promise<void> {
  const { pk, sk } = attemptKey(project, id);
  await records.delete(pk, sk);
}

/** Counts a try that ended in an error, for which the upload itself is to blame. Returns how many there were. */
export const countFailure = (records: RecordStore, project: string, id: UploadId, now: EpochMs) =>
  countOne(records, failureKey(project, id), now);

/** One that was set aside begins anew when it is tried again. */
export async function forgetFailures(records: RecordStore, project: string, id: UploadId): Promise<void> {
  const { pk, sk } = failureKey(project, id);
  await records.delete(pk, sk);
}

/** Counts a try to build a roll-up before it is made, for a day. False, and counts nothing: `max` of them came to no end. */
export async function beginBuild(
  records: RecordStore,
  rollUp: Partition,
  { max, now }: { readonly max: number; readonly now: EpochMs },
): Promise<boolean> {
  let isBegun = false;
  await update<number>(records, buildTryKey(rollUp), (before = 0) => {
    isBegun = before < max;
    return isBegun ? { body: before + 1, expiresAt: now + DAY_MS } : undefined;
  });
  return isBegun;
}

/** The try came to an end, whatever became of it. */
export async function endBuild(records: RecordStore, rollUp: Partition): Promise<void> {
  const { pk, sk } = buildTryKey(rollUp);
  await records.delete(pk, sk);
}

async function countOne(records: RecordStore, key: RecordKey, now: EpochMs): Promise<number> {
  const count = await update<number>(records, key, (before = 0) => ({
    body: before + 1,
    expiresAt: now + KEEP_DAYS * DAY_MS,
  }));
  return count ?? 1;
}
type RecordKey = ReturnType<typeof attemptKey>;
