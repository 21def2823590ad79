import { describe, expect, it } from 'vitest';
import { analyze } from '../../lib/jobs/analyze.ts';
import { aliasesAnswer } from '../../lib/jobs/answers/aliases.ts';
import { servicesAnswer } from '../../lib/jobs/answers/services.ts';
import { transactionsAnswer } from '../../lib/jobs/answers/transactions.ts';
import { loadService } from '../../lib/jobs/load-service.ts';
import { serviceName } from '../../lib/model/service.ts';
import { HOUR_MS, MINUTE_MS } from '../../lib/model/units.ts';
import { addAlias, listAliases, removeAlias } from '../../lib/records/aliases.ts';
import { noteService } from '../../lib/records/services.ts';
import { NOON } from '../jobs/facts.ts';
import { message, rawObject, uploadOf, type World, world } from '../jobs/world.ts';
import { memory, transaction } from './two-names.ts';

const SHOP = serviceName({ name: 'shop' });
const WEB = serviceName({ name: 'web', environment: 'production' });
async function send(place: World, json: unknown, route: string, project = 'default') {
  const upload = await uploadOf(json, { route, project });
  expect((await analyze(place.context, [message(await rawObject(place, [upload]))])).failed).toEqual([]);
}
async function heard(host = 'vm-1'): Promise<World> {
  const place = await world();
  await send(place, memory('shop', 'vm-1'), 'otlp-metrics');
  await send(place, transaction(host), 'sentry-envelope');
  return place;
}
const SENTRY = serviceName({ name: 'default', environment: 'production' });
const alias = ({ context }: World, from = SENTRY, to = SHOP) =>
  addAlias(context.records, 'default', { from, to, at: NOON });
const range = [NOON - HOUR_MS, NOON + MINUTE_MS] as const;

describe('aliases', () => {
  it('proposes two names that were seen on one host and do not send the same', async () => {
    expect((await aliasesAnswer((await heard()).context, 'default')).proposals).toEqual([
      { from: SENTRY, to: SHOP, by: 'host', id: 'vm-1' },
    ]);
    expect((await aliasesAnswer((await heard('vm-2')).context, 'default')).proposals).toEqual([]);
  });

  it('proposes no neighbours that both send memory, but whatever shares a pod', async () => {
    const place = await world();
    await send(place, memory('shop', 'vm-1', 'uid-1'), 'otlp-metrics');
    await send(place, memory('cart', 'vm-1', 'uid-2'), 'otlp-metrics');
    await send(place, memory('shop-heap', 'vm-9', 'uid-1'), 'otlp-metrics');
    expect((await aliasesAnswer(place.context, 'default')).proposals).toMatchObject([
      { by: 'pod-uid', id: 'uid-1' },
    ]);
  });

  it('looks at the services that were heard of last where there are too many, and says so', async () => {
    const place = await heard();
    const at = NOON - HOUR_MS;
    for (let n = 0; n < 199; n += 1) {
      const service = serviceName({ name: `a${n}` });
      const times = { firstSeen: at, lastSeen: at, firstData: at, lastData: at };
      await noteService(place.context.records, 'default', { service, ...times, signals: {}, versions: {} });
    }
    expect(await aliasesAnswer(place.context, 'default')).toMatchObject({
      proposals: [{ from: SENTRY, to: SHOP }],
      notLookedAt: 1,
    });
  });

  it('makes one service of two names, for all that was stored, and takes it back', async () => {
    const place = await heard();
    const { context } = place;
    const transactions = async () => (await transactionsAnswer(context, 'default', SHOP, ...range)).length;
    expect([(await servicesAnswer(context, 'default')).length, await transactions()]).toEqual([2, 0]);
    await alias(place);
    place.clock.time += MINUTE_MS;
    const [only, ...others] = await servicesAnswer(context, 'default');
    expect([only?.service, others, only?.signals.sort()]).toEqual([SHOP, [], ['memory', 'traces']]);
    expect(await transactions()).toBe(1);
    const { state } = await loadService(context, 'default', SHOP, ...range);
    expect(state.instances.size).toBe(2);
    expect((await aliasesAnswer(context, 'default')).proposals).toEqual([]);
    expect(await removeAlias(context.records, 'default', SENTRY)).toBe(true);
    place.clock.time += MINUTE_MS;
    expect([(await servicesAnswer(context, 'default')).length, await transactions()]).toEqual([2, 0]);
    expect(await removeAlias(context.records, 'default', SENTRY)).toBe(false);
  });

  it('refuses chains, circles and names that nothing came from', async () => {
    const place = await heard();
    await expect(alias(place, SHOP, SHOP)).rejects.toMatchObject({ code: 'invalid-input' });
    await expect(alias(place, SHOP, WEB)).rejects.toMatchObject({ code: 'invalid-input' });
    await alias(place);
    await expect(alias(place, WEB, SENTRY)).rejects.toMatchObject({ code: 'conflict' });
    await expect(alias(place, SHOP, SENTRY)).rejects.toMatchObject({ code: 'conflict' });
    expect(await listAliases(place.context.records, 'default')).toHaveLength(1);
    expect(await listAliases(place.context.records, 'other')).toEqual([]);
  });
});
