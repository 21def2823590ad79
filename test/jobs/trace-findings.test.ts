// What a scan tells of traces: from sections that joins leave, to findings and back to nothing.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { transactionEvent } from '../../lib/formats/sentry/index.ts';
import { commitUploads } from '../../lib/jobs/commit-uploads.ts';
import { fold } from '../../lib/jobs/fold.ts';
import { scanTraces } from '../../lib/jobs/scan-traces.ts';
import { uploadId } from '../../lib/model/ids.ts';
import { partitionStart } from '../../lib/model/partition.ts';
import { serviceName } from '../../lib/model/service.ts';
import type { Trace } from '../../lib/model/trace.ts';
import { OTHER_UNITS } from '../../lib/model/unit-of-work.ts';
import { HOUR_MS, MINUTE_MS } from '../../lib/model/units.ts';
import { noteService } from '../../lib/records/services.ts';
import { setAside } from '../../lib/records/set-aside.ts';
import { foldTraces } from '../../lib/traces/fold.ts';
import type { TraceProfile } from '../../lib/traces/sampled.ts';
import { spanOf, traceOf } from '../traces/nesting-draw.ts';
import { profileOf } from '../traces/profile-picture.ts';
import { traceOf as pictured } from '../traces/trace-picture.ts';
import { type World, world } from './world.ts';

const SHOP = serviceName({ name: 'shop' });
let ids = 0;

/** Moves traces so that the last of them ends a minute ago, as a join would find them. */
async function joined(place: World, traces: readonly Trace[], profiles: readonly TraceProfile[] = []) {
  const { context, clock } = place;
  const last = Math.max(...traces.map(({ root }) => root.end));
  const shiftMs = clock.time - MINUTE_MS - last / 1000;
  const placeOf = (time: number) => partitionStart(time + shiftMs);
  const parts = foldTraces({ traces, profiles }, placeOf).map(({ service, start, state }) => ({
    partition: { project: 'default', service, start, generation: 0 },
    sections: { spans: state },
  }));
  ids += 1;
  const id = uploadId(ids.toString(16).padStart(32, '0'));
  await commitUploads(context, [{ uploadId: id, parts }], clock.time);
  await noted(place);
}
const noted = ({ context, clock }: World) =>
  noteService(context.records, 'default', {
    service: SHOP,
    firstSeen: clock.time,
    lastSeen: clock.time,
    firstData: clock.time,
    lastData: clock.time,
    signals: { traces: clock.time },
    versions: {},
  });

const findingsOf = async ({ context }: World, kind: string) =>
  (await context.findings.list('default')).filter((one) => one.kind === kind);
const scan = ({ context }: World) => scanTraces(context, 'default', SHOP);

function recorded(name: string, count: number): Trace[] {
  const file = new URL(`../fixtures/nesting/${name}.jsonl.gz`, import.meta.url);
  return gunzipSync(readFileSync(file))
    .toString()
    .trim()
    .split('\n')
    .slice(0, count)
    .map((line) => ({ ...transactionEvent(JSON.parse(line), () => undefined)!, service: SHOP }));
}

describe('nesting', () => {
  it('is told once for the service, with the lines to paste, and ends with right traces', async () => {
    const place = await world();
    await joined(place, recorded('sentry-web-early', 40));
    await scan(place);
    const [finding] = await findingsOf(place, 'nesting');
    expect(finding).toMatchObject({ state: 'firing', notice: { firing: { due: true } } });
    expect(finding!.title).toBe('shop: spans hang off the wrong parents');
    expect(finding!.evidence.role).toBeNull();
    expect(finding!.evidence.traces).toMatchObject({
      requests: 40,
      cause: expect.stringMatching(/^integration-/),
      fix: expect.stringContaining('enable_asyncio_integration()'),
    });
    expect(finding!.evidence.traces!.examples.length).toBeGreaterThan(0);
    await scan(place);
    expect(await findingsOf(place, 'nesting')).toEqual([finding]);

    place.clock.time += 2 * HOUR_MS;
    await joined(place, recorded('sentry-random-late', 40));
    await scan(place);
    expect((await findingsOf(place, 'nesting')).map(({ state, title }) => [state, title])).toEqual([
      ['resolved', 'shop: spans hang off their right parents again'],
    ]);
  });

  it('is not told of a service whose tasks have scopes of their own', async () => {
    const place = await world();
    await joined(place, recorded('sentry-random-late', 60));
    await scan(place);
    expect(await place.context.findings.list('default')).toEqual([]);
  });
});

const request = (n: number, version: string, ms: number, failed = false): Trace => {
  const start = 1_795_248_586_000_000 + n * 1_000_000;
  return traceOf([], {
    traceId: n.toString(16).padStart(32, '0'),
    root: spanOf({
      ...{ spanId: n.toString(16).padStart(16, '0'), parentSpanId: '', op: 'http.server' },
      ...{ start, end: start + ms * 1000 },
    }),
    unit: { kind: 'http', name: 'GET /orders' },
    failed,
    version,
    service: SHOP,
  });
};

