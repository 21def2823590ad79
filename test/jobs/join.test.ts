import { describe, expect, it } from 'vitest';
import { parseUpload } from '../../lib/formats/index.ts';
import { type FoldJoined, type Joined, joinMinute } from '../../lib/jobs/join.ts';
import { joinDue } from '../../lib/jobs/join-due.ts';
import { piecesWhere, windowAround } from '../../lib/jobs/join-window.ts';
import { writePieces } from '../../lib/jobs/pieces.ts';
import type { Upload } from '../../lib/jobs/raw-segment.ts';
import { MIB, MINUTE_MS } from '../../lib/model/units.ts';
import { headRecords } from '../../lib/records/heads.ts';
import { listJoins } from '../../lib/records/joins.ts';
import { ledger } from '../../lib/records/ledger.ts';
import { NOON, SHOP } from './facts.ts';
import { uploadOf, type World, world } from './world.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PROFILER = 'b'.repeat(32);
const idOf = (n: number) => n.toString(16).padStart(16, '0');

interface Drawn {
  readonly id: number;
  readonly parent?: number;
  readonly kind?: number;
  readonly trace?: string;
  readonly at?: number;
  readonly ms?: number;
}
/** An OTLP export of one process; kind 2 is a SERVER span, a local root. */
const otlp = (...spans: readonly Drawn[]) => otlpOf('', ...spans);
const otlpOf = (host: string, ...spans: readonly Drawn[]) => ({
  resourceSpans: [
    {
      resource: {
        attributes: [
          { key: 'service.name', value: { stringValue: 'shop' } },
          { key: 'host.name', value: { stringValue: host } },
        ],
      },
      scopeSpans: [
        {
          scope: { name: 'http' },
          spans: spans.map(({ id, parent, kind = 1, trace = TRACE, at = NOON - 1000, ms = 50 }) => ({
            traceId: trace,
            spanId: idOf(id),
            ...(parent !== undefined && { parentSpanId: idOf(parent) }),
            kind,
            name: kind === 2 ? 'GET /orders/:id' : 'work',
            startTimeUnixNano: String((at - ms) * 1e6),
            endTimeUnixNano: String(at * 1e6),
          })),
        },
      ],
    },
  ],
});
const envelope = (...items: readonly (readonly [string, object])[]) =>
  [{}, ...items.flatMap(([type, payload]) => [{ type }, payload])]
    .map((part) => JSON.stringify(part))
    .join('\n');
const transaction = {
  type: 'transaction',
  transaction: 'GET /orders/:id',
  transaction_info: { source: 'route' },
  start_timestamp: (NOON - 500) / 1000,
  timestamp: NOON / 1000,
  contexts: {
    trace: { trace_id: TRACE, span_id: idOf(7), op: 'http.server', data: {} },
    profile: { profiler_id: PROFILER },
  },
};
const chunk = {
  version: '2',
  profiler_id: PROFILER,
  chunk_id: 'c'.repeat(32),
  profile: {
    samples: [{ stack_id: 0, thread_id: '1', timestamp: (NOON - 400) / 1000 }],
    stacks: [[0]],
    frames: [{ function: 'render' }],
    thread_metadata: {},
  },
};
const segment = (id: number, changes: object = {}) => ({
  trace_id: TRACE,
  span_id: idOf(id),
  name: 'GET /orders/:id',
  start_timestamp: (NOON - 500) / 1000,
  end_timestamp: NOON / 1000,
  attributes: { 'sentry.segment.id': { type: 'string', value: idOf(1) } },
  ...changes,
});

