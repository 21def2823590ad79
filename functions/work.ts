import { openAws } from '../lib/compose/aws.ts';
import {
  type BatchAnswer,
  failuresOf,
  logError,
  messagesOf,
  metered,
  type SqsEvent,
} from '../lib/compose/lambda.ts';
import { readTask, runTask } from '../lib/jobs/tasks.ts';
import type { QueueMessage } from '../lib/ports/queue.ts';

// Runs tasks: scans of services, sweeps. A task that fails comes again, and keeps none of the others from their turn.
const { context, usage } = openAws();

export const handler = metered('work', usage, async (event: SqsEvent): Promise<BatchAnswer> => {
  const failed: QueueMessage[] = [];
  for (const message of messagesOf(event)) {
    try {
      await runTask(context, readTask(message.body), logError);
    } catch (error) {
      logError(error, `task ${message.body.slice(0, 200)}`);
      failed.push(message);
    }
  }
  await context.rejections.flush();
  return failuresOf(failed);
});
