import { openAws } from '../lib/compose/aws.ts';
import { type BatchAnswer, failuresOf, messagesOf, metered, type SqsEvent } from '../lib/compose/lambda.ts';
import { takeEvents } from '../lib/jobs/take-events.ts';

// Parses what was stored and commits what it adds. Messages that fail come again; after too many times they are dead letters.
const { context, usage } = openAws();

export const handler = metered('analyze', usage, async (event: SqsEvent): Promise<BatchAnswer> => {
  const failed = await takeEvents(context, messagesOf(event));
  await context.rejections.flush();
  return failuresOf(failed);
});
