// Whose work the samples of a continuous profiler were: the parts by hand, and the whole way from real envelopes to the graph.
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { seriesIn } from '../../lib/flame/series.ts';
import { sumOfKey } from '../../lib/flame/state.ts';
import { sumOf } from '../../lib/flame/values.ts';
import type { ApiFlamegraph, ApiProfileType } from '../../lib/http/flame-schemas.ts';
import { analyze } from '../../lib/jobs/analyze.ts';
import { foldJoined } from '../../lib/jobs/fold-joined.ts';
import { joinDue } from '../../lib/jobs/join-due.ts';
import { openReplay, REPLAY_AFTER_MS, replayStep } from '../../lib/jobs/replay.ts';
import { END_OF_TIME } from '../../lib/model/partition.ts';
import type { Profile } from '../../lib/model/profile.ts';
import { serviceName } from '../../lib/model/service.ts';
import type { Trace } from '../../lib/model/trace.ts';
import { HOUR_MS, MINUTE_MS } from '../../lib/model/units.ts';
import { flameKind } from '../../lib/segments/kinds/flame.ts';
import { workOfChunks } from '../../lib/traces/chunk-work.ts';
import { message, rawObject, uploadOf, world } from '../jobs/world.ts';
import { postEnvelopes } from '../support/post-envelope.ts';
import type { Product } from '../support/product.ts';
import { capturedEnvelopes, capturedRequests, plainBody } from './captures.ts';
import { join, productOpener } from './products.ts';
import { profileOf } from './profile-picture.ts';
import { traceOf } from './trace-picture.ts';

const SHOP = serviceName({ name: 'shop' });
/** Who sent the real chunks, and when. */
const SERVICE = serviceName({ environment: 'production', name: 'default' });
const RECORDED = Date.parse('2026-11-22T10:31:00Z');
const profile = { eventId: '', profilerId: 'p' };

/** Samples of 10 ms each, as decoded chunks have them. */
function chunkOf(picture: string) {
  const drawn = profileOf(picture);
  const { samples } = drawn;
  const chunk: Profile = {
    ...drawn,
    samples: { ...samples, values: [new Float64Array(samples.stack.length).fill(10e6)] },
  };
  return { profile: chunk, ...profile, activeThreadId: '', threadIds: ['1'] };
}

/** `GET /a work 30`, milliseconds by unit and leaf; those of no unit have none before. */
const moved = (picture: string, traces: readonly Trace[], asked?: number) =>
  movedOf(chunkOf(picture), traces, asked);

function movedOf(chunk: ReturnType<typeof chunkOf>, traces: readonly Trace[], asked = traces.length) {
  const input = { traces, profiles: [chunk], isAsked: (index: number) => index < asked };
  const found = workOfChunks(input, () => SHOP).get(chunk.profile);
  if (found === undefined) return [];
  const { stacks, frames, samples, units } = found;
  return Array.from(samples.stack, (node, i) => {
    const leaf = frames.strings[frames.name[stacks.frame[node]!]!]!;
    return `${units[samples.unit[i]!]?.name ?? '-'} ${leaf} ${Number(samples.values[0]![i]) / 1e6}`;
  }).sort();
}
const request = (name: string, from: number, to: number, more: Partial<Trace> = {}) =>
  traceOf(`GET ${name} | ${from}-${to}`, { profile, ...more });

