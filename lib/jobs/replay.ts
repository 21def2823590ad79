import { parseUpload } from '../formats/index.ts';
import { Fault, messageOf } from '../model/fault.ts';
import { RECORDS_LIVE_MS } from '../model/lifetimes.ts';
import { bucketStart, END_OF_TIME } from '../model/partition.ts';
import type { UploadFacts } from '../model/telemetry.ts';
import { DAY_MS, type EpochMs, HOUR_MS, MIB, MINUTE_MS } from '../model/units.ts';
import type { ObjectInfo } from '../ports/object-store.ts';
import {
  abandoned,
  type Building,
  flipped,
  GENERATION_CACHE_MS,
  type GenerationRecord,
  opened,
} from '../records/generations.ts';
import { acceptedTime } from './accepted-time.ts';
import { type Addition, commitUploads, compactGrown, isUnavailable } from './commit-uploads.ts';
import type { JobContext } from './context.ts';
import { correctClocks, NO_CLOCKS } from './correct-clocks.ts';
import { eachProject } from './each-project.ts';
import { type Folded, fold } from './fold.ts';
import { foldJoined } from './fold-joined.ts';
import { heldUploads } from './held-uploads.ts';
import { joinReplayed } from './join-replayed.ts';
import { noteServices } from './note-services.ts';
import { type UploadPieces, writePieces } from './pieces.ts';
import { CLOCKS_OFF_MS, RAW_SHARDS, rawPlace, type Upload } from './raw-segment.ts';
import { type Claim, changeAt, claimOf } from './replay-claim.ts';
import { nextSlice, type Reached, uploadsIn } from './replay-read.ts';
import { storeTime } from './sweep.ts';

/** From the opening of a generation on until the raw objects are listed: by then every writer knows of it. */
export const REPLAY_AFTER_MS = 2 * GENERATION_CACHE_MS;
const BATCH_BYTES = 64 * MIB;
const REASONS_MAX = 20;
/** A run of the schedule: less than a task of the cloud may take. */
const RUN_FOR_MS = 3 * MINUTE_MS;

export interface ReplayRange {
  /** Data time to compute again, widened to whole days (UTC). Default: all that raw objects are kept for. */
  readonly from?: EpochMs | undefined;
  readonly to?: EpochMs | undefined;
}

/**
 * Opens the next generation for some data time: from now on live uploads are written to it as well.
 * @throws Fault('conflict') when one is being built already
 */
export async function openReplay(
  context: JobContext,
  project: string,
  { from, to = END_OF_TIME }: ReplayRange = {},
): Promise<GenerationRecord> {
  const now = await storeTime(context);
  const oldest = await oldestRawHour(context, project);
  const { acceptPastMs, acceptFutureMs } = context.settings;
  // All under one condition: what expires before the generation is open shortens it, what would afterwards waits for it.
  return context.generations.change(project, (before) => {
    const first = firstCompleteDay(before, acceptFutureMs);
    const begin = Math.max(from === undefined ? 0 : bucketStart(from, '1d'), first);
    const end = to >= END_OF_TIME ? END_OF_TIME : bucketStart(to + DAY_MS - 1, '1d');
    if (begin >= end) {
      throw new Fault('invalid-input', 'Cannot replay: the raw uploads of this time are not kept any more');
    }
    const rawFrom = bucketStart(Math.max(begin - acceptFutureMs - CLOCKS_OFF_MS, oldest ?? now), '1h');
    const rawTo = Math.min(now, end >= END_OF_TIME ? now : end + acceptPastMs) + CLOCKS_OFF_MS;
    return opened(before, {
      from: begin,
      to: end,
      openedAt: now,
      rawFrom,
      rawTo: Math.max(rawFrom, rawTo),
    });
  });
}

/** In which hour the first upload arrived that is still there; undefined: there is none. */
export async function oldestRawHour(context: JobContext, project: string): Promise<EpochMs | undefined> {
  let oldest: EpochMs | undefined;
  for (const shard of RAW_SHARDS) {
    const [object] = await context.objects.list(`raw/${shard}/${project}/`, { limit: 1 });
    const hour = object && rawPlace(object.key)?.hour;
    if (hour !== undefined) oldest = Math.min(hour, oldest ?? hour);
  }
  return oldest;
}

