import { openAws } from '../lib/compose/aws.ts';
import { metered } from '../lib/compose/lambda.ts';
import { type Tick, tasksOf } from '../lib/jobs/tasks.ts';

// Called by EventBridge's schedules with the name of a tick: enqueues its tasks.
const { context, tasks, usage } = openAws();

export const handler = metered('schedule', usage, async ({ tick }: { tick: Tick }) => {
  const due = await tasksOf(context, tick);
  await tasks.send(due.map((task) => JSON.stringify(task)));
  return { sent: due.length };
});
