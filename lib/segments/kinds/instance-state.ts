import type { CounterColumn, LevelColumn, Seen, TallyColumn } from './columns.ts';

/**
 * What the instances of a service said about themselves in one partition. Compound keys are JSON arrays, made and taken
 * apart by the functions of `instance.ts` alone.
 */
export interface InstancesState {
  readonly instances: ReadonlyMap<string, InstanceState>;
  /** Metric names that filled no role, with their points: what data health shows as "not used". */
  readonly unused: ReadonlyMap<string, number>;
}

export interface InstanceState {
  /** `factKey` → when it was seen: version, pid, host, pod, container, language, sdk, … */
  readonly facts: ReadonlyMap<string, Seen>;
  /** `levelKey` → points. */
  readonly levels: ReadonlyMap<string, LevelColumn>;
  /** `countKey` → raw points of a counter. Differences are taken at read. */
  readonly counts: ReadonlyMap<string, CounterColumn>;
  /** `tallyKey` → finished spans per second, in thousandths. */
  readonly work: ReadonlyMap<string, TallyColumn>;
}
