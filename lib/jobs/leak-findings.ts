import { leakSituation } from '../findings/as-of.ts';
import { fingerprint } from '../findings/fingerprint.ts';
import { leakWording } from '../findings/leak-wording.ts';
import type { Observation } from '../findings/life-cycle.ts';
import { START_UP_MS } from '../leaks/index.ts';
import type { Evidence, Where } from '../model/finding.ts';
import type { MemoryRole } from '../model/memory.ts';
import { type EpochMs, MINUTE_MS } from '../model/units.ts';
import { deploysOf } from './answers/deploys.ts';
import type { JobContext } from './context.ts';
import { AROUND_THE_HEAP, explainLeak } from './explain.ts';
import { explainLives } from './explain-lives.ts';
import { clearObservation, endOfRelease } from './leak-ends.ts';
import type { LifeOfRole } from './lives/index.ts';
import type { Cohort } from './load-service.ts';
import { speakerOf } from './looked.ts';
import { CALM, evidenceOf, newest, onsetOf, type ScanOutcome } from './scan-outcome.ts';

export const rolesOf = ({ looked }: ScanOutcome) => [...new Set(looked.map(({ cohort }) => cohort.role))];

const HEAP_ROLES: readonly MemoryRole[] = ['heap_after_gc', 'heap_used'];

/** What is to be said of one role: it grows, it has ended, or nothing that was not said. */
export async function observeRole(
  context: JobContext,
  outcome: ScanOutcome,
  role: MemoryRole,
): Promise<Observation | undefined> {
  const { project, service, looked } = outcome;
  const same = looked.filter(({ cohort }) => cohort.role === role);
  const current = newest(same);
  if (current === undefined) return undefined;
  const before = await context.findings.get(project, fingerprint({ project, service, kind: 'leak', role }));
  const grown = newest(same.filter(({ look, cohort }) => look.fired && cohort.result.verdict === 'leak'));
  const ended = before && endOfRelease(outcome, before, current);
  if (ended?.state === 'clear') return ended;
  // Beside a heap that grows they make no finding of their own.
  const explained =
    AROUND_THE_HEAP.includes(role) && (!heapIsCalm(outcome, grown?.cohort.version) || partGrows(outcome));
  if (grown !== undefined && !explained) return leakObservation(context, outcome, grown.cohort);
  if (same.some(({ decision }) => decision === 'clear')) return clearObservation(outcome, current.cohort);
  return ended;
}

/** Undecided is not calm: while the heap may still be found to grow, what it takes with it waits. */
function heapIsCalm({ looked }: ScanOutcome, version: string | undefined): boolean {
  const heaps = looked.filter(({ cohort }) => HEAP_ROLES.includes(cohort.role));
  // Beside a canary the other version runs on: its heap tells nothing of this one's.
  const heap = newest(heaps.filter(({ cohort }) => cohort.version === version)) ?? newest(heaps);
  return heap === undefined || CALM.includes(heap.cohort.result.verdict);
}

/** Parts of a process that make a finding of their own; the process that holds them is no other. */
const PARTS: readonly MemoryRole[] = ['external', 'non_heap'];

const partGrows = ({ looked }: ScanOutcome): boolean =>
  looked.some(
    ({ cohort, look }) => PARTS.includes(cohort.role) && look.fired && cohort.result.verdict === 'leak',
  );

async function leakObservation(
  context: JobContext,
  outcome: ScanOutcome,
  cohort: Cohort,
): Promise<Observation | undefined> {
  const { project, service, now } = outcome;
  const { result, role } = cohort;
  const speaker = speakerOf(cohort);
  const onset = onsetOf(cohort);
  const deploys = onset === null ? [] : await releasesAround(context, outcome, onset);
  const { loaded } = outcome;
  const explained = loaded && {
    ...explainLeak(loaded, speaker, cohort),
    ...explainLives(loaded, cohort),
  };
  if (speaker && isStartUp(speaker) && OF_RUNTIME.includes(explained?.where?.place)) return undefined;
  const evidence: Evidence = {
    ...evidenceOf(outcome, cohort, deploys),
    ...(explained === undefined ? {} : { explained }),
  };
  return {
    ...leakWording(leakSituation(outcome, role, result.suspects, evidence)),
    id: fingerprint({ project, service, kind: 'leak', role }),
    kind: 'leak',
    project,
    service,
    state: 'firing',
    since: Math.round(onset?.t ?? speaker?.times.at(-1) ?? now),
    suspects: result.suspects,
    evidence,
  };
}

/**
 * What a runtime takes first, beside a heap whose floor is calm: garbage that is not collected yet, and room for more. Two of
 * fifteen healthy Node services were named within a minute of their start for it (`bench/leaks/live`).
 */
const OF_RUNTIME: readonly (Where['place'] | undefined)[] = ['heap', 'allocator'];

const isStartUp = ({ startedAt, times }: LifeOfRole): boolean =>
  (times.at(-1) as number) - (startedAt ?? (times[0] as number)) < START_UP_MS;

/** Before an onset: long enough for a rollout to reach the instance that shows it. */
const BEFORE_ONSET_MS = 30 * MINUTE_MS;

async function releasesAround(
  context: JobContext,
  outcome: ScanOutcome,
  onset: { low: EpochMs; high: EpochMs },
) {
  const { project, service, looked } = outcome;
  const found = await deploysOf(context, project, service, onset.low - BEFORE_ONSET_MS, onset.high);
  // The version that a service had when it was first heard is no release: nothing was there before it.
  const first = Math.min(...looked.flatMap(({ cohort }) => cohort.lives.map(({ times }) => times[0] ?? 0)));
  return found
    .filter(({ source, at }) => source === 'reported' || at > first)
    .map(({ version, at }) => ({ version, at }));
}
