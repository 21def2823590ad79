import { openAws } from '../lib/compose/aws.ts';
import {
  type BatchAnswer,
  failuresOf,
  logError,
  messagesOf,
  metered,
  type SqsEvent,
} from '../lib/compose/lambda.ts';
import { takeEvents } from '../lib/jobs/take-events.ts';
import type { QueueMessage } from '../lib/ports/queue.ts';

/** By the queue's visibility they come again after twelve minutes, when the joins of their traces are over. */
const FIRST_AGAIN_MS = 30_000;

// Parses what was stored and commits what it adds. Messages that fail come again; after too many times they are dead letters.
const { context, usage } = openAws();

export const handler = metered('analyze', usage, async (event: SqsEvent): Promise<BatchAnswer> => {
  const messages = messagesOf(event);
  try {
    const failed = await takeEvents(context, messages);
    await releaseFirst(failed);
    return failuresOf(failed);
  } catch (error) {
    await releaseFirst(messages);
    throw error; // for the alarm on errors: the queue hands all of them out again
  } finally {
    await context.rejections.flush();
  }
});

/** The first time alone: what fails again waits, so that a store that is away makes neither poison nor dead letters of it. */
async function releaseFirst(failed: readonly QueueMessage[]): Promise<void> {
  const receipts = failed.filter(({ receiveCount }) => receiveCount === 1).map(({ receipt }) => receipt);
  await context.uploads
    .release(receipts, { delayMs: FIRST_AGAIN_MS })
    .catch((error: unknown) => logError(error, 'release of messages'));
}