/** Gives up the replay of a project, of which answers know nothing yet; false: there is none. */
export async function abandonReplay(context: JobContext, project: string): Promise<boolean> {
  const now = await storeTime(context);
  let isThere = false;
  await context.generations.change(project, (record) => {
    isThere = record.building !== null;
    return abandoned(record, now);
  });
  return isThere;
}

/** From which day on all that was ever received is there still: earlier days stay in the generation that they are in. */
function firstCompleteDay({ rawKeptFrom }: GenerationRecord, acceptFutureMs: number): EpochMs {
  if (rawKeptFrom === undefined) return 0;
  return bucketStart(rawKeptFrom + HOUR_MS + acceptFutureMs + CLOCKS_OFF_MS + DAY_MS - 1, '1d');
}

/**
 * 'waiting': writers have yet to learn of the generation. 'busy': another worker is at it. 'idle': none is being built.
 * 'given up': too many workers have ended in this step, and answers stay what they are.
 */
export type ReplayStep = 'waiting' | 'busy' | 'folded' | 'flipped' | 'idle' | 'given up';

/**
 * Workers that may end in one step, by memory or by time: a server that goes on with it would be ended again and again. More than
 * the tries of two minutes that cannot be joined.
 */
const DEATHS_MAX = 12;

/**
 * Folds some of the raw uploads of an hour into the generation that is being built, and joins the hour once it is whole; or makes
 * the generation the one that is read. Of the ledger poison alone counts, which may end this process too: it speaks for the
 * generation that is read. Uploads that live analysis has written are found in the footers, which lose no ids before the flip.
 * A step may be run again, and by several at once: that each is claimed saves work, and no sum depends on it.
 *
 * @throws Fault('unavailable') when a store does not answer: call again
 */
export async function replayStep(context: JobContext, project: string): Promise<ReplayStep> {
  const { building } = await context.generations.read(project);
  if (building === null) return 'idle';
  const now = await storeTime(context);
  if (now < building.openedAt + REPLAY_AFTER_MS) return 'waiting';
  const claim = claimOf(context, project, building, now);
  const claimed = await claim.keep();
  if (claimed === undefined) return 'busy';
  if ((claimed.deaths ?? 0) >= DEATHS_MAX) {
    await changeAt(context, project, building, (record) => abandoned(record, now));
    return 'given up';
  }
  try {
    return await claimedStep(context, project, claimed, { now, claim });
  } catch (error) {
    if (isUnavailable(error)) await claim.leave();
    throw error;
  }
}

async function claimedStep(
  context: JobContext,
  project: string,
  building: Building,
  { now, claim }: { readonly now: EpochMs; readonly claim: Claim },
): Promise<ReplayStep> {
  const { generation } = building;
  const told: Told = { uploads: 0, refused: 0, reasons: new Map() };
  const join = (foldedTo: EpochMs) =>
    joinReplayed(context, foldJoined, { project, generation, foldedTo, claim: claim.keep }, refuserOf(told));
  if (building.foldedTo >= building.rawTo) {
    await join(END_OF_TIME);
    await changeAt(context, project, building, (record) => flipped(record, now));
    return 'flipped';
  }
  const { objects, reached } = await nextSlice(context, project, building, { now, bytesMax: BATCH_BYTES });
  await foldBatch(context, project, building, objects, told);
  if (reached.part === undefined) await join(reached.foldedTo);
  await changeAt(context, project, building, (record, current) => ({
    ...record,
    building: advanced(current, reached, told),
  }));
  return 'folded';
}

interface Told {
  uploads: number;
  refused: number;
  readonly reasons: Map<string, number>;
}

function advanced(before: Building, reached: Reached, told: Told): Building {
  const { part: _, worker: __, deaths: ___, ...building } = before;
  const reasons = { ...building.reasons };
  for (const [reason, count] of told.reasons) {
    if (reason in reasons || Object.keys(reasons).length < REASONS_MAX)
      reasons[reason] = (reasons[reason] ?? 0) + count;
  }
  return {
    ...building,
    ...reached,
    uploads: building.uploads + told.uploads,
    refused: building.refused + told.refused,
    reasons,
    workedUntil: 0,
  };
}

const refuserOf = (told: Told) => (reason: string) => {
  told.refused += 1;
  told.reasons.set(reason, (told.reasons.get(reason) ?? 0) + 1);
};

