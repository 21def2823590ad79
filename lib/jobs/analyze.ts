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
    for (const { upload, rawKey } of await uploadsOf(context, message, failed)) {
      // Copies in one batch: the second would find nothing in the ledger yet.
      if (seen.has(upload.id)) continue;
      seen.add(upload.id);
      const folded = await foldOne(context, upload, rawKey, message);
      if (folded === 'again') failed.add(message);
      else if (folded !== 'finished') pending.push({ upload, rawKey, folded, message });
    }
  }
  // Before the first commit: the sweep of orphans finds the heads that list a segment by the services that are known.
  await noteServices(context, pending);
  const partitions = byPartition(pending);
  const broken = new Map<UploadId, unknown>();
  for (const group of partitions) {
    for (const [id, error] of await commitGroup(context, group)) broken.set(id, error);
  }
  for (const { upload, rawKey, folded, message } of pending) {
    const error = broken.get(upload.id);
    if (error === undefined) await finish(context, upload, rawKey, folded);
    else if (!(await poison(context, upload, rawKey, message, error))) failed.add(message);
  }
  const grown = partitions.filter(({ contributions }) =>
    contributions.some(({ uploadId }) => !broken.has(uploadId)),
  );
  for (const { partition } of grown) await compactWhenPossible(context, partition);
  return { failed: [...failed], uploads: pending.length };
}

async function uploadsOf(context: JobContext, message: QueueMessage, failed: Set<QueueMessage>) {
  const found: { upload: Upload; rawKey: string }[] = [];
  try {
    for (const rawKey of keysOfEvent(message.body)) {
      const bytes = await context.objects.get(rawKey);
      if (bytes === undefined) continue; // expired before its event came
      for (const upload of decodeRaw(bytes)) found.push({ upload, rawKey });
    }
  } catch (error) {
    if (!setAside(context, message, error)) failed.add(message);
  }
  return found;
}

/** Parses and folds, unless the upload is finished, now or before; 'again' when its message has to come once more. */
async function foldOne(
  context: JobContext,
  upload: Upload,
  rawKey: string,
  message: QueueMessage,
): Promise<(Folded & { readonly facts: UploadFacts }) | 'finished' | 'again'> {
  const { acceptPastMs, acceptFutureMs } = context.settings;
  try {
    if ((await context.ledger.get(upload.project, upload.id)) !== undefined) return 'finished';
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
    } else if (!(await poison(context, upload, rawKey, message, error))) return 'again';
  }
  return 'finished';
}

/** A merge that the store refuses takes nothing back: the next commit to the partition tries it again. */
async function compactWhenPossible(context: JobContext, partition: Partition) {
  try {
    await compact(context, context.cache, partition);
  } catch (error) {
    if (!isUnavailable(error)) throw error;
  }
}

interface Group {
  readonly partition: Partition;
  readonly contributions: Contribution[];
}

function byPartition(pending: readonly Pending[]): readonly Group[] {
  const partitions = new Map<string, Group>();
  for (const { upload, folded } of pending) {
    for (const { partition, sections } of folded.parts) {
      const key = partitionKey(partition);
      const group = partitions.get(key) ?? { partition, contributions: [] };
      group.contributions.push({ uploadId: upload.id, sections });
      partitions.set(key, group);
    }
  }
  return [...partitions.values()];
}

/**
 * Commits what the batch adds to one partition. Returns the uploads that could not be committed: those alone that are
 * at fault, because one that cannot be encoded must not take its neighbours with it.
 */
async function commitGroup(
  context: JobContext,
  { partition, contributions }: Group,
): Promise<readonly (readonly [UploadId, unknown])[]> {
  try {
    await commit(context, context.cache, partition, contributions);
    return [];
  } catch (error) {
    if (contributions.length === 1 || isUnavailable(error)) {
      return contributions.map(({ uploadId }) => [uploadId, error] as const);
    }
    const middle = contributions.length >> 1;
    const first = { partition, contributions: contributions.slice(0, middle) };
    const second = { partition, contributions: contributions.slice(middle) };
    return [...(await commitGroup(context, first)), ...(await commitGroup(context, second))];
  }
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
        firstData: facts?.earliest ?? upload.receivedAt,
        lastData: facts?.latest ?? upload.receivedAt,
        signals,
        versions: instance.version === undefined ? {} : { [instance.version]: first },
      };
    });
}
