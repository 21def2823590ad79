import { Fault } from '../model/fault.ts';
import { childrenOf, endOfBucket, type Partition, parentOf, stepOf } from '../model/partition.ts';
import { MINUTE_MS } from '../model/units.ts';
import { beginBuild, endBuild } from '../records/attempts.ts';
import { type DueRollUp, dueRollUps } from '../records/due-roll-ups.ts';
import { compact, TRIM_AFTER_MS } from '../segments/compact.ts';
import { type RollUpOutcome, rollUpBucket } from '../segments/roll-up.ts';
import type { JobContext } from './context.ts';
import { eachInTurn, eachProject } from './each-project.ts';

/** Nearly all of an hour has come by then, and its ids may leave their footers: they were done for an hour. */
export const ROLL_UP_AFTER_MS = TRIM_AFTER_MS + 10 * MINUTE_MS;
/** Buckets of one step and project that one run builds. */
const BUCKETS_MAX = 1000;
/** Tries of a bucket that came to no end. */
const TRIES_MAX = 3;

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
  if (outcome === 'left alone') throw leftAlone(bucket);
  if (outcome !== 'busy' && outcome !== 'waiting') await done();
  return outcome;
}

const leftAlone = ({ service, start, step }: Partition): Fault =>
  new Fault(
    'too-large',
    `Cannot roll up ${service}, ${step} of ${new Date(start).toISOString()}: ${TRIES_MAX} processes ended over it, ` +
      'so it is tried again in a day, and read from what it is made of until then',
  );

/**
 * One hour, or one day with the hours that it needs. 'left alone': it has ended TRIES_MAX processes, by memory or by time, and would
 * end this one.
 */
export async function buildBucket(
  context: JobContext,
  bucket: Partition,
): Promise<RollUpOutcome | 'left alone'> {
  const { records, clock } = context;
  if (!(await beginBuild(records, bucket, { max: TRIES_MAX, now: clock.now() }))) return 'left alone';
  try {
    return await build(context, bucket);
  } finally {
    await endBuild(records, bucket);
  }
}

async function build(context: JobContext, bucket: Partition): Promise<RollUpOutcome> {
  for (const child of childrenOf(bucket)) {
    if (stepOf(child) === '10m') await compact(context, context.cache, child, { fully: true });
    else await build(context, child);
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