/** As analysis folds them at once: counts and durations. */
async function counted(place: World, traces: readonly Trace[]) {
  const { clock, context } = place;
  const last = Math.max(...traces.map(({ root }) => root.end)) / 1000;
  const versions = Map.groupBy(traces, ({ version }) => version);
  ids += 1;
  const uploadId_ = uploadId(ids.toString(16).padStart(32, '0'));
  const { parts } = fold({
    project: 'default',
    uploadId: uploadId_,
    from: 0,
    to: Number.MAX_SAFE_INTEGER,
    facts: {
      reports: [...versions].map(([version, list]) => ({
        service: SHOP,
        instance: { key: 'a', source: 'host.name', version, joins: {} },
        levels: [],
        counts: [],
        work: list.map(({ unit, root, traceId, failed }) => ({
          unit,
          status: failed ? '5xx' : '2xx',
          failed,
          start: root.start / 1000 + clock.time - MINUTE_MS - last,
          durationUs: root.end - root.start,
          weight: undefined,
          traceId,
          spanId: root.spanId,
        })),
      })),
      machines: [],
      unused: new Map(),
      dropped: new Map(),
      earliest: undefined,
      latest: undefined,
      points: 0,
      spans: traces.length,
    },
  });
  const placed = parts.map(({ partition, sections }) => ({
    partition: { ...partition, generation: 0 },
    sections,
  }));
  await commitUploads(context, [{ uploadId: uploadId_, parts: placed }], clock.time);
  await noted(place);
}
/** 60 requests a version, one a second, with a spread of 40 %. */
const release = (from: number, version: string, ms: number, failing = 0) =>
  Array.from({ length: 60 }, (_, i) =>
    request(from + i, version, ms * (0.8 + (((i * 37) % 60) / 60) * 0.4), i < failing),
  );

describe('latency', () => {
  it('tells of a release that made a unit slower, and shows one that made it faster', async () => {
    const place = await world();
    await counted(place, release(0, '1.4.2', 100));
    place.clock.time += 20 * MINUTE_MS;
    await counted(place, release(1000, '1.4.3', 190));
    await scan(place);
    const [slower] = await findingsOf(place, 'latency');
    expect(slower).toMatchObject({ state: 'firing', notice: { firing: { due: true } } });
    expect(slower!.summary).toMatch(/^`GET \/orders` of shop: p95 rose by 9\d % with release 1\.4\.3: /);
    expect(slower!.evidence.traces!.shift).toMatchObject({ before: '1.4.2', after: '1.4.3' });

    // Another release that is as slow ends nothing.
    place.clock.time += 20 * MINUTE_MS;
    await counted(place, release(1500, '1.4.3-1', 190));
    await scan(place);
    expect(await findingsOf(place, 'latency')).toEqual([slower]);

    place.clock.time += 20 * MINUTE_MS;
    await counted(place, release(2000, '1.4.4', 100));
    await scan(place);
    const found = await findingsOf(place, 'latency');
    expect(found.map(({ state, notice }) => [state, notice.firing.due]).sort()).toEqual([
      ['firing', false],
      ['resolved', false],
    ]);
    expect(found.find(({ state }) => state === 'firing')!.summary).toMatch(
      /p95 fell by 4\d % with release 1\.4\.4/,
    );
  });

  it('compares no units that are more than are kept apart: what they are changes with every partition', async () => {
    const place = await world();
    const others = (from: number, version: string, ms: number) =>
      release(from, version, ms).map((one) => ({ ...one, unit: OTHER_UNITS }));
    await counted(place, others(0, '1.4.2', 100));
    place.clock.time += 20 * MINUTE_MS;
    await counted(place, others(1000, '1.4.3', 190));
    await scan(place);
    expect(await findingsOf(place, 'latency')).toEqual([]);
  });

  it('blames no release for what came hours after it', async () => {
    const place = await world();
    const day = [
      ...Array.from({ length: 3 }, () => ['1.4.2', 100] as const),
      ...Array.from({ length: 6 }, () => ['1.4.3', 100] as const),
      ...Array.from({ length: 6 }, () => ['1.4.3', 190] as const),
    ];
    let slowSince = 0;
    for (const [i, [version, ms]] of day.entries()) {
      place.clock.time += HOUR_MS;
      if (i === 9) slowSince = place.clock.time;
      await counted(place, release(1000 * i, version, ms));
    }
    await scan(place);
    const [slower, ...others] = await findingsOf(place, 'latency');
    expect(others).toEqual([]);
    expect(slower!.summary).toMatch(/^`GET \/orders` of shop: p95 rose by 9\d %: /);
    expect(slower!.evidence.traces!.shift).toMatchObject({ before: '', after: '' });
    expect(Math.abs(slower!.since - slowSince)).toBeLessThan(20 * MINUTE_MS);
  });

  it('tells nothing of a release that changed nothing, nor of a handful of requests', async () => {
    const place = await world();
    await counted(place, release(0, '1.4.2', 100));
    place.clock.time += 20 * MINUTE_MS;
    await counted(place, release(1000, '1.4.3', 104));
    place.clock.time += 20 * MINUTE_MS;
    await counted(place, release(2000, '1.4.4', 400).slice(0, 10));
    await scan(place);
    expect(await place.context.findings.list('default')).toEqual([]);
  });

  it('tells of a release that fails more often', async () => {
    const place = await world();
    await counted(place, release(0, '1.4.2', 100, 1));
    place.clock.time += 20 * MINUTE_MS;
    await counted(place, release(1000, '1.4.3', 100, 24));
    await scan(place);
    const [finding] = await findingsOf(place, 'failures');
    expect(finding!.summary).toBe(
      '`GET /orders` of shop fails in 40 % of its requests since release 1.4.3, 1.7 % before.',
    );
  });
});

