import { leakSituation } from '../findings/as-of.ts';
import { fingerprint } from '../findings/fingerprint.ts';
import { leakWording } from '../findings/leak-wording.ts';
import type { FindingRecord, Observation } from '../findings/life-cycle.ts';
import { resolvedWording } from '../findings/resolved-wording.ts';
import type { Wording } from '../findings/wording.ts';
import { compareReleases } from '../leaks/index.ts';
import { NOTHING_EXPLAINED } from './explain.ts';
import { type Cohort, livesIn } from './load-service.ts';
import type { Looked } from './looked.ts';
import { evidenceOf, newest, type ScanOutcome } from './scan-outcome.ts';

/**
 * What became of a leak whose release has gone: fixed, when the one that followed has proved it by what it served; else
 * how much is missing. Undefined while processes of the bad release run, and where releases tell nothing.
 */
export function endOfRelease(
  outcome: ScanOutcome,
  before: FindingRecord,
  current: Looked,
): Observation | undefined {
  const { evidence, suspects } = before;
  const { role } = current.cohort;
  const isOpen = before.state === 'firing' || before.state === 'snoozed';
  if (!isOpen || outcome.loaded === undefined || current.cohort.version === evidence.version)
    return undefined;
  const lives = livesIn(outcome.loaded, role);
  const bad = lives.filter(({ version }) => (version ?? '') === evidence.version);
  if (bad.some(({ end }) => end === undefined) || current.cohort.result.verdict === 'leak') return undefined;
  const { version, slopeBytesPerHour: perHour } = evidence;
  const releases = compareReleases(lives, { version, suspect: suspects[0], perHour });
  if (!releases.fix) return undefined;
  const explained = { ...(evidence.explained ?? NOTHING_EXPLAINED), releases };
  if (releases.fix.state !== 'fixed') {
    // Still firing: its words say how far the proof is. What was forecast ended with the last of its processes.
    const { running: _, ...ended } = evidence;
    const told = { ...ended, timeToLimitS: null, explained };
    const wording = leakWording(leakSituation(outcome, role, suspects, told));
    return { ...before, ...wording, state: 'firing', evidence: told };
  }
  const wording = resolvedWording({
    ...{ now: outcome.now, service: outcome.service, role, deploys: [], bytesPerUnit: null, units: 0 },
    instances: { affected: 1, all: 1 },
    since: { t: outcome.now, low: outcome.now, high: outcome.now },
    suspect: suspects[0] ?? null,
    fix: releases.fix,
  });
  const end = clearObservation(outcome, current.cohort);
  return { ...end, ...wording, evidence: { ...end.evidence, explained } };
}

const NO_WORDS: Wording = { title: '', summary: '', sentence: [] };

export function clearObservation(outcome: ScanOutcome, cohort: Cohort): Observation {
  const { project, service } = outcome;
  return {
    ...NO_WORDS, // said once it is known what the finding had named: `reworded`
    id: fingerprint({ project, service, kind: 'leak', role: cohort.role }),
    kind: 'leak',
    project,
    service,
    state: 'clear',
    since: outcome.now,
    suspects: [],
    evidence: evidenceOf(outcome, cohort, []),
  };
}

/** The sentence of a resolved finding says what it had named, and since when that keeps nothing. */
export function reworded(before: FindingRecord, observation: Observation, outcome: ScanOutcome): Observation {
  const { role } = before.evidence;
  if (before.kind !== 'leak' || role === null || observation.title !== '') return observation;
  const current = newest(outcome.looked.filter(({ cohort }) => cohort.role === before.evidence.role));
  const birth = current?.cohort.lives.at(-1)?.times[0] ?? outcome.now;
  const suspect = before.suspects[0] ?? null;
  const cleared = current?.cohort.result.cleared.find(
    ({ unit }) => unit.name === suspect?.units[0]?.name && unit.kind === suspect?.units[0]?.kind,
  );
  const wording = resolvedWording({
    now: outcome.now,
    service: outcome.service,
    role,
    instances: { affected: 1, all: 1 },
    since: { t: birth, low: birth, high: birth },
    deploys: [],
    suspect,
    bytesPerUnit: cleared?.bytesPerUnit ?? null,
    units: cleared?.unitsSinceOnset ?? 0,
  });
  return { ...observation, ...wording };
}
