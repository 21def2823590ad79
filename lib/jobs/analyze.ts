import { parseUpload } from '../formats/index.ts';
import { Fault } from '../model/fault.ts';
import type { UploadId } from '../model/ids.ts';
import type { Piece } from '../model/piece.ts';
import type { UploadFacts } from '../model/telemetry.ts';
import { type EpochMs, MIB } from '../model/units.ts';
import type { QueueMessage } from '../ports/queue.ts';
import type { ClockReading } from '../records/clocks.ts';
import { type GenerationRecord, openGenerations } from '../records/generations.ts';
import { acceptedTime } from './accepted-time.ts';
import { atOnce } from './at-once.ts';
import { type Addition, commitUploads, compactGrown, isUnavailable } from './commit-uploads.ts';
import type { JobContext } from './context.ts';
import { correctClocks, NO_CLOCKS } from './correct-clocks.ts';
import { bytesOfEvent } from './events.ts';
import { failUpload, finishUpload } from './finish-upload.ts';
import { type Folded, fold } from './fold.ts';
import { heldUploads } from './held-uploads.ts';
import { noteServices } from './note-services.ts';
import { writePieces } from './pieces.ts';
import type { Upload } from './raw-segment.ts';
import { type Received, readEvent } from './read-event.ts';

export interface AnalyzeResult {
  /** Messages to deliver again. */
  readonly failed: readonly QueueMessage[];
  readonly uploads: number;
}

interface AnalyzeOptions {
  /** Leaves all other uploads of the messages alone. */
  readonly only?: UploadId;
  /** Of unpacked bodies whose facts are held at once. */
  readonly pendingBytes?: number;
}

/** Some hundreds of MB of memory, whatever their senders packed the bodies to. */
const PENDING_BYTES = 64 * MIB;

/** What is told of it beside its body, which is not held any longer. */
interface Pending extends Omit<Received, 'upload'> {
  readonly upload: Omit<Upload, 'body'>;
  readonly facts: UploadFacts;
  readonly folded: Folded;
  readonly pieces: readonly Piece[];
  readonly shiftMs: number;
  readonly readings: readonly ClockReading[];
}

/**
 * Takes a batch of events to its end: parse each upload once, commit what it adds to every open generation, then write its
 * ledger record. An upload that the ledger knows is skipped, so any event may come again at any time.
 *
 * A message fails as a whole and comes again when one of its uploads could not be finished; the others are then found
 * in the ledger. An upload that no parser can read is `rejected`; one that throws POISON_AFTER times is `poison`, and so is
 * one whose stored bytes are damaged. What is held for longer than 15 minutes is given up, and its message comes again.
 *
 * Memory: the facts of `pendingBytes` and of one upload more, which are committed before the next ones are read.
 */
export async function analyze(
  context: JobContext,
  messages: readonly QueueMessage[],
  { only, pendingBytes = PENDING_BYTES }: AnalyzeOptions = {},
): Promise<AnalyzeResult> {
  const failed = new Set<QueueMessage>();
  const seen = new Set<UploadId>();
  let uploads = 0;
  const pending = heldUploads<Pending>(context.clock, pendingBytes, async (held, since) => {
    await commitAll(context, held, since, failed);
    uploads += held.length;
  });
  // Copies in one batch: the second would find nothing in the ledger yet.
  const isWanted = ({ upload: { id } }: Received) =>
    !seen.has(id) && (only === undefined || id === only) && seen.add(id);
  for (const group of readTogether(messages)) {
    const read = (await atOnce(group, (message) => readEvent(context, message, failed))).flat();
    const wanted = read.filter(isWanted);
    const askedAt = context.clock.now();
    const isOpen = await atOnce(wanted, (one) => isUnfinished(context, one, failed));
    for (const one of wanted.filter((_, at) => isOpen[at])) {
      const found = await foldOne(context, one);
      if (found === 'again') failed.add(one.message);
      else if (found !== 'finished') await pending.add(found, found.facts.bytes ?? 0, askedAt);
    }
  }
  await pending.end();
  return { failed: [...failed], uploads };
}

/** Objects that are read at a time: most of the wait of a small one is for the store. */
const READ_BYTES = 64 * MIB;
const READ_AT_ONCE = 32;

