import { parseUpload } from '../formats/index.ts';
import { Fault } from '../model/fault.ts';
import type { UploadId } from '../model/ids.ts';
import { MACHINES, type Partition, partitionKey } from '../model/partition.ts';
import type { UploadFacts } from '../model/telemetry.ts';
import type { QueueMessage } from '../ports/queue.ts';
import { mergeService, noteService, type ServiceRecord, type Signal } from '../records/services.ts';
import { type Contribution, commit } from '../segments/commit.ts';
import { compact } from '../segments/compact.ts';
import type { JobContext } from './context.ts';
import { keysOfEvent } from './events.ts';
import { type Folded, fold } from './fold.ts';
import { decodeRaw, type Upload } from './raw-segment.ts';

/** Deliveries after which an upload that still throws is set aside as poison. */
export const POISON_AFTER = 5;

export interface AnalyzeResult {
  /** Messages to deliver again. */
  readonly failed: readonly QueueMessage[];
  readonly uploads: number;
}

interface Pending {
  readonly upload: Upload;
  readonly rawKey: string;
  readonly folded: Folded;
}

/**
 * Takes a batch of events to its end: parse each upload once, commit what it adds, then write its ledger record. An
 * upload that the ledger knows is skipped, so any event may come again at any time.
 *
 * A message fails as a whole and comes again when one of its uploads could not be finished; the others are then found
 * in the ledger. An upload that no parser can read is `rejected`; one that throws POISON_AFTER times is `poison`.
 */
export async function analyze(
  context: JobContext,
  messages: readonly QueueMessage[],
): Promise<AnalyzeResult> {
  const failed = new Set<QueueMessage>();
  const pending: (Pending & { readonly message: QueueMessage })[] = [];
  const seen = new Set<UploadId>();
  for (const message of messages) {
    try {
      for (const { upload, rawKey } of await uploadsOf(context, message)) {
        // Copies in one batch: the second would find nothing in the ledger yet.
        if (seen.has(upload.id)) continue;
        seen.add(upload.id);
        const folded = await foldOne(context, upload, rawKey, message);
        if (folded !== undefined) pending.push({ upload, rawKey, folded, message });
      }
    } catch (error) {
      if (!(await setAside(context, message, error))) failed.add(message);
    }
  }
  const broken = await commitAll(context, pending);
  for (const { upload, rawKey, folded, message } of pending) {
    const error = broken.get(upload.id);
    if (error === undefined) await finish(context, upload, rawKey, folded);
    else if (!(await poison(context, upload, rawKey, message, error))) failed.add(message);
  }
  await noteServices(context, pending);
  return { failed: [...failed], uploads: pending.length };
}

async function uploadsOf(context: JobContext, message: QueueMessage) {
  const found: { upload: Upload; rawKey: string }[] = [];
  for (const rawKey of keysOfEvent(message.body)) {
    const bytes = await context.objects.get(rawKey);
    if (bytes === undefined) continue; // expired before its event came
    for (const upload of decodeRaw(bytes)) found.push({ upload, rawKey });
  }
  return found;
}

/** Parses and folds; undefined when there is nothing (more) to commit. */
async function foldOne(
  context: JobContext,
  upload: Upload,
  rawKey: string,
  message: QueueMessage,
): Promise<(Folded & { readonly facts: UploadFacts }) | undefined> {
  if ((await context.ledger.get(upload.project, upload.id)) !== undefined) return undefined;
  const { acceptPastMs, acceptFutureMs } = context.settings;
  try {
    const facts = parseUpload(upload);
    const folded = fold({
      project: upload.project,
      uploadId: upload.id,
      facts,
      from: upload.receivedAt - acceptPastMs,
      to: upload.receivedAt + acceptFutureMs,
    });
    if (!folded.nothingKept) return { ...folded, facts };
    const reason = Object.keys(folded.dropped).join(', ');
    await record(context, upload, rawKey, 'rejected', reason, folded.dropped);
  } catch (error) {
    if (error instanceof Fault && error.code !== 'unavailable') {
      await record(context, upload, rawKey, 'rejected', error.message);
    } else if (!(await poison(context, upload, rawKey, message, error))) throw error;
  }
  return undefined;
}

