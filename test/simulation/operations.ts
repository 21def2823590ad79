import type { JobContext } from '../../lib/jobs/context.ts';
import { type Partition, type Step, stepOf } from '../../lib/model/partition.ts';
import { serviceName } from '../../lib/model/service.ts';
import { DAY_MS } from '../../lib/model/units.ts';
import { FROM_MS, readSums } from './checks.ts';
import type { Draw } from './draw.ts';
import { PROJECTS, SERVICES, type Sums } from './uploads.ts';
import type { Code } from './versions.ts';
import type { Place } from './world.ts';

/** One job that workers run beside the analyzers, over and over. */
export interface Operation {
  readonly name: string;
  /** How often it is chosen, against the others. */
  readonly weight: number;
  /** Chance of a fault at each of its calls, when it is to have any: less for those that make many calls. */
  readonly faultRate: number;
  /** Returns what it saw that cannot be. */
  run(work: Work): Promise<readonly string[] | undefined>;
}

interface Work {
  readonly code: Code;
  readonly context: JobContext;
  readonly draw: Draw;
  readonly oracle: Oracle;
}
/** What is so, whatever the actors see of it. */
export interface Oracle {
  now(): number;
  /** Uploads that the ledger calls done are in every answer from then on. */
  atLeast(step: Step): Promise<Sums>;
  /** Nothing is that was not received. */
  atMost(step: Step): Sums;
  /** Those that have a head now. */
  partitions(): Promise<readonly Partition[]>;
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
    weight: 1,
    faultRate: 0.008,
    run: job(({ code, context }) => code.sweepUploads(context, { hours: 0 })),
  },
  {
    name: 'sweep orphans',
    weight: 5,
    faultRate: 0.1,
    run: job(({ code, context }) => code.sweepOrphans(context)),
  },
  {
    name: 'compact',
    weight: 16,
    faultRate: 0.1,
    run: job(async ({ code, context, draw, oracle }) => {
      const partitions = (await oracle.partitions()).filter((one) => stepOf(one) === '10m');
      if (partitions.length > 0) {
        await code.compact(context, context.cache, draw.pick(partitions), { fully: draw.chance(0.6) });
      }
    }),
  },
  {
    name: 'scan',
    weight: 8,
    faultRate: 0.1,
    run: job(({ code, context, draw }) => {
      const { project, service } = anyPlace(draw);
      return code.scanService(context, project, service);
    }),
  },
  { name: 'roll up', weight: 8, faultRate: 0.1, run: job(({ code, context }) => code.rollUp(context)) },
  { name: 'expire', weight: 5, faultRate: 0.1, run: job(({ code, context }) => code.expire(context)) },
  { name: 'read', weight: 6, faultRate: 0.15, run: readOnce },
];

/** Reads one service, by hours or by days, and holds the answer against what is known before and after it. */
async function readOnce({ context, draw, oracle }: Work): Promise<readonly string[]> {
  const place = anyPlace(draw);
  const step = draw.pick(['1h', '1d'] as const);
  const least = await oracle.atLeast(step);
  const found = await readSums(context.reader, place, { from: FROM_MS, to: oracle.now() + DAY_MS, step });
  const most = oracle.atMost(step);
  const none = { requests: 0, durationUs: 0 };
  const mine = ([key]: [string, unknown]) =>
    key.startsWith(JSON.stringify([place.project, place.service]).slice(0, -1));
  const lacking = [...least].filter(mine).flatMap(([key, { requests, durationUs }]) => {
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

/** The analysis, whose commits and compactions are told apart in the table. */
export const ANALYZE_FAULT_RATE = 0.05;
export const RECEIVE_FAULT_RATE = 0.1;
