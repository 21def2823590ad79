import { fingerprint } from '../findings/fingerprint.ts';
import { killedWording } from '../findings/killed-wording.ts';
import { leakWording } from '../findings/leak-wording.ts';
import { type FindingRecord, type Observation, observe } from '../findings/life-cycle.ts';
import { resolvedWording } from '../findings/resolved-wording.ts';
import type { Wording } from '../findings/wording.ts';
import { type Death, LEAKS_VERSION } from '../leaks/index.ts';
import type { Evidence } from '../model/finding.ts';
import type { MemoryRole } from '../model/memory.ts';
import type { ServiceName } from '../model/service.ts';
import { DAY_MS, type EpochMs, MINUTE_MS } from '../model/units.ts';
import { deploysOf } from './answers/deploys.ts';
import type { JobContext } from './context.ts';
import { explainLeak } from './explain.ts';
import type { Cohort, LoadedService } from './load-service.ts';
import { type Looked, speakerOf } from './looked.ts';
import { observeRules, type RuleScene } from './rule-findings.ts';
import type { RuleStatus } from './rules.ts';

export interface ScanOutcome {
  readonly project: string;
  readonly service: ServiceName;
  readonly now: EpochMs;
  /** Begin of the window that was read. */
  readonly from: EpochMs;
  readonly looked: readonly Looked[];
  readonly deaths: readonly Death[];
  readonly rules: readonly RuleStatus[];
  /** What the look was made from; undefined when there was none. */
  readonly loaded: LoadedService | undefined;
  /** Instances that were heard of late. */
  readonly instances: number;
}

/** Turns what a scan saw into findings: one per role that grows by itself, and one for deaths. */
export async function keepFindings(context: JobContext, outcome: ScanOutcome): Promise<void> {
  const observations = [
    ...(await Promise.all(rolesOf(outcome).map((role) => observeRole(context, outcome, role)))),
    observeDeaths(outcome),
  ].filter((observation) => observation !== undefined);
  await observeAll(context, outcome, observations);
  await observeAll(context, outcome, observeRules(await ruleScene(context, outcome), outcome.rules));
}

/** Rules come second: what the analysis says of an instance, now or in a scan before, makes them no news. */
async function ruleScene(context: JobContext, outcome: ScanOutcome): Promise<RuleScene> {
  const { project, service, now, from, instances } = outcome;
  const known = (await context.findings.list(project)).filter(
    (finding) => finding.service === service && finding.kind !== 'rule' && finding.state !== 'resolved',
  );
  const named = new Set(known.flatMap(({ evidence }) => evidence.instances));
  return { project, service, now, from, instances, named };
}

async function observeAll(
  context: JobContext,
  outcome: ScanOutcome,
  observations: readonly Observation[],
): Promise<void> {
  for (const observation of observations) {
    await context.findings.change(outcome.project, observation.id, (before) => {
      const said =
        observation.state === 'clear' && before ? reworded(before, observation, outcome) : observation;
      const after = observe(before, said, outcome.now);
      return after === before ? undefined : after;
    });
  }
}

const rolesOf = ({ looked }: ScanOutcome) => [...new Set(looked.map(({ cohort }) => cohort.role))];

const HEAP_ROLES: readonly MemoryRole[] = ['heap_after_gc', 'heap_used'];
/** Roles in which growth of the heap shows as well: they make no finding of their own beside it. */
const AROUND_THE_HEAP: readonly MemoryRole[] = ['rss', 'container_usage'];
/** Verdicts after which the heap explains nothing that is seen around it. */
const CALM: readonly string[] = ['stable', 'step', 'load-proportional'];

/** The cohort whose data is newest: the version that runs now. */
function newest(looked: readonly Looked[]): Looked | undefined {
  const end = ({ cohort }: Looked) => Math.max(...cohort.lives.map(({ times }) => times.at(-1) ?? 0));
  return [...looked].sort((a, b) => end(b) - end(a))[0];
}

async function observeRole(
  context: JobContext,
  outcome: ScanOutcome,
  role: MemoryRole,
): Promise<Observation | undefined> {
  const same = outcome.looked.filter(({ cohort }) => cohort.role === role);
  const current = newest(same);
  if (current === undefined) return undefined;
  const grown = newest(same.filter(({ look, cohort }) => look.fired && cohort.result.verdict === 'leak'));
  const explained = AROUND_THE_HEAP.includes(role) && (!heapIsCalm(outcome) || buffersGrow(outcome));
  if (grown !== undefined && !explained) return leakObservation(context, outcome, grown.cohort);
  const replaced = same.some(({ look }) => look.fired) && !current.look.fired;
  const isClear = same.some(({ decision }) => decision === 'clear') || (replaced && wasSeenCalm(current));
  return isClear ? clearObservation(outcome, current.cohort) : undefined;
}

/** Undecided is not calm: while the heap may still be found to grow, what it takes with it waits. */
function heapIsCalm({ looked }: ScanOutcome): boolean {
  const heap = newest(looked.filter(({ cohort }) => HEAP_ROLES.includes(cohort.role)));
  return heap === undefined || CALM.includes(heap.cohort.result.verdict);
}

/** External buffers make a finding of their own; the process that holds them is no other. */
const buffersGrow = ({ looked }: ScanOutcome): boolean =>
  looked.some(
    ({ cohort, look }) => cohort.role === 'external' && look.fired && cohort.result.verdict === 'leak',
  );

