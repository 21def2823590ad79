import { deathsNearLimit, type LookState, nextLook } from '../leaks/index.ts';
import type { LeakResult } from '../model/leak.ts';
import type { ServiceName } from '../model/service.ts';
import { HOUR_MS } from '../model/units.ts';
import { listProjects } from '../records/api-keys.ts';
import { readScan, writeScan } from '../records/scans.ts';
import { listServices } from '../records/services.ts';
import { thin } from './answers/thin.ts';
import type { JobContext } from './context.ts';
import { type Cohort, cohortsOf, loadService, SCAN_WINDOW_MS } from './load-service.ts';
import { type Looked, speakerOf } from './looked.ts';
import { evaluateRules } from './rules.ts';
import { keepFindings } from './scan-findings.ts';

const SPARK_POINTS = 60;
/** A service that has been silent for longer has nothing new to look at. */
const SILENT_MS = HOUR_MS;

/** One task per service; a service that fails is told and keeps none of the others from its look. */
export async function scanAll(
  context: JobContext,
  onError: (error: unknown, where: string) => void,
): Promise<void> {
  for (const { name: project } of await listProjects(context.records)) {
    for (const { service, lastSeen } of await listServices(context.records, project)) {
      if (context.clock.now() - lastSeen > SILENT_MS) continue;
      try {
        await scanService(context, project, service);
      } catch (error) {
        onError(error, `scan of ${service}`);
      }
    }
  }
}

/** Looks at every cohort of one service, remembers the look, and keeps its findings true. */
export async function scanService(
  context: JobContext,
  project: string,
  service: ServiceName,
): Promise<readonly Looked[]> {
  const now = context.clock.now();
  const loaded = await loadService(context, project, service, now - SCAN_WINDOW_MS, now);
  const looked: Looked[] = [];
  for (const cohort of cohortsOf(loaded)) {
    const { role, version } = cohort;
    const before = await readScan<LookState>(context.records, project, service, role, version);
    const { state, decision } = nextLook(before?.look, cohort.result, lookContext(cohort));
    looked.push({ cohort, decision, look: state });
    await writeScan(context.records, project, service, scanRecord(cohort, state, now));
  }
  const deaths = deathsNearLimit(loudestLives(looked));
  const rules = await evaluateRules(context, loaded, now);
  await keepFindings(context, { project, service, now, from: loaded.from, looked, deaths, rules });
  return looked;
}

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

function lookContext(cohort: Cohort) {
  const speaker = speakerOf(cohort);
  if (speaker === undefined) return {};
  const birth = speaker.startedAt ?? speaker.times[0];
  const onsetAge = (cohort.result.onset?.t ?? 0) - (birth ?? 0);
  const olderLivesWereFlat = cohort.lives.some((life, i) => {
    const age = (life.times.at(-1) as number) - (life.times[0] as number);
    return life !== speaker && cohort.result.perLife[i]?.verdict === 'stable' && age > 2 * onsetAge;
  });
  return { ...(birth === undefined ? {} : { birth }), olderLivesWereFlat };
}

function scanRecord(cohort: Cohort, look: LookState, at: number) {
  const { role, version, lives, result } = cohort;
  const { floorPoints, perLife: _, ...kept } = result;
  return {
    role,
    version,
    at,
    look,
    result: kept satisfies Omit<LeakResult, 'floorPoints'>,
    instances: new Set(lives.map(({ instance }) => instance)).size,
    lives: lives.length,
    floor: thin(floorPoints.times, floorPoints.values, SPARK_POINTS),
    limitBytes: speakerOf(cohort)?.limit ?? null,
  };
}
