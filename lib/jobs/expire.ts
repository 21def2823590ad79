import { type Era, endOfBucket, MACHINES, type Partition, parentOf, stepOf } from '../model/partition.ts';
import type { ServiceName } from '../model/service.ts';
import { DAY_MS, type EpochMs, HOUR_MS } from '../model/units.ts';
import type { ObjectInfo } from '../ports/object-store.ts';
import { listProjects } from '../records/api-keys.ts';
import type { GenerationRecord, Retired } from '../records/generations.ts';
import { keepPlace, readPlace } from '../records/job-places.ts';
import { listServices } from '../records/services.ts';
import type { PlacedHead } from '../segments/store.ts';
import type { JobContext } from './context.ts';
import { deleteObjects } from './delete-objects.ts';
import { eachInTurn } from './each-project.ts';
import { removeLeftPieces } from './pieces.ts';
import { RAW_SHARDS, rawPlace } from './raw-segment.ts';
import { buildBucket, isRolledUp } from './roll-up.ts';

/** Writers and readers have read that a generation was replaced long before it is removed. */
export const RETIRED_AFTER_MS = HOUR_MS;
/** How long a generation that was replaced is looked for: a writer that stood still may have brought back a head of it. */
const RETIRED_KEPT_MS = 7 * DAY_MS;
/** Where nobody has set another. */
export const DEFAULT_RETENTION = { retentionDays: 30, rollUpDays: 400 };
const ATTEMPTS_MAX = 10;

export interface Expired {
  readonly heads: number;
  readonly segments: number;
  readonly raw: number;
}

/**
 * Removes what is past its retention, from the bucket and not from the index alone: raw objects, counted from their arrival;
 * partitions once a roll-up holds them, counted from their last upload; roll-ups; generations that were replaced.
 *
 * A head is first marked as expired by a conditional write, so that nothing is committed to, merged into or read from it, then
 * its segments go, then the head. Whatever a crash leaves is found again by a later run.
 *
 * A run goes round all projects and services, and begins behind what the last one began last.
 *
 * Cost: all heads of every service are read; for each project a listing of each shard of its raw objects.
 */
export async function expire(context: JobContext): Promise<Expired> {
  const sum = { heads: 0, segments: 0, raw: 0 };
  const turns: Turn[] = [];
  for (const { name: project } of await listProjects(context.records)) {
    const services = (await listServices(context.records, project)).map(({ service }) => service);
    turns.push({ project }, ...[MACHINES, ...services].map((service) => ({ project, service })));
  }
  const last = await readPlace(context.records, JOB);
  const next = turns.findIndex((turn) => nameOf(turn) === last) + 1;
  await eachInTurn([...turns.slice(next), ...turns.slice(0, next)], async (turn) => {
    await keepPlace(context.records, JOB, nameOf(turn));
    const { retentionDays, rollUpDays } = (await context.retention?.(turn.project)) ?? DEFAULT_RETENTION;
    const now = context.clock.now();
    const before = { leaves: now - retentionDays * DAY_MS, rollUps: now - rollUpDays * DAY_MS };
    if (turn.service !== undefined) await expireService(context, turn.project, turn.service, before, sum);
    else {
      sum.raw += await expireRaw(context, turn.project, before.leaves);
      await removeLeftPieces(context, turn.project);
      await forgetRetired(context, turn.project, now);
    }
  });
  return sum;
}

const JOB = 'expire';
/** A project's raw objects, or one of its services. */
interface Turn {
  readonly project: string;
  readonly service?: ServiceName;
}
const nameOf = ({ project, service }: Turn) => `${project}\n${service ?? ''}`;

interface Before {
  readonly leaves: EpochMs;
  readonly rollUps: EpochMs;
}

async function expireService(
  context: JobContext,
  project: string,
  service: ServiceName,
  before: Before,
  sum: { heads: number; segments: number },
): Promise<void> {
  const heads = await context.heads.all(project, service);
  for (const head of await goneBy(context, heads, before, await context.generations.read(project))) {
    const segments = await removeHead(context, head.partition);
    if (segments === undefined) continue;
    sum.heads += 1;
    sum.segments += segments;
  }
}

/**
 * Heads that may go now, roll-ups after what they are made of. Those of a generation that does not speak yet stay whatever
 * their age: a replay is about to fill them.
 */
