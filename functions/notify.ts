import { awsNotifiers, openAws } from '../lib/compose/aws.ts';
import { logError, metered } from '../lib/compose/lambda.ts';
import { deliverDue } from '../lib/jobs/deliver.ts';

// Called every minute: sends what findings owe.
const { context, secrets, usage } = openAws();
let opened: ReturnType<typeof awsNotifiers> | undefined;

export const handler = metered('notify', usage, async (): Promise<{ readonly sent: number }> => {
  opened ??= awsNotifiers(secrets, context.clock);
  const notifiers = await opened.catch((error: unknown) => {
    opened = undefined; // secrets are asked for again by the next call
    throw error;
  });
  return { sent: await deliverDue(context, notifiers, logError) };
});
