import type { JobContext } from '../../lib/jobs/context.ts';
import { Fault } from '../../lib/model/fault.ts';
import { type Step, stepOf } from '../../lib/model/partition.ts';
import { serviceName } from '../../lib/model/service.ts';
import { DAY_MS, HOUR_MS } from '../../lib/model/units.ts';
import type { PlacedHead } from '../../lib/segments/store.ts';
import { FROM_MS, readSums } from './checks.ts';
import type { Draw } from './draw.ts';
import { type Flavour, PROJECTS, SERVICES, type Sums } from './uploads.ts';
import type { Code } from './versions.ts';
import type { Place } from './world.ts';

/** One job that workers run beside the analyzers, over and over. */
export interface Operation {
  readonly name: string;
  /** How often it is chosen, against the others. */
  readonly weight: number;
  /** Returns what it saw that cannot be. */
  run(work: Work): Promise<readonly string[] | undefined>;
}

interface Work {
  readonly code: Code;
  readonly context: JobContext;
  readonly draw: Draw;
  readonly flavour: Flavour;
  readonly oracle: Oracle;
}
/** What is so, whatever the actors see of it. */
export interface Oracle {
  now(): number;
  /** Uploads that the ledger calls done are in every answer from then on. */
  atLeast(step: Step): Promise<Sums>;
  /** Nothing is that was not received. */
  atMost(step: Step): Sums;
  /** Those that are there now. */
  heads(): Promise<readonly PlacedHead[]>;
}

const anyPlace = (draw: Draw): Place => ({
  project: draw.pick(PROJECTS),
  service: serviceName({ name: draw.pick(SERVICES) }),
});
const job =
  (run: (work: Work) => Promise<unknown>): Operation['run'] =>
  async (work) => {
    await run(work);
    return undefined;
  };

export const OPERATIONS: readonly Operation[] = [
  {
    name: 'sweep uploads',
    weight: 2,
    // At a start now and then.
    run: job(async ({ code, context, draw }) => {
      await code.sweepDirect(context);
      await code.sweepUploads(context, draw.chance(0.1) ? { olderThanMs: 0 } : {});
    }),
  },
  {
    name: 'redrive',
    weight: 1,
    run: job(({ code, context, draw }) => {
      const now = context.clock.now();
      return code.redrive(context, { project: draw.pick(PROJECTS), from: now - 2 * DAY_MS, to: now });
    }),
  },
  {
    name: 'sweep orphans',
    weight: 5,
    run: job(({ code, context }) => code.sweepOrphans(context)),
  },
  {
    name: 'compact',
    weight: 40,
    run: job(async ({ code, context, draw, oracle }) => {
      const heads = (await oracle.heads()).filter(({ partition }) => stepOf(partition) === '10m');
      if (heads.length === 0) return;
      const grown = heads.filter(({ head }) => head.segments.length > 1);
      const { partition } = draw.pick(grown.length > 0 && draw.chance(0.9) ? grown : heads);
      await code.compact(context, context.cache, partition, { fully: draw.chance(0.8) });
    }),
  },
  {
    name: 'scan',
    weight: 24,
    run: job(({ code, context, draw, flavour: { projects, services } }) =>
      code.scanService(context, draw.pick(projects), serviceName({ name: draw.pick(services) })),
    ),
  },
  {
    name: 'roll up',
    weight: 12,
    run: job(({ code, context, draw }) => code.rollUp(context, { project: draw.pick(PROJECTS) })),
  },
  {
    name: 'expire',
    weight: 4,
    run: job(({ code, context }) => code.expire(context)),
  },
  { name: 'join', weight: 26, run: joinAll },
  { name: 'replay', weight: 20, run: job(replayOn) },
  { name: 'read', weight: 10, run: readOnce },
];

async function joinAll({ code, context }: Work): Promise<readonly string[]> {
  const bugs: string[] = [];
  await code.joinDue(context, code.foldJoined, (error, where) => {
    if (!(error instanceof Fault) || error.code !== 'unavailable') bugs.push(`${where}: ${String(error)}`);
  });
  return bugs;
}

const STEPS_MAX = 6;
const OPENED = 0.3;
const ALL_OF_IT = 0.3;

/** Goes on with the replay of a project, or opens one. */
async function replayOn({ code, context, draw }: Work): Promise<void> {
  const project = draw.pick(PROJECTS);
  for (let steps = draw.whole(1, STEPS_MAX); steps > 0; steps -= 1) {
    const step = await code.replayStep(context, project);
    if (step === 'idle' && draw.chance(OPENED)) await openReplay({ code, context, draw }, project);
    if (step !== 'folded') return;
  }
}

async function openReplay(
  { code, context, draw }: Omit<Work, 'flavour' | 'oracle'>,
  project: string,
): Promise<void> {
  const from = context.clock.now() - draw.whole(0, 3) * DAY_MS;
  // All that is kept may be weeks, of which every hour is a step.
  const whole = draw.chance(ALL_OF_IT) ? [{}] : [];
  const range = draw.pick([...whole, { from }, { from, to: from + draw.whole(1, 48) * HOUR_MS }]);
  try {
    await code.openReplay(context, project, range);
  } catch (error) {
    // Somebody else has opened one, or nothing is kept of that time.
    if (error instanceof Fault && ['conflict', 'invalid-input'].includes(error.code)) return;
    throw error;
  }
}

/** Reads one service, by hours or by days, and holds the answer against what is known before and after it. */
async function readOnce({ context, draw, oracle }: Work): Promise<readonly string[]> {
  const place = anyPlace(draw);
  const step = draw.pick(['1h', '1d'] as const);
  const least = await oracle.atLeast(step);
  const { sums: found, missing } = await readSums(context.reader, place, {
    from: FROM_MS,
    to: oracle.now() + DAY_MS,
    step,
  });
  const most = oracle.atMost(step);
  const none = { requests: 0, durationUs: 0 };
  const mine = ([key]: [string, unknown]) =>
    key.startsWith(JSON.stringify([place.project, place.service]).slice(0, -1));
  // A reader that is one release behind says that it lacks what it does not know.
  const lacking = [...(missing > 0 ? [] : least)].filter(mine).flatMap(([key, { requests, durationUs }]) => {
    const got = found.get(key) ?? none;
    return got.requests >= requests && got.durationUs >= durationUs
      ? []
      : [`A reader missed uploads of ${key}`];
  });
  const invented = [...found].flatMap(([key, { requests, durationUs }]) => {
    const limit = most.get(key) ?? none;
    return requests <= limit.requests && durationUs <= limit.durationUs
      ? []
      : [`A reader saw more in ${key} than was received`];
  });
  return [...lacking, ...invented];
}