async function goneBy(
  context: JobContext,
  heads: readonly PlacedHead[],
  before: Before,
  { eras, retired }: GenerationRecord,
): Promise<readonly PlacedHead[]> {
  const now = context.clock.now();
  const isOf = (era: Era, { partition: { generation, start } }: PlacedHead) =>
    era.generation === generation && start >= era.from && start < era.to;
  const isRetired = (head: PlacedHead) =>
    retired.some((era) => isOf(era, head) && era.at + RETIRED_AFTER_MS <= now);
  const speaks = (head: PlacedHead) => eras.some((era) => isOf(era, head));
  const gone = heads.filter((head) => isRetired(head) || head.head.expired);
  const live = heads.filter((head) => !isRetired(head) && !head.head.expired && speaks(head));
  const leaves = live.filter(({ partition }) => stepOf(partition) === '10m');
  const hours = Map.groupBy(
    leaves,
    ({ partition: { generation, start } }) => `${generation} ${hourOf(start)}`,
  );
  for (const group of hours.values()) {
    if (group.every((head) => lastUpload(head) <= before.leaves) && (await settle(context, group)))
      gone.push(...group);
  }
  const isGone = new Set(gone);
  const stays = new Set(
    [...hours.values()]
      .flat()
      .filter((head) => !isGone.has(head))
      .map(({ partition }) => hourOf(partition.start)),
  );
  const rollUps = live.filter((head) => {
    const { partition } = head;
    const old = stepOf(partition) !== '10m' && endOfBucket(partition) <= before.rollUps;
    return (
      old && lastUpload(head) <= before.leaves && !(stepOf(partition) === '1h' && stays.has(partition.start))
    );
  });
  return [...gone, ...rollUps];
}

const hourOf = (start: EpochMs) => Math.floor(start / HOUR_MS) * HOUR_MS;
/** Heads that were made for a seal alone have none: a late upload may need them for as long as one could come. */
const lastUpload = ({ head, partition }: PlacedHead): EpochMs => head.committedAt ?? endOfBucket(partition);

/** True once the hour holds all of its partitions and says that it is final: from then on it stands for them. */
async function settle(context: JobContext, group: readonly PlacedHead[]): Promise<boolean> {
  const hour = parentOf((group[0] as PlacedHead).partition) as Partition;
  if (!(await isRolledUp(context, hour))) await buildBucket(context, hour);
  const current = await context.heads.read(hour);
  if (current === undefined || current.head.dirty !== undefined || current.head.expired) return false;
  if (current.head.final) return true;
  const head = { ...current.head, final: true, writeToken: context.newId() };
  return (await context.heads.swap(hour, head, current.version)) === 'stored';
}

/** How many segments went, or undefined when somebody else was faster. */
async function removeHead(context: JobContext, partition: Partition): Promise<number | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const current = await context.heads.read(partition);
    if (current === undefined) return undefined;
    const { head, version } = current;
    if (!head.expired) {
      const marked = { ...head, expired: true, writeToken: context.newId() };
      await context.heads.swap(partition, marked, version); // the next turn reads what stands
      continue;
    }
    await deleteObjects(
      context,
      head.segments.map(({ key }) => key),
    );
    return (await context.heads.remove(partition, version)) === 'deleted' ? head.segments.length : undefined;
  }
  return undefined;
}

/** Raw objects of hours that ended before `before`, oldest first; what a replay has yet to fold waits for it. */
async function expireRaw(context: JobContext, project: string, before: EpochMs): Promise<number> {
  let removed = 0;
  let until: EpochMs | undefined;
  for (const shard of RAW_SHARDS) {
    for (;;) {
      const page = await context.objects.list(`raw/${shard}/${project}/`);
      if (!page.some(endedBefore(before))) break;
      // Before the first goes: a replay must know that the days before are not complete any more.
      until ??= await noteRawKept(context, project, before);
      const old = page.filter(endedBefore(until));
      await deleteObjects(
        context,
        old.map(({ key }) => key),
      );
      removed += old.length;
      if (old.length === 0 || old.length < page.length) break;
    }
  }
  return removed;
}

const endedBefore =
  (until: EpochMs) =>
  ({ key }: ObjectInfo) =>
    (rawPlace(key)?.hour ?? until) + HOUR_MS <= until;

/** Returns up to when raw objects may go: a generation that is being built needs those that it has not folded. */
async function noteRawKept(context: JobContext, project: string, before: EpochMs): Promise<EpochMs> {
  let until = before;
  await context.generations.change(project, (record) => {
    until = Math.min(before, record.building?.foldedTo ?? before);
    return { ...record, rawKeptFrom: Math.max(until, record.rawKeptFrom ?? 0) };
  });
  return until;
}

async function forgetRetired(context: JobContext, project: string, now: EpochMs) {
  const isOver = ({ at }: Retired) => at + RETIRED_KEPT_MS <= now;
  const { retired } = await context.generations.of(project);
  if (!retired.some(isOver)) return;
  await context.generations.change(project, (before) => ({
    ...before,
    retired: before.retired.filter((era) => !isOver(era)),
  }));
}
