import { analyzeCohort, type CohortResult, poolCohort } from '../leaks/index.ts';
import { MEMORY_ROLES, type MemoryRole } from '../model/memory.ts';
import { bucketStart, MACHINES, PARTITION_MS } from '../model/partition.ts';
import type { ServiceName } from '../model/service.ts';
import type { EpochMs } from '../model/units.ts';
import { DAY_MS } from '../model/units.ts';
import { readSettings } from '../records/settings.ts';
import { mergeAll } from '../segments/kind.ts';
import { type FactsState, factsKind } from '../segments/kinds/facts.ts';
import { type InstancesState, instanceKind } from '../segments/kinds/instance.ts';
import type { JobContext } from './context.ts';
import { companionsOf } from './lives/companions.ts';
import { inHours } from './lives/in-hours.ts';
import { type LifeOfRole, livesOf } from './lives/index.ts';

/** How far back a scan reads what was sent as it was sent: as long as uploads may be late. */
const EXACT_WINDOW_MS = 2 * DAY_MS;
/** How far back it reads roll-ups: a leak of 4 MB a day needs three weeks to stand out. */
const HISTORY_MS = 60 * DAY_MS;

/** Everything stored of one service in a range, merged. */
export interface LoadedService {
  readonly project: string;
  readonly service: ServiceName;
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly state: InstancesState;
  readonly facts: FactsState;
  readonly limitSetting: number | null;
  /** Before this the series may be in the steps of roll-ups. */
  readonly exactFrom?: EpochMs;
}

export type LoadContext = Pick<JobContext, 'reader' | 'records'>;

/** Longer ranges are drawn, not judged: their series may be in the coarser steps of roll-ups. */
const EXACT_MAX_MS = 3 * DAY_MS;
export const isCoarse = (from: EpochMs, to: EpochMs) => to - from > EXACT_MAX_MS;

/** Cost: the fewest segments that hold the range, and the partition before it: counters are differenced from there on. */
export async function loadService(
  { reader, records }: LoadContext,
  project: string,
  service: ServiceName,
  from: EpochMs,
  to: EpochMs,
): Promise<LoadedService> {
  const query = { project, from: from - PARTITION_MS, to, coarse: isCoarse(from, to) };
  const parts = await reader.range('instance', { ...query, service });
  const state = mergeAll(statesOf(parts), instanceKind.merge) ?? instanceKind.empty();
  const machines = await reader.range('facts', { ...query, service: MACHINES });
  const facts = mergeAll(statesOf(machines), factsKind.merge) ?? factsKind.empty();
  const { limitBytes } = await readSettings(records, project, service);
  return { project, service, from, to, state, facts, limitSetting: limitBytes };
}

/** All that a verdict may need: the last days as they were sent, and before them the roll-ups of two months. */
export async function loadHistory(
  context: LoadContext,
  project: string,
  service: ServiceName,
  now: EpochMs,
): Promise<LoadedService> {
  // Ends of the coarse range lie at a partition's edge, so that no delta is read twice.
  const exactFrom = bucketStart(now - EXACT_WINDOW_MS, '10m');
  const recent = await loadService(context, project, service, exactFrom + PARTITION_MS, now);
  const query = { project, service, from: now - HISTORY_MS, to: exactFrom, coarse: true };
  const old = await context.reader.range('instance', query);
  if (old.length === 0) return { ...recent, from: exactFrom };
  const state = mergeAll([...statesOf(old), recent.state], instanceKind.merge) ?? recent.state;
  return { ...recent, state, from: now - HISTORY_MS, exactFrom };
}

const statesOf = <S>(parts: readonly { readonly state: S }[]) => parts.map(({ state }) => state);

/** Lives that are judged together: same service, version and role. */
export interface Cohort {
  readonly role: MemoryRole;
  readonly version: string;
  readonly lives: readonly LifeOfRole[];
  readonly result: CohortResult;
}

/**
 * Roles whose curves are worth a verdict of their own, the most telling first. Totals and addresses are not, nor what has the
 * page cache in it.
 */
