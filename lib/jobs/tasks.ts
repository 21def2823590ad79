import { invalidInput } from '../model/fault.ts';
import type { ServiceName } from '../model/service.ts';
import { HOUR_MS } from '../model/units.ts';
import { listNamedServices } from '../records/aliases.ts';
import { listProjects } from '../records/api-keys.ts';
import type { JobContext } from './context.ts';
import { sweepDirect } from './direct.ts';
import { expire } from './expire.ts';
import { foldJoined } from './fold-joined.ts';
import { joinDue } from './join-due.ts';
import { resumeReplays } from './replay.ts';
import { rollUp } from './roll-up.ts';
import { scanService } from './scan.ts';
import { scanFunctions } from './scan-functions.ts';
import { scanTraces } from './scan-traces.ts';
import { sweepOrphans } from './sweep.ts';
import { sweepUploads } from './sweep-uploads.ts';

// What the cloud's schedule does by messages, one per task, so that a service that takes long holds up none of the others. The
// embedded server calls the same jobs by its own schedule.

export type Task =
  | { readonly job: 'scan'; readonly project: string; readonly service: ServiceName }
  | { readonly job: WholeJob };

/** Jobs that one task does for the whole installation. */
const WHOLE_JOBS = ['sweep', 'join', 'orphans', 'roll-up', 'replay', 'expire'] as const;
type WholeJob = (typeof WHOLE_JOBS)[number];

/** What the schedule calls for; each tick is a rule of its own. */
export type Tick = 'scan' | WholeJob;
export const TICKS: readonly Tick[] = ['scan', ...WHOLE_JOBS];

/** A service that has been silent for longer has nothing new to look at. */
const SILENT_MS = HOUR_MS;

export async function tasksOf(context: JobContext, tick: Tick): Promise<readonly Task[]> {
  if (tick !== 'scan') return [{ job: tick }];
  const tasks: Task[] = [];
  for (const { name: project } of await listProjects(context.records)) {
    for (const { service, lastSeen } of await listNamedServices(context.records, project)) {
      if (context.clock.now() - lastSeen <= SILENT_MS) tasks.push({ job: 'scan', project, service });
    }
  }
  return tasks;
}

/**
 * Runs one task to its end. Any task may come again at any time.
 *
 * @param onError told of what one part of a task met, which goes on with the others
 */
export async function runTask(
  context: JobContext,
  task: Task,
  onError: (error: unknown, where: string) => void,
): Promise<void> {
  switch (task.job) {
    case 'scan':
      await scanService(context, task.project, task.service);
      await scanTraces(context, task.project, task.service);
      await scanFunctions(context, task.project, task.service);
      return;
    case 'sweep':
      try {
        await sweepDirect(context);
      } finally {
        await sweepUploads(context);
      }
      return;
    case 'join':
      await joinDue(context, foldJoined, onError);
      return;
    case 'orphans':
      await sweepOrphans(context);
      return;
    case 'roll-up':
      await rollUp(context);
      return;
    case 'replay':
      await resumeReplays(context);
      return;
    case 'expire':
      await expire(context);
      return;
  }
}

/** @throws Fault('invalid-input') when a message is no task */
export function readTask(body: string): Task {
  const { job, project, service } = parseObject(body);
  const whole = WHOLE_JOBS.find((name) => name === job);
  if (whole !== undefined) return { job: whole };
  if (job === 'scan' && typeof project === 'string' && typeof service === 'string')
    return { job, project, service: service as ServiceName };
  throw invalidInput(`Cannot read task: "${String(job).slice(0, 40)}" is none, or lacks its service`);
}

function parseObject(body: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch (cause) {
    throw invalidInput('Cannot read task: it is not JSON', { cause });
  }
}
