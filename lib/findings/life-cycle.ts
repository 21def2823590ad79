import type { Finding, SentencePart } from '../model/finding.ts';
import { type EpochMs, HOUR_MS } from '../model/units.ts';
import { carriedOver, type Notices, namedSuspects, nothingOwed, owe, silenced } from './notices.ts';

/** A finding with what it owes: one record, so that a change of state and its notice are one conditional write. */
export interface FindingRecord extends Finding {
  readonly notice: Notices;
  /** End of the newest window that was taken in; what speaks of an older one comes too late. */
  readonly observedTo: EpochMs;
  /** While dismissed: growth that began after this is another onset, and reopens the finding. */
  readonly dismissedOnset: EpochMs | null;
}

/** What a scan says about the subject of a finding. */
export interface Observation
  extends Pick<Finding, 'id' | 'kind' | 'project' | 'service' | 'suspects' | 'evidence'> {
  /** `unknown`: the data did not decide. It changes nothing. */
  readonly state: 'firing' | 'clear' | 'unknown';
  /** With `clear`: ended because another finding tells of it, so that nobody is told of the end. */
  readonly isQuiet?: boolean;
  /** With `firing`: shown on pages alone, so that nobody is told until an observation comes that is not. */
  readonly isSilent?: boolean;
  /**
   * With `firing`: when the message of another finding told of the same, so that none is sent for this one. The suspects
   * that it names are news, as they would be after a message of its own.
   */
  readonly toldAt?: EpochMs | null;
  readonly since: EpochMs;
  readonly title: string;
  readonly summary: string;
  readonly sentence: readonly SentencePart[];
}

const RENOTIFY_MS = 4 * HOUR_MS;

/**
 * The finding after an observation; the same object when nothing changed, so that the caller can spare the write.
 * Undefined when there was none and nothing fires.
 */
export function observe(
  previous: FindingRecord | undefined,
  observation: Observation,
  now: EpochMs,
): FindingRecord | undefined {
  if (!previous) return observation.state === 'firing' ? opened(undefined, observation, now) : undefined;
  const record = awake(previous, now);
  if (observation.state === 'unknown' || observation.evidence.to < record.observedTo) return record;
  return observation.state === 'clear' ? cleared(record, observation, now) : fired(record, observation, now);
}

/** Ends a snooze whose time has come; what was told before is told again, or the snooze would be a dismissal. */
export function awake(record: FindingRecord, now: EpochMs): FindingRecord {
  if (record.state !== 'snoozed' || record.snoozedUntil === null || now < record.snoozedUntil) return record;
  const firing =
    record.notice.firing.sentAt === null ? record.notice.firing : owe(record.notice, record.notice.firing);
  return {
    ...record,
    state: 'firing',
    snoozedUntil: null,
    updatedAt: now,
    notice: { ...record.notice, serial: Math.max(record.notice.serial, firing.serial), firing },
  };
}

function fired(record: FindingRecord, observation: Observation, now: EpochMs): FindingRecord {
  if (record.state === 'resolved') return opened(record, observation, now);
  const { onset } = observation.evidence;
  const isNewOnset =
    record.dismissedOnset !== null && (onset?.low ?? observation.since) > record.dismissedOnset;
  if (record.state === 'dismissed' && isNewOnset) return opened(record, observation, now);
  const { since, title, summary, sentence, suspects, evidence } = observation;
  const next: FindingRecord = {
    ...record,
    ...{ since, title, summary, sentence, suspects, evidence },
    observedTo: evidence.to,
    notice: renewed(record, observation, now),
  };
  return same(record, next) ? record : { ...next, updatedAt: now };
}

/** Told when it is silent no more; again at most every four hours, and only when the message would name others. */
function renewed(
  { state, notice }: FindingRecord,
  { suspects, isSilent = false }: Observation,
  now: EpochMs,
): Notices {
  const { due, sentAt } = notice.firing;
  if (state !== 'firing' || due) return notice;
  const isNews = namedSuspects(suspects).join('\n') !== notice.told.join('\n');
  const isAgain = sentAt !== null && now - sentAt >= RENOTIFY_MS && isNews;
  if (!isAgain && (isSilent || !wasSilent(notice))) return notice;
  const firing = owe(notice, notice.firing);
  return { ...notice, firing, serial: firing.serial };
}

/** Neither sent, nor tried and given up. */
const wasSilent = ({ firing: { sentAt, attempts } }: Notices) => sentAt === null && attempts === 0;

function cleared(record: FindingRecord, observation: Observation, now: EpochMs): FindingRecord {
  // A dismissed finding stays as it was left; one that is resolved has said so.
  if (record.state === 'resolved' || record.state === 'dismissed') return record;
  const { title, summary, sentence, evidence } = observation;
  return {
    ...record,
    // Suspects and evidence stay those of the growth: they are what the finding was about. A proof of its end comes to it.
    ...{ title, summary, sentence },
    evidence: evidence.explained ? { ...record.evidence, explained: evidence.explained } : record.evidence,
    state: 'resolved',
    resolvedAt: now,
    updatedAt: now,
    snoozedUntil: null,
    observedTo: evidence.to,
    notice: observation.isQuiet === true ? silenced(record.notice) : carriedOver(record.notice),
  };
}

/** A first onset, or another one of a finding that was closed: it begins anew, with a notice of its own. */
function opened(previous: FindingRecord | undefined, observation: Observation, now: EpochMs): FindingRecord {
  const { state: _, isQuiet: __, isSilent = false, toldAt = null, ...content } = observation;
  const notice = previous?.notice ?? nothingOwed();
  const firing =
    isSilent || toldAt !== null
      ? { ...nothingOwed().firing, serial: notice.serial, sentAt: toldAt }
      : owe(notice, undefined);
  return {
    ...content,
    state: 'firing',
    updatedAt: now,
    resolvedAt: null,
    snoozedUntil: null,
    dismissed: null,
    dismissedOnset: null,
    observedTo: content.evidence.to,
    notice: { firing, resolved: null, serial: firing.serial, told: [] },
  };
}

const same = (a: FindingRecord, b: FindingRecord) => JSON.stringify(a) === JSON.stringify(b);
