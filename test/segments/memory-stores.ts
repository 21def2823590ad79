import { type Head, type Partition, partitionKey } from '../../lib/model/partition.ts';
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
}

export function memoryHeads(): MemoryHeads {
  const stored = new Map<string, { partition: Partition; head: Head; version: number }>();
  return {
    stored,
    async read(partition) {
      return stored.get(partitionKey(partition));
    },
    async swap(partition, head, version) {
      const key = partitionKey(partition);
      if (stored.get(key)?.version !== version) return 'conflict';
      stored.set(key, { partition, head: structuredClone(head), version: (version ?? 0) + 1 });
      return 'stored';
    },
    async range({ project, service, generation, from, to }) {
      return [...stored.values()]
        .filter(
          ({ partition }) =>
            partition.project === project &&
            partition.service === service &&
            partition.generation === generation &&
            partition.start >= from &&
            partition.start < to,
        )
        .sort((a, b) => a.partition.start - b.partition.start);
    },
  };
}
