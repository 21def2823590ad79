import { invalidInput } from '../../model/fault.ts';
import { ByteReader, ByteWriter, readStrings, StringTable } from '../bytes.ts';
import { addUpTo53, type Kind } from '../kind.ts';
import {
  type CounterColumn,
  type LevelColumn,
  mapEach,
  mergeCounters,
  mergeLevels,
  mergeMaps,
  mergeSeen,
  mergeTallies,
  readCounters,
  readLevels,
  readMap,
  readTally,
  type Seen,
  type TallyColumn,
  writeCounters,
  writeLevels,
  writeMap,
  writeTally,
} from './columns.ts';
import { summariseCumulative, summariseDelta, summariseLevels, summariseTally } from './summarise.ts';

/**
 * What the instances of a service said about themselves in one partition. Compound keys are JSON arrays, made and taken
 * apart by the functions below alone.
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

const NO_MAP = new Map<string, never>();
export const emptyInstance: InstanceState = { facts: NO_MAP, levels: NO_MAP, counts: NO_MAP, work: NO_MAP };

export const mergeInstance = (a: InstanceState, b: InstanceState): InstanceState => ({
  facts: mergeMaps(a.facts, b.facts, mergeSeen),
  levels: mergeMaps(a.levels, b.levels, mergeLevels),
  counts: mergeMaps(a.counts, b.counts, mergeCounters),
  work: mergeMaps(a.work, b.work, mergeTallies),
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

function* stringsOf(state: InstancesState): Iterable<string> {
  yield* state.unused.keys();
  for (const [key, instance] of state.instances) {
    yield key;
    yield* instance.facts.keys();
    yield* instance.levels.keys();
    yield* instance.counts.keys();
    yield* instance.work.keys();
  }
}

export const instanceKind: Kind<InstancesState> = {
  name: 'instance',
  codecVersion: 1,
  empty: () => ({ instances: NO_MAP, unused: NO_MAP }),
  merge: (a, b) => ({
    instances: mergeMaps(a.instances, b.instances, mergeInstance),
    unused: mergeMaps(a.unused, b.unused, addUpTo53),
  }),

  summarise: ({ instances, unused }, stepMs) => ({
    instances: mapEach(instances, (instance) => summariseInstance(instance, stepMs)),
    unused,
  }),

  encode(state) {
    const out = new ByteWriter();
    const table = new StringTable(stringsOf(state));
    const indexOf = (text: string) => table.indexOf(text);
    table.write(out);
    writeMap(out, state.unused, indexOf, (_, points) => out.uint(points));
    writeMap(out, state.instances, indexOf, (_, instance) => {
      writeMap(out, instance.facts, indexOf, (_, seen) => {
        out.int(seen.first);
        out.uint(seen.last - seen.first);
      });
      writeMap(out, instance.levels, indexOf, writeLevels);
      writeMap(out, instance.counts, indexOf, writeCounters);
      writeMap(out, instance.work, indexOf, writeTally);
    });
    return out.finish();
  },

  decode(bytes, codecVersion) {
    if (codecVersion !== 1)
      throw invalidInput(`Cannot decode instance section: version ${codecVersion}, know 1`);
    const from = new ByteReader(bytes);
    const textAt = readStrings(from);
    const unused = readMap(from, textAt, () => from.uint());
    const instances = readMap(from, textAt, () => ({
      facts: readMap(from, textAt, () => {
        const first = from.int();
        return { first, last: first + from.uint() };
      }),
      levels: readMap(from, textAt, readLevels),
      counts: readMap(from, textAt, readCounters),
      work: readMap(from, textAt, readTally),
    }));
    if (!from.done) throw invalidInput('Cannot decode instance section: bytes are left over');
    return { instances, unused };
  },
};
