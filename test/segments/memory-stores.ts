import { type Head, type Partition, partitionKey, STEP_MS, stepOf } from '../../lib/model/partition.ts';
import type { ObjectStore } from '../../lib/ports/object-store.ts';
import type { HeadStore } from '../../lib/segments/store.ts';

// Stores in memory that keep the ports' contracts and can be looked into. `now` stamps objects.

export interface MemoryObjects extends ObjectStore {
  readonly stored: ReadonlyMap<string, { readonly body: Uint8Array; readonly modified: number }>;
  puts: number;
}

export function memoryObjects(now: () => number): MemoryObjects {
  const stored = new Map<string, { body: Uint8Array; modified: number }>();
  return {
    stored,
    puts: 0,
    async put(key, body, { ifAbsent = false } = {}) {
      this.puts += 1;
      if (ifAbsent && stored.has(key)) return 'exists';
      stored.set(key, { body: body.slice(), modified: now() });
      return 'stored';
    },
    async get(key, range) {
      return stored.get(key)?.body.slice(range?.start, range?.end);
    },
    async delete(key) {
      stored.delete(key);
    },
    async list(prefix, { after = '', limit = 1000 } = {}) {
      return [...stored]
        .filter(([key]) => key.startsWith(prefix) && key > after)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .slice(0, limit)
        .map(([key, { body, modified }]) => ({ key, size: body.length, modified }));
    },
  };
}

export interface MemoryHeads extends HeadStore {
  readonly stored: ReadonlyMap<
    string,
    { readonly partition: Partition; readonly head: Head; readonly version: number }
  >;
  /** Partitions below a roll-up that has to be built. */
  readonly touched: ReadonlySet<string>;
}

export function memoryHeads(): MemoryHeads {
  const stored = new Map<string, { partition: Partition; head: Head; version: number }>();
  const touched = new Set<string>();
  const byTime = (a: { partition: Partition }, b: { partition: Partition }) =>
    a.partition.start - b.partition.start || (a.partition.shard ?? 0) - (b.partition.shard ?? 0);
  return {
    stored,
    touched,
    async read(partition) {
      return stored.get(partitionKey(partition));
    },
    async swap(partition, head, version) {
      const key = partitionKey(partition);
      if (stored.get(key)?.version !== version) return 'conflict';
      stored.set(key, { partition, head: structuredClone(head), version: (version ?? 0) + 1 });
      return 'stored';
    },
    async touch(partition) {
      touched.add(partitionKey(partition));
    },
    async remove(partition, version) {
      const key = partitionKey(partition);
      if (stored.has(key) && stored.get(key)?.version !== version) return 'conflict';
      stored.delete(key);
      return 'deleted';
    },
    async range({ project, service, generation, step = '10m', from, to }) {
      return [...stored.values()]
        .filter(
          ({ partition }) =>
            partition.project === project &&
            partition.service === service &&
            partition.generation === generation &&
            stepOf(partition) === step &&
            partition.start > from - STEP_MS[step] &&
            partition.start < to,
        )
        .sort(byTime);
    },
    async all(project, service) {
      return [...stored.values()]
        .filter(({ partition }) => partition.project === project && partition.service === service)
        .sort(byTime);
    },
  };
}
