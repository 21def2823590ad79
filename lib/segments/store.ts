import { Fault } from '../model/fault.ts';
import type { UploadId } from '../model/ids.ts';
import type { Head, Partition } from '../model/partition.ts';
import type { ServiceName } from '../model/service.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { decodedBytes } from './decoded-bytes.ts';
import { KIND_NAMES, KINDS, type KindName, type Sections } from './kinds/index.ts';
import { readFooter, readSection, type SegmentFooter } from './segment.ts';
import { sizedCache } from './sized-cache.ts';
import { NO_IDS, type StoredIds, storedIds } from './stored-ids.ts';

/** Where heads live. A lost swap is an outcome: read again. */
export interface HeadStore {
  read(partition: Partition): Promise<VersionedHead | undefined>;
  /** Writes `head` over `version` (undefined: where none is). */
  swap(partition: Partition, head: Head, version: number | undefined): Promise<'stored' | 'conflict'>;
  /** Remembers that the hour above this partition has to be rolled up, anew where it was. */
  touch(partition: Partition): Promise<void>;
  /** Removes a head that nobody has changed since. */
  remove(partition: Partition, version: number): Promise<'deleted' | 'conflict'>;
  /** Heads of one service and step whose buckets reach into [from, to), all shards, in order of time. */
  range(query: HeadRange): Promise<readonly PlacedHead[]>;
  /** Every head of a service, of all generations and steps. */
  all(project: string, service: ServiceName): Promise<readonly PlacedHead[]>;
}
export interface VersionedHead {
  readonly head: Head;
  readonly version: number;
}
export type PlacedHead = VersionedHead & { readonly partition: Partition };
export interface HeadRange extends Omit<Partition, 'start' | 'shard'> {
  readonly from: number;
  readonly to: number;
}

/** What the ledger says of uploads, for footers. */
export interface FinishedUploads {
  /** Those of `ids` whose ledger record says that they were committed to `partition`: none while a replay folds it. Consistent. */
  done(partition: Partition, ids: readonly UploadId[]): Promise<ReadonlySet<UploadId>>;
  /** Those of `ids` that may leave the footers of `partition`. */
  leaving(partition: Partition, ids: readonly UploadId[]): Promise<ReadonlySet<UploadId>>;
}

export interface SegmentStoreContext {
  readonly objects: ObjectStore;
  readonly heads: HeadStore;
  readonly clock: Clock;
  /** Unique names for segments and write tokens. */
  readonly newId: () => string;
  /** Absent: ids stay in footers for ever. */
  readonly finished?: FinishedUploads;
}

/** Grows when the same upload is folded into something else; a changed codec counts by its own version. */
const FOLD_VERSION = 3;
/**
 * Version of what this analyzer writes: grows with every codec, kind and change of the fold. Segments of several versions
 * lie side by side until the latest merges them.
 */
export const analyzerVersion = (): number =>
  KIND_NAMES.reduce((sum, name) => sum + KINDS[name].codecVersion, FOLD_VERSION);

/** A segment in memory; sections are decoded when asked for. */
export interface LoadedSegment {
  /** Of a segment whose footer cannot be read, an empty one. */
  readonly footer: SegmentFooter;
  /** Undefined where it has no such section, and where that cannot be read. */
  section(name: KindName): Sections[KindName];
  /**
   * Why it cannot be read, as far as it was looked at: damaged bytes, or a version that this code does not know. One such
   * segment must keep neither its neighbours from being read nor uploads from being committed.
   */
  readonly unreadable: string | undefined;
  /** False: not even the ids of its uploads are known. */
  readonly hasFooter: boolean;
}

/** Looks at every section: a merge of what is left of a damaged one would lose the rest for good. */
export const sectionsOf = (segment: LoadedSegment): Sections =>
  Object.fromEntries(KIND_NAMES.map((name) => [name, segment.section(name)])) as Sections;

