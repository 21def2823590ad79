import type { UploadId } from '../model/ids.ts';
import type { Head, Partition, SegmentRef } from '../model/partition.ts';
import { HOUR_MS } from '../model/units.ts';
import { shardsIn } from './commit.ts';
import { isPastGrace } from './commit-shard.ts';
import { segmentKey } from './keys.ts';
import type { Sections } from './kinds/index.ts';
import { mergeAllSections } from './merge-sections.ts';
import { encodeSegment } from './segment.ts';
import {
  analyzerVersion,
  type LoadedSegment,
  type SegmentCache,
  type SegmentStoreContext,
  sectionsOf,
} from './store.ts';

/** So many segments of one level become one of the next: each upload is rewritten once per factor of 8. */
export const FAN_IN = 8;
/** A head that lists more merges its two lowest levels whatever their number. */
export const LISTED_MAX = 32;
const ATTEMPTS_MAX = 10;
/** An id leaves a footer only when its ledger record has been done for so long; nobody else is asked before. */
export const TRIM_AFTER_MS = HOUR_MS;

/**
 * Which of the listed segments to merge now, or none. The lowest level that has FAN_IN of them; levels above follow in
 * the next calls. Segments of an analyzer later than `version` are left to it.
 */
export function pickForMerge(
  listed: readonly SegmentRef[],
  version = Number.POSITIVE_INFINITY,
): readonly SegmentRef[] {
  const segments = listed.filter((segment) => (segment.version ?? 1) <= version);
  const levels = [...new Set(segments.map(({ level }) => level))].sort((a, b) => a - b);
  for (const level of levels) {
    const same = segments.filter((segment) => segment.level === level);
    if (same.length >= FAN_IN) return same;
  }
  if (segments.length <= LISTED_MAX) return [];
  const [lowest = 0, next = lowest] = levels;
  return segments.filter(({ level }) => level === lowest || level === next);
}

export interface CompactOptions {
  /** Merges all into one: for partitions that are not expected to grow. */
  readonly fully?: boolean;
}

/** Merges until no level is full, in every shard. Returns how many segments it replaced. Safe beside any number of writers. */
export async function compact(
  context: SegmentStoreContext,
  cache: SegmentCache,
  partition: Partition,
  options: CompactOptions = {},
): Promise<number> {
  if (partition.shard !== undefined) return compactShard(context, cache, partition, options);
  const first = await context.heads.read(partition);
  let replaced = 0;
  for (const shard of shardsIn(partition, first?.head)) {
    replaced += await compactShard(context, cache, shard, options);
  }
  return replaced;
}

async function compactShard(
  context: SegmentStoreContext,
  cache: SegmentCache,
  partition: Partition,
  { fully = false }: CompactOptions,
): Promise<number> {
  let replaced = 0;
  // They stay listed as they are: what is in them is not lost, and may be read by another version of this code. Lost ones
  // stay too, so that answers go on to say what they lack.
  const unreadable = new Set<string>();
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const current = await context.heads.read(partition);
    if (current === undefined || current.head.expired) return replaced;
    // What cannot be read is not merged anyway; what a later analyzer wrote may also hold kinds that are not known here.
    const known = current.head.segments.filter(
      ({ key, version = 1 }) => version <= analyzerVersion() && !unreadable.has(key),
    );
    const parts = fully ? known : pickForMerge(known);
    if (parts.length < 2) return replaced;
    const loaded = await Promise.all(parts.map(({ key }) => cache.load(key)));
    const gone = parts.filter((_, i) => loaded[i] === undefined);
    if (gone.length > 0) {
      // Another compactor was first. If the head lists them still, the objects are lost.
      const isSame = (await context.heads.read(partition))?.version === current.version;
      if (isSame) for (const { key } of gone) unreadable.add(key);
      continue;
    }
    const read = loaded.flatMap((segment) => (segment ? [{ segment, sections: sectionsOf(segment) }] : []));
    const damaged = parts.filter((_, i) => loaded[i]?.unreadable !== undefined);
    for (const { key } of damaged) unreadable.add(key);
    if (damaged.length > 0) continue;
    const putAt = context.clock.now();
    const merged = await putMerged(context, cache, partition, parts, read);
    if (await replace(context, partition, parts, merged, putAt)) replaced += parts.length;
  }
  return replaced;
}

/** Its sections are kept beside it: the cache may have no room for all of them. */
interface ReadSegment {
  readonly segment: LoadedSegment;
  readonly sections: Sections;
}

interface Merged {
  readonly ref: SegmentRef;
  readonly trimmed: boolean;
}

async function putMerged(
  context: SegmentStoreContext,
  cache: SegmentCache,
  partition: Partition,
  parts: readonly SegmentRef[],
  read: readonly ReadSegment[],
): Promise<Merged> {
  const sections = mergeAllSections(read.map((one) => one.sections));
  const loaded = read.map(({ segment }) => segment);
  const leaving = await leavingIds(context, partition, parts, loaded);
  const all = new Set(loaded.flatMap(({ footer }) => footer.uploads.list()));
  const kept = [...all].filter((id) => !leaving.has(id));
  const bytes = encodeSegment(sections, kept);
  const key = segmentKey(partition, context.newId());
  await context.objects.put(key, bytes, { ifAbsent: true });
  cache.remember(key, bytes, sections);
  const level = Math.max(...parts.map((part) => part.level)) + 1;
  const committedAt = Math.max(...parts.map((part) => part.committedAt ?? context.clock.now()));
  const uploads = parts.reduce((sum, part) => sum + part.uploads, 0);
  const ref = { key, bytes: bytes.length, uploads, level, version: analyzerVersion(), committedAt };
  return { ref, trimmed: leaving.size > 0 };
}

/** Ids of old parts alone are asked for: the ledger is read once for each. */
async function leavingIds(
  { finished, clock }: SegmentStoreContext,
  partition: Partition,
  parts: readonly SegmentRef[],
  loaded: readonly LoadedSegment[],
): Promise<ReadonlySet<UploadId>> {
  const ids = parts.flatMap(({ committedAt }, i) =>
    committedAt !== undefined && clock.now() - committedAt >= TRIM_AFTER_MS
      ? (loaded[i]?.footer.uploads.list() ?? [])
      : [],
  );
  return finished === undefined || ids.length === 0 ? new Set() : finished.leaving(partition, ids);
}

/** Lists `merged` in place of `parts` as long as all of them are still listed; others may be added meanwhile. */
async function replace(
  context: SegmentStoreContext,
  partition: Partition,
  parts: readonly SegmentRef[],
  { ref, trimmed }: Merged,
  putAt: number,
): Promise<boolean> {
  const gone = new Set(parts.map(({ key }) => key));
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const current = await context.heads.read(partition);
    const listed = current?.head.segments ?? [];
    if (listed.some(({ key }) => key === ref.key)) return true; // our answer was lost, the write was not
    if (listed.filter(({ key }) => gone.has(key)).length !== gone.size) return false;
    if (current?.head.expired) return false;
    if (isPastGrace(context, putAt)) return false; // the sweep may be about to remove it
    const head: Head = {
      ...current?.head,
      writeToken: ref.key,
      segments: [...listed.filter(({ key }) => !gone.has(key)), ref],
      updatedAt: context.clock.now(),
      ...(trimmed ? { trimmed } : {}),
    };
    if ((await context.heads.swap(partition, head, current?.version)) === 'stored') return true;
  }
  return false;
}
