import { analyzeCohort, type CohortResult } from '../leaks/index.ts';
import { MEMORY_ROLES, type MemoryRole } from '../model/memory.ts';
import { MACHINES, PARTITION_MS } from '../model/partition.ts';
import type { ServiceName } from '../model/service.ts';
import type { EpochMs } from '../model/units.ts';
import { DAY_MS } from '../model/units.ts';
import { readSettings } from '../records/settings.ts';
import { mergeAll } from '../segments/kind.ts';
import { type FactsState, factsKind } from '../segments/kinds/facts.ts';
import { type InstancesState, instanceKind } from '../segments/kinds/instance.ts';
import type { JobContext } from './context.ts';
import { type LifeOfRole, livesOf } from './lives/index.ts';

/** How far back a scan looks: as long as uploads may be late, so that what it saw does not change behind it. */
export const SCAN_WINDOW_MS = 2 * DAY_MS;

/** Everything stored of one service in a range, merged. */
export interface LoadedService {
  readonly project: string;
  readonly service: ServiceName;
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly state: InstancesState;
  readonly facts: FactsState;
  readonly limitSetting: number | null;
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

const statesOf = <S>(parts: readonly { readonly state: S }[]) => parts.map(({ state }) => state);

/** Lives that are judged together: same service, version and role. */
export interface Cohort {
  readonly role: MemoryRole;
  readonly version: string;
  readonly lives: readonly LifeOfRole[];
  readonly result: CohortResult;
}

/** Roles whose curves are worth a verdict of their own, the most telling first. Totals and addresses are not. */
const JUDGED_ROLES: readonly MemoryRole[] = [
  'heap_after_gc',
  'heap_used',
  'rss',
  'container_usage',
  'external',
  'object_count',
  'goroutine_count',
  'thread_count',
  'handle_count',
  'fd_count',
];

/** All lives of the service in one role. */
export function livesIn(loaded: LoadedService, role: MemoryRole): LifeOfRole[] {
  const { facts, limitSetting, from, to } = loaded;
  return [...loaded.state.instances].flatMap(([key, instance]) =>
    livesOf({ key, instance, facts, limitSetting, now: to }, role).filter(
      ({ times }) => (times.at(-1) ?? 0) >= from,
    ),
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

/**
 * Verdicts of every cohort. An after-collection metric stands in for the raw heap of the same instance: judging both
 * would say one thing twice.
 */
export function cohortsOf(loaded: LoadedService, roles: readonly MemoryRole[] = JUDGED_ROLES): Cohort[] {
  const cohorts: Cohort[] = [];
  const afterGc = new Set<string>();
  for (const role of roles) {
    const lives = livesIn(loaded, role).filter(
      ({ instance }) => role !== 'heap_used' || !afterGc.has(instance),
    );
    if (role === 'heap_after_gc') for (const { instance } of lives) afterGc.add(instance);
    for (const version of new Set(lives.map((life) => life.version ?? ''))) {
      const same = lives.filter((life) => (life.version ?? '') === version);
      cohorts.push({ role, version, lives: same, result: analyzeCohort(same) });
    }
  }
  return cohorts;
}
