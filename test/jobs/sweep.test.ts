import { describe, expect, it } from 'vitest';
import { analyze } from '../../lib/jobs/analyze.ts';
import { ORPHAN_AFTER_MS, sweepOrphans } from '../../lib/jobs/sweep.ts';
import { serviceName } from '../../lib/model/service.ts';
import { HOUR_MS, MINUTE_MS } from '../../lib/model/units.ts';
import { serviceKey } from '../../lib/records/keys.ts';
import { FAN_IN } from '../../lib/segments/compact.ts';
import { NOON } from './facts.ts';
import { message, metricsBody, rawObject, requests, uploadOf, type World, world } from './world.ts';

const body = (count: number, at = NOON - 1000) => uploadOf(metricsBody(requests(count, { at })));
const store = async (here: World, count: number) => rawObject(here, [await body(count)]);

describe('sweepOrphans()', () => {
  const segments = ({ objects }: World) => [...objects.stored.keys()].filter((key) => key.startsWith('seg/'));
  const listed = async ({ context }: World) => {
    const query = {
      project: 'default',
      service: serviceName({ name: 'shop' }),
      generation: 0,
      from: 0,
      to: NOON + 9000 * HOUR_MS,
    };
    return (await context.heads.range(query)).flatMap(({ head }) => head.segments.map(({ key }) => key));
  };

  it('removes what compaction replaced once it is old, and nothing that is listed', async () => {
    const here = await world();
    for (let count = 1; count <= FAN_IN; count += 1)
      await analyze(here.context, [message(await store(here, count))]);
    expect(segments(here)).toHaveLength(FAN_IN + 1);
    here.clock.time += ORPHAN_AFTER_MS;
    expect(await sweepOrphans(here.context)).toBe(0);
    here.clock.time += 1;
    expect(await sweepOrphans(here.context)).toBe(FAN_IN);
    expect(segments(here)).toEqual(await listed(here));
  });

  it('removes nothing of a service that it does not know', async () => {
    const here = await world();
    await analyze(here.context, [message(await store(here, 1))]);
    const { pk, sk } = serviceKey('default', 'shop');
    await here.context.records.delete(pk, sk);
    here.clock.time += 2 * ORPHAN_AFTER_MS;
    expect(await sweepOrphans(here.context)).toBe(0);
    expect(segments(here)).toEqual(await listed(here));
  });

  it('leaves a young segment that no head lists yet', async () => {
    const here = await world();
    await analyze(here.context, [message(await store(here, 1))]);
    here.clock.time += 2 * ORPHAN_AFTER_MS;
    await here.objects.put('seg/g0/default/shop/10m/young', Uint8Array.of(1));
    expect(await sweepOrphans(here.context)).toBe(0);
    expect(segments(here)).toHaveLength(2);
  });

  it('knows the heads of machines, of old data and of data from ahead', async () => {
    const here = await world();
    const ahead = {
      ...here.context,
      settings: { ...here.context.settings, acceptPastMs: 9000 * HOUR_MS, acceptFutureMs: 800 * HOUR_MS },
    };
    for (const at of [NOON - 8000 * HOUR_MS, NOON + 700 * HOUR_MS]) {
      await analyze(ahead, [message(await rawObject(here, [await body(1, at)]))]);
    }
    await analyze(here.context, [message(await rawObject(here, [await uploadOf(metricsBody(kubelet))]))]);
    const before = segments(here);
    expect(before).toHaveLength(3);
    here.clock.time += ORPHAN_AFTER_MS + MINUTE_MS;
    expect(await sweepOrphans(here.context)).toBe(0);
    expect(segments(here)).toEqual(before);
  });

  it('leaves a segment alone whose writer was the first of its service and ended before it wrote anything else', async () => {
    const here = await world();
    const event = await store(here, 1);
    const crashing = {
      ...here.context,
      ledger: { ...here.context.ledger, finish: () => Promise.reject(new Error('The process ends here')) },
    };
    await analyze(crashing, [message(event)]).catch(() => undefined);
    here.clock.time += 2 * ORPHAN_AFTER_MS;
    expect(await sweepOrphans(here.context)).toBe(0);
    expect(await listed(here)).toEqual(segments(here));
  });
});

/** What a kubelet says of a pod: no service. */
const kubelet = {
  resource: { attributes: [{ key: 'k8s.pod.uid', value: { stringValue: 'uid-1' } }] },
  scopeMetrics: [
    {
      metrics: [
        {
          name: 'k8s.container.memory_limit',
          unit: 'By',
          gauge: { dataPoints: [{ timeUnixNano: String(NOON * 1e6), asInt: '512' }] },
        },
      ],
    },
  ],
};
