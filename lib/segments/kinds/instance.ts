import { OTHER_UNITS, unitKey } from '../../model/unit-of-work.ts';
import { codec } from '../codec.ts';
import { addUpTo53, type Kind } from '../kind.ts';
import { boundedMap } from './bounded.ts';
import { mapEach, mergeCounters, mergeLevels, mergeMaps, mergeSeen, mergeTallies } from './columns.ts';
import { INSTANCE_VERSIONS, writeInstances } from './instance-codec.ts';
import type { InstanceState, InstancesState } from './instance-state.ts';
import { summariseCumulative, summariseDelta, summariseLevels, summariseTally } from './summarise.ts';

export type { InstanceState, InstancesState };

export const factKey = (name: string, value: string) => JSON.stringify([name, value]);
export const levelKey = (role: string, metric: string, part: string) => JSON.stringify([role, metric, part]);

export interface CountKey {
  readonly role: 'work' | 'gc_major' | 'gc_minor';
  readonly unit: string; // unitKey, '' for collections
  readonly status: string;
  readonly metric: string;
  readonly stream: string;
  readonly temporality: 'delta' | 'cumulative';
  /** Upper bounds of the duration buckets in µs, joined by ','; '' without buckets. */
  readonly bounds: string;
}
export const countKey = (key: CountKey) =>
  JSON.stringify([key.role, key.unit, key.status, key.metric, key.stream, key.temporality, key.bounds]);
export function countOfKey(text: string): CountKey {
  const [role, unit, status, metric, stream, temporality, bounds] = JSON.parse(text) as string[];
  return { role, unit, status, metric, stream, temporality, bounds } as CountKey;
}

export interface TallyKey {
  readonly unit: string;
  readonly status: string;
  /** False: the spans told no sampling rate, so that the sum counts what came and not what happened. */
  readonly weighted: boolean;
}
export const tallyKey = (key: TallyKey) => JSON.stringify([key.unit, key.status, key.weighted]);
export function tallyOfKey(text: string): TallyKey {
  const [unit, status, weighted] = JSON.parse(text) as [string, string, boolean];
  return { unit, status, weighted };
}

/** Of one instance: as many as OpenTelemetry's SDKs keep apart of one metric, which bound what is counted there. */
const TALLIES_MAX = 2000;
/** Statuses that the answers call failures. */
const FAILED: ReadonlySet<string> = new Set(['5xx', 'error']);
const OTHER_UNIT = unitKey(OTHER_UNITS);
const TALLIES_BOUND = {
  max: TALLIES_MAX,
  other(key: string) {
    const { status, weighted } = tallyOfKey(key);
    return tallyKey({ unit: OTHER_UNIT, status: FAILED.has(status) ? 'error' : '', weighted });
  },
  merge: mergeTallies,
};

/** Tallies by key; what is beyond TALLIES_MAX of them adds up as one. */
export const boundedTallies = (work: InstanceState['work']): InstanceState['work'] =>
  boundedMap(work, TALLIES_BOUND);

const NO_MAP = new Map<string, never>();
export const emptyInstance: InstanceState = { facts: NO_MAP, levels: NO_MAP, counts: NO_MAP, work: NO_MAP };

export const mergeInstance = (a: InstanceState, b: InstanceState): InstanceState => ({
  facts: mergeMaps(a.facts, b.facts, mergeSeen),
  levels: mergeMaps(a.levels, b.levels, mergeLevels),
  counts: mergeMaps(a.counts, b.counts, mergeCounters),
  work: boundedTallies(mergeMaps(a.work, b.work, mergeTallies)),
});

const summariseInstance = (instance: InstanceState, stepMs: number): InstanceState => ({
  facts: instance.facts,
  levels: mapEach(instance.levels, (column) => summariseLevels(column, stepMs)),
  counts: mapEach(instance.counts, (column, key) =>
    countOfKey(key).temporality === 'delta'
      ? summariseDelta(column, stepMs)
      : summariseCumulative(column, stepMs),
  ),
  work: mapEach(instance.work, (column) => summariseTally(column, stepMs)),
});

export const instanceKind: Kind<InstancesState> = {
  name: 'instance',
  empty: () => ({ instances: NO_MAP, unused: NO_MAP }),
  merge: (a, b) => ({
    instances: mergeMaps(a.instances, b.instances, mergeInstance),
    unused: mergeMaps(a.unused, b.unused, addUpTo53),
  }),

  summarise: ({ instances, unused }, stepMs) => ({
    instances: mapEach(instances, (instance) => summariseInstance(instance, stepMs)),
    unused,
  }),

  ...codec('instance', INSTANCE_VERSIONS, writeInstances),
};
