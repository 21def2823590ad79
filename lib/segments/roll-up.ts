import { childrenOf, type Head, type Partition, type SegmentRef, stepOf } from '../model/partition.ts';
import { HOUR_MS, MINUTE_MS } from '../model/units.ts';
import { shardsIn } from './commit.ts';
import { isPastGrace } from './commit-shard.ts';
import { segmentKey } from './keys.ts';
import { type Sections, summariseSections } from './kinds/index.ts';
import { mergeAllSections } from './merge-sections.ts';
import { encodeSegment } from './segment.ts';
import { markStale } from './stale.ts';
import {
  analyzerVersion,
  type SegmentCache,
  type SegmentStoreContext,
  sectionsOf,
  type VersionedHead,
} from './store.ts';

/** How fine the series of a roll-up are: a page draws 2,000 points. */
export const SERIES_STEP_MS = { '1h': 5 * MINUTE_MS, '1d': HOUR_MS } as const;
const ATTEMPTS_MAX = 30;

/**
 * 'waiting': a child is not ready: an hour that has to be rolled up first, a segment of a later analyzer. 'busy': somebody
 * else was faster, or a late upload came meanwhile: again later. 'final': what it was made of has expired.
 */
export type RollUpOutcome = 'built' | 'fresh' | 'waiting' | 'busy' | 'final';

/**
 * Builds the roll-up of one hour or day from all that it is made of, unless the present one is still true.
 *
 * The head of the roll-up is made first, then all children are sealed, those without a head too: each gets a new version,
 * so that a writer between its reading and its swap loses, reads the seal, and marks the roll-up before it tries again.
 * The roll-up is then listed under the condition that nobody has marked it since. So it is either true or marked.
 *
 * Cost: one swap per child, one read of its segments, one PUT, two swaps.
 */
export async function rollUpBucket(
  context: SegmentStoreContext,
  cache: SegmentCache,
  rollUp: Partition,
): Promise<RollUpOutcome> {
  const claimed = await claim(context, rollUp);
  if (claimed === undefined) return 'busy';
  if (claimed.head.final || claimed.head.expired) return 'final';
  if (claimed.head.dirty === undefined) return 'fresh';
  const first = claimed.head.committedAt === undefined;
  const listed: Sealed[] = [];
  for (const child of childrenOf(rollUp)) {
    const sealed = await sealShards(context, child, first);
    if (typeof sealed === 'string') return sealed;
    listed.push(...sealed);
  }
  const states: Sections[] = [];
  let missing = 0;
  for (const { child, segments } of listed) {
    if (segments.some(({ version = 1 }) => version > analyzerVersion())) return 'waiting';
    const loaded = await loadSections(context, cache, child, segments);
    if (loaded === undefined) return 'busy';
    states.push(...loaded.states);
    missing += loaded.missing;
  }
  const merged = states.length === 0 ? undefined : mergeAllSections(states);
  return publish(context, rollUp, claimed, merged, missing);
}

/** The roll-up's head, made if there is none; undefined when somebody else is at it. */
async function claim(context: SegmentStoreContext, rollUp: Partition): Promise<VersionedHead | undefined> {
  const current = await context.heads.read(rollUp);
  if (current !== undefined) return current;
  const dirty = context.newId();
  const head: Head = { writeToken: dirty, segments: [], updatedAt: context.clock.now(), dirty };
  await context.heads.swap(rollUp, head, undefined);
  return context.heads.read(rollUp);
}

interface Sealed {
  readonly child: Partition;
  readonly segments: readonly SegmentRef[];
}
type NotSealed = 'waiting' | 'busy' | 'final';

/** The first shard before the others: from its seal on its head says how many there are, and nobody can split it any more. */
async function sealShards(
  context: SegmentStoreContext,
  child: Partition,
  first: boolean,
): Promise<readonly Sealed[] | NotSealed> {
  const sealed: Sealed[] = [];
  let shards: readonly Partition[] = [child];
  for (let n = 0; n < shards.length; n += 1) {
    const shard = shards[n] as Partition;
    const head = await seal(context, shard, first);
    if (typeof head === 'string') return head;
    if (n === 0) shards = shardsIn(child, head);
    sealed.push({ child: shard, segments: head.segments });
  }
  return sealed;
}