/** Commits every partition that the batch touches. Returns the uploads of partitions that could not be committed. */
async function commitAll(context: JobContext, pending: readonly Pending[]): Promise<Map<UploadId, unknown>> {
  const partitions = new Map<string, { partition: Partition; contributions: Contribution[] }>();
  for (const { upload, folded } of pending) {
    for (const { partition, sections } of folded.parts) {
      const key = partitionKey(partition);
      const group = partitions.get(key) ?? { partition, contributions: [] };
      group.contributions.push({ uploadId: upload.id, sections });
      partitions.set(key, group);
    }
  }
  const broken = new Map<UploadId, unknown>();
  for (const { partition, contributions } of partitions.values()) {
    try {
      await commit(context, context.cache, partition, contributions);
      await compact(context, context.cache, partition);
    } catch (error) {
      for (const { uploadId } of contributions) broken.set(uploadId, error);
    }
  }
  return broken;
}

const finish = (context: JobContext, upload: Upload, rawKey: string, folded: Folded) =>
  record(context, upload, rawKey, 'done', null, folded.dropped);

function record(
  context: JobContext,
  upload: Upload,
  rawKey: string,
  state: 'done' | 'rejected' | 'poison',
  reason: string | null,
  dropped: Readonly<Record<string, number>> = {},
) {
  const { id, project, receivedAt } = upload;
  const finishedAt = context.clock.now();
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
async function poison(
  context: JobContext,
  upload: Upload,
  rawKey: string,
  message: QueueMessage,
  error: unknown,
): Promise<boolean> {
  if (message.receiveCount < POISON_AFTER || isUnavailable(error)) return false;
  await record(context, upload, rawKey, 'poison', `Failed ${message.receiveCount} times: ${textOf(error)}`);
  return true;
}

/** A message that names nothing readable has no upload to blame: it goes to the dead letters by its receive count. */
async function setAside(context: JobContext, message: QueueMessage, error: unknown): Promise<boolean> {
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

/** A store that does not answer is no fault of the upload: it is tried for as long as the queue keeps the message. */
const isUnavailable = (error: unknown) => error instanceof Fault && error.code === 'unavailable';
const textOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

async function noteServices(
  context: JobContext,
  pending: readonly { readonly upload: Upload; readonly folded: Folded & { readonly facts?: UploadFacts } }[],
) {
  const seen = new Map<string, { project: string; record: ServiceRecord }>();
  for (const { upload, folded } of pending) {
    for (const record of servicesIn(upload, folded.facts)) {
      const key = `${upload.project} ${record.service}`;
      const before = seen.get(key)?.record;
      seen.set(key, { project: upload.project, record: before ? mergeService(before, record) : record });
    }
  }
  for (const { project, record } of seen.values()) await noteService(context.records, project, record);
}

function servicesIn(upload: Upload, facts: UploadFacts | undefined): ServiceRecord[] {
  return (facts?.reports ?? [])
    .filter(({ service }) => service !== MACHINES)
    .map(({ service, instance, levels, counts, work }) => {
      const signals: Partial<Record<Signal, number>> = {};
      if (levels.length > 0) signals.memory = upload.receivedAt;
      if (counts.some(({ role }) => role === 'work')) signals.counts = upload.receivedAt;
      if (work.length > 0) signals.traces = upload.receivedAt;
      const first = levels[0]?.time ?? counts[0]?.time ?? work[0]?.start ?? upload.receivedAt;
      return {
        service,
        firstSeen: upload.receivedAt,
        lastSeen: upload.receivedAt,
        lastData: facts?.latest ?? upload.receivedAt,
        signals,
        versions: instance.version === undefined ? {} : { [instance.version]: first },
      };
    });
}