function readTogether(messages: readonly QueueMessage[]): readonly (readonly QueueMessage[])[] {
  const groups: QueueMessage[][] = [];
  let bytes = 0;
  for (const message of messages) {
    const last = groups.at(-1);
    bytes += bytesOfEvent(message.body);
    if (last !== undefined && last.length < READ_AT_ONCE && bytes <= READ_BYTES) last.push(message);
    else {
      groups.push([message]);
      bytes = bytesOfEvent(message.body);
    }
  }
  return groups;
}

async function isUnfinished(
  { ledger }: JobContext,
  { upload, message }: Received,
  failed: Set<QueueMessage>,
): Promise<boolean> {
  try {
    return (await ledger.get(upload.project, upload.id)) === undefined;
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    failed.add(message);
    return false;
  }
}

async function commitAll(
  context: JobContext,
  pending: readonly Pending[],
  heldSince: EpochMs,
  failed: Set<QueueMessage>,
): Promise<void> {
  // Before the first commit: the sweep of orphans finds the heads that list a segment by the services that are known.
  await noteServices(context, pending);
  await writePieces(
    context,
    'live',
    pending.map(({ upload, pieces, shiftMs }) => ({ upload, pieces, shiftMs })),
  );
  // After the objects were read: what a generation that opens later must fold again was stored before it opened.
  const additions = await additionsOf(context, pending);
  const { broken, expired, grown } = await commitUploads(context, additions, heldSince);
  const isFirst = await atOnce(pending, async (taken) => {
    const { upload, folded, message } = taken;
    const error = broken.get(upload.id);
    if (error === undefined)
      return finishUpload(context, taken, 'done', null, withExpired(folded, expired.has(upload.id)));
    if (!(await failUpload(context, taken, error))) failed.add(message);
    return false;
  });
  // One after the other: the uploads of one sender share its record.
  for (const [at, { upload, readings }] of pending.entries())
    await note(context, upload, readings, isFirst[at] === true);
  await compactGrown(context, grown);
}

/** Parses and folds; 'finished' when there is nothing to commit, 'again' when its message has to come once more. */
async function foldOne(context: JobContext, received: Received): Promise<Pending | 'finished' | 'again'> {
  const { upload } = received;
  const { body: _, ...kept } = upload;
  try {
    const { pieces, ...sent } = context.recent?.take(upload.id) ?? parseUpload(upload);
    const clocks = (await context.clocks?.of(upload.project)) ?? NO_CLOCKS;
    const { facts, shiftMs, readings } = correctClocks(sent, upload.receivedAt, clocks);
    const left = pieces?.() ?? [];
    const input = { uploadId: upload.id, project: upload.project, facts, pieces: left.length };
    const folded = fold({ ...input, ...acceptedTime(context, upload) });
    if (!folded.nothingKept)
      return { ...received, upload: kept, facts, folded, shiftMs, readings, pieces: left };
    const { dropped } = folded;
    const reason = Object.keys(dropped).join(', ');
    const isFirst = await finishUpload(context, received, 'rejected', reason, dropped);
    await note(context, upload, readings, isFirst);
  } catch (error) {
    if (error instanceof Fault && error.code !== 'unavailable')
      await finishUpload(context, received, 'rejected', error.message);
    else if (!(await failUpload(context, received, error))) return 'again';
  }
  return 'finished';
}

/** Once for each upload, however often it is delivered before it is finished: five readings correct a clock. */
async function note(
  { clocks }: JobContext,
  { project }: Pick<Upload, 'project'>,
  readings: readonly ClockReading[],
  isFirst: boolean,
): Promise<void> {
  if (isFirst) await clocks?.note(project, readings);
}

async function additionsOf(context: JobContext, pending: readonly Pending[]): Promise<readonly Addition[]> {
  const open = new Map<string, GenerationRecord>();
  for (const { upload } of pending) {
    if (!open.has(upload.project)) open.set(upload.project, await context.generations.of(upload.project));
  }
  return pending.map(({ upload, folded }) => ({
    uploadId: upload.id,
    parts: folded.parts.flatMap(({ partition, sections }) =>
      openGenerations(open.get(upload.project) as GenerationRecord, partition.start).map((generation) => ({
        partition: { ...partition, generation },
        sections,
      })),
    ),
  }));
}

/** A partition that expired before its upload came cannot take it any more. */
const withExpired = ({ dropped }: Folded, expired: boolean): Readonly<Record<string, number>> =>
  expired ? { ...dropped, 'too-late': (dropped['too-late'] ?? 0) + 1 } : dropped;
