import { handle } from 'hono/aws-lambda';
import { openAwsIngest } from '../lib/compose/aws-ingest.ts';
import { flushing, logError, metered, targetOf } from '../lib/compose/lambda.ts';
import { ingestApp } from '../lib/http/ingest-app.ts';
import { DEFAULT_LIMITS } from '../lib/http/limits.ts';

// Takes uploads: checks, bounds, recognises, and answers when the bytes are in the bucket, which tells the queue of them.
const { signer, unpackers, masterSecret, usage, ...stores } = openAwsIngest();
const app = ingestApp({
  ...stores,
  ...unpackers,
  auth: { ...stores, masterSecret, open: () => false, target: targetOf },
  limits: DEFAULT_LIMITS,
  direct: { signer },
  ready: async () => void (await stores.records.get('READY', 'READY')),
  onBug: logError,
});
const answer = handle(app);
const flush = flushing(stores.rejections, stores.clock.now);

export const handler: typeof answer = metered('ingest', usage, async (event, context) => {
  const response = await answer(event, context);
  await flush();
  return response;
});