/** Of segments as they are stored: two days of a cohort of a thousand instances, so that no scan reads one of them twice. */
const ENCODED_BYTES = 32 * 1024 * 1024;
/** Of ids in footers, which every commit looks at: two million, more than any partition has in ten minutes. */
const IDS_BYTES = 32 * 1024 * 1024;
/** What a segment, or its ids, take in memory beside their bytes: views, what the footer tells of sections, places in maps. */
const ENTRY_BYTES = 1000;
/** Of decoded states, five to thirty times as large: what is dropped is decoded again. A small function has 512 MB for all. */
const DECODED_BYTES = 32 * 1024 * 1024;

/** Segments never change, so one cache serves the writer's footers and every reader. */
export interface SegmentCache {
  /** undefined: no such object, so the head that named it is out of date. */
  load(key: string): Promise<LoadedSegment | undefined>;
  /**
   * The uploads of a segment, which are kept for longer than the segment: a writer need not read again what it adds nothing to.
   * undefined as in `load`; 'unknown' where its footer cannot be read.
   */
  uploadsOf(key: string): Promise<StoredIds | 'unknown' | undefined>;
  /** Remembers what this process has just written, so that it need not be read back. */
  remember(key: string, bytes: Uint8Array, sections: Sections): void;
}

export function segmentCache(
  objects: ObjectStore,
  { encodedBytes = ENCODED_BYTES, decodedBytes: decodedMost = DECODED_BYTES, idsBytes = IDS_BYTES } = {},
): SegmentCache {
  const ids = sizedCache<StoredIds>(idsBytes);
  const encoded = sizedCache<LoadedSegment>(encodedBytes);
  const decoded = sizedCache<Sections[KindName]>(decodedMost);
  const keep = (key: string, bytes: Uint8Array, known: Sections): LoadedSegment => {
    const place = (name: KindName) => `${name} ${key}`;
    const keepState: DecodedSections['set'] = (name, state) =>
      decoded.set(place(name), state, decodedBytes(state));
    for (const name of KIND_NAMES) {
      const state = known[name];
      if (state !== undefined) keepState(name, state);
    }
    const loaded = loadedSegment(bytes, { get: (name) => decoded.get(place(name)), set: keepState });
    // What cannot be read is looked at again: the next answer may be a better one.
    if (loaded.unreadable !== undefined) return loaded;
    encoded.set(key, loaded, bytes.length + ENTRY_BYTES);
    // A view would keep all of the segment.
    const own = storedIds(loaded.footer.uploads.bytes.slice());
    ids.set(key, own, own.bytes.length + ENTRY_BYTES);
    return loaded;
  };
  const load: SegmentCache['load'] = async (key) => {
    const cached = encoded.get(key);
    if (cached !== undefined) return cached;
    const bytes = await objects.get(key);
    return bytes && keep(key, bytes, {});
  };
  return {
    load,
    async uploadsOf(key) {
      const known = ids.get(key);
      if (known !== undefined) return known;
      const segment = await load(key);
      return segment?.hasFooter === false ? 'unknown' : segment?.footer.uploads;
    },
    remember(key, bytes, sections) {
      keep(key, bytes, sections);
    },
  };
}

const NO_FOOTER: SegmentFooter = { sections: [], uploads: NO_IDS };

/** Decoded sections of one segment, as long as there is room for them. */
interface DecodedSections {
  get(name: KindName): Sections[KindName];
  set(name: KindName, state: NonNullable<Sections[KindName]>): void;
}

function loadedSegment(bytes: Uint8Array, decoded: DecodedSections): LoadedSegment {
  let unreadable: string | undefined;
  const orUnreadable = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'invalid-input') throw error;
      unreadable = error.message;
      return undefined;
    }
  };
  const footer = orUnreadable(() => readFooter(bytes));
  return {
    footer: footer ?? NO_FOOTER,
    hasFooter: footer !== undefined,
    section(name) {
      if (footer === undefined) return undefined;
      const known = decoded.get(name);
      if (known !== undefined) return known;
      const state = orUnreadable(() => readSection(bytes, footer, name));
      if (state !== undefined) decoded.set(name, state);
      return state;
    },
    get unreadable() {
      return unreadable;
    },
  };
}
