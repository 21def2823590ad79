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

// By the queue's visibility alone they would come again after twelve minutes, when their traces have been joined without them.
const AGAIN_MS = 5000;
const AGAIN_MAX_MS = 12 * 60_000;

// Parses what was stored and commits what it adds. Messages that fail come again; after too many times they are dead letters.
const { context, usage } = openAws();

export const handler = metered('analyze', usage, async (event: SqsEvent): Promise<BatchAnswer> => {
  const messages = messagesOf(event);
  const failed = await takeEvents(context, messages).catch((error: unknown) => {
    logError(error, 'analyze');
    return messages;
  });
  await releaseSoon(failed).catch((error: unknown) => logError(error, 'release of messages'));
  await context.rejections.flush();
  return failuresOf(failed);
});

/** Sooner the first time than the tenth: a store that is away for hours must not make dead letters. */
async function releaseSoon(failed: readonly QueueMessage[]): Promise<void> {
  for (const [count, group] of Map.groupBy(failed, ({ receiveCount }) => receiveCount)) {
    const delayMs = Math.min(AGAIN_MAX_MS, AGAIN_MS * 2 ** count);
    await context.uploads.release(
      group.map(({ receipt }) => receipt),
      { delayMs },
    );
  }
}
