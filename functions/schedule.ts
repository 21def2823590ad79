import { openAws } from '../lib/compose/aws.ts';
import { type Tick, tasksOf } from '../lib/jobs/tasks.ts';

// Called by EventBridge's schedules with the name of a tick: enqueues its tasks.
const { context, tasks } = openAws();

export const handler = async ({ tick }: { tick: Tick }): Promise<{ readonly sent: number }> => {
  const due = await tasksOf(context, tick);
  await tasks.send(due.map((task) => JSON.stringify(task)));
  return { sent: due.length };
};
