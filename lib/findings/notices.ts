import type { Suspect } from '../model/leak.ts';
import { unitKey } from '../model/unit-of-work.ts';
import type { EpochMs } from '../model/units.ts';

/** One message that a finding owes or has sent. */
export interface Owed {
  readonly due: boolean;
  /** While a sender holds it, and until a failed one is to be tried again. */
  readonly claimedUntil: EpochMs | null;
  readonly attempts: number;
  /** Last time that it was sent in this episode of the finding. */
  readonly sentAt: EpochMs | null;
  readonly lastError: string | null;
  /** Tells this message from earlier ones of the finding, so that a late answer about those changes nothing. */
  readonly serial: number;
  /** Notifiers that have it already; a try after a failure of the others spares them. */
  readonly delivered: readonly string[];
}

/** What a finding owes: at most one of the two is due. */
export interface Notices {
  readonly firing: Owed;
  /** Null until the finding was resolved, and when nobody was told that it fired. */
  readonly resolved: Owed | null;
  /** The highest serial given out. */
  readonly serial: number;
  /** The suspects that the last firing message named. */
  readonly told: readonly string[];
}

export interface NoticeClaim {
  readonly which: 'firing' | 'resolved';
  readonly serial: number;
  readonly attempt: number;
  readonly delivered: readonly string[];
}

interface Owing {
  readonly state: 'firing' | 'resolved' | 'snoozed' | 'dismissed';
  readonly suspects: readonly Suspect[];
  readonly notice: Notices;
}

/**
 * Takes the due message for `leaseMs`: write the record that comes back under the version that was read, then send.
 * Undefined when nothing is due, somebody else holds it, or the finding is snoozed or dismissed.
 */
export function claimNotice<T extends Owing>(
  record: T,
  now: EpochMs,
  leaseMs: number,
): { readonly record: T; readonly claim: NoticeClaim } | undefined {
  const { state, notice } = record;
  if (state !== 'firing' && state !== 'resolved') return undefined;
  const which = state;
  const owed = notice[which];
  if (!owed?.due || (owed.claimedUntil !== null && owed.claimedUntil > now)) return undefined;
  const held: Owed = { ...owed, claimedUntil: now + leaseMs, attempts: owed.attempts + 1 };
  const told = which === 'firing' ? namedSuspects(record.suspects) : notice.told;
  return {
    record: { ...record, notice: { ...notice, [which]: held, told } },
    claim: { which, serial: held.serial, attempt: held.attempts, delivered: held.delivered },
  };
}

/** When the next claim can succeed, for whoever waits; undefined when nothing is due. */
export function noticeDueAt({ state, notice }: Owing): EpochMs | undefined {
  if (state !== 'firing' && state !== 'resolved') return undefined;
  const owed = notice[state];
  return owed?.due ? (owed.claimedUntil ?? 0) : undefined;
}

/** The message went out to everybody who gets it. Also right when the lease had ended meanwhile. */
export const noticeSent = <T extends Owing>(record: T, claim: NoticeClaim, now: EpochMs): T =>
  settled(record, claim, (owed) => ({
    ...owed,
    due: false,
    claimedUntil: null,
    sentAt: now,
    lastError: null,
  }));

export interface NoticeFailure {
  /** Null when no further try would help: the message is given up, and the reason stays to be shown. */
  readonly retryAt: EpochMs | null;
  readonly reason: string;
  /** Notifiers that have it now. */
  readonly delivered: readonly string[];
}

/** The message, or a part of it, did not go out. */
export const noticeFailed = <T extends Owing>(record: T, claim: NoticeClaim, failure: NoticeFailure): T =>
  settled(record, claim, (owed) => {
    if (!owed.due || owed.attempts !== claim.attempt) return owed; // another try has begun, or made it
    const { retryAt, reason, delivered } = failure;
    return { ...owed, due: retryAt !== null, claimedUntil: retryAt, lastError: reason, delivered };
  });

function settled<T extends Owing>(
  record: T,
  { which, serial }: NoticeClaim,
  change: (owed: Owed) => Owed,
): T {
  const owed = record.notice[which];
  if (owed?.serial !== serial) return record;
  return { ...record, notice: { ...record.notice, [which]: change(owed) } };
}

export const nothingOwed = (): Notices => ({ firing: blank(0), resolved: null, serial: 0, told: [] });

/** A new message due; `before` is the one of the same episode that it repeats. */
export const owe = ({ serial }: Notices, before: Owed | undefined): Owed => ({
  ...blank(serial + 1),
  due: true,
  sentAt: before?.sentAt ?? null,
});

/** Of a finding that resolves: the firing message is not due any more; the resolved one is if anybody may have it. */
export function carriedOver(notice: Notices): Notices {
  const { firing } = notice;
  const mayBeKnown = firing.sentAt !== null || firing.attempts > 0;
  const resolved = mayBeKnown ? owe(notice, undefined) : null;
  return {
    ...notice,
    firing: { ...firing, due: false, claimedUntil: null },
    resolved,
    serial: resolved?.serial ?? notice.serial,
  };
}

/** Of a finding that another one has taken over: neither message is due any more. */
export const silenced = (notice: Notices): Notices => ({
  ...notice,
  firing: { ...notice.firing, due: false, claimedUntil: null },
  resolved: null,
});

/** What the message names: the units of the first suspect, or its other cause. Lesser suspects come and go. */
export function namedSuspects(suspects: readonly Suspect[]): string[] {
  const [first] = suspects;
  if (!first) return [];
  return first.cause === 'unit' ? first.units.map(unitKey).toSorted() : [first.cause];
}

const blank = (serial: number): Owed => ({
  due: false,
  claimedUntil: null,
  attempts: 0,
  sentAt: null,
  lastError: null,
  serial,
  delivered: [],
});