describe('workOfChunks()', () => {
  const PICTURE = `
    0-100: main > idle
    100-140: main > view > work
    140-200: main > idle
  `;

  it('takes the samples of a request from no unit, and gives them to its own', () => {
    expect(moved(PICTURE, [request('/a', 100, 160)])).toEqual([
      '- idle -20',
      '- work -40',
      'GET /a idle 20',
      'GET /a work 40',
    ]);
  });

  it('lets a sample stand no longer than a period after the request, whatever comes then', () => {
    const chunk = chunkOf(PICTURE);
    chunk.profile.samples.values[0]![13] = 900e6; // the last of `work`, at 135 ms
    expect(movedOf(chunk, [request('/a', 100, 138)])).toEqual(['- work -43', 'GET /a work 43']);
  });

  it.each([
    ['of another profiler', request('/a', 100, 160, { profile: { eventId: '', profilerId: 'q' } })],
    ['of another service', request('/a', 100, 160, { service: serviceName({ name: 'mill' }) })],
    ['that ran at another time', request('/a', 300, 400)],
  ])('moves nothing for a request %s', (_, trace) => {
    expect(moved(PICTURE, [trace])).toEqual([]);
  });

  it('divides a sample among requests at once, and moves what was asked for alone', () => {
    const both = [request('/a', 100, 140), request('/b', 100, 140)];
    expect(moved(PICTURE, both)).toEqual(['- work -20', '- work -20', 'GET /a work 20', 'GET /b work 20']);
    expect(moved(PICTURE, both, 1)).toEqual(['- work -20', 'GET /a work 20']);
  });

  it('gives a sample to the request whose function runs in it', () => {
    const picture = '0-200: main > view > wait\n200-400: main > other > compute';
    const traces = [request('/a', 0, 300), request('/b', 200, 400)];
    expect(moved(picture, traces)).toEqual([
      '- compute -200',
      '- wait -200',
      'GET /a wait 200',
      'GET /b compute 200',
    ]);
  });

  it('adds up to nothing, and gives no unit what the chunk does not have, whatever runs at once', () => {
    const span = fc.record({ unit: fc.constantFrom('/a', '/b', '/c'), from: fc.nat(250), ms: fc.nat(120) });
    fc.assert(
      fc.property(fc.array(span, { maxLength: 12 }), fc.nat(12), (spans, asked) => {
        const chunk = chunkOf(PICTURE);
        const traces = spans.map(({ unit, from, ms }) => request(unit, from, from + ms));
        const input = { traces, profiles: [chunk], isAsked: (index: number) => index < asked };
        const found = workOfChunks(input, () => SHOP).get(chunk.profile);
        if (found === undefined) return;
        const left = new Map<number, number>();
        const { samples } = chunk.profile;
        for (const stack of samples.stack) left.set(stack, (left.get(stack) ?? 0) + 10e6);
        let sum = 0;
        for (const [i, stack] of found.samples.stack.entries()) {
          const value = Number(found.samples.values[0]![i]);
          sum += value;
          if (found.samples.unit[i] === -1) left.set(stack, left.get(stack)! + value);
          else expect(value).toBeGreaterThan(0);
        }
        expect(sum).toBe(0);
        expect(Math.min(...left.values())).toBeGreaterThanOrEqual(0);
      }),
      { seed: 20_310_510, numRuns: 200 },
    );
  });

  it('counts a long request on a thread of many from when it is known what else ran', () => {
    const MINUTES = '0-300000: main > work';
    const long = request('/ws', 0, 300_000);
    expect(moved(MINUTES, [long])).toEqual(['- work -300000', 'GET /ws work 300000']);
    expect(moved(MINUTES, [long, request('/a', 280_000, 290_000)], 1)).toEqual([
      '- work -20000',
      'GET /ws work 20000',
    ]);
    // One after the other, as on a thread of a pool.
    const job = request('/job', 10_000, 290_000);
    expect(moved(MINUTES, [job, request('/a', 0, 10_000), request('/a', 290_000, 300_000)], 1)).toEqual([
      '- work -280000',
      'GET /job work 280000',
    ]);
  });

  it('does not ask for whom a thread works that has hundreds of requests at once', () => {
    const crowd = Array.from({ length: 201 }, () => request('/a', 100, 140));
    expect(moved(PICTURE, crowd)).toEqual([]);
    expect(moved(PICTURE, [...crowd, request('/a', 150, 160)])).toEqual(['- idle -10', 'GET /a idle 10']);
  });
});

describe('chunks of a real continuous profiler, joined', () => {
  const RANGE = `from=${RECORDED - HOUR_MS}&to=${RECORDED + HOUR_MS}&type=wall`;
  const productAt = productOpener();
  let product: Product;
  let before: ApiFlamegraph;
  const graph = (query = '') =>
    product.get<ApiFlamegraph>(`/services/${encodeURIComponent(SERVICE)}/flamegraph?${RANGE}${query}`);
  beforeAll(async () => {
    product = await productAt(RECORDED);
    await postEnvelopes(product, capturedEnvelopes('sentry-blocked-by'));
    before = await graph();
    await join(product);
  });

  it('have their units, and the whole of the service is as it was', async () => {
    const { items } = await product.get<{ items: ApiProfileType[] }>(
      `/services/${encodeURIComponent(SERVICE)}/profiles?${RANGE}`,
    );
    expect(items[0]!.units.map(({ name }) => name).sort()).toEqual(['GET /order', 'GET /report']);
    const { total, profiles, top, flamebearer } = await graph();
    expect({ total, profiles, top }).toEqual({
      total: before.total,
      profiles: before.profiles,
      top: before.top,
    });
    expect(flamebearer).toEqual(before.flamebearer);
  });

  it('tell what each unit ran to 5 % of what the program computed, and not what others ran meanwhile', async () => {
    const report = await graph('&unit=http%20GET%20%2Freport');
    // 15 requests that compute for 200 ms each: `sentry-blocked-by.py`.
    expect(Math.abs(Number(report.total) / 3e9 - 1)).toBeLessThan(0.05);
    expect(nameOf(report)).toContain('compile_report');
    const order = await graph('&unit=http%20GET%20%2Forder');
    expect(Number(order.total)).toBeGreaterThan(0.5e9);
    expect(nameOf(order)).not.toContain('compile_report');
  });
});