export const JUDGED_ROLES: readonly MemoryRole[] = [
  'heap_after_gc',
  'heap_used',
  'rss',
  'container_usage',
  'external',
  'non_heap',
  'object_count',
  'goroutine_count',
  'thread_count',
  'handle_count',
  'fd_count',
];

/** All lives of the service in one role. */
export function livesIn(loaded: LoadedService, role: MemoryRole): LifeOfRole[] {
  const { facts, limitSetting, from, to } = loaded;
  // A short range is as it was sent, be the process as old as it will.
  const exactFrom = loaded.exactFrom ?? (isCoarse(from, to) ? from : Number.NEGATIVE_INFINITY);
  const companions = companionsOf(loaded.state);
  return [...loaded.state.instances].flatMap(([key, instance]) =>
    livesOf({ key, instance, facts, companions: companions.get(key), limitSetting, now: to }, role)
      .filter(({ times }) => (times.at(-1) ?? 0) >= from)
      .map((life) => ((life.times[0] as number) < exactFrom ? inHours(life, exactFrom) : life)),
  );
}

/** Roles that the service sends, in the order in which they should be offered. */
export function rolesSent(loaded: LoadedService): MemoryRole[] {
  const sent = new Set<string>();
  for (const { levels } of loaded.state.instances.values()) {
    for (const key of levels.keys()) sent.add((JSON.parse(key) as [string])[0]);
  }
  const order = [...JUDGED_ROLES, ...MEMORY_ROLES.filter((role) => !JUDGED_ROLES.includes(role))];
  return order.filter((role) => sent.has(role));
}

/** Version of a cohort of all versions: deploys that come faster than lows hide no leak that way. */
const ALL_VERSIONS = 'all versions';
/** Lives that are pooled at most, the newest. */
const POOLED_MAX = 400;

/**
 * Verdicts of every cohort that was heard in the exact part of what was loaded. An after-collection metric stands in for
 * the raw heap of the same instance: judging both would say one thing twice.
 */
export function cohortsOf(loaded: LoadedService, roles: readonly MemoryRole[] = JUDGED_ROLES): Cohort[] {
  const heard = new Map<MemoryRole, Set<string>>();
  return roles.flatMap((role) => {
    const better = STOOD_FOR[role];
    const lives = livesIn(loaded, role).filter(
      ({ instance }) => better === undefined || !heard.get(better)?.has(instance),
    );
    heard.set(role, new Set(lives.map(({ instance }) => instance)));
    return cohortsOfRole(role, lives, loaded.exactFrom ?? loaded.from);
  });
}

function cohortsOfRole(role: MemoryRole, lives: readonly LifeOfRole[], heardSince: EpochMs): Cohort[] {
  const cohorts: Cohort[] = [];
  const versions = [...Map.groupBy(lives, (life) => life.version ?? '')];
  for (const [version, same] of versions) {
    if (same.some(({ times }) => (times.at(-1) as number) >= heardSince))
      cohorts.push({ role, version, lives: same, result: analyzeCohort(same) });
  }
  if (versions.length < 2) return cohorts;
  const newest = lives
    .toSorted((a, b) => (b.times[0] as number) - (a.times[0] as number))
    .slice(0, POOLED_MAX);
  const pooled = poolCohort(newest);
  return pooled === undefined
    ? cohorts
    : [...cohorts, { role, version: ALL_VERSIONS, lives: newest, result: pooled }];
}

/** A role that is judged only where a better one is not sent: a container's memory is that of all its processes. */
const STOOD_FOR: Partial<Record<string, MemoryRole>> = {
  heap_used: 'heap_after_gc',
  container_usage: 'rss',
};

/** Whether a look that judged `other` of a process has nothing to say of `role`. */
export const standFor = (role: string, other: string) =>
  STOOD_FOR[role] === other || STOOD_FOR[other] === role;

/** True for the cohort of all versions: its lives are those of others. */
export const isOfAllVersions = ({ version }: Pick<Cohort, 'version'>) => version === ALL_VERSIONS;
