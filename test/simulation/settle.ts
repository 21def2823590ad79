import { objectCreated } from '../../lib/jobs/events.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../lib/model/units.ts';
import { type Flavour, PROJECTS, START_MS } from './uploads.ts';
import type { Code } from './versions.ts';
import { BUCKET, type World } from './world.ts';

const ROUNDS_MAX = 200;

/** Faults end, the dead stay dead, and one healthy process does what is left to do; but replays may be left half-way. */
export async function settle(
  world: World,
  code: Code,
  { wrongDoors }: Flavour,
  isReplayLeft = false,
): Promise<void> {
  const { scheduler, draw, calm } = world;
  // Pauses and late writes come to their end, and the raw hours of doors whose clock was a day ahead have begun.
  await scheduler.turn((wrongDoors ? DAY_MS : 0) + 4 * HOUR_MS);
  await code.sweepDirect(calm);
  // As at a start: from its mark on, and what was sent again and lost once more.
  await code.sweepUploads(calm, { olderThanMs: 0 });
  await drain(world, code);
  // Dead letters, and what was set aside because processes died over it.
  for (const project of PROJECTS)
    await code.redrive(calm, { project, from: START_MS - 2 * DAY_MS, to: scheduler.now() + 2 * DAY_MS });
  await drain(world, code);
  if (draw.chance(0.3)) {
    await redeliverEverything(world);
    await drain(world, code);
  }
  await (isReplayLeft ? leaveReplays : finishReplays)(world, code);
  await join(world, code);
  await scheduler.turn(2 * HOUR_MS);
  await join(world, code);
  await code.rollUp(calm);
  await code.expire(calm);
  // What the first pass left behind is an orphan once it is an hour old.
  await scheduler.turn(2 * HOUR_MS);
  await code.expire(calm);
  await code.sweepOrphans(calm);
  // What the sweep asked for again leaves what it replaces behind.
  await code.rollUp(calm);
  await code.sweepOrphans(calm);
  // Where the sweep fenced what is gone it has made heads, which go the same way.
  await code.expire(calm);
}

async function drain(world: World, code: Code): Promise<void> {
  const context = world.calm;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const { visible, inFlight } = await context.uploads.depth();
    // Messages that come weeks later wait for the next time.
    const messages = await context.uploads.receive({ max: 50, visibilityMs: MINUTE_MS });
    if (visible + inFlight === 0 || (round > LATE_ROUNDS && messages.length === 0)) return;
    const failed = await code.takeEvents(context, messages);
    const done = messages.filter((message) => !failed.includes(message));
    await context.uploads.ack(done.map(({ receipt }) => receipt));
    await world.scheduler.turn(MINUTE_MS);
  }
  throw new Error(`The queue is not empty after ${ROUNDS_MAX} rounds without faults`);
}
/** Minutes after which everything has become visible but what was put off for days. */
const LATE_ROUNDS = 60;

const join = ({ calm }: World, code: Code) =>
  code.joinDue(calm, code.foldJoined, (error) => {
    throw error;
  });

async function finishReplays({ calm, scheduler }: World, code: Code): Promise<void> {
  for (const project of PROJECTS) {
    for (let steps = 0; (await code.replayStep(calm, project)) !== 'idle'; steps += 1) {
      if (steps > STEPS_MAX) throw new Error(`The replay of ${project} does not end`);
      await scheduler.turn(MINUTE_MS);
    }
  }
}
/** Everything once more from its raw uploads, with nobody in the way. */
export async function replayAll(world: World, code: Code): Promise<void> {
  for (const project of PROJECTS) await code.openReplay(world.calm, project);
  await finishReplays(world, code);
  await world.scheduler.turn(MINUTE_MS);
}

/** More hours than the longest history has. */
const STEPS_MAX = 2000;

/** Some steps of a replay of everything, or of the one that was begun. */
async function leaveReplays({ calm, scheduler, draw }: World, code: Code): Promise<void> {
  for (const project of PROJECTS) {
    const { building } = await calm.generations.read(project);
    if (building === null) await code.openReplay(calm, project);
    for (let steps = draw.whole(0, LEFT_AFTER); steps > 0; steps -= 1) {
      await scheduler.turn(MINUTE_MS);
      await code.replayStep(calm, project);
    }
  }
}
const LEFT_AFTER = 12;

async function redeliverEverything({ calm, objects }: World): Promise<void> {
  for (const [key, { body }] of objects.stored) {
    if (key.startsWith('raw/')) await calm.uploads.send([objectCreated(BUCKET, key, body.length)]);
  }
}
