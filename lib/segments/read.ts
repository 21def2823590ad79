import { Fault } from '../model/fault.ts';
import { END_OF_TIME, type Era, type Head, partitionKey, type Step, stepOf } from '../model/partition.ts';
import type { ServiceName } from '../model/service.ts';
import type { EpochMs } from '../model/units.ts';
import { decodedBytes } from './decoded-bytes.ts';
import { type Kind, mergeStates } from './kind.ts';
import { KINDS, type KindName, type StateOf } from './kinds/index.ts';
import { sizedCache } from './sized-cache.ts';
import type { LoadedSegment, PlacedHead, SegmentCache, SegmentStoreContext } from './store.ts';
import { tiles } from './tiles.ts';
import { type UnreadableBucket, unreadableBuckets } from './unreadable.ts';

export interface RangeQuery {
  readonly project: string;
  readonly service: ServiceName;
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** Default: the generation that speaks for each time. */
  readonly generation?: number;
  /** Hours and days may be read rolled up: fewer objects, series in coarser steps. Default: false. */
  readonly coarse?: boolean;
}

/**
 * What of each merged state an answer is about. It is kept, by its name, instead of the whole: a day of parts stays in memory
 * where a day of whole states would not.
 */
export interface StatePart<S> {
  readonly name: string;
  of(state: S): S;
}

const RETRIES = 5;
/** Of merged states kept: a day of one service, or an hour of a couple of dozen. */
const MERGED_BYTES = 64 * 1024 * 1024;
/** A day of buckets of this size fits. */
const SMALL_BYTES = MERGED_BYTES / 256;
/** What an entry takes beside its texts and its state: objects, places in maps. */
const ENTRY_BYTES = 300;

export interface SegmentReader {
  /** The merged state of one kind, one entry per bucket that has any segment, in order of time. */
  range<N extends KindName>(
    kind: N,
    query: RangeQuery,
    part?: StatePart<StateOf<N>>,
  ): Promise<readonly PartitionState<N>[]>;
  /** Buckets of a project that were read without some of their segments when they were last looked at. */
  unreadable?(project: string): readonly UnreadableBucket[];
}
export interface PartitionState<N extends KindName> {
  readonly start: EpochMs;
  readonly step: Step;
  readonly state: StateOf<N>;
  /** Segments that could not be read, or are not there: the state holds all but them. Absent: none. */
  readonly missing?: number;
}

interface Whole {
  readonly state: object;
  readonly missing: number;
}
interface Merged extends Whole {
  /** Of the segments that it was merged of. */
  readonly keys: string;
}

/** Which generation speaks for what time, by project. */
export type ErasOf = (project: string) => Promise<readonly Era[]>;
const FIRST_GENERATION: ErasOf = async () => [{ from: 0, to: END_OF_TIME, generation: 0 }];

/** Under which names data of a service is stored. */
type NamesOf = (project: string, service: ServiceName) => Promise<readonly ServiceName[]>;
const OWN_NAME: NamesOf = async (_, service) => [service];