describe('a replay', () => {
  it('divides chunks as live joins did', async () => {
    const here = await world();
    here.clock.time = RECORDED;
    for (const request of capturedRequests('sentry-blocked-by')) {
      const body = new TextDecoder().decode(plainBody(request));
      const upload = await uploadOf(body, { route: 'sentry-envelope', receivedAt: RECORDED });
      await analyze(here.context, [message(await rawObject(here, [upload]))]);
    }
    here.clock.time += 10 * MINUTE_MS;
    await joinDue(here.context, foldJoined, (error) => {
      throw error;
    });
    const stateOf = async (generation: number) => {
      const query = {
        project: 'default',
        service: SERVICE,
        from: RECORDED - HOUR_MS,
        to: RECORDED + HOUR_MS,
      };
      const parts = await here.context.reader.range('flame', { ...query, generation });
      return parts.map(({ state }) => state).reduce(flameKind.merge, flameKind.empty());
    };
    const live = await stateOf(0);
    const [wall] = seriesIn([live]);
    expect(wall?.works).toEqual(['', 'http GET /order', 'http GET /report']);
    await openReplay(here.context, 'default');
    for (let step = 0, done = ''; done !== 'flipped'; step += 1) {
      expect(step).toBeLessThan(500);
      done = await replayStep(here.context, 'default');
      if (done === 'waiting') here.clock.time += REPLAY_AFTER_MS;
    }
    expect(flameKind.encode(await stateOf(1))).toEqual(flameKind.encode(live));
  });
});

const PROFILER = 'b'.repeat(32);
const AT = RECORDED / 1000;
const envelope = (sentAt: number, ...items: readonly object[]) =>
  [{ sent_at: new Date(sentAt * 1000).toISOString() }, ...items]
    .map((part) => JSON.stringify(part))
    .join('\n');
/** An event of a second. */
const transaction = (name: string, id: string, end: number) => [
  { type: 'transaction' },
  {
    type: 'transaction',
    environment: 'production',
    transaction: name,
    transaction_info: { source: 'route' },
    start_timestamp: end - 1,
    timestamp: end,
    contexts: {
      trace: { trace_id: id.repeat(32), span_id: id.repeat(16), op: 'http.server', data: {} },
      profile: { profiler_id: PROFILER },
    },
  },
];
const sampledAt = (...times: readonly number[]) => [
  { type: 'profile_chunk' },
  {
    version: '2',
    environment: 'production',
    profiler_id: PROFILER,
    chunk_id: 'd'.repeat(32),
    profile: {
      samples: times.map((timestamp) => ({ stack_id: 0, thread_id: '1', timestamp })),
      stacks: [[0]],
      frames: [{ function: 'render' }],
      thread_metadata: {},
    },
  },
];

/** Joins envelopes that came at once, and tells traces and values by unit. */
async function joined(...envelopes: readonly string[]) {
  const here = await world();
  here.clock.time = RECORDED;
  for (const body of envelopes) {
    const upload = await uploadOf(body, { route: 'sentry-envelope', receivedAt: RECORDED });
    await analyze(here.context, [message(await rawObject(here, [upload]))]);
  }
  here.clock.time += 10 * MINUTE_MS;
  await joinDue(here.context, foldJoined, (error) => {
    throw error;
  });
  const range = { project: 'default', service: SERVICE, from: 0, to: END_OF_TIME };
  const spans = await here.context.reader.range('spans', range);
  const flames = await here.context.reader.range('flame', range);
  return {
    traces: spans.flatMap(({ state }) => [...state.units.keys()]).length,
    ms: flames
      .flatMap(({ state }) => [...state.sums])
      .map(([key, { values }]) => [sumOfKey(key).work, Number(sumOf(values)) / 1e6]),
  };
}

describe('chunks that', () => {
  it.each([
    ['today', AT + 6 * 3600],
    ['in a hundred years', AT + 36_525 * 86_400],
    ['beyond all dates', 1e300],
  ])('end later than is accepted count for no unit, as they count for no service: %s', async (_, last) => {
    const order = transaction('GET /order', 'a', AT - 1);
    expect(await joined(envelope(AT, ...order, ...sampledAt(AT - 1.5, AT - 1.4, last)))).toEqual({
      traces: 1,
      ms: [],
    });
  });

  it('come of a process whose clock is off are divided among its requests, by however much each is corrected', async () => {
    const off = 600; // seconds, and a moment on the way
    const order = envelope(AT + off, ...transaction('GET /order', 'a', AT + off - 1));
    const report = envelope(AT + off - 1, ...transaction('GET /report', 'e', AT + off - 1));
    const times = Array.from({ length: 11 }, (_, n) => AT + off - 2 + n / 10);
    const { traces, ms } = await joined(order, report, envelope(AT + off, ...sampledAt(...times)));
    expect(traces).toBe(2);
    expect(Object.fromEntries(ms)).toEqual({ '': 0, 'http GET /order': 500, 'http GET /report': 500 });
  });
});

const nameOf = ({ top }: ApiFlamegraph) => top.map(({ name }) => name);