/** Gives the child a new version that says that a roll-up is made of it. Returns what it holds as of then. */
async function seal(
  context: SegmentStoreContext,
  child: Partition,
  first: boolean,
): Promise<Head | NotSealed> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const current = await context.heads.read(child);
    // All children had heads when the roll-up was first built: one that has none now has expired.
    if (current?.head.expired || (current === undefined && !first)) return 'final';
    const isRollUp = stepOf(child) !== '10m';
    if (isRollUp && (current === undefined || current.head.dirty !== undefined)) return 'waiting';
    const writeToken = context.newId();
    const updatedAt = current?.head.updatedAt ?? context.clock.now();
    const head: Head = { segments: [], ...current?.head, updatedAt, writeToken, sealed: true };
    if ((await context.heads.swap(child, head, current?.version)) === 'stored') return head;
    // Our answer may have been lost.
    const after = await context.heads.read(child);
    if (after?.head.writeToken === writeToken) return head;
  }
  return 'busy';
}

/**
 * What a child holds now, at least what it held when it was sealed: a merge may have replaced its segments since. What its
 * head lists still and is not there is lost: it is missing, as what cannot be read.
 */
async function loadSections(
  context: SegmentStoreContext,
  cache: SegmentCache,
  child: Partition,
  segments: readonly SegmentRef[],
): Promise<{ readonly states: readonly Sections[]; readonly missing: number } | undefined> {
  const inChild = (await context.heads.read(child))?.head.missing ?? 0;
  let refs = segments;
  let seen: number | undefined; // version of the head that lists `refs`
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const loaded = await Promise.all(refs.map(({ key }) => cache.load(key)));
    const there = loaded.filter((segment) => segment !== undefined);
    const gone = loaded.length - there.length;
    const current = gone === 0 ? undefined : await context.heads.read(child);
    if (gone === 0 || (current !== undefined && current.version === seen && !current.head.expired)) {
      const states = there.map(sectionsOf);
      const unreadable = there.filter((segment) => segment.unreadable !== undefined).length;
      return { states, missing: gone + unreadable + inChild };
    }
    if (current === undefined || current.head.expired) return undefined;
    [refs, seen] = [current.head.segments, current.version];
  }
  return undefined;
}

async function publish(
  context: SegmentStoreContext,
  rollUp: Partition,
  { head: before, version }: VersionedHead,
  merged: Sections | undefined,
  missing: number,
): Promise<RollUpOutcome> {
  const putAt = context.clock.now();
  const ref = merged === undefined ? undefined : await putRollUp(context, rollUp, merged);
  // The day above is made of what is about to be replaced.
  if (before.sealed) await markStale(context, rollUp);
  if (isPastGrace(context, putAt)) return 'busy'; // the sweep may be about to remove it
  const now = context.clock.now();
  const { dirty: _, missing: __, ...rest } = before;
  const head: Head = {
    ...rest,
    writeToken: ref?.key ?? context.newId(),
    segments: ref === undefined ? [] : [ref],
    updatedAt: now,
    committedAt: now,
    ...(missing > 0 && { missing }),
  };
  if ((await context.heads.swap(rollUp, head, version)) === 'stored') return 'built';
  const after = await context.heads.read(rollUp);
  return after?.head.writeToken === head.writeToken ? 'built' : 'busy';
}

async function putRollUp(
  context: SegmentStoreContext,
  rollUp: Partition,
  merged: Sections,
): Promise<SegmentRef> {
  const step = stepOf(rollUp) === '1d' ? '1d' : '1h';
  const sections = summariseSections(merged, SERIES_STEP_MS[step]);
  const bytes = encodeSegment(sections, []);
  const key = segmentKey(rollUp, context.newId());
  const committedAt = context.clock.now();
  await context.objects.put(key, bytes, { ifAbsent: true });
  return { key, bytes: bytes.length, uploads: 0, level: 0, version: analyzerVersion(), committedAt };
}
