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
import { type Addition, commitUploads, compactGrown, isUnavailable } from './commit-uploads.ts';
import type { JobContext } from './context.ts';
import { correctClocks, NO_CLOCKS } from './correct-clocks.ts';
import { keysOfEvent } from './events.ts';
import { type Folded, fold } from './fold.ts';
import { heldUploads } from './held-uploads.ts';
import { noteServices } from './note-services.ts';
import { writePieces } from './pieces.ts';
import { damagedId } from './raw-read.ts';
import { type RawIndexEntry, rawPlace, readRaw, type Upload } from './raw-segment.ts';

/** Deliveries after which an upload that still throws is set aside as poison. */
export const POISON_AFTER = 5;

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

/** An upload in work, and where it came from. */
interface Taken {
  readonly upload: Omit<Upload, 'body'>;
  readonly rawKey: string;
  readonly message: QueueMessage;
}
type Pending = Taken & {
  readonly facts: UploadFacts;
  readonly folded: Folded;
  readonly pieces: readonly Piece[];
  readonly shiftMs: number;
  readonly readings: readonly ClockReading[];
};

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
  for (const message of messages) {
    for (const { rawKey, upload } of await uploadsOf(context, message, failed)) {
      // Copies in one batch: the second would find nothing in the ledger yet.
      if (seen.has(upload.id) || (only !== undefined && upload.id !== only)) continue;
      seen.add(upload.id);
      const found = await foldOne(context, upload, { rawKey, message });
      if (found === 'again') failed.add(message);
      else if (found !== 'finished') await pending.add(found, found.facts.bytes ?? 0);
    }
  }
  await pending.end();
  return { failed: [...failed], uploads };
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
  for (const taken of pending) {
    const { upload, folded, message } = taken;
    const error = broken.get(upload.id);
    if (error === undefined) {
      const isFirst = await finish(context, taken, withExpired(folded, expired.has(upload.id)));
      await note(context, upload, taken.readings, isFirst);
    } else if (!(await poison(context, taken, error))) failed.add(message);
  }
  await compactGrown(context, grown);
}

async function uploadsOf(context: JobContext, message: QueueMessage, failed: Set<QueueMessage>) {
  const found: { readonly upload: Upload; readonly rawKey: string }[] = [];
  try {
    for (const rawKey of keysOfEvent(message.body)) {
      const bytes = await context.objects.get(rawKey);
      if (bytes === undefined) continue; // expired before its event came
      const { uploads, cut } = await readOrSetAside(context, message, rawKey, bytes, failed);
      for (const upload of uploads) found.push({ upload, rawKey });
      for (const upload of cut) {
        const error = new Fault('invalid-input', 'Its stored bytes are cut');
        if (!(await poison(context, { upload, rawKey, message }, error))) failed.add(message);
      }
    }
  } catch (error) {
    if (!setAside(context, message, error)) failed.add(message);
  }
  return found;
}

const NOTHING = { uploads: [], cut: [] };

/** An object whose index cannot be read is poison as a whole: it stands for uploads that nobody can tell any more. */
async function readOrSetAside(
  context: JobContext,
  message: QueueMessage,
  rawKey: string,
  bytes: Uint8Array,
  failed: Set<QueueMessage>,
): Promise<{ readonly uploads: readonly Upload[]; readonly cut: readonly RawIndexEntry[] }> {
  try {
    return readRaw(bytes);
  } catch (error) {
    const place = rawPlace(rawKey);
    if (place === undefined || !(error instanceof Fault) || error.code !== 'invalid-input') throw error;
    const upload = { ...UNKNOWN_UPLOAD, id: await damagedId(rawKey), project: place.project };
    const taken = { upload: { ...upload, receivedAt: place.hour }, rawKey, message };
    if (!(await poison(context, taken, error))) failed.add(message);
    return NOTHING;
  }
}
const UNKNOWN_UPLOAD = { route: '', contentType: '', contentEncoding: '', sender: '', keyId: '' };

/** Parses and folds, unless the upload is finished, now or before; 'again' when its message has to come once more. */
async function foldOne(
  context: JobContext,
  upload: Upload,
  from: Omit<Taken, 'upload'>,
): Promise<Pending | 'finished' | 'again'> {
  const { body: _, ...kept } = upload;
  const taken: Taken = { upload: kept, ...from };
  try {
    if ((await context.ledger.get(upload.project, upload.id)) !== undefined) return 'finished';
    const { pieces, ...sent } = context.recent?.take(upload.id) ?? parseUpload(upload);
    const clocks = (await context.clocks?.of(upload.project)) ?? NO_CLOCKS;
    const { facts, shiftMs, readings } = correctClocks(sent, upload.receivedAt, clocks);
    const window = acceptedTime(context, upload);
    const folded = fold({ project: upload.project, ...window, uploadId: upload.id, facts });
    if (!folded.nothingKept) return { ...taken, facts, folded, shiftMs, readings, pieces: pieces?.() ?? [] };
    const reason = Object.keys(folded.dropped).join(', ');
    await note(context, upload, readings, await record(context, taken, 'rejected', reason, folded.dropped));
  } catch (error) {
    if (error instanceof Fault && error.code !== 'unavailable')
      await record(context, taken, 'rejected', error.message);
    else if (!(await poison(context, taken, error))) return 'again';
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

const finish = (context: JobContext, taken: Taken, dropped: Readonly<Record<string, number>>) =>
  record(context, taken, 'done', null, dropped);

function record(
  context: JobContext,
  { upload, rawKey }: Taken,
  state: 'done' | 'rejected' | 'poison',
  reason: string | null,
  dropped: Readonly<Record<string, number>> = {},
) {
  const { id, project, receivedAt } = upload;
  const finishedAt: EpochMs = context.clock.now();
  return context.ledger.finish(project, {
    uploadId: id,
    rawKey,
    receivedAt,
    state,
    reason,
    dropped,
    finishedAt,
  });
}

/** True when the upload has failed often enough to be set aside, so that its message may go. */
async function poison(context: JobContext, taken: Taken, error: unknown): Promise<boolean> {
  const { receiveCount } = taken.message;
  if (receiveCount < POISON_AFTER || isUnavailable(error)) return false;
  await record(context, taken, 'poison', `Failed ${receiveCount} times: ${textOf(error)}`);
  return true;
}

/** A message that names nothing readable has no upload to blame: it goes to the dead letters by its receive count. */
function setAside(context: JobContext, message: QueueMessage, error: unknown): boolean {
  if (!(error instanceof Fault) || error.code !== 'invalid-input' || message.receiveCount < POISON_AFTER)
    return false;
  context.rejections.add('default', {
    reason: 'unreadable event',
    status: 500,
    sender: 'queue',
    at: context.clock.now(),
    route: 'queue',
    detail: textOf(error),
    firstBytes: 'json',
    bytes: message.body.length,
  });
  return true;
}

const textOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
