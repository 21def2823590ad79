import type { Head, Partition, SegmentRef } from '../model/partition.ts';
import { WRITER_GRACE_MS } from './commit.ts';
import { segmentKey } from './keys.ts';
import { mergeAll } from './kind.ts';
import { KIND_NAMES, mergeSections, type Sections } from './kinds/index.ts';
import { encodeSegment } from './segment.ts';
import type { LoadedSegment, SegmentCache, SegmentStoreContext } from './store.ts';

/** So many segments of one level become one of the next: each upload is rewritten once per factor of 8. */
export const FAN_IN = 8;
/** A head that lists more merges its two lowest levels whatever their number. */
export const LISTED_MAX = 32;
const ATTEMPTS_MAX = 10;

/**
 * Which of the listed segments to merge now, or none. The lowest level that has FAN_IN of them; levels above follow in
 * the next calls.
 */
export function pickForMerge(segments: readonly SegmentRef[]): readonly SegmentRef[] {
  const levels = [...new Set(segments.map(({ level }) => level))].sort((a, b) => a - b);
  for (const level of levels) {
    const same = segments.filter((segment) => segment.level === level);
    if (same.length >= FAN_IN) return same;
  }
  if (segments.length <= LISTED_MAX) return [];
  const [lowest = 0, next = lowest] = levels;
  return segments.filter(({ level }) => level === lowest || level === next);
}

/** Merges until no level is full. Returns how many segments it replaced. Safe beside any number of writers. */
export async function compact(
  context: SegmentStoreContext,
  cache: SegmentCache,
  partition: Partition,
): Promise<number> {
  let replaced = 0;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const current = await context.heads.read(partition);
    const parts = pickForMerge(current?.head.segments ?? []);
    if (current === undefined || parts.length < 2) return replaced;
    const loaded = await Promise.all(parts.map(({ key }) => cache.load(key)));
    if (loaded.includes(undefined)) continue; // another compactor was first
    const putAt = context.clock.now();
    const merged = await putMerged(context, cache, partition, parts, loaded as LoadedSegment[]);
    if (await replace(context, partition, parts, merged, putAt)) replaced += parts.length;
  }
  return replaced;
}

async function putMerged(
  context: SegmentStoreContext,
  cache: SegmentCache,
  partition: Partition,
  parts: readonly SegmentRef[],
  loaded: readonly LoadedSegment[],
): Promise<SegmentRef> {
  const sections = mergeAll(loaded.map(sectionsOf), mergeSections) ?? {};
  const uploads = loaded.flatMap(({ footer }) => footer.uploads);
  const bytes = encodeSegment(sections, uploads);
  const key = segmentKey(partition, context.newId());
  await context.objects.put(key, bytes, { ifAbsent: true });
  cache.remember(key, bytes, sections);
  const level = Math.max(...parts.map((part) => part.level)) + 1;
  return { key, bytes: bytes.length, uploads: new Set(uploads).size, level };
}

const sectionsOf = (segment: LoadedSegment): Sections =>
  Object.fromEntries(KIND_NAMES.map((name) => [name, segment.section(name)])) as Sections;

/** Lists `merged` in place of `parts` as long as all of them are still listed; others may be added meanwhile. */
async function replace(
  context: SegmentStoreContext,
  partition: Partition,
  parts: readonly SegmentRef[],
  merged: SegmentRef,
  putAt: number,
): Promise<boolean> {
  const gone = new Set(parts.map(({ key }) => key));
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const current = await context.heads.read(partition);
    const listed = current?.head.segments ?? [];
    if (listed.some(({ key }) => key === merged.key)) return true; // our answer was lost, the write was not
    if (listed.filter(({ key }) => gone.has(key)).length !== gone.size) return false;
    if (context.clock.now() - putAt > WRITER_GRACE_MS) return false; // the sweep may be about to remove it
    const head: Head = {
      writeToken: merged.key,
      segments: [...listed.filter(({ key }) => !gone.has(key)), merged],
      updatedAt: context.clock.now(),
    };
    if ((await context.heads.swap(partition, head, current?.version)) === 'stored') return true;
  }
  return false;
}
