import type { Evidence } from '../model/finding.ts';
import type { Suspect } from '../model/leak.ts';
import type { MemoryRole } from '../model/memory.ts';
import type { ServiceName } from '../model/service.ts';
import { DAY_MS, type EpochMs, HOUR_MS, MINUTE_MS, SECOND_MS } from '../model/units.ts';
import { type LeakSituation, leakWording } from './leak-wording.ts';
import type { FindingRecord } from './life-cycle.ts';

/** A finding that fires is looked at each hour while its processes send. */
const SILENT_MS = 2 * HOUR_MS;
/** A process near its limit is looked at by every scan: one that was to be full before this is full, or gone. */
const PASSED_MS = 15 * MINUTE_MS;

/**
 * An open finding of a leak as it is to be told now. It was worded when it was looked at last: days go by, and a forecast
 * ends with its process, or when its time has passed and nothing newer was heard.
 */
export function asOf(record: FindingRecord, now: EpochMs): FindingRecord {
  const { kind, state, evidence, service, suspects } = record;
  const { role, to } = evidence;
  const ageMs = now - to;
  const isAged = ageMs > PASSED_MS && (ageMs > SILENT_MS || isPassed(evidence, now) || !sameDay(to, now));
  if (kind !== 'leak' || state === 'resolved' || role === null || !isAged) return record;
  const isOver = ageMs > SILENT_MS || isPassed(evidence, now);
  const told = isOver ? { ...evidence, timeToLimitS: null } : evidence;
  const situation = leakSituation({ now, service }, role, suspects, told);
  return {
    ...record,
    ...leakWording(isOver ? { ...situation, lastSeen: to } : situation),
    evidence: told,
  };
}

const isPassed = ({ timeToLimitS, to }: Evidence, now: EpochMs): boolean =>
  timeToLimitS !== null && to + timeToLimitS.high * SECOND_MS < now;

const sameDay = (a: EpochMs, b: EpochMs) => Math.floor(a / DAY_MS) === Math.floor(b / DAY_MS);

/** What the words of a leak need, from its evidence. */
export function leakSituation(
  { now, service }: { readonly now: EpochMs; readonly service: ServiceName },
  role: MemoryRole,
  suspects: readonly Suspect[],
  evidence: Evidence,
): LeakSituation {
  const {
    instances,
    looked,
    running,
    onset,
    deploys,
    slopeBytesPerHour,
    timeToLimitS,
    limitBytes,
    explained,
    to,
  } = evidence;
  return {
    ...{ now, service, role, onset, deploys, suspects, slopeBytesPerHour, timeToLimitS, limitBytes },
    seenTo: to,
    instances: running
      ? { affected: running.growing, all: running.all }
      : { affected: instances.length, all: looked ?? instances.length },
    ...(explained === undefined ? {} : { explained }),
  };
}
