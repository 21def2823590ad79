import type { UploadId } from '../model/ids.ts';
import { DAY_MS, type EpochMs } from '../model/units.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { attemptKey } from './keys.ts';
import { update } from './pages.ts';

const KEEP_DAYS = 30;

/** Counts a try of an upload before it is made, so that the tries are known that never ended. Returns how many there were. */
export async function beginAttempt(
  records: RecordStore,
  project: string,
  id: UploadId,
  now: EpochMs,
): Promise<number> {
  const count = await update<number>(records, attemptKey(project, id), (before = 0) => ({
    body: before + 1,
    expiresAt: now + KEEP_DAYS * DAY_MS,
  }));
  return count ?? 1;
}

/** The try ended, however it did. */
export async function endAttempts(records: RecordStore, project: string, id: UploadId): Promise<void> {
  const { pk, sk } = attemptKey(project, id);
  await records.delete(pk, sk);
}
