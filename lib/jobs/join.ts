import { digest, hexOf, type UploadId, uploadId } from '../model/ids.ts';
import { partitionStart } from '../model/partition.ts';
import type { Span, Trace } from '../model/trace.ts';
import { type EpochMs, MIB, MINUTE_MS } from '../model/units.ts';
import { openGenerations } from '../records/generations.ts';
import { changeJoin, type JoinRecord, readJoin, untouched } from '../records/joins.ts';
import { noteService } from '../records/services.ts';
import { mergeAll } from '../segments/kind.ts';
import { mergeSections, type Sections } from '../segments/kinds/index.ts';
import type { PatternThresholds } from '../traces/patterns/thresholds.ts';
import { acceptedTime } from './accepted-time.ts';
import { commitUploads, compactGrown } from './commit-uploads.ts';
import type { JobContext } from './context.ts';
import type { Place } from './fold.ts';
import { type Gathered, type GatheredProfile, gather } from './join-gather.ts';
import { fixedCuts, isInPart } from './join-parts.ts';
import { type JoinAt, windowAround } from './join-window.ts';
import { patternThresholds } from './pattern-thresholds.ts';

/** How long a minute is waited for of which an upload with a root is not recorded as done: longer than analyzers hold one. */
const UNRECORDED_MS = 20 * MINUTE_MS;
const US_PER_MS = 1000;

/** Local traces that came in some minute, with all of their spans and the profiles of the time around them. */
export interface Joined {
  /** In the time of their senders' clocks, as the chunks are. */
  readonly traces: readonly Trace[];
  /** Traces of the minutes around it, and before, and of other clocks: they bear witness and count elsewhere. */
  readonly witnesses: readonly Trace[];
  /** Of the traces, and of the continuous profilers that they name. */
  readonly profiles: readonly GatheredProfile[];
  /** Of what is a pattern, by service and unit. */
  readonly thresholdsOf: (trace: Trace) => PatternThresholds;
}

/**
 * What joined traces add to partitions. It is called with the same traces again when a join is repeated, and must give the
 * same. `placeOf` tells the start of the partition of a sender's time.
 */
export type FoldJoined = (
  project: string,
  joined: Joined,
  placeOf: (time: EpochMs) => EpochMs,
) => readonly { readonly partition: Place; readonly sections: Sections }[];

export interface JoinBounds {
  /** Pieces that are put together at once, about. */
  readonly partBytes?: number;
  /** Pieces of one trace of a process that are held at most, and of all that is looked up for a part. */
  readonly heldBytes?: number;
}

/**
 * Puts together the traces whose local root came in one minute of arrivals, and commits what `fold` makes of them, once: the
 * parts of the minute have ids of their own, with a ledger record each, as uploads have. A root that came in an earlier
 * minute of the window belongs to that one. An upload that was stored twice, as a client's retry is, left its pieces in two
 * minutes: the one that its ledger record names counts. What is begun again goes on with the part that it had come to.
 *
 * @returns undefined while an upload of this minute is not recorded yet: call again later
 * @throws Fault('unavailable') when a store does not answer: call again
 * Cost: for each part, of which a minute has one unless five of them hold more than `partBytes`, the pieces of five minutes
 * are read and decoded; of more, where a request took longer. Where there are several, they are read once more to find them.
 * Memory: the pieces of a part, `heldBytes` of what is looked up for it, and one object of pieces.
 */
export async function joinMinute(
  context: JobContext,
  fold: FoldJoined,
  at: JoinAt,
  { partBytes, heldBytes = HELD_BYTES }: JoinBounds = {},
): Promise<JoinRecord | undefined> {
  const { project, space, minute } = at;
  let record = (await readJoin(context.records, project, space, minute)) ?? untouched(minute);
  if (record.joinedAt !== undefined) return record;
  const window = await windowAround(context, at);
  // Of what was begun, its own: those of live analysis may have expired and been fixed anew since.
  const cuts = record.cuts ?? (await fixedCuts(context, at, window, partBytes));
  while (record.joinedAt === undefined) {
    const { parts = 0 } = record;
    const waits = context.clock.now() < minute + UNRECORDED_MS;
    const found = await gather(context, at, window, isInPart(cuts, parts), { bytesMax: heldBytes, waits });
    if (found === 'unrecorded') return undefined;
    await commitPart(context, fold, at, await joinId(project, minute, parts), found);
    record = await advance(context, at, cuts, record, found);
  }
  return record;
}

