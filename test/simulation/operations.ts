import type { JobContext } from '../../lib/jobs/context.ts';
import { partitionStart } from '../../lib/model/partition.ts';
import { serviceName } from '../../lib/model/service.ts';
import { HOUR_MS, MINUTE_MS } from '../../lib/model/units.ts';
import type { Draw } from './draw.ts';
import { PROJECTS } from './uploads.ts';
import type { Code } from './versions.ts';

/** One job that workers run beside the analyzers, over and over. */
export interface Operation {
  readonly name: string;
  /** How often it is chosen, against the others. */
  readonly weight: number;
  /** Chance of a fault at each of its calls, when it is to have any: less for those that make many calls. */
  readonly faultRate: number;
  run(code: Code, context: JobContext, draw: Draw): Promise<unknown>;
}

const SERVICES = ['shop', 'cart', 'mail'].map((name) => serviceName({ name }));
const anyPlace = (draw: Draw) => ({ project: draw.pick(PROJECTS), service: draw.pick(SERVICES) });

export const OPERATIONS: readonly Operation[] = [
  {
    name: 'sweep uploads',
    weight: 1,
    faultRate: 0.004,
    run: (code, context) => code.sweepUploads(context, { hours: 1 }),
  },
  { name: 'sweep orphans', weight: 3, faultRate: 0.1, run: (code, context) => code.sweepOrphans(context) },
  {
    name: 'compact',
    weight: 8,
    faultRate: 0.15,
    run(code, context, draw) {
      const start = partitionStart(context.clock.now() - draw.whole(0, 40 * MINUTE_MS));
      return code.compact(context, context.cache, { ...anyPlace(draw), start, generation: 0 });
    },
  },
  {
    name: 'scan',
    weight: 6,
    faultRate: 0.1,
    run(code, context, draw) {
      const { project, service } = anyPlace(draw);
      return code.scanService(context, project, service);
    },
  },
  {
    name: 'read',
    weight: 4,
    faultRate: 0.1,
    run(_code, context, draw) {
      const now = context.clock.now();
      return context.reader.range('latency', {
        ...anyPlace(draw),
        generation: 0,
        from: now - draw.whole(0, 24) * HOUR_MS,
        to: now,
      });
    },
  },
];

/** The analysis, whose commits and compactions are told apart in the table. */
export const ANALYZE_FAULT_RATE = 0.15;
export const RECEIVE_FAULT_RATE = 0.1;
