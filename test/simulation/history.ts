import { directKey } from '../../lib/jobs/direct.ts';
import { objectCreated } from '../../lib/jobs/events.ts';
import { encodeRaw, rawKey, type Upload } from '../../lib/jobs/raw-segment.ts';
import { Fault } from '../../lib/model/fault.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../lib/model/units.ts';
import type { Actor } from './actors.ts';
import { wrongsOf, wrongsOnceReplayed } from './checks.ts';
import { type Draw, draws, seedOf } from './draw.ts';
import type { FaultTable } from './faults.ts';
import { FOCUS, type Focus } from './focus.ts';
import { OPERATIONS, type Oracle } from './operations.ts';
import { replayAll, settle } from './settle.ts';
import { drawFlavour, type Flavour, type Planned, planUploads, sumsOf } from './uploads.ts';
import type { Code, Versions } from './versions.ts';
import { BUCKET, headsOf, openWorld, type World } from './world.ts';

export interface Outcome {
  /** What is not as it must be, in words. */
  readonly wrongs: readonly string[];
  readonly faults: FaultTable;
  readonly uploads: number;
  readonly turns: number;
}

const ANALYZERS = 4;
const WORKERS = 3;
const VISIBILITY_MS = MINUTE_MS;

/** Plays one history of a seed from the first upload until everything has settled, and looks at what is left. */
export async function playHistory(
  seed: number,
  number: number,
  versions: Versions,
  focus?: Focus,
): Promise<Outcome> {
  const draw = draws(seedOf(seed, number));
  const flavour = drawFlavour(draw, number, focus);
  versions.changeCodecs(flavour.newCodecs);
  const world = await openWorld(draw, versions.next, flavour);
  const { scheduler } = world;
  const uploads = planUploads(draw, flavour, scheduler.now(), 0);
  const batchMax = draw.pick([1, 1, 2, 4, 12]);
  const story: Story = {
    world,
    flavour,
    versions,
    uploads,
    batchMax,
    bugs: [],
    acknowledged: new Set(),
    closed: false,
  };
  try {
    await scheduler.play(() => active(story));
    for (const { days, isReplayLeft } of flavour.silences) {
      await scheduler.play(() => settle(world, versions.next, flavour, isReplayLeft));
      await scheduler.play(() => scheduler.turn(days * DAY_MS));
      story.uploads.push(...planUploads(draw, flavour, scheduler.now(), story.uploads.length));
      await scheduler.play(() => active(story));
    }
    await scheduler.play(() => settle(world, versions.next, flavour));
    story.bugs.push(...(await wrongsOf(world, versions.next, uploads, story.acknowledged)));
    if (flavour.isReplayed) {
      await scheduler.play(() => replayAll(world, versions.next));
      story.bugs.push(...(await wrongsOnceReplayed(world, versions.next, uploads)));
    }
  } catch (error) {
    story.bugs.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  story.bugs.push(...world.losses);
  const { turns } = scheduler;
  return { wrongs: story.bugs, faults: world.book.table, uploads: uploads.length, turns };
}

interface Story {
  readonly world: World;
  readonly flavour: Flavour;
  readonly versions: Versions;
  readonly uploads: Planned[];
  /** Messages that an analyzer takes at once. */
  readonly batchMax: number;
  readonly bugs: string[];
  /** Ids that some client was told to be stored. */
  readonly acknowledged: Set<string>;
  closed: boolean;
}

/** Clients send, analyzers analyse, workers work, all of them with faults; ends when the clients are done. */
async function active(story: Story): Promise<void> {
  const { world } = story;
  const { scheduler } = world;
  story.closed = false;
  world.book.isOpen = true;
  for (let n = 0; n < ANALYZERS; n += 1) void lives(story, analyzer);
  for (let n = 0; n < WORKERS; n += 1) void lives(story, worker);
  const due = story.uploads.filter(({ sentAt }) => sentAt >= scheduler.now());
  await Promise.all(inCompany(world.draw, due).map((group) => clients(story, group)));
  await scheduler.turn(30 * MINUTE_MS);
  story.closed = true;
  world.book.isOpen = false;
}

const TRIES_MAX = 5;
const CLIENT_TIMEOUT_MS = 30 * SECOND_MS;

const COMPANY = 0.4;
const COMPANY_MS = 10 * MINUTE_MS;

/** Uploads that come to one door so close to each other that it puts them into one object. */
function inCompany(draw: Draw, uploads: readonly Planned[]): Planned[][] {
  const groups: Planned[][] = [];
  for (const one of uploads.toSorted((a, b) => a.sentAt - b.sentAt)) {
    const last = groups.at(-1);
    const [first] = last ?? [];
    const isJoining =
      first?.upload.project === one.upload.project &&
      first.doorOffsetMs === one.doorOffsetMs &&
      one.sentAt - first.sentAt < COMPANY_MS;
    if (last !== undefined && isJoining && draw.chance(COMPANY)) last.push(one);
    else groups.push([one]);
  }
  return groups;
}

/** Sends the same bytes until somebody says that they are stored, or gives up; at first together with others. */
async function clients({ world, versions, acknowledged }: Story, group: readonly Planned[]): Promise<void> {
  const { scheduler, draw } = world;
  const [{ doorOffsetMs }] = group as [Planned];
  const sentAt = Math.max(...group.map((planned) => planned.sentAt));
  await scheduler.turn(Math.max(0, sentAt - scheduler.now()));
  const send = async (uploads: readonly Planned[]) => {
    const door = world.spawn(doorOffsetMs);
    const isStored = await Promise.race([
      receive(world, door, versions.present, uploads).then(
        () => true,
        () => false,
      ),
      door.died.then(() => false),
      scheduler.turn(CLIENT_TIMEOUT_MS).then(() => false),
    ]);
    if (isStored) for (const { upload } of uploads) acknowledged.add(upload.id);
    else await scheduler.turn(draw.whole(0, MINUTE_MS));
    return isStored;
  };
  if (await send(group)) return;
  await Promise.all(
    group.map(async (one) => {
      let tries = draw.whole(0, TRIES_MAX - 1);
      while (tries > 0 && !(await send([one]))) tries -= 1;
    }),
  );
}

/** Share of uploads whose sender puts them into the store itself. */
const DIRECT = 0.15;

/** What the door does once it has checked requests. */
async function receive(world: World, door: Actor, code: Code, group: readonly Planned[]): Promise<void> {
  door.begin('receive', 1);
  const { objects, uploads, clock, newId } = world.contextOf(door, code);
  const receivedAt = clock.now();
  const stored = group.map(({ upload }) => ({ ...upload, receivedAt }));
  const [{ project, body, ...facts }, ...others] = stored as [Upload, ...Upload[]];
  if (others.length === 0 && world.draw.chance(DIRECT)) {
    const key = directKey({ ...facts, project });
    await objects.put(key, body, { ifAbsent: true });
    return uploads.send([objectCreated(BUCKET, key, body.length)]);
  }
  const bytes = encodeRaw(stored);
  const key = rawKey(project, receivedAt, newId());
  await objects.put(key, bytes, { ifAbsent: true });
  await uploads.send([objectCreated(BUCKET, key, bytes.length)]);
}

/** One process after the other, each of either version and with a clock of its own. */
async function lives(story: Story, work: (story: Story, actor: Actor, code: Code) => Promise<void>) {
  const { world, versions, flavour } = story;
  const { draw, scheduler } = world;
  while (!story.closed) {
    const code = draw.chance(0.5) ? versions.present : versions.next;
    const actor = world.spawn(draw.chance(flavour.wrongClocks) ? draw.pick([-DAY_MS, DAY_MS]) : 0);
    // One that hangs is replaced, and goes on beside its successor when it wakes up.
    await Promise.race([work(story, actor, code), actor.died, scheduler.turn(HANGS_MS)]);
    await scheduler.turn(draw.whole(SECOND_MS, MINUTE_MS));
  }
}

const HANGS_MS = 10 * MINUTE_MS;
const REPLACED = 0.05;

async function analyzer(story: Story, actor: Actor, code: Code): Promise<void> {
  const { world } = story;
  const { draw, scheduler } = world;
  const context = world.contextOf(actor, code);
  while (!story.closed && !draw.chance(REPLACED)) {
    actor.begin('analyze', draw.pick(UNREST));
    const taken = await attempt(story, code, 'analyze', async () => {
      const messages = await context.uploads.receive({
        max: draw.whole(1, story.batchMax),
        visibilityMs: VISIBILITY_MS,
      });
      if (messages.length === 0) return 0;
      const failed = await code.takeEvents(context, messages);
      const done = messages.filter((message) => !failed.includes(message));
      await context.uploads.ack(done.map(({ receipt }) => receipt));
      await context.uploads.release(
        failed.map(({ receipt }) => receipt),
        { delayMs: draw.whole(SECOND_MS, MINUTE_MS) },
      );
      return messages.length;
    });
    if (taken === 0) await scheduler.turn(draw.whole(SECOND_MS, 2 * MINUTE_MS));
  }
}

/** How much of what workers do is what the history is about. */
const FOCUSED = 0.7;

async function worker(story: Story, actor: Actor, code: Code): Promise<void> {
  const { world } = story;
  const { draw, scheduler } = world;
  const context = world.contextOf(actor, code);
  const bag = OPERATIONS.flatMap((operation) => Array.from({ length: operation.weight }, () => operation));
  const { flavour } = story;
  const chosen = OPERATIONS.filter(({ name }) => FOCUS[flavour.focus].operations.includes(name));
  while (!story.closed && !draw.chance(REPLACED)) {
    const operation = draw.pick(chosen.length > 0 && draw.chance(FOCUSED) ? chosen : bag);
    actor.begin(operation.name, draw.pick(UNREST));
    await attempt(story, code, operation.name, async () => {
      story.bugs.push(
        ...((await operation.run({ code, context, draw, flavour, oracle: oracleOf(story) })) ?? []),
      );
    });
    await scheduler.turn(draw.whole(SECOND_MS, 3 * MINUTE_MS));
  }
}

const oracleOf = ({ world, uploads, versions }: Story): Oracle => ({
  heads: () => headsOf(world, versions.next),
  now: () => world.scheduler.now(),
  atLeast: async (step) => {
    const records = await Promise.all(
      uploads.map(({ upload }) => world.calm.ledger.get(upload.project, upload.id)),
    );
    const done = uploads.filter((_, n) => records[n]?.state === 'done');
    return sumsOf(done, step);
  },
  atMost(step) {
    return sumsOf(
      uploads.filter(({ upload }) => world.received.has(upload.id)),
      step,
    );
  },
});

/** How often the calls of one run fail, against the usual. */
const UNREST = [0.3, 1, 1, 2];

/** Runs one job. A store that does not answer is what the job's caller expects; anything else is a bug. */
async function attempt<T>(
  { bugs, versions }: Story,
  code: Code,
  name: string,
  run: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Fault && error.code === 'unavailable') return undefined;
    // A release that is one behind may say of data that it does not know them.
    if (code === versions.present && error instanceof Fault && /version/.test(error.message))
      return undefined;
    bugs.push(`${name} threw ${error instanceof Error ? error.stack : String(error)}`);
    return undefined;
  }
}
