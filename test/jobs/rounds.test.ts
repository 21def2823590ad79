import { describe, expect, it } from 'vitest';
import { analyze } from '../../lib/jobs/analyze.ts';
import type { JobContext } from '../../lib/jobs/context.ts';
import { expire } from '../../lib/jobs/expire.ts';
import { sweepOrphans } from '../../lib/jobs/sweep.ts';
import { HOUR_MS } from '../../lib/model/units.ts';
import { message, rawObject, spans, tracesBody, uploadOf, type World, world } from './world.ts';

const SERVICES = ['a', 'b', 'c', 'd', 'e'];

/** Services whose heads a job reads, in its order; after `most` of them its process has ended. */
async function visited(here: World, job: (context: JobContext) => Promise<unknown>, most = 100) {
  const seen: string[] = [];
  const isOver = () => seen.length > most;
  const mortal =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A) => {
      if (isOver()) throw new Error('The process has ended');
      return call(...args);
    };
  const { heads, records } = here.context;
  const context: JobContext = {
    ...here.context,
    records: { ...records, put: mortal(records.put) },
    heads: {
      ...heads,
      all: async (project, service) => {
        if (service.length === 1 && !isOver()) seen.push(service);
        return mortal(heads.all)(project, service);
      },
    },
  };
  await job(context).catch(() => undefined);
  return seen.slice(0, most);
}

describe.each([
  ['expire()', expire],
  ['sweepOrphans()', sweepOrphans],
] as const)('%s', (_, job) => {
  it('goes on behind the service at which the last run was ended, and round', async () => {
    const here = await world();
    for (const service of SERVICES) {
      const upload = await uploadOf(tracesBody(spans(1, { service })), { route: 'otlp-traces' });
      await analyze(here.context, [message(await rawObject(here, [upload]))]);
    }
    here.clock.time += 2 * HOUR_MS;
    expect(await visited(here, job, 2)).toEqual(['a', 'b']);
    // What ended it may do so again: it is not begun with.
    expect(await visited(here, job, 1)).toEqual(['d']);
    expect(await visited(here, job)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
});
