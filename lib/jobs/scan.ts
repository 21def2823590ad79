import { daySwing, deathsNearLimit, dueAt, type LookState, nextLook, outlastsClimb } from '../leaks/index.ts';
import type { LeakResult } from '../model/leak.ts';
import type { ServiceName } from '../model/service.ts';
import { DAY_MS, type EpochMs, HOUR_MS, MINUTE_MS } from '../model/units.ts';
import { listNamedServices } from '../records/aliases.ts';
import { listProjects } from '../records/api-keys.ts';
import { listScans, type ScanRecord, writeScan } from '../records/scans.ts';
import { thin } from './answers/thin.ts';
import type { JobContext } from './context.ts';
import { processesIn } from './lives/companions.ts';
import type { LifeOfRole } from './lives/index.ts';
import {
  type Cohort,
  cohortsOf,
  isOfAllVersions,
  JUDGED_ROLES,
  type LoadedService,
  livesIn,
  loadHistory,
  loadService,
  rolesSent,
  standFor,
} from './load-service.ts';
import { type Looked, speakerOf } from './looked.ts';
import { evaluateRules, rulesReadFrom } from './rules.ts';
import { keepFindings } from './scan-findings.ts';
import { scanFunctions } from './scan-functions.ts';
import { scanTraces } from './scan-traces.ts';

const SPARK_POINTS = 60;
/** A service that has been silent for longer has nothing new to look at. */
const SILENT_MS = HOUR_MS;

/** One task per service; a service that fails is told and keeps none of the others from its look. */
export async function scanAll(
  context: JobContext,
  onError: (error: unknown, where: string) => void,
): Promise<void> {
  for (const { name: project } of await listProjects(context.records)) {
    for (const { service, lastSeen } of await listNamedServices(context.records, project)) {
      if (context.clock.now() - lastSeen > SILENT_MS) continue;
      try {
        await scanService(context, project, service);
        await scanTraces(context, project, service);
        await scanFunctions(context, project, service);
      } catch (error) {
        onError(error, `scan of ${service}`);
      }
    }
  }
}

/** What the rules look at, and in which new processes and deaths show. */
const RECENT_MS = 3 * HOUR_MS;
/** Pages show a look that is not older than this, whatever evidence there is. */
const REFRESH_MS = DAY_MS;
/** The same while a finding fires: people watch it. */
const REFRESH_FIRED_MS = HOUR_MS;

/**
 * Looks at the cohorts of one service if there is new evidence about any, remembers the look, and keeps its findings true.
 *
 * Cost: the partitions of the last hours, of which only those are read whose head has moved; and all of the last days, and
 * the roll-ups before, when a test is due: for a life of a month some thirty times.
 */
export async function scanService(
  context: JobContext,
  project: string,
  service: ServiceName,
): Promise<readonly Looked[]> {
  const now = context.clock.now();
  const from = Math.min(now - RECENT_MS, await rulesReadFrom(context, project, service, now));
  const recent = await loadService(context, project, service, from, now);
  const known = await listScans<LookState>(context.records, project, service);
  const look = isDue(recent, known, now) ? await lookAtAll(context, project, service, known, now) : undefined;
  const looked = look?.looked ?? [];
  const deaths = deathsNearLimit(loudestLives(looked));
  const rules = await evaluateRules(context, recent, now);
  const instances = processesIn(recent.state);
  const { loaded } = look ?? {};
  await keepFindings(context, {
    project,
    service,
    now,
    from: recent.from,
    looked,
    deaths,
    rules,
    instances,
    loaded,
  });
  return looked;
}

async function lookAtAll(
  context: JobContext,
  project: string,
  service: ServiceName,
  known: readonly ScanRecord<LookState>[],
  now: EpochMs,
): Promise<{ looked: readonly Looked[]; loaded: LoadedService }> {
  const loaded = await loadHistory(context, project, service, now);
  const looked: Looked[] = [];
  for (const cohort of cohortsOf(loaded)) {
    const before = known.find((scan) => scan.role === cohort.role && scan.version === cohort.version);
    const heard = speakingNow(cohort, before?.look);
    const { state, decision } = nextLook(before?.look, heard.result, {
      ...lookContext(heard, loaded, before?.look),
      olderLifeGrewAlike: grewAlike(heard, known),
    });
    looked.push({ cohort, decision, look: state });

    await writeScan(context.records, project, service, scanRecord(cohort, state, now));
  }
  return { looked, loaded };
}