/** Notes that a part is joined, and what it told, unless somebody else has. */
async function advance(
  context: JobContext,
  { project, space, minute }: JoinAt,
  cuts: readonly string[],
  known: JoinRecord,
  { traces, rootless, late, leftOut }: Gathered,
): Promise<JoinRecord> {
  const { parts = 0 } = known;
  const isLast = parts >= cuts.length;
  const now = context.clock.now();
  const advanced = ({ tries, ...before }: JoinRecord): JoinRecord => ({
    ...before,
    ...{ cuts, parts: parts + 1 },
    // Each part is a try of its own, and nobody else begins the next one.
    ...(isLast ? { joinedAt: now } : tries && { tries: { count: 1, since: now } }),
    traces: before.traces + traces.length,
    rootless: before.rootless + rootless,
    late: before.late + late,
    leftOut: (before.leftOut ?? 0) + leftOut,
  });
  const stands = await changeJoin(context, project, space, minute, (before = known) =>
    before.joinedAt === undefined && (before.parts ?? 0) === parts ? advanced(before) : undefined,
  );
  return stands ?? advanced(known);
}

const joinId = async (project: string, minute: EpochMs, part: number): Promise<UploadId> =>
  uploadId(hexOf(await digest('join', project, String(minute), String(part))).slice(0, 32));

/**
 * Pieces of one trace of a process that are held at once, for no cut divides one: of an id that a sender uses for all it does,
 * or that somebody makes up with a browser's public key. And all that is looked up for the traces of a part: chunks of their
 * profilers, what they left before the window. Which pieces are left out no order decides, which is no harm: the part counts
 * once.
 */
const HELD_BYTES = 64 * MIB;

async function commitPart(
  context: JobContext,
  fold: FoldJoined,
  { project, space, minute }: JoinAt,
  id: UploadId,
  { traces, witnesses, profiles }: Gathered,
): Promise<void> {
  if (traces.length === 0) return;
  const heldSince = context.clock.now();
  if (space === 'live' && (await context.ledger.get(project, id)) !== undefined) return;
  const { from, to } = acceptedTime(context, { receivedAt: minute }, space !== 'live');
  const isTaken = ({ trace, shiftMs }: Gathered['traces'][number]) => {
    const time = trace.root.end / US_PER_MS + shiftMs;
    return time >= from && time <= to + MINUTE_MS;
  };
  // Chunks say themselves when they end: those of no accepted time counted for no service as they came.
  const isInTime = ({ start }: Place) => start >= partitionStart(from) && start <= to + MINUTE_MS;
  const taken = traces.filter(isTaken);
  await noteTraces(context, project, minute, taken);
  const record = await context.generations.of(project);
  const open = (start: EpochMs) =>
    openGenerations(record, start).filter((generation) => space === 'live' || generation === space);
  const thresholdsOf = await patternThresholds(context, project, taken);
  const parts = [...Map.groupBy(taken, ({ shiftMs }) => shiftMs)].flatMap(([shiftMs, group]) => {
    // What a process sends while its clock is off is not all corrected alike: its other requests ran beside these.
    const others = traces.filter((one) => one.shiftMs !== shiftMs || !isTaken(one));
    const joined = {
      traces: group.map(({ trace }) => trace),
      witnesses: [...witnesses, ...others.map(({ trace }) => trace)],
      profiles,
      thresholdsOf,
    };
    return fold(project, joined, (time) => partitionStart(time + shiftMs));
  });
  const accepted = mergedByPlace(parts).filter(({ partition }) => isInTime(partition));
  const additions = accepted.flatMap(({ partition, sections }) =>
    open(partition.start).map((generation) => ({ partition: { ...partition, generation }, sections })),
  );
  const { broken, grown } = await commitUploads(context, [{ uploadId: id, parts: additions }], heldSince);
  for (const error of broken.values()) throw error;
  if (space === 'live') await finishPart(context, project, id, minute);
  await compactGrown(context, grown);
}

/** Senders whose clocks differ may meet in one partition, which the id may enter but once. */
function mergedByPlace(parts: ReturnType<FoldJoined>): ReturnType<FoldJoined> {
  const places = Map.groupBy(parts, ({ partition }) => `${partition.start} ${partition.service}`);
  return [...places.values()].map((group) => ({
    partition: (group[0] as (typeof parts)[number]).partition,
    sections:
      mergeAll(
        group.map(({ sections }) => sections),
        mergeSections,
      ) ?? {},
  }));
}

const finishPart = (context: JobContext, project: string, id: UploadId, minute: EpochMs) =>
  context.ledger.finish(project, {
    uploadId: id,
    rawKey: '',
    receivedAt: minute,
    state: 'done',
    reason: null,
    dropped: {},
    finishedAt: context.clock.now(),
  });

/** Before the first commit: the sweep of orphans finds heads by the services that are known. */
async function noteTraces(
  context: JobContext,
  project: string,
  minute: EpochMs,
  traces: readonly { readonly trace: Trace }[],
) {
  for (const [service, group] of Map.groupBy(traces, ({ trace }) => trace.service)) {
    const ends = group.map(({ trace }) => endOf(trace.root));
    await noteService(context.records, project, {
      service,
      firstSeen: minute,
      lastSeen: minute,
      firstData: ends.reduce((first, end) => Math.min(first, end)),
      lastData: ends.reduce((last, end) => Math.max(last, end)),
      signals: { traces: minute },
      versions: {},
    });
  }
}
const endOf = ({ end }: Span): EpochMs => end / US_PER_MS;
