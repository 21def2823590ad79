import { Fault, messageOf } from '../model/fault.ts';
import type { QueueMessage } from '../ports/queue.ts';
import type { JobContext } from './context.ts';
import { keysOfEvent } from './events.ts';
import { failUpload, POISON_AFTER } from './finish-upload.ts';
import { damagedId } from './raw-read.ts';
import { type RawIndexEntry, rawPlace, readRaw, type Upload } from './raw-segment.ts';

/** An upload as it was stored, and the message that told of it. */
export interface Received {
  readonly upload: Upload;
  readonly rawKey: string;
  readonly message: QueueMessage;
}

/** The uploads of all objects that a message names. What cannot be read fails the message, until it is set aside. */
export async function readEvent(
  context: JobContext,
  message: QueueMessage,
  failed: Set<QueueMessage>,
): Promise<readonly Received[]> {
  const found: Received[] = [];
  try {
    for (const rawKey of keysOfEvent(message.body)) {
      const bytes = await context.objects.get(rawKey);
      if (bytes === undefined) continue; // expired before its event came
      const { uploads, cut } = await readOrSetAside(context, message, rawKey, bytes, failed);
      for (const upload of uploads) found.push({ upload, rawKey, message });
      for (const upload of cut) {
        const error = new Fault('invalid-input', 'Its stored bytes are cut');
        if (!(await failUpload(context, { upload, rawKey }, error))) failed.add(message);
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
    const upload = { id: await damagedId(rawKey), project: place.project, receivedAt: place.hour };
    if (!(await failUpload(context, { upload, rawKey }, error))) failed.add(message);
    return NOTHING;
  }
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
    detail: messageOf(error),
    firstBytes: 'json',
    bytes: message.body.length,
  });
  return true;
}