/** Whether anything may be said that was not said before. */
function isDue(recent: LoadedService, known: readonly ScanRecord<LookState>[], now: EpochMs): boolean {
  const newest = Math.max(0, ...known.map(({ at }) => at));
  const current = known.filter(({ at }) => at === newest);
  const refresh = current.some(({ look }) => look.fired) ? REFRESH_FIRED_MS : REFRESH_MS;
  if (now - newest >= refresh || current.some((scan) => scan.dueAt <= now)) return true;
  const roles = rolesSent(recent).filter((role) => JUDGED_ROLES.includes(role));
  // By the hour, as most of what the look before knows: else each tooth of a saw would be a new level.
  const hourly = { ...recent, exactFrom: recent.from };
  return roles.some((role) => livesIn(hourly, role).some((life) => isNews(life, known, newest)));
}

/** A new process, an end, one that was only silent, a version that was not looked at, or a level that no look has seen. */
function isNews(life: LifeOfRole, known: readonly ScanRecord<LookState>[], lookedAt: EpochMs): boolean {
  if ((life.startedAt ?? 0) > lookedAt || (life.end?.time ?? 0) > lookedAt) return true;
  const ofVersion = known.filter(({ version }) => version === (life.version ?? ''));
  // What the newest look left out for a better role is not missing: else a heap would be news at every scan.
  const scan = ofVersion.find(({ role }) => role === life.role);
  const isStoodFor = ofVersion.some(({ role, at }) => at === lookedAt && standFor(life.role, role));
  if (isStoodFor && scan?.at !== lookedAt) return nearsLimit(life);
  const wasSilent = scan?.at === lookedAt && scan.dueAt === NEVER && life.end === undefined;
  return (
    scan === undefined ||
    wasSilent ||
    nearsLimit(life) ||
    lowestOfLate(life) > NEW_LEVEL * Math.max(1, scan.top)
  );
}

/** As much as the analysis takes for new evidence, over the last quarter of an hour's lowest reading. */
const NEW_LEVEL = 1.15;
const LATE_MS = 15 * MINUTE_MS;
const NEAR_LIMIT = 0.8;

const nearsLimit = ({ values, limit }: LifeOfRole) =>
  limit !== undefined && (values.at(-1) as number) >= NEAR_LIMIT * limit;

function lowestOfLate({ times, values }: LifeOfRole): number {
  const from = (times.at(-1) as number) - LATE_MS;
  let lowest = Number.POSITIVE_INFINITY;
  for (let i = times.length - 1; i >= 0 && (times[i] as number) >= from; i -= 1)
    lowest = Math.min(lowest, values[i] as number);
  return lowest;
}

interface Heard {
  readonly cohort: Cohort;
  readonly result: LeakResult;
  readonly speaker: Cohort['lives'][number] | undefined;
}

/**
 * The life that the look is about. While a suspicion waits to be confirmed the life that raised it speaks on, as long as
 * it lives and grows: of several that grow, now one is the clearest and now another.
 */
function speakingNow(cohort: Cohort, look: LookState | undefined): Heard {
  const { lives, result } = cohort;
  const at = lives.findIndex(
    (life, i) => birthOf(life) === look?.birth && result.perLife[i]?.verdict === 'leak',
  );
  const own = result.perLife[at];
  if (look?.suspicion && result.verdict === 'leak' && result.onset !== null && own !== undefined)
    return { cohort, result: { ...own, suspects: result.suspects }, speaker: lives[at] };
  return { cohort, result, speaker: speakerOf(cohort) };
}

