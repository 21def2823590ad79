import { childrenOf, endOfBucket, type Partition, parentOf, stepOf } from '../model/partition.ts';
import { MINUTE_MS } from '../model/units.ts';
import { type DueRollUp, dueRollUps } from '../records/due-roll-ups.ts';
import { compact, TRIM_AFTER_MS } from '../segments/compact.ts';
import { type RollUpOutcome, rollUpBucket } from '../segments/roll-up.ts';
import type { JobContext } from './context.ts';
import { eachInTurn, eachProject } from './each-project.ts';

/** Nearly all of an hour has come by then, and its ids may leave their footers: they were done for an hour. */
export const ROLL_UP_AFTER_MS = TRIM_AFTER_MS + 10 * MINUTE_MS;
/** Buckets of one step and project that one run builds. */
const BUCKETS_MAX = 1000;

/**
 * Rolls up the hours and days of which something was committed since they were built last, once they have ended. Hours come
 * first: days are made of them. Every partition of an hour is merged into one segment before.
 */
export async function rollUp(
  context: JobContext,
  { project }: { readonly project?: string } = {},
): Promise<{ readonly built: number }> {
  let built = 0;
  const before = context.clock.now() - ROLL_UP_AFTER_MS;
  const ofProject = (name: string) =>
    eachInTurn(['1h', '1d'] as const, async (step) => {
      // Those that wait come again each time: a replay's do until it ends. They take nobody's place.
      let left = BUCKETS_MAX;
      await eachInTurn(dueRollUps(context.records, name, step, before), async (due) => {
        if ((await buildDue(context, due)) !== 'built') return 'next';
        built += 1;
        left -= 1;
        return left > 0 ? 'next' : 'enough';
      });
    });
  await (project === undefined ? eachProject(context, ofProject) : ofProject(project));
  return { built };
}

async function buildDue(context: JobContext, { rollUp: bucket, done }: DueRollUp): Promise<RollUpOutcome> {
  // A generation that does not speak for this time yet changes all the time; one that no longer does expires.
  const { eras, building } = await context.generations.of(bucket.project);
  const speaks = ({ generation, from, to }: { generation: number; from: number; to: number }) =>
    generation === bucket.generation && bucket.start >= from && bucket.start < to;
  if (!eras.some(speaks)) {
    if (building?.generation !== bucket.generation) await done();
    return 'waiting';
  }
  const outcome = await buildBucket(context, bucket);
  if (outcome !== 'busy' && outcome !== 'waiting') await done();
  return outcome;
}

/** One hour, or one day with the hours that it needs. */
export async function buildBucket(context: JobContext, bucket: Partition): Promise<RollUpOutcome> {
  for (const child of childrenOf(bucket)) {
    if (stepOf(child) === '10m') await compact(context, context.cache, child, { fully: true });
    else await buildBucket(context, child);
  }
  const outcome = await rollUpBucket(context, context.cache, bucket);
  // After it was built: the day finds the new hour.
  if (outcome === 'built' && parentOf(bucket) !== undefined) await context.heads.touch(bucket);
  return outcome;
}

/** Whether a roll-up holds all that was committed below it, so that what it was made of may go. */
export async function isRolledUp(context: JobContext, bucket: Partition): Promise<boolean> {
  const head = (await context.heads.read(bucket))?.head;
  return (
    head !== undefined &&
    head.dirty === undefined &&
    !head.expired &&
    endOfBucket(bucket) <= context.clock.now()
  );
}