describe('patterns', () => {
  const wasteful = (n: number): Trace => {
    const one = request(n, '1', 200);
    const queries = Array.from({ length: 8 }, (_, i) =>
      spanOf({
        ...{ spanId: `${n}-${i}`, parentSpanId: one.root.spanId, op: 'db' },
        ...{ description: `SELECT * FROM item WHERE id = ${i}`, start: one.root.start + i * 20_000 },
        end: one.root.start + i * 20_000 + 12_000,
      }),
    );
    return { ...one, spans: queries };
  };

  it('that many requests show are findings that nobody is told of, until they are ignored', async () => {
    const place = await world();
    await joined(
      place,
      Array.from({ length: 20 }, (_, n) => wasteful(n)),
    );
    await scan(place);
    const [finding] = await findingsOf(place, 'pattern');
    expect(finding).toMatchObject({ state: 'firing', notice: { firing: { due: false } } });
    expect(finding!.summary).toContain('100 % of the requests of `GET /orders` show one query for each row');
    const key = JSON.stringify(['n-plus-one-db', 'SELECT * FROM item WHERE id = ?']);
    await setAside(place.context.records, 'default', SHOP, {
      ...{ kind: 'pattern', unit: 'http GET /orders', subject: key },
      ...{ at: place.clock.time, reason: 'known' },
    });
    await scan(place);
    expect((await findingsOf(place, 'pattern')).map(({ state }) => state)).toEqual(['resolved']);
  });
});

describe('the event loop', () => {
  it('that one unit holds while others wait is a finding about that unit', async () => {
    const place = await world();
    const loop = 'serve > run@asyncio/base_events.py';
    const drawn = Array.from({ length: 12 }, (_, n) => {
      const from = n * 2000;
      const span = (ms: number) => from + ms;
      const named = (name: string, id: string, start: number, end: number) =>
        pictured(`GET ${name} | ${span(start)}-${span(end)}\n  db q | ${span(start)}-${span(start)}`, {
          traceId: `${id}${n}`.padStart(32, '0'),
          profile: { eventId: `${id}${n}`, profilerId: '' },
          service: SHOP,
        });
      const profile = (id: string, picture: string): TraceProfile => ({
        ...{ profile: profileOf(picture), eventId: `${id}${n}`, profilerId: '' },
        ...{ activeThreadId: '1', threadIds: ['1'] },
      });
      const busy = `${span(0)}-${span(200)}: ${loop} > report`;
      const waited = `
        ${span(100)}-${span(200)}: ${loop} > report
        ${span(200)}-${span(400)}: ${loop} > select@selectors.py
        ${span(400)}-${span(420)}: ${loop} > order
      `;
      const alone = `${span(1000)}-${span(1060)}: ${loop} > order`;
      return {
        traces: [
          named('/report', 'a', 0, 200),
          named('/order', 'b', 100, 420),
          named('/order', 'c', 1000, 1060),
        ],
        profiles: [profile('a', busy), profile('b', waited), profile('c', alone)],
      };
    });
    await joined(
      place,
      drawn.flatMap(({ traces }) => traces),
      drawn.flatMap(({ profiles }) => profiles),
    );
    await scan(place);
    const [finding, ...others] = await findingsOf(place, 'blocked-loop');
    expect(others).toEqual([]);
    expect(finding!.title).toBe('shop: GET /report holds the event loop');
    expect(finding!.summary).toMatch(
      /^`GET \/report` holds the event loop of shop: `GET \/order` waited 1200 ms of its 4560 ms/,
    );
    expect(finding!.evidence.traces).toMatchObject({
      unit: { name: 'GET /report' },
      ms: expect.closeTo(1200, -2),
    });
  });
});