/** What each fold was given; every trace adds one to its service under its root's name. */
function folder() {
  const seen: Joined[] = [];
  const fold: FoldJoined = (project, joined, placeOf) => {
    seen.push(joined);
    return joined.traces.map(({ service, root }) => ({
      partition: { project, service, start: placeOf(root.end / 1000) },
      sections: { instance: { instances: new Map(), unused: new Map([[`root ${root.spanId}`, 1]]) } },
    }));
  };
  return { seen, fold };
}
async function arrive(place: World, json: unknown, route: string, minutes: number): Promise<Upload> {
  const upload = await leavePieces(place, json, route, minutes);
  await record(place, upload);
  return upload;
}
/** As an analyzer that ends before it writes to the ledger. */
async function leavePieces(place: World, json: unknown, route: string, minutes: number): Promise<Upload> {
  const upload = await uploadOf(json, { route, receivedAt: NOON + minutes * MINUTE_MS });
  const pieces = parseUpload(upload).pieces?.() ?? [];
  await writePieces(place.context, 'live', [{ upload, pieces, shiftMs: 0 }]);
  return upload;
}
const FULL = 2 * MIB;
/** Objects of pieces of some other trace, in the half hour before noon. */
async function fillHalfHour({ context }: World, bytes: number, objects = 1) {
  const upload = await uploadOf({}, { receivedAt: NOON - 10 * MINUTE_MS });
  const facts = {
    form: 'sentry-chunk',
    key: 'other',
    process: '',
    roots: [],
    profiler: '',
    spans: 1,
  } as const;
  const piece = { ...facts, payload: new Uint8Array(bytes) };
  for (let i = 0; i < objects; i += 1)
    await writePieces(context, 'live', [{ upload, pieces: [piece], shiftMs: 0 }]);
}
const record = ({ context }: World, { id, receivedAt }: Upload) =>
  context.ledger.finish('default', {
    uploadId: id,
    rawKey: '',
    receivedAt,
    state: 'done',
    reason: null,
    dropped: {},
    finishedAt: receivedAt,
  });
const rethrow = (error: unknown) => {
  throw error;
};
const joinsOf = async ({ context }: World) =>
  listJoins(context.records, 'default', NOON - 60 * MINUTE_MS, NOON + 600 * MINUTE_MS);
async function rootsCounted({ context }: World) {
  const range = { project: 'default', service: SHOP, from: NOON - 60 * MINUTE_MS, to: NOON + MINUTE_MS };
  const counts = new Map<string, number>();
  for (const { state } of await context.reader.range('instance', range))
    for (const [name, count] of state.unused) counts.set(name, (counts.get(name) ?? 0) + count);
  return Object.fromEntries(counts);
}
async function joinAt(place: World, fold: FoldJoined, minutes: number) {
  place.clock.time = NOON + minutes * MINUTE_MS;
  return joinDue(place.context, fold, rethrow);
}

