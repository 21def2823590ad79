import { describe, expect, it } from 'vitest';
import { analyze } from '../../lib/jobs/analyze.ts';
import { partitionStart } from '../../lib/model/partition.ts';
import { serviceName } from '../../lib/model/service.ts';
import { ONE } from '../../lib/model/sketch.ts';
import { HOUR_MS, MINUTE_MS } from '../../lib/model/units.ts';
import { GIVE_UP_MS } from '../../lib/segments/commit-shard.ts';
import { compact } from '../../lib/segments/compact.ts';
import { readFooter } from '../../lib/segments/segment.ts';
import { NOON } from './facts.ts';
import { message, rawObject, spans, tracesBody, uploadOf, type World, world } from './world.ts';

const SHOP = {
  project: 'default',
  service: serviceName({ name: 'shop' }),
  start: partitionStart(NOON - 1000),
  generation: 0,
};

async function counted({ context }: World): Promise<number> {
  const query = { project: 'default', service: SHOP.service, from: NOON - HOUR_MS, to: NOON + HOUR_MS };
  const states = await context.reader.range('latency', query);
  return (
    states.flatMap(({ state }) => [...state.units.values()]).reduce((sum, { count }) => sum + count, 0) / ONE
  );
}
async function idsInFooters({ context, objects }: World): Promise<readonly string[]> {
  const { head } = (await context.heads.read(SHOP)) ?? {};
  return (head?.segments ?? []).flatMap(({ key }) =>
    readFooter(objects.stored.get(key)?.body ?? new Uint8Array()).uploads.list(),
  );
}
const traces = async (here: World, count: number) =>
  rawObject(here, [await uploadOf(tracesBody(spans(count)), { route: 'otlp-traces' })]);
const mergeAll = (here: World) => compact(here.context, here.context.cache, SHOP, { fully: true });

describe('ids in footers', () => {
  it('stay until the ledger record has been done for an hour, and then leave with the next merge', async () => {
    const here = await world();
    for (const count of [1, 2]) await analyze(here.context, [message(await traces(here, count))]);
    here.clock.time += HOUR_MS - 1;
    await analyze(here.context, [message(await traces(here, 4))]);
    await mergeAll(here);
    expect(await idsInFooters(here)).toHaveLength(3);
    here.clock.time += 1;
    await analyze(here.context, [message(await traces(here, 8))]);
    here.clock.time += HOUR_MS;
    await analyze(here.context, [message(await traces(here, 16))]);
    await mergeAll(here);
    expect(await idsInFooters(here)).toHaveLength(1);
    expect(await counted(here)).toBe(31);
  });

  it('that have left are known by the ledger: an upload analysed by two counts once, whoever is how late', async () => {
    const here = await world();
    const event = await traces(here, 3);
    const other = await traces(here, 4);
    let paused: (() => void) | undefined;
    // A second analyzer that has read the ledger and then stands still, its clock with it.
    const slow = {
      ...here.context,
      clock: { now: () => NOON },
      objects: {
        ...here.objects,
        put: async (...args: Parameters<typeof here.objects.put>) => {
          await new Promise<void>((resolve) => {
            paused = resolve;
          });
          return here.objects.put(...args);
        },
      },
    };
    const late = analyze(slow, [message(event)]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await analyze(here.context, [message(event)]);
    await analyze(here.context, [message(other)]);
    here.clock.time += 2 * HOUR_MS;
    await mergeAll(here);
    expect(await idsInFooters(here)).toEqual([]);
    paused?.();
    await late;
    expect(await counted(here)).toBe(7);
  });

  it('stay while an upload is not done, however old its segment is', async () => {
    const here = await world();
    const crashing = {
      ...here.context,
      ledger: { ...here.context.ledger, finish: () => Promise.reject(new Error('The process ends here')) },
    };
    const event = await traces(here, 3);
    await analyze(crashing, [message(event)]).catch(() => undefined);
    await analyze(here.context, [message(await traces(here, 4))]);
    here.clock.time += 5 * HOUR_MS;
    await mergeAll(here);
    expect(await idsInFooters(here)).toHaveLength(1);
    await analyze(here.context, [message(event)]);
    expect(await counted(here)).toBe(7);
  });
});

describe('analyze()', () => {
  it('gives up what it has held for longer than 15 minutes, and hands its message back', async () => {
    const here = await world();
    const event = message(await traces(here, 3));
    const slow = {
      ...here.context,
      heads: {
        ...here.context.heads,
        read: async (...args: Parameters<typeof here.context.heads.read>) => {
          here.clock.time += GIVE_UP_MS + MINUTE_MS;
          return here.context.heads.read(...args);
        },
      },
    };
    expect((await analyze(slow, [event])).failed).toEqual([event]);
    expect(await counted(here)).toBe(0);
    expect((await analyze(here.context, [event])).failed).toEqual([]);
    expect(await counted(here)).toBe(3);
  });
});
