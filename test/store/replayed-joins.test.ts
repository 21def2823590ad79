import { expect, it } from 'vitest';
import { analyze } from '../../lib/jobs/analyze.ts';
import { foldJoined } from '../../lib/jobs/fold-joined.ts';
import { joinDue } from '../../lib/jobs/join-due.ts';
import { openReplay, REPLAY_AFTER_MS, replayStep } from '../../lib/jobs/replay.ts';
import { serviceName } from '../../lib/model/service.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../lib/model/units.ts';
import { ledger } from '../../lib/records/ledger.ts';
import { NOON } from '../jobs/facts.ts';
import { message, rawObject, uploadOf, type World, world } from '../jobs/world.ts';

const SHOP = serviceName({ name: 'shop' });
const idOf = (n: number) => n.toString(16).padStart(16, '0');

/** One span of a trace; the first is its local root. */
const span = (trace: number, id: number, at: number) => ({
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
      scopeSpans: [
        {
          spans: [
            {
              traceId: trace.toString(16).padStart(32, '0'),
              spanId: idOf(trace * 100 + id),
              ...(id > 0 && { parentSpanId: idOf(trace * 100) }),
              kind: id === 0 ? 2 : 1,
              name: id === 0 ? 'GET /orders/:id' : `work ${id}`,
              startTimeUnixNano: String((at - 50 + id) * 1e6),
              endTimeUnixNano: String(at * 1e6),
            },
          ],
        },
      ],
    },
  ],
});
const rethrow = (error: unknown) => {
  throw error;
};

async function arrive(place: World, json: unknown) {
  const upload = await uploadOf(json, { route: 'otlp-traces', receivedAt: place.clock.time });
  await analyze(place.context, [message(await rawObject(place, [upload]))]);
}
/** Traces, and how many spans they have, as the joined state tells. */
async function told({ context }: World, generation?: number) {
  const range = { project: 'default', service: SHOP, from: NOON - DAY_MS, to: NOON + DAY_MS };
  const query = generation === undefined ? range : { ...range, generation };
  let [requests, spans] = [0, 0];
  for (const { state } of await context.reader.range('spans', query)) {
    for (const unit of state.units.values()) {
      requests += unit.requests;
      for (const group of unit.groups.values()) spans += group.requests;
    }
  }
  return { requests, spans };
}

it('a replay joins again what live analysis joined, beside live joins, and counts each trace once', async () => {
  const place = await world();
  const sendTrace = async (trace: number) => {
    for (const id of [1, 0, 2]) {
      await arrive(place, span(trace, id, place.clock.time - 1000));
      place.clock.time += 40_000;
    }
  };
  for (let trace = 1; trace <= 3; trace += 1) await sendTrace(trace);
  place.clock.time += 10 * MINUTE_MS;
  await joinDue(place.context, foldJoined, rethrow);
  const before = await told(place);
  expect(before.requests).toBe(3);
  await openReplay(place.context, 'default');
  await sendTrace(4); // both joins see it
  place.clock.time += REPLAY_AFTER_MS;
  for (let step = 0; ; step += 1) {
    const done = await replayStep(place.context, 'default');
    if (step === 2) {
      place.clock.time += 10 * MINUTE_MS;
      await joinDue(place.context, foldJoined, rethrow);
    }
    if (done === 'flipped') break;
    expect(step).toBeLessThan(200);
  }
  expect((await told(place, 1)).requests).toBe(4);
  expect(await told(place)).toEqual({ requests: 4, spans: (before.spans / 3) * 4 });
  place.clock.time += HOUR_MS;
  await joinDue(place.context, foldJoined, rethrow);
  expect((await told(place)).requests).toBe(4);
});

it('a replay joins what is older than its ledger records, where retention was raised since', async () => {
  const place = await world();
  for (const id of [0, 1, 2]) await arrive(place, span(1, id, place.clock.time - 1000));
  place.clock.time += 10 * MINUTE_MS;
  await joinDue(place.context, foldJoined, rethrow);
  const before = await told(place);
  expect(before).toMatchObject({ requests: 1 });
  place.clock.time += 33 * DAY_MS; // the records lived for 31
  const raised = { ...place.context, ledger: ledger(place.records, 60) };
  await openReplay(raised, 'default');
  place.clock.time += REPLAY_AFTER_MS;
  while ((await replayStep(raised, 'default')) !== 'flipped');
  expect(await told(place)).toEqual(before);
});

