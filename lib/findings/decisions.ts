import { Fault, invalidInput } from '../model/fault.ts';
import { DAY_MS, type EpochMs } from '../model/units.ts';
import type { FindingRecord } from './life-cycle.ts';

// What people decide about a finding. Both take the record as `awake` leaves it.

/** Snoozing is not a way to dismiss: it ends within a quarter. */
export const MAX_SNOOZE_MS = 92 * DAY_MS;

/**
 * Holds back messages until `until`; the finding then fires again by itself.
 * @throws Fault('invalid-input') when `until` is not in (now, now + 92 d], Fault('conflict') when it is not open
 */
export function snooze(record: FindingRecord, until: EpochMs, now: EpochMs): FindingRecord {
  if (!(until > now && until <= now + MAX_SNOOZE_MS)) {
    throw invalidInput('Cannot snooze: the end must lie in the future, within 92 days');
  }
  if (record.state !== 'firing' && record.state !== 'snoozed') {
    throw new Fault('conflict', `Cannot snooze a finding that is ${record.state}`);
  }
  return { ...record, state: 'snoozed', snoozedUntil: until, updatedAt: now };
}

/** Closes the finding for good, until growth with a later onset. What it owes is not sent. */
export function dismiss(record: FindingRecord, reason: string, now: EpochMs): FindingRecord {
  const { firing, resolved } = record.notice;
  const dropped = { due: false, claimedUntil: null };
  return {
    ...record,
    state: 'dismissed',
    dismissed: { at: now, reason },
    dismissedOnset: record.evidence.onset?.high ?? record.since,
    snoozedUntil: null,
    resolvedAt: null,
    updatedAt: now,
    notice: {
      ...record.notice,
      firing: { ...firing, ...dropped },
      resolved: resolved && { ...resolved, ...dropped },
    },
  };
}