const birthOf = (life: LifeOfRole): EpochMs => life.startedAt ?? (life.times[0] as number);

/** A process dies once, however many roles tell of it: the role that has a limit, else the first. */
function loudestLives(looked: readonly Looked[]) {
  const byInstance = new Map<string, Cohort['lives'][number]>();
  for (const life of looked.flatMap(({ cohort }) => cohort.lives)) {
    if (life.end === undefined) continue;
    const key = `${life.instance} ${life.end.time}`;
    const before = byInstance.get(key);
    if (before === undefined || shareOfLimit(life) > shareOfLimit(before)) byInstance.set(key, life);
  }
  return [...byInstance.values()];
}
const shareOfLimit = ({ values, limit }: Cohort['lives'][number]) =>
  limit === undefined ? 0 : (values.at(-1) ?? 0) / limit;

function lookContext({ cohort, result, speaker }: Heard, loaded: LoadedService, look: LookState | undefined) {
  const { pool } = cohort.result;
  if (speaker === undefined) return { pool };
  const first = speaker.times[0] as number;
  const { from, exactFrom = from } = loaded;
  // Of a process older than what is read, the birth is not known: it stays the one that was taken for it.
  const birth = first < from + DAY_MS ? (look?.birth ?? birthOf(speaker)) : birthOf(speaker);
  const onsetAge = (result.onset?.t ?? 0) - birth;
  const olderLivesWereFlat = cohort.lives.some((life, i) => {
    const age = (life.times.at(-1) as number) - (life.times[0] as number);
    return life !== speaker && cohort.result.perLife[i]?.verdict === 'stable' && age > 2 * onsetAge;
  });
  return {
    birth,
    olderLivesWereFlat,
    pool,
    grainMs: first < exactFrom ? HOUR_MS : 0,
    daySwing: result.verdict === 'leak' ? daySwing(speaker) : undefined,
  };
}

/** How much the growth of two lives may differ to be the same. */
const ALIKE = 2;

/** Whether an older version's last look saw a leak about as fast, and no week's climb fills the time of both. */
function grewAlike(
  { cohort: { role, version }, result, speaker }: Heard,
  known: readonly ScanRecord<LookState>[],
): boolean {
  const slope = result.slopeBytesPerHour?.value ?? 0;
  const rise = riseTime(result);
  if (speaker === undefined || rise === undefined || !(slope > 0)) return false;
  return known.some((scan) => {
    const other = scan.result.slopeBytesPerHour?.value ?? 0;
    const before = riseTime(scan.result);
    return (
      scan.role === role &&
      scan.version !== version &&
      scan.result.verdict === 'leak' &&
      before !== undefined &&
      outlastsClimb(before, rise) &&
      Math.max(slope, other) <= ALIKE * Math.min(slope, other)
    );
  });
}

const riseTime = ({ onset, confirmedUntil }: Pick<LeakResult, 'onset' | 'confirmedUntil'>) =>
  onset && confirmedUntil ? { from: onset.t, to: confirmedUntil } : undefined;

/** Lives that have ended bring no more lows; a pool waits for lives, and a new one is news by itself. */
const isOver = (cohort: Cohort) =>
  isOfAllVersions(cohort) || cohort.lives.every(({ end }) => end !== undefined);
const NEVER = Number.MAX_SAFE_INTEGER;

function scanRecord(cohort: Cohort, look: LookState, at: number) {
  const { role, version, lives, result } = cohort;
  const { floorPoints, perLife: _, ...kept } = result;
  return {
    role,
    version,
    at,
    dueAt: isOver(cohort) ? NEVER : dueAt(look, result),
    look,
    result: kept satisfies Omit<LeakResult, 'floorPoints'>,
    instances: new Set(lives.map(({ instance }) => instance)).size,
    lives: lives.length,
    floor: thin(floorPoints.times, floorPoints.values, SPARK_POINTS),
    limitBytes: speakerOf(cohort)?.limit ?? null,
    top: lives.reduce((most, { values }) => values.reduce((a, b) => Math.max(a, b), most), 0),
  };
}