describe('joinDue()', () => {
  it('puts a trace together whose spans came in several uploads, before and after its root', async () => {
    const place = await world();
    const { seen, fold } = folder();
    await arrive(place, otlp({ id: 2, parent: 1 }), 'otlp-traces', 0);
    await arrive(place, otlp({ id: 1, kind: 2 }), 'otlp-traces', 1);
    await arrive(place, otlp({ id: 3, parent: 2 }), 'otlp-traces', 3);
    expect(await joinAt(place, fold, 3)).toBe(1); // the minute of the root has not ended long enough ago
    expect(seen).toEqual([]);
    expect(await joinAt(place, fold, 10)).toBe(2);
    expect(
      seen.map(({ traces }) => traces.map(({ root, spans }) => [root.spanId, spans.map((s) => s.spanId)])),
    ).toEqual([[[idOf(1), [idOf(2), idOf(3)]]]]);
    expect(await rootsCounted(place)).toEqual({ [`root ${idOf(1)}`]: 1 });
    expect(await joinsOf(place)).toMatchObject([
      { traces: 0, rootless: 0 },
      { traces: 1, rootless: 0 },
      { traces: 0, rootless: 0 },
    ]);
  });

  it('gives a root that came twice to its first minute, and each local root of a trace its own', async () => {
    const place = await world();
    const { seen, fold } = folder();
    await arrive(place, otlp({ id: 1, kind: 2 }, { id: 2, parent: 1 }), 'otlp-traces', 0);
    await arrive(place, otlp({ id: 1, kind: 2 }, { id: 3, parent: 1 }), 'otlp-traces', 1);
    await arrive(place, otlp({ id: 4, kind: 5, parent: 2 }), 'otlp-traces', 2);
    expect(await joinAt(place, fold, 10)).toBe(3);
    expect(seen.map(({ traces }) => traces.map(({ root }) => root.spanId))).toEqual([[idOf(1)], [idOf(4)]]);
    expect(seen[0]?.traces[0]?.spans.map(({ spanId }) => spanId)).toEqual([idOf(2), idOf(3)]);
    expect(await rootsCounted(place)).toEqual({ [`root ${idOf(1)}`]: 1, [`root ${idOf(4)}`]: 1 });
  });

  it.each([-1, 0, 1])(
    'finds the chunk of a continuous profile that came %i min from its transaction',
    async (minutes) => {
      const place = await world();
      const { seen, fold } = folder();
      await arrive(place, envelope(['transaction', transaction]), 'sentry-envelope', 0);
      await arrive(place, envelope(['profile_chunk', chunk]), 'sentry-envelope', minutes);
      await joinAt(place, fold, 10);
      expect(
        seen.map(({ traces, profiles }) => [traces.length, profiles.map((one) => one.profilerId)]),
      ).toEqual([[1, [PROFILER]]]);
    },
  );

  it('looks back for what a long request and its profiler sent before the window, and for nobody else', async () => {
    const place = await world();
    const { seen, fold } = folder();
    await fillHalfHour(place, FULL); // that what came before is read for no other reason
    const others = { ...chunk, profiler_id: 'd'.repeat(32) };
    await arrive(place, envelope(['profile_chunk', chunk]), 'sentry-envelope', -4);
    await arrive(place, envelope(['profile_chunk', others]), 'sentry-envelope', -4);
    await arrive(place, otlp({ id: 2, parent: 1, at: NOON - 4 * MINUTE_MS }), 'otlp-traces', -4);
    const started = (NOON - 5 * MINUTE_MS) / 1000;
    const task = { ...transaction, start_timestamp: started };
    await arrive(place, envelope(['transaction', task]), 'sentry-envelope', 0);
    const job = { kind: 5, at: NOON, ms: 5 * MINUTE_MS };
    await arrive(place, otlp({ id: 1, ...job }), 'otlp-traces', 0);
    const stranger = { ...job, id: 9, trace: 'e'.repeat(32) };
    await arrive(place, otlp({ ...stranger, ms: 50 }), 'otlp-traces', 0);
    await joinAt(place, fold, 10);
    expect(
      seen.map(({ traces, profiles }) => [
        traces.map(({ root, spans }) => [root.spanId, spans.map(({ spanId }) => spanId)]),
        profiles.map(({ profilerId }) => profilerId),
      ]),
    ).toEqual([
      [
        [
          [idOf(1), [idOf(2)]],
          [idOf(9), []],
          [idOf(7), []],
        ],
        [PROFILER],
      ],
    ]);
  });

  it.each([
    ['bears witness where it is little', 998, 10, 1],
    ['does not where it is many bytes', 1, FULL, 0],
    ['does not where it is many objects', 999, 10, 0],
  ])('what came in the half hour before %s', async (_, objects, bytes, witnesses) => {
    const place = await world();
    const { seen, fold } = folder();
    await arrive(place, otlp({ id: 5, kind: 2, trace: 'e'.repeat(32) }), 'otlp-traces', -20);
    await fillHalfHour(place, bytes, objects);
    await arrive(place, otlp({ id: 1, kind: 2 }), 'otlp-traces', 0);
    place.clock.time = NOON + 5 * MINUTE_MS;
    await joinMinute(place.context, fold, { project: 'default', space: 'live', minute: NOON });
    expect(seen.map((one) => one.witnesses.length)).toEqual([witnesses]);
  });

  it('joins streamed spans with their segment', async () => {
    const place = await world();
    const { seen, fold } = folder();
    await arrive(place, envelope(['span', { items: [segment(2), segment(3)] }]), 'sentry-envelope', 0);
    await arrive(
      place,
      envelope(['span', { items: [segment(1, { is_segment: true })] }]),
      'sentry-envelope',
      2,
    );
    await joinAt(place, fold, 10);
    expect(
      seen.map(({ traces }) => traces.map(({ root, spans }) => [root.spanId, spans.map((s) => s.spanId)])),
    ).toEqual([[[idOf(1), [idOf(2), idOf(3)]]]]);
  });

  it('keeps the traces of a process together where a minute is too much for one part', async () => {
    const place = await world();
    const { seen, fold } = folder();
    const hosts = ['a', 'b', 'c', 'd'];
    let bytes = 0;
    for (let n = 1; n <= 40; n += 1) {
      // One trace goes through two processes, and its child comes in another upload.
      const root = { id: n, kind: 2, trace: (n >> 1).toString(16).padStart(32, '1') };
      await arrive(place, otlpOf(hosts[n % 4]!, root), 'otlp-traces', 0);
      await arrive(
        place,
        otlpOf(hosts[n % 4]!, { ...root, id: n + 100, kind: 1, parent: n }),
        'otlp-traces',
        1,
      );
    }
    for (const [key, { body }] of place.objects.stored) if (key.startsWith('pieces/')) bytes += body.length;
    place.clock.time = NOON + 10 * MINUTE_MS;
    const joinIn = (partBytes: number) =>
      joinMinute(place.context, fold, { project: 'default', space: 'live', minute: NOON }, { partBytes });
    const record = await joinIn(bytes / 2.5);
    expect(record).toMatchObject({ traces: 40, rootless: 0 });
    expect(seen).toHaveLength(record!.cuts!.length + 1);
    expect(seen.length).toBeGreaterThan(1);
    const hostsOf = seen.map(({ traces }) => [...new Set(traces.map(({ host }) => host))]);
    expect(hostsOf.flat().sort()).toEqual(hosts);
    expect(seen.flatMap(({ traces }) => traces.map(({ spans }) => spans.length))).toEqual(
      Array.from({ length: 40 }, () => 1),
    );
  });

  it('leaves out what one trace of a process holds beyond the memory, and says so', async () => {
    const place = await world();
    const { seen, fold } = folder();
    await arrive(place, otlp({ id: 1, kind: 2 }), 'otlp-traces', 0);
    for (let id = 2; id <= 40; id += 1)
      await arrive(place, otlp({ id, kind: 1, parent: 1 }), 'otlp-traces', 1);
    place.clock.time = NOON + 10 * MINUTE_MS;
    const at = { project: 'default', space: 'live', minute: NOON } as const;
    const record = await joinMinute(place.context, fold, at, { heldBytes: 4000 });
    const spans = seen.flatMap(({ traces }) => traces.map((trace) => trace.spans.length))[0]!;
    expect(spans).toBeGreaterThan(2);
    expect(spans).toBeLessThan(35);
    expect(record?.leftOut).toBe(39 - spans);
  });

  it('leaves out chunks of the profilers of a part beyond the memory, all of them together', async () => {
    const place = await world();
    const { seen, fold } = folder();
    for (const [n, name] of ['d', 'e', 'f'].entries()) {
      const profile = { profiler_id: name.repeat(32) };
      const trace = { ...transaction.contexts.trace, trace_id: name.repeat(32), span_id: idOf(n + 1) };
      const whole = { ...transaction, contexts: { trace, profile } };
      await arrive(place, envelope(['transaction', whole]), 'sentry-envelope', 0);
      const chunks = Array.from({ length: 4 }, () => ['profile_chunk', { ...chunk, ...profile }] as const);
      await arrive(place, envelope(...chunks), 'sentry-envelope', 0);
    }
    place.clock.time = NOON + 10 * MINUTE_MS;
    const at = { project: 'default', space: 'live', minute: NOON } as const;
    const record = await joinMinute(place.context, fold, at, { heldBytes: 2000 });
    const [joined] = seen;
    expect(joined?.traces).toHaveLength(3);
    expect(joined?.profiles.reduce((sum, { payload }) => sum + payload.length, 0)).toBeLessThanOrEqual(2000);
    expect(joined?.profiles.length).toBeGreaterThan(4);
    expect(record?.leftOut).toBe(12 - (joined?.profiles.length ?? 0));
  });

  it('keeps no more of an object of pieces than those that it needs', async () => {
    const place = await world();
    await arrive(place, otlp({ id: 1 }, { id: 2, trace: 'e'.repeat(32) }), 'otlp-traces', 0);
    const at = { project: 'default', space: 'live', minute: NOON } as const;
    const room = { bytesMax: 1e6, held: new Map(), leftOut: 0, placeOf: () => '' };
    const isOne = ({ key }: { readonly key: string }) => key === TRACE;
    const found = await piecesWhere(place.context, await windowAround(place.context, at), isOne, room);
    expect(found.map(({ piece: { payload } }) => payload.buffer.byteLength - payload.length)).toEqual([0]);
  });

  it('goes on with the part that it had come to', async () => {
    const place = await world();
    const { seen, fold } = folder();
    for (let n = 1; n <= 8; n += 1)
      await arrive(place, otlpOf(`vm-${n}`, { id: n, kind: 2, trace: `${n}`.repeat(32) }), 'otlp-traces', 0);
    place.clock.time = NOON + 10 * MINUTE_MS;
    const at = { project: 'default', space: 'live', minute: NOON } as const;
    const dying: FoldJoined = (...given) => {
      if (seen.length === 2) throw new Error('died');
      return fold(...given);
    };
    await expect(joinMinute(place.context, dying, at, { partBytes: 500 })).rejects.toThrow('died');
    const [record] = await joinsOf(place);
    expect(record).toMatchObject({ parts: 2 });
    expect(record?.joinedAt).toBeUndefined();
    const whole = await joinMinute(place.context, fold, at, { partBytes: 500 });
    expect(whole).toMatchObject({ traces: 8, parts: whole!.cuts!.length + 1 });
    expect(seen).toHaveLength(whole!.parts!);
    expect(Object.keys(await rootsCounted(place))).toHaveLength(8);
  });

  it('gives up a minute whose joins never came to an end, and joins others meanwhile', async () => {
    const place = await world();
    const { fold } = folder();
    await arrive(place, otlp({ id: 1, kind: 2 }), 'otlp-traces', 0);
    await arrive(place, otlp({ id: 3, kind: 2, trace: 'e'.repeat(32) }), 'otlp-traces', 6);
    place.clock.time = NOON + 20 * MINUTE_MS;
    const dies: FoldJoined = (project, joined, placeOf) => {
      if (joined.traces[0]?.root.spanId === idOf(1)) throw new Error('the process ends');
      return fold(project, joined, placeOf);
    };
    // What ends the process writes nothing more.
    const dying = () => {
      let isDead = false;
      const put: typeof place.records.put = (record, condition) =>
        isDead ? new Promise(() => undefined) : place.records.put(record, condition);
      const die: FoldJoined = (...given) => {
        isDead = true;
        return dies(...given);
      };
      return { context: { ...place.context, records: { ...place.records, put } }, die };
    };
    for (let death = 1; death <= 5; death += 1) {
      const { context, die } = dying();
      void joinDue(context, die, () => undefined);
      await new Promise(setImmediate);
      expect(await joinDue(place.context, fold, rethrow)).toBe(death === 1 ? 1 : 0); // the other minute
      place.clock.time += 15 * MINUTE_MS;
    }
    expect(await joinDue(place.context, fold, rethrow)).toBe(1);
    expect(await joinsOf(place)).toMatchObject([{ traces: 0, tries: { count: 5 } }, { traces: 1 }]);
    expect(await rootsCounted(place)).toEqual({ [`root ${idOf(3)}`]: 1 });
  });

  it('counts what came late and what never had a root', async () => {
    const place = await world();
    const { fold } = folder();
    place.clock.time = NOON;
    await arrive(place, otlp({ id: 1, kind: 2 }), 'otlp-traces', 0);
    await arrive(
      place,
      otlp({ id: 5, parent: 9, trace: 'f'.repeat(32) }, { id: 6, parent: 5, trace: 'f'.repeat(32) }),
      'otlp-traces',
      0,
    );
    await joinAt(place, fold, 4);
    place.clock.time = NOON + 30 * MINUTE_MS;
    await arrive(place, otlp({ id: 2, parent: 1 }), 'otlp-traces', 0); // analysed half an hour later
    await arrive(place, otlp({ id: 1, kind: 2 }), 'otlp-traces', 0); // analysed twice
    await joinAt(place, fold, 90);
    expect(await joinsOf(place)).toMatchObject([{ traces: 1, rootless: 2, late: 1 }]);
    expect([...place.objects.stored.keys()].filter((key) => key.startsWith('pieces/'))).toEqual([]);
    await arrive(place, otlp({ id: 3, parent: 1 }), 'otlp-traces', 0); // after the pieces were removed
    await joinAt(place, fold, 95);
    expect(await joinsOf(place)).toMatchObject([{ traces: 1, rootless: 2, late: 2 }]);
    expect(await rootsCounted(place)).toEqual({ [`root ${idOf(1)}`]: 1 });
  });

  it('counts once though it dies between any two writes and is run again, by several at once', async () => {
    for (let dies = 1; dies < 20; dies += 1) {
      const place = await world();
      const { fold } = folder();
      await arrive(place, otlp({ id: 1, kind: 2 }, { id: 2, parent: 1 }), 'otlp-traces', 0);
      await arrive(place, otlp({ id: 3, kind: 2, trace: 'e'.repeat(32) }), 'otlp-traces', 0);
      place.clock.time = NOON + 5 * MINUTE_MS;
      let writes = 0;
      const put: typeof place.records.put = async (record, condition) => {
        writes += 1;
        if (writes === dies) throw new Error('died');
        return place.records.put(record, condition);
      };
      const records = { ...place.records, put };
      const dying = {
        ...place.context,
        records,
        heads: headRecords(records),
        ledger: ledger(records, 30),
      };
      await joinDue(dying, fold, () => undefined).catch(() => undefined);
      await Promise.all([1, 2].map(() => joinDue(place.context, fold, rethrow)));
      expect(await rootsCounted(place)).toEqual({ [`root ${idOf(1)}`]: 1, [`root ${idOf(3)}`]: 1 });
    }
  });

  it('counts an upload once that a client sent again minutes later, in the minute that the ledger names', async () => {
    const place = await world();
    const { fold } = folder();
    const trace = otlp({ id: 1, kind: 2 }, { id: 2, parent: 1 });
    await leavePieces(place, trace, 'otlp-traces', 0); // its analyzer died
    await arrive(place, trace, 'otlp-traces', 5);
    await leavePieces(place, trace, 'otlp-traces', 6); // analysed while the one before was
    await joinAt(place, fold, 30);
    expect(await rootsCounted(place)).toEqual({ [`root ${idOf(1)}`]: 1 });
    expect(await joinsOf(place)).toMatchObject([{ traces: 0 }, { traces: 1 }, { traces: 0 }]);
  });

  it('counts an upload once that was set aside after it had left pieces, and was redriven as another copy', async () => {
    const place = await world();
    const { fold } = folder();
    const trace = otlp({ id: 1, kind: 2 }, { id: 2, parent: 1 });
    const { id, receivedAt } = await leavePieces(place, trace, 'otlp-traces', 0); // its analyzer died
    const facts = { uploadId: id, rawKey: '', receivedAt, reason: null, dropped: {} };
    await place.context.ledger.finish('default', { ...facts, state: 'poison', finishedAt: receivedAt });
    await joinAt(place, fold, 40);
    await place.context.ledger.forget('default', id);
    await arrive(place, trace, 'otlp-traces', 45);
    await joinAt(place, fold, 60);
    expect(await rootsCounted(place)).toEqual({ [`root ${idOf(1)}`]: 1 });
    expect(await joinsOf(place)).toMatchObject([{ traces: 0, late: 2 }, { traces: 1 }]);
  });

  it('waits for an upload that is being analysed, and leaves it out as late after a while', async () => {
    const place = await world();
    const { fold } = folder();
    const slow = await leavePieces(place, otlp({ id: 1, kind: 2 }), 'otlp-traces', 0);
    await leavePieces(place, otlp({ id: 3, kind: 2, trace: 'e'.repeat(32) }), 'otlp-traces', 10);
    expect(await joinAt(place, fold, 5)).toBe(0);
    await record(place, slow);
    expect(await joinAt(place, fold, 7)).toBe(1);
    expect(await joinAt(place, fold, 40)).toBe(1);
    expect(await joinsOf(place)).toMatchObject([
      { traces: 1, late: 0 },
      { traces: 0, late: 1 },
    ]);
    expect(await rootsCounted(place)).toEqual({ [`root ${idOf(1)}`]: 1 });
  });

  it('removes what waited for weeks while the server was off, and folds none of it', async () => {
    const place = await world();
    const { seen, fold } = folder();
    await arrive(place, otlp({ id: 1, kind: 2 }), 'otlp-traces', 0);
    expect(await joinAt(place, fold, 31 * 24 * 60)).toBe(0);
    expect(seen).toEqual([]);
    expect([...place.objects.stored.keys()].filter((key) => key.startsWith('pieces/'))).toEqual([]);
  });

  it('gives up a minute whose traces cannot be folded, and joins the next', async () => {
    const place = await world();
    const { fold } = folder();
    const errors: string[] = [];
    await arrive(place, otlp({ id: 1, kind: 2 }), 'otlp-traces', 0);
    await arrive(place, otlp({ id: 3, kind: 2, trace: 'e'.repeat(32) }), 'otlp-traces', 6);
    const broken: FoldJoined = (project, joined, placeOf) => {
      if (joined.traces[0]?.root.spanId === idOf(1)) throw new Error('cannot fold this');
      return fold(project, joined, placeOf);
    };
    for (let turn = 0; turn < 7; turn += 1) {
      place.clock.time = NOON + (20 + turn) * MINUTE_MS;
      await joinDue(place.context, broken, (error) => errors.push(String(error)));
    }
    expect(errors).toHaveLength(5);
    expect(await joinsOf(place)).toMatchObject([
      { traces: 0, tries: { count: 5, reason: 'cannot fold this' } },
      { traces: 1 },
    ]);
    expect(await rootsCounted(place)).toEqual({ [`root ${idOf(3)}`]: 1 });
  });
});