it('a replay leaves an upload that came twice, and that live analysis has yet to take, to live analysis', async () => {
  const place = await world();
  const trace = span(1, 0, NOON - 1000);
  const raw: string[] = [];
  for (let copy = 0; copy < 2; copy += 1) {
    const upload = await uploadOf(trace, { route: 'otlp-traces', receivedAt: place.clock.time });
    raw.push(await rawObject(place, [upload])); // its event waits in the queue
    place.clock.time += 10 * MINUTE_MS;
  }
  await openReplay(place.context, 'default');
  place.clock.time += REPLAY_AFTER_MS;
  while ((await replayStep(place.context, 'default')) === 'folded') {
    const { building } = await place.context.generations.read('default');
    if (building !== null && building.foldedTo >= building.rawTo) break; // all is folded, and not flipped yet
  }
  // Nobody knows yet which of its copies counts: two minutes of the replay would each have joined one.
  expect((await told(place, 1)).requests).toBe(0);
  for (const event of raw) await analyze(place.context, [message(event)]);
  place.clock.time += 10 * MINUTE_MS;
  await joinDue(place.context, foldJoined, rethrow);
  expect(await replayStep(place.context, 'default')).toBe('flipped');
  expect((await told(place, 1)).requests).toBe(1);
  place.clock.time += HOUR_MS;
  await joinDue(place.context, foldJoined, rethrow);
  expect((await told(place)).requests).toBe(1);
});

it('a replay joins an upload that came twice, whichever copy it reads last', async () => {
  const place = await world();
  const copy = (receivedAt: number) =>
    uploadOf(span(1, 0, NOON - 1000), { route: 'otlp-traces', receivedAt });
  const both = [await copy(NOON), await copy(NOON + 5 * MINUTE_MS)];
  await analyze(place.context, [message(await rawObject(place, both))]);
  place.clock.time += 30 * MINUTE_MS;
  await joinDue(place.context, foldJoined, rethrow);
  expect((await told(place)).requests).toBe(1);
  await openReplay(place.context, 'default');
  place.clock.time += REPLAY_AFTER_MS;
  while ((await replayStep(place.context, 'default')) !== 'flipped');
  expect((await told(place, 1)).requests).toBe(1);
});

it('a replay leaves minutes under way to live analysis, whose later uploads count with them', async () => {
  const place = await world();
  const { time: minute } = place.clock;
  await arrive(place, span(1, 0, minute - 1000));
  const late = await uploadOf(span(2, 0, minute - 1000), { route: 'otlp-traces', receivedAt: minute + 1000 });
  const lagging = await rawObject(place, [late]);
  await openReplay(place.context, 'default');
  place.clock.time += REPLAY_AFTER_MS;
  while ((await replayStep(place.context, 'default')) !== 'flipped');
  await analyze(place.context, [message(lagging)]);
  place.clock.time += 10 * MINUTE_MS;
  await joinDue(place.context, foldJoined, rethrow);
  expect((await told(place)).requests).toBe(2);
});

it('a replay gives up a minute whose joins end the process, tells of it, and joins the others', async () => {
  const place = await world();
  await arrive(place, span(1, 0, place.clock.time - 1000));
  place.clock.time += 45 * MINUTE_MS; // too far away to bear witness
  await arrive(place, span(2, 0, place.clock.time - 1000));
  place.clock.time += 10 * MINUTE_MS;
  await joinDue(place.context, foldJoined, rethrow);
  expect((await told(place)).requests).toBe(2);
  await openReplay(place.context, 'default');
  place.clock.time += REPLAY_AFTER_MS;
  const first = `/${new Date(NOON).toISOString().slice(0, 16).replace(':', '.')}/`;
  let deaths = 0;
  let reasons: Readonly<Record<string, number>> = {};
  for (let turn = 0; ; turn += 1) {
    expect(turn).toBeLessThan(100);
    const step = await Promise.race(
      stepOrDeath(place, (key) => key.startsWith('pieces/g') && key.includes(first)),
    );
    if (step === 'flipped') break;
    if (step === 'died') {
      deaths += 1;
      place.clock.time += 5 * MINUTE_MS; // its claim
    }
    reasons = (await place.context.generations.read('default')).building?.reasons ?? reasons;
  }
  expect(deaths).toBe(5);
  expect(reasons).toEqual({ 'Join: given up after 5 tries that came to no end': 1 });
  expect((await told(place, 1)).requests).toBe(1);
});

/** A step of a process that ends, without a word, when it reads such an object. */
function stepOrDeath({ context }: World, isDeadly: (key: string) => boolean) {
  let die: (died: 'died') => void;
  const death = new Promise<'died'>((resolve) => {
    die = resolve;
  });
  const get: typeof context.objects.get = (key, range) => {
    if (!isDeadly(key)) return context.objects.get(key, range);
    die('died');
    return new Promise(() => undefined);
  };
  return [replayStep({ ...context, objects: { ...context.objects, get } }, 'default'), death] as const;
}
