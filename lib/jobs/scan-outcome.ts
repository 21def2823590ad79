import { type Death, GROWTH, LEAKS_VERSION, unitCounts } from '../leaks/index.ts';
import type { Evidence } from '../model/finding.ts';
import type { ServiceName } from '../model/service.ts';
import { unitKey } from '../model/unit-of-work.ts';
import { type EpochMs, SECOND_MS } from '../model/units.ts';
import { type Cohort, isOfAllVersions, type LoadedService } from './load-service.ts';
import { type Looked, speakerOf } from './looked.ts';
import type { RuleStatus } from './rules.ts';

/** What one scan of a service saw, of which findings are made. */
export interface ScanOutcome {
  readonly project: string;
  readonly service: ServiceName;
  readonly now: EpochMs;
  /** Begin of the window in which rules, new processes and deaths show; a look reads further back (`loaded`). */
  readonly from: EpochMs;
  readonly looked: readonly Looked[];
  readonly deaths: readonly Death[];
  readonly rules: readonly RuleStatus[];
  /** What the look was made from; undefined when there was none. */
  readonly loaded: LoadedService | undefined;
  /** Instances that were heard of late. */
  readonly instances: number;
}

/** The cohort whose data is newest: the version that runs now. */
export function newest(looked: readonly Looked[]): Looked | undefined {
  const end = ({ cohort }: Looked) => Math.max(...cohort.lives.map(({ times }) => times.at(-1) ?? 0));
  return [...looked].sort((a, b) => end(b) - end(a))[0];
}

/** Verdicts after which the heap explains nothing that is seen around it. */
export const CALM: readonly string[] = ['stable', 'step', 'load-proportional'];

/** How many instances have a life that grows, of all that were looked at. */
export function affected({ lives, result }: Cohort) {
  const growing = lives.filter((_, i) => result.perLife[i]?.verdict === 'leak');
  const count = (some: Cohort['lives']) => new Set(some.map(({ instance }) => instance)).size;
  return { affected: Math.max(1, count(growing)), all: count(lives) };
}

export function evidenceOf(outcome: ScanOutcome, cohort: Cohort, deploys: Evidence['deploys']): Evidence {
  const { role, version, lives, result } = cohort;
  const growing = lives.filter((_, i) => result.perLife[i]?.verdict === 'leak');
  const namesOf = (some: Cohort['lives']) => [...new Set(some.map(({ instance }) => instance))].sort();
  const to = Math.max(...lives.map(({ times }) => times.at(-1) ?? 0));
  const running = runningNow(outcome, cohort);
  return {
    analyzer: `leaks@${LEAKS_VERSION}`,
    role,
    version,
    instances: namesOf(growing.length > 0 ? growing : lives),
    looked: namesOf(lives).length,
    ...(running === undefined ? {} : { running }),
    from: Math.max(
      outcome.loaded?.from ?? outcome.from,
      Math.min(...lives.map(({ times }) => times[0] ?? outcome.now)),
    ),
    to,
    onset: onsetOf(cohort),
    slopeBytesPerHour: result.slopeBytesPerHour,
    ...firstFull(cohort, to),
    floor: result.floor,
    lows: result.lows,
    confidence: result.confidence,
    reason: result.reason,
    cleared: clearedIn(cohort),
    deploys,
  };
}

/** Processes that run and grow, of all that run in the role; undefined where none of those that grow does. */
function runningNow({ looked }: ScanOutcome, { role, lives, result }: Cohort): Evidence['running'] {
  const count = (some: Cohort['lives']) =>
    new Set(some.filter(({ end }) => end === undefined).map(({ instance }) => instance)).size;
  const growing = count(lives.filter((_, i) => result.perLife[i]?.verdict === 'leak'));
  const all = looked.filter(({ cohort }) => cohort.role === role && !isOfAllVersions(cohort));
  return growing === 0 ? undefined : { growing, all: count(all.flatMap(({ cohort }) => cohort.lives)) };
}

/** Of the processes that run and grow, the one that is full first; counted from `to`, the newest reading of all. */
function firstFull({ lives, result }: Cohort, to: EpochMs): Pick<Evidence, 'timeToLimitS' | 'limitBytes'> {
  const [first] = lives
    .flatMap(({ end, limit, times }, i) => {
      const { verdict, timeToLimitS: left } = result.perLife[i] ?? {};
      if (verdict !== 'leak' || !left || end !== undefined || limit === undefined) return [];
      const passedS = (to - (times.at(-1) as number)) / SECOND_MS;
      const later = (seconds: number) =>
        seconds === Number.MAX_SAFE_INTEGER ? seconds : Math.max(0, seconds - passedS);
      const timeToLimitS = { value: later(left.value), low: later(left.low), high: later(left.high) };
      return [{ timeToLimitS, limitBytes: limit }];
    })
    .toSorted((a, b) => a.timeToLimitS.value - b.timeToLimitS.value);
  return first ?? { timeToLimitS: null, limitBytes: newestLimit(lives) };
}

const newestLimit = (lives: Cohort['lives']) =>
  lives.toSorted((a, b) => (b.times[0] as number) - (a.times[0] as number)).find(({ limit }) => limit)
    ?.limit ?? null;

/** Where a process that was replaced had grown already, growth did not begin with the one that speaks now. */
export function onsetOf(cohort: Cohort): Evidence['onset'] {
  const { lives, result } = cohort;
  const birth = speakerOf(cohort)?.times[0];
  const before = lives.flatMap((_, i) => {
    const { verdict, onset } = result.perLife[i] ?? {};
    return verdict === 'leak' && onset && birth !== undefined && onset.high < birth ? [onset] : [];
  });
  return before.toSorted((a, b) => a.t - b.t)[0] ?? result.onset;
}

/** Counted over the same lives as the suspects beside them, each from its own onset: the result has those of its speaker. */
function clearedIn({ lives, result }: Cohort): Evidence['cleared'] {
  const growing = lives.flatMap((life, i) => {
    const { verdict, onset } = result.perLife[i] ?? {};
    if (verdict === undefined || !GROWTH.has(verdict) || !onset) return [];
    const counts = unitCounts(life.work);
    return [new Map(counts.map((one) => [unitKey(one.unit), one.at(Infinity) - one.at(onset.t)]))];
  });
  if (growing.length < 2) return result.cleared;
  return result.cleared.map((one) => ({
    ...one,
    unitsSinceOnset: growing.reduce((sum, units) => sum + (units.get(unitKey(one.unit)) ?? 0), 0),
  }));
}