/** Reads through `cache`; a partition whose head has not moved is not merged again. */
export function segmentReader(
  context: SegmentStoreContext,
  cache: SegmentCache,
  erasOf: ErasOf = FIRST_GENERATION,
  namesOf: NamesOf = OWN_NAME,
): SegmentReader {
  const unreadable = unreadableBuckets();
  // One state for each partition and kind: those of former heads are of no use any more.
  const merged = sizedCache<Merged>(MERGED_BYTES);

  const merging = new Map<string, Promise<Whole | undefined>>();

  /** Questions that come together wait for one merge. */
  function wholeOf(kind: KindName, keys: string, shards: readonly PlacedHead[]): Promise<Whole | undefined> {
    const name = `${kind} ${keys}`;
    const running = merging.get(name) ?? merge(kind, shards).finally(() => merging.delete(name));
    merging.set(name, running);
    return running;
  }

  async function merge(kind: KindName, shards: readonly PlacedHead[]): Promise<Whole | undefined> {
    const states: unknown[] = [];
    let [missing, why] = [0, ''];
    for (const shard of shards) {
      const loaded = await loadAll(context, cache, shard);
      if (loaded === undefined) return undefined;
      const sections = loaded.segments.map((segment) => segment.section(kind));
      states.push(...sections.filter((state) => state !== undefined));
      const reasons = loaded.segments.flatMap((segment) => segment.unreadable ?? []);
      missing += loaded.gone + reasons.length + (shard.head.missing ?? 0);
      why ||= reasons[0] ?? (loaded.gone > 0 ? 'a listed segment is not there' : '');
    }
    const { partition } = shards[0] as PlacedHead;
    unreadable.note(kind, partition, missing, why || 'a roll-up was built without it');
    const kindOf = KINDS[kind] as Kind<object>;
    return { state: mergeStates(kindOf, states as object[]) ?? kindOf.empty(), missing };
  }

  /** `shards`: the heads of one bucket. Undefined: it has expired since they were listed. */
  async function stateOf(
    kind: KindName,
    shards: readonly PlacedHead[],
    part: StatePart<unknown> | undefined,
  ): Promise<Whole | undefined> {
    const keys = shards.flatMap(({ head }) => head.segments.map(({ key }) => key)).join('\n');
    const wholePlace = `${kind} ${partitionKey((shards[0] as PlacedHead).partition)} `;
    const place = wholePlace + (part?.name ?? '');
    const known = merged.get(place);
    if (known?.keys === keys) return known;
    const knownWhole = merged.get(wholePlace);
    if (part !== undefined && knownWhole?.keys === keys)
      return { ...knownWhole, state: part.of(knownWhole.state) as object };
    const whole = await wholeOf(kind, keys, shards);
    if (whole === undefined) return undefined;
    const found = part === undefined ? whole : { ...whole, state: part.of(whole.state) as object };
    // Of a small whole no part is kept: the next one is cut from it as well.
    const isSmall = part !== undefined && decodedBytes(whole.state) <= SMALL_BYTES;
    const [at, kept] = isSmall ? [wholePlace, whole] : [place, found];
    // What could not be read may be there the next time.
    if (whole.missing === 0)
      merged.set(at, { ...kept, keys }, ENTRY_BYTES + at.length + keys.length + decodedBytes(kept.state));
    return found;
  }

  const erasIn = async ({ generation, project }: RangeQuery) =>
    generation === undefined ? erasOf(project) : [{ from: 0, to: END_OF_TIME, generation }];

  async function headsOf({ coarse = false, ...query }: RangeQuery, eras: readonly Era[]) {
    const found: PlacedHead[] = [];
    for (const era of eras) {
      const [from, to] = [Math.max(query.from, era.from), Math.min(query.to, era.to)];
      const range = { ...query, from, to, generation: era.generation, coarse, now: context.clock.now() };
      if (from >= to) continue;
      for (const service of await namesOf(query.project, query.service))
        found.push(...(await tiles(context.heads, { ...range, service })));
    }
    return found;
  }

  async function statesOf<N extends KindName>(
    kind: N,
    query: RangeQuery,
    eras: readonly Era[],
    part: StatePart<StateOf<N>> | undefined,
  ) {
    const heads = (await headsOf(query, eras)).filter(({ head }) => head.segments.length > 0);
    const buckets = Map.groupBy(heads, ({ partition }) => `${stepOf(partition)} ${partition.start}`);
    const states: PartitionState<N>[] = [];
    for (const shards of buckets.values()) {
      const { partition } = shards[0] as PlacedHead;
      const whole = await stateOf(kind, shards, part as StatePart<unknown> | undefined);
      if (whole === undefined) return undefined;
      const { state, missing } = whole;
      const place = { start: partition.start, step: stepOf(partition) };
      states.push({ ...place, state: state as StateOf<N>, ...(missing > 0 && { missing }) });
    }
    return states.sort((a, b) => a.start - b.start);
  }

  return {
    unreadable: unreadable.of,
    async range(kind, query, part) {
      for (let attempt = 0; attempt < RETRIES; attempt += 1) {
        const eras = await erasIn(query);
        const states = await statesOf(kind, query, eras, part);
        // Whoever stood still for an hour may have looked for a generation that was replaced and removed meanwhile, and what
        // has expired since it was listed is in a roll-up, or gone.
        if (states !== undefined && isSameEras(eras, await erasIn(query))) return states;
      }
      throw new Fault('unavailable', `Cannot read ${query.service}: it changes faster than it can be read`);
    },
  };
}

const isSameEras = (some: readonly Era[], others: readonly Era[]) =>
  some.length === others.length &&
  some.every(({ from, generation }, i) => from === others[i]?.from && generation === others[i]?.generation);

interface LoadedAll {
  readonly segments: readonly LoadedSegment[];
  /** How many are listed still and not there. */
  readonly gone: number;
}

/**
 * All listed segments; undefined when the partition has expired since. When one is gone, a compaction has replaced it or all
 * has expired: the head is read again. If that still lists it, the object is lost, and the others speak without it.
 */
async function loadAll(
  context: SegmentStoreContext,
  cache: SegmentCache,
  { partition, head, version }: PlacedHead,
): Promise<LoadedAll | undefined> {
  let current: { readonly head: Head; readonly version: number } = { head, version };
  for (let attempt = 0; attempt < RETRIES; attempt += 1) {
    const loaded = await Promise.all(current.head.segments.map(({ key }) => cache.load(key)));
    const segments = loaded.filter((segment) => segment !== undefined);
    const gone = loaded.length - segments.length;
    if (gone === 0) return { segments, gone };
    const next = await context.heads.read(partition);
    if (next === undefined || next.head.expired) return undefined;
    if (next.version === current.version) return { segments, gone };
    current = next;
  }
  throw new Fault(
    'unavailable',
    `Cannot read ${partition.service}: its head changes faster than it can be read`,
  );
}
