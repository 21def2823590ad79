import type { Interval, LeakResult } from '../../model/leak.ts';
import { isCountRole, type MemoryRole } from '../../model/memory.ts';
import type { ServiceName } from '../../model/service.ts';
import type { EpochMs } from '../../model/units.ts';
import type { JobContext } from '../context.ts';
import { type Cohort, cohortsOf, isOfAllVersions, livesIn, loadService, rolesSent } from '../load-service.ts';
import { deploysOf } from './deploys.ts';
import { thin } from './thin.ts';

/** Points of one curve that a page can draw: two per pixel of a wide screen. */
const POINTS_MAX = 2000;

export interface MemoryQuery {
  readonly project: string;
  readonly service: ServiceName;
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly role?: MemoryRole | undefined;
  readonly instance?: string | undefined;
}

/** How the memory of a service behaved: curves with floor and lives per instance, and the verdict of each cohort. */
export async function memoryAnswer(context: JobContext, query: MemoryQuery) {
  const { project, service, from, to } = query;
  const loaded = await loadService(context, project, service, from, to);
  const roles = rolesSent(loaded);
  // The most telling role that has a curve: an after-collection metric that stands still has none.
  const offered = query.role === undefined ? roles : [query.role];
  const role = offered.find((one) => livesIn(loaded, one).length > 0) ?? offered[0] ?? 'heap_used';
  const cohorts = cohortsOf(loaded, [role]);
  const ofVersions = cohorts.filter((cohort) => !isOfAllVersions(cohort));
  const instances = [
    ...new Set(ofVersions.flatMap(({ lives }) => lives.map((life) => life.instance))),
  ].sort();
  return {
    service,
    from,
    to,
    roles,
    series: instances
      .filter((instance) => query.instance === undefined || instance === query.instance)
      .map((instance) => seriesOf(instance, role, ofVersions)),
    deploys: await deploysOf(context, project, service, from, to),
    cohorts: cohorts.map((cohort) => cohortAnswer(service, cohort)),
  };
}

function seriesOf(instance: string, role: MemoryRole, cohorts: readonly Cohort[]) {
  const lives = cohorts
    .flatMap(({ lives: all, result }) =>
      all.map((life, i) => ({ life, result: result.perLife[i] as LeakResult })),
    )
    .filter(({ life }) => life.instance === instance)
    .sort((a, b) => (a.life.times[0] as number) - (b.life.times[0] as number));
  const latest = lives.at(-1) as (typeof lives)[number];
  const times = lives.flatMap(({ life }) => [...life.times]);
  const values = lives.flatMap(({ life }) => [...life.values]);
  const floorTimes = lives.flatMap(({ result }) => [...result.floorPoints.times]);
  const floorValues = lives.flatMap(({ result }) => [...result.floorPoints.values]);
  return {
    instance,
    role,
    metric: metricName(latest.life),
    unit: isCountRole(role) ? ('count' as const) : ('bytes' as const),
    points: thin(times, values, POINTS_MAX),
    floor: thin(floorTimes, floorValues, POINTS_MAX),
    confirmedUntil: latest.result.confirmedUntil,
    lives: lives.map(({ life, result }) => ({
      instance,
      version: life.version ?? null,
      startedAt: life.startedAt ?? null,
      from: life.times[0] as number,
      to: life.times.at(-1) as number,
      verdict: result.verdict,
      end: life.end ?? null,
    })),
    verdict: latest.result.verdict,
    reason: latest.result.reason,
    onset: latest.result.onset,
    slopeBytesPerHour: latest.result.slopeBytesPerHour,
    // A process that has ended reaches nothing.
    timeToLimitS: latest.life.end === undefined ? latest.result.timeToLimitS : null,
    limitBytes: latest.life.limit ?? null,
  };
}

/** The metric, and which of its parts were added when that was not all of them. */
const metricName = ({ metric, parts }: { metric: string; parts: readonly string[] }) =>
  parts.length === 1 && parts[0] === '' ? metric : `${metric} (${[...parts].sort().join(' + ')})`;

export function cohortAnswer(service: ServiceName, { role, version, lives, result }: Cohort) {
  return {
    service,
    version: version === '' ? null : version,
    role,
    instances: new Set(lives.map((life) => life.instance)).size,
    lives: lives.length,
    verdict: result.verdict,
    confidence: result.confidence,
    reason: result.reason,
    onset: result.onset,
    slopeBytesPerHour: result.slopeBytesPerHour,
    timeToLimitS: result.timeToLimitS satisfies Interval | null,
    floor: result.floor,
    segments: [...result.segments],
    suspects: result.suspects.map((suspect) => ({ ...suspect, units: [...suspect.units] })),
    cleared: [...result.cleared],
  };
}

/** Verdicts of all cohorts of a service, most telling role first. */
export async function leaksAnswer(context: JobContext, { project, service, from, to }: MemoryQuery) {
  const loaded = await loadService(context, project, service, from, to);
  return cohortsOf(loaded).map((cohort) => cohortAnswer(service, cohort));
}
