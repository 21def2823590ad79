import { Fault } from '../model/fault.ts';
import type { UploadId } from '../model/ids.ts';
import type { QueueMessage } from '../ports/queue.ts';
import { beginAttempt, endAttempts } from '../records/attempts.ts';
import { analyze } from './analyze.ts';
import type { JobContext } from './context.ts';
import { keysOfEvent } from './events.ts';
import { finishUpload } from './finish-upload.ts';
import { readRawIndex } from './raw-read.ts';
import type { RawIndexEntry } from './raw-segment.ts';

/**
 * Deliveries from which on a message is analysed by itself: one of a batch that came as often may have ended the process each
 * time, by memory or by time.
 */
export const ALONE_AFTER = 3;
/** Tries of one upload by itself that may end the process. */
export const DEATHS_MAX = 2;

/**
 * Analyses the uploads of a message one after the other, each counted before it is begun. One whose tries never came to an
 * end is set aside as poison, and keeps its neighbours no longer from being analysed.
 *
 * @returns false when the message has to come again
 * Cost: two writes more for each upload.
 */
export async function analyzeAlone(context: JobContext, message: QueueMessage): Promise<boolean> {
  let done = true;
  const once = readingOnce(context);
  for (const { rawKey, entry } of await entriesOf(context, message)) {
    const { id, project } = entry;
    if ((await context.ledger.get(project, id)) !== undefined) continue;
    const deaths = (await beginAttempt(context.records, project, id, context.clock.now())) - 1;
    if (deaths >= DEATHS_MAX) await setAside(context, rawKey, entry, deaths);
    try {
      // One that was set aside is in the ledger.
      if ((await analyze(once, [message], { only: id })).failed.length > 0) done = false;
    } finally {
      // Whatever went wrong, the process lives: a store that is away is no fault of the upload.
      await endAttempts(context.records, project, id);
    }
  }
  // What has no index that could be read, and what names no object, is told apart there.
  return (await analyze(once, [message], { only: NONE })).failed.length === 0 && done;
}

/** Reads each object but once: a message of thousands of uploads names one. */
function readingOnce(context: JobContext): JobContext {
  const { objects } = context;
  const read = new Map<string, ReturnType<typeof objects.get>>();
  const get: typeof objects.get = (key, range) => {
    if (range !== undefined) return objects.get(key, range);
    const known = read.get(key) ?? objects.get(key);
    read.set(key, known);
    return known;
  };
  return { ...context, objects: { ...objects, get } };
}

/** No upload has this id. */
const NONE = '' as UploadId;

async function entriesOf(context: JobContext, { body }: QueueMessage) {
  const found: { readonly rawKey: string; readonly entry: RawIndexEntry }[] = [];
  for (const rawKey of keysOrNone(body)) {
    const entries = await readRawIndex(context.objects, rawKey);
    if (Array.isArray(entries)) for (const entry of entries) found.push({ rawKey, entry });
  }
  return found;
}

function keysOrNone(body: string): readonly string[] {
  try {
    return keysOfEvent(body);
  } catch (error) {
    if (error instanceof Fault) return [];
    throw error;
  }
}

const setAside = (context: JobContext, rawKey: string, upload: RawIndexEntry, deaths: number) =>
  finishUpload(context, { upload, rawKey }, 'poison', `Its analysis ended the process ${deaths} times`);
