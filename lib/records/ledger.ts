import type { UploadId } from '../model/ids.ts';
import { RECORDS_OUTLIVE_RAW_DAYS } from '../model/lifetimes.ts';
import type { EpochMs } from '../model/units.ts';
import { DAY_MS } from '../model/units.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { ledgerKey } from './keys.ts';

/** What became of one upload. It is written after the last commit and read before the first. */
export interface LedgerRecord {
  readonly uploadId: UploadId;
  readonly rawKey: string;
  readonly receivedAt: EpochMs;
  readonly state: 'done' | 'rejected' | 'poison';
  readonly reason: string | null;
  /** Points that were left out of a done upload, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly finishedAt: EpochMs;
}

export interface Ledger {
  /** Consistent read: undefined means that no commit of this upload was ever finished. */
  get(project: string, id: UploadId): Promise<LedgerRecord | undefined>;
  /** The first record of an upload stands: a second writer has done the same work. True of the first. */
  finish(project: string, record: LedgerRecord): Promise<boolean>;
  /** Forgets a poison record, so that the next delivery tries again; false where none is. */
  forget(project: string, id: UploadId): Promise<boolean>;
}

/** @param retentionDays how long raw objects live: of all projects, or of each */
export function ledger(
  records: RecordStore,
  retentionDays: number | ((project: string) => Promise<number>),
): Ledger {
  return {
    async get(project, id) {
      const { pk, sk } = ledgerKey(project, id);
      return (await records.get(pk, sk))?.body as LedgerRecord | undefined;
    },
    async finish(project, record) {
      // As long as the raw object lives, which expires by its arrival.
      const days = typeof retentionDays === 'number' ? retentionDays : await retentionDays(project);
      const expiresAt = record.receivedAt + (days + RECORDS_OUTLIVE_RAW_DAYS) * DAY_MS;
      const written = { ...ledgerKey(project, record.uploadId), body: record, expiresAt };
      return (await records.put(written, { ifAbsent: true })).outcome === 'stored';
    },
    async forget(project, id) {
      const { pk, sk } = ledgerKey(project, id);
      const stored = await records.get(pk, sk);
      if ((stored?.body as LedgerRecord | undefined)?.state !== 'poison') return false;
      return (await records.delete(pk, sk, { ifVersion: stored?.version as number })) === 'deleted';
    },
  };
}