/** As many confirmed lows as a first test needs, twice, and all of them flat: another version has taken over. */
const CALM_LOWS = 24;
const wasSeenCalm = ({ cohort: { result } }: Looked) =>
  CALM.includes(result.verdict) && result.lows >= CALM_LOWS;

async function leakObservation(
  context: JobContext,
  outcome: ScanOutcome,
  cohort: Cohort,
): Promise<Observation> {
  const { project, service, now } = outcome;
  const { result, role } = cohort;
  const speaker = speakerOf(cohort);
  const deploys = result.onset === null ? [] : await releasesAround(context, outcome, result.onset);
  const seenTo = speaker?.times.at(-1) ?? now;
  const explained = outcome.loaded && explainLeak(outcome.loaded, speaker, result);
  const wording = leakWording({
    now,
    service,
    role,
    instances: affected(cohort),
    onset: result.onset,
    deploys,
    suspects: result.suspects,
    slopeBytesPerHour: result.slopeBytesPerHour,
    timeToLimitS: result.timeToLimitS,
    seenTo,
    limitBytes: speaker?.limit ?? null,
    ...(explained === undefined ? {} : { explained }),
  });
  return {
    ...wording,
    id: fingerprint({ project, service, kind: 'leak', role }),
    kind: 'leak',
    project,
    service,
    state: 'firing',
    since: Math.round(result.onset?.t ?? seenTo),
    suspects: result.suspects,
    evidence: {
      ...evidenceOf(outcome, cohort, deploys),
      ...(explained === undefined ? {} : { explained }),
    },
  };
}

/** How many instances have a life that grows, of all that were looked at. */
function affected({ lives, result }: Cohort) {
  const growing = lives.filter((_, i) => result.perLife[i]?.verdict === 'leak');
  const count = (some: Cohort['lives']) => new Set(some.map(({ instance }) => instance)).size;
  return { affected: Math.max(1, count(growing)), all: count(lives) };
}

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

function evidenceOf(outcome: ScanOutcome, cohort: Cohort, deploys: Evidence['deploys']): Evidence {
  const { role, version, lives, result } = cohort;
  const growing = lives.filter((_, i) => result.perLife[i]?.verdict === 'leak');
  return {
    analyzer: `leaks@${LEAKS_VERSION}`,
    role,
    version,
    instances: [...new Set((growing.length > 0 ? growing : lives).map(({ instance }) => instance))].sort(),
    from: Math.max(outcome.from, Math.min(...lives.map(({ times }) => times[0] ?? outcome.now))),
    to: Math.max(...lives.map(({ times }) => times.at(-1) ?? 0)),
    onset: result.onset,
    slopeBytesPerHour: result.slopeBytesPerHour,
    timeToLimitS: result.timeToLimitS,
    limitBytes: speakerOf(cohort)?.limit ?? null,
    floor: result.floor,
    lows: result.lows,
    confidence: result.confidence,
    reason: result.reason,
    cleared: result.cleared,
    deploys,
  };
}

const NO_WORDS: Wording = { title: '', summary: '', sentence: [] };

function clearObservation(outcome: ScanOutcome, cohort: Cohort): Observation {
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
function reworded(before: FindingRecord, observation: Observation, outcome: ScanOutcome): Observation {
  const { role } = before.evidence;
  if (before.kind !== 'leak' || role === null) return observation;
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

/** A death is told for a day; then it is history. */
const DEATH_IS_NEWS_MS = DAY_MS;

function observeDeaths(outcome: ScanOutcome): Observation | undefined {
  const { project, service, now, deaths } = outcome;
  const [last] = deaths;
  if (last === undefined) return undefined;
  const cohort = outcome.looked
    .map((one) => one.cohort)
    .find(({ lives }) => lives.some((life) => isOf(life, last)));
  const life = cohort?.lives.find((one) => isOf(one, last));
  if (cohort === undefined || life === undefined) return undefined;
  const at = cohort.lives.indexOf(life);
  const result = cohort.result.perLife[at];
  const grew = result?.verdict === 'leak' && result.onset !== null && result.floor !== null;
  const wording = killedWording({
    now,
    service,
    role: cohort.role,
    instances: { affected: new Set(deaths.map(({ instance }) => instance)).size, all: affected(cohort).all },
    at: last.time,
    deaths: deaths.length,
    cause: last.cause,
    shareOfLimit: last.shareOfLimit ?? null,
    limitBytes: life.limit ?? null,
    before:
      grew && result.onset && result.floor
        ? { kind: 'grew', bytes: result.floor.end - result.floor.start, since: result.onset.t }
        : null,
    isLeak: result === undefined ? null : CALM.includes(result.verdict) ? false : null,
  });
  return {
    ...wording,
    // One subject whatever role told of it: the same process must not be found dead twice.
    id: fingerprint({ project, service, kind: 'killed', role: 'rss' }),
    kind: 'killed',
    project,
    service,
    state: now - last.time > DEATH_IS_NEWS_MS ? 'clear' : 'firing',
    since: deaths.at(-1)?.time ?? last.time,
    suspects: result?.verdict === 'leak' ? result.suspects : [],
    evidence: {
      ...evidenceOf(outcome, cohort, []),
      instances: [...new Set(deaths.map(({ instance }) => instance))],
    },
  };
}

const isOf = (life: Cohort['lives'][number], death: Death) =>
  life.instance === death.instance && life.end?.time === death.time;