async function foldBatch(
  context: JobContext,
  project: string,
  building: Building,
  objects: readonly ObjectInfo[],
  told: Told,
): Promise<void> {
  // Whoever stood still while others flipped the generation folds nothing more into it.
  const { building: current } = await context.generations.read(project);
  if (current?.generation !== building.generation) return;
  const refuse = refuserOf(told);
  const clocks = (await context.clocks?.of(project)) ?? NO_CLOCKS;
  const parsed = heldUploads<Parsed>(context.clock, BATCH_BYTES, (held, since) =>
    commitAll(context, building, held, since, told),
  );
  for await (const { upload, rawKey, isRecorded } of uploadsIn(context, project, objects, refuse)) {
    let found: Parsed;
    try {
      const { pieces, ...sent } = parseUpload(upload);
      const { facts, shiftMs } = correctClocks(sent, upload.receivedAt, clocks);
      const { body: _, ...kept } = upload;
      const left = pieces?.() ?? [];
      const input = { uploadId: upload.id, project, facts, pieces: left.length };
      const folded = fold({ ...input, ...acceptedTime(context, upload, true) });
      const noted = { upload: kept, rawKey, isRecorded, facts, shiftMs };
      const addition = additionOf(upload, folded, building);
      found = { ...noted, addition, pieces: folded.nothingKept ? [] : left };
    } catch (error) {
      if (isUnavailable(error)) throw error;
      refuse(messageOf(error));
      continue;
    }
    await parsed.add(found, found.facts.bytes ?? 0);
  }
  await parsed.end();
}

interface Parsed extends UploadPieces {
  readonly upload: Omit<Upload, 'body'>;
  readonly rawKey: string;
  readonly isRecorded: boolean;
  readonly facts: UploadFacts;
  readonly addition: Addition;
}

async function commitAll(
  context: JobContext,
  { generation }: Building,
  held: readonly Parsed[],
  heldSince: EpochMs,
  told: Told,
): Promise<void> {
  await noteServices(context, held);
  // Every copy of an upload: its join takes those that came in the minute that the ledger names.
  await writePieces(context, generation, held);
  const parsed = [...new Map(held.map((one) => [one.upload.id, one])).values()];
  const additions = parsed.map(({ addition }) => addition);
  const { broken, grown } = await commitUploads(context, additions, heldSince);
  const refuse = refuserOf(told);
  for (const error of broken.values()) {
    if (isUnavailable(error)) throw error;
    refuse(messageOf(error));
  }
  for (const one of parsed) if (!broken.has(one.upload.id)) await recordAgain(context, one);
  told.uploads += additions.length - broken.size;
  await compactGrown(context, grown);
}

/** Where retention was raised raw objects outlive their records, by which a join knows which of an upload's copies counts. */
async function recordAgain(
  { ledger, clock }: JobContext,
  { upload: { id, project, receivedAt }, rawKey, isRecorded }: Parsed,
): Promise<void> {
  const now = clock.now();
  if (isRecorded || now - receivedAt < RECORDS_LIVE_MS) return;
  const record = { uploadId: id, rawKey, receivedAt, state: 'done', reason: null, dropped: {} } as const;
  await ledger.finish(project, { ...record, finishedAt: now });
}

const additionOf = (
  { id }: Pick<Upload, 'id'>,
  { parts }: Folded,
  { generation, from, to }: Building,
): Addition => ({
  uploadId: id,
  parts: parts
    .filter(({ partition: { start } }) => start >= from && start < to)
    .map(({ partition, sections }) => ({ partition: { ...partition, generation }, sections })),
});

/**
 * Goes on for some minutes with replays that no other worker is at; returns how many steps it took. For a schedule.
 * @throws Fault('conflict') once for each replay that is given up
 */
export async function resumeReplays(context: JobContext): Promise<number> {
  let steps = 0;
  const until = context.clock.now() + RUN_FOR_MS;
  await eachProject(context, async (project) => {
    let done: ReplayStep = 'folded';
    while (context.clock.now() < until && done === 'folded') {
      done = await replayStep(context, project);
      if (done === 'folded') steps += 1;
    }
    if (done === 'given up') throw givenUp(project);
  });
  return steps;
}

export const givenUp = (project: string): Fault =>
  new Fault(
    'conflict',
    `Cannot replay ${project}: ${DEATHS_MAX} processes ended in one step of it, and answers stay as they are`,
  );
