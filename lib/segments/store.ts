import type { UploadId } from '../model/ids.ts';
import type { Head, Partition } from '../model/partition.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { KIND_NAMES, type KindName, type Sections } from './kinds/index.ts';
import { readFooter, readSection, type SegmentFooter } from './segment.ts';

/** Where heads live. A lost swap is an outcome: read again. */
export interface HeadStore {
  read(partition: Partition): Promise<VersionedHead | undefined>;
  /** Writes `head` over `version` (undefined: where none is). */
  swap(partition: Partition, head: Head, version: number | undefined): Promise<'stored' | 'conflict'>;
  /** Heads of one service whose partitions begin in [from, to), in order of time. */
  range(query: HeadRange): Promise<readonly (VersionedHead & { readonly partition: Partition })[]>;
}
export interface VersionedHead {
  readonly head: Head;
  readonly version: number;
}
export interface HeadRange extends Omit<Partition, 'start'> {
  readonly from: number;
  readonly to: number;
}

export interface SegmentStoreContext {
  readonly objects: ObjectStore;
  readonly heads: HeadStore;
  readonly clock: Clock;
  /** Unique names for segments and write tokens. */
  readonly newId: () => string;
}

/** A segment in memory; sections are decoded when first asked for. */
export interface LoadedSegment {
  readonly footer: SegmentFooter;
  readonly uploads: ReadonlySet<UploadId>;
  readonly bytes: number;
  section(name: KindName): Sections[KindName];
}

const CACHE_BYTES = 64 * 1024 * 1024;

/** Segments never change, so one cache serves the writer's footers and every reader. */
export interface SegmentCache {
  /** undefined: no such object, so the head that named it is out of date. */
  load(key: string): Promise<LoadedSegment | undefined>;
  /** Remembers what this process has just written, so that it need not be read back. */
  remember(key: string, bytes: Uint8Array, sections: Sections): void;
}

export function segmentCache(objects: ObjectStore, maxBytes = CACHE_BYTES): SegmentCache {
  const entries = new Map<string, LoadedSegment>(); // in order of last use
  let size = 0;
  const insert = (key: string, loaded: LoadedSegment) => {
    const before = entries.get(key);
    if (before !== undefined) size -= before.bytes;
    entries.delete(key);
    entries.set(key, loaded);
    size += loaded.bytes;
    for (const [oldest, { bytes }] of entries) {
      if (size <= maxBytes || oldest === key) break;
      entries.delete(oldest);
      size -= bytes;
    }
  };
  return {
    async load(key) {
      const cached = entries.get(key);
      if (cached !== undefined) {
        insert(key, cached);
        return cached;
      }
      const bytes = await objects.get(key);
      if (bytes === undefined) return undefined;
      const loaded = loadedSegment(bytes, {});
      insert(key, loaded);
      return loaded;
    },
    remember(key, bytes, sections) {
      insert(key, loadedSegment(bytes, sections));
    },
  };
}

function loadedSegment(bytes: Uint8Array, known: Sections): LoadedSegment {
  const footer = readFooter(bytes);
  const sections = new Map<KindName, Sections[KindName]>();
  for (const name of KIND_NAMES) if (known[name] !== undefined) sections.set(name, known[name]);
  return {
    footer,
    uploads: new Set(footer.uploads),
    bytes: bytes.length,
    section(name) {
      if (!sections.has(name)) sections.set(name, readSection(bytes, footer, name));
      return sections.get(name);
    },
  };
}
