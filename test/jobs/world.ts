import type { FindingRecord } from '../../lib/findings/life-cycle.ts';
import { type AnalyzeResult, analyze } from '../../lib/jobs/analyze.ts';
import type { JobContext } from '../../lib/jobs/context.ts';
import { objectCreated } from '../../lib/jobs/events.ts';
import { POISON_AFTER } from '../../lib/jobs/finish-upload.ts';
import { finishedUploads } from '../../lib/jobs/finished.ts';
import { encodeRaw, rawKey, type Upload } from '../../lib/jobs/raw-segment.ts';
import { uploadIdOf } from '../../lib/jobs/receive.ts';
import { DAY_MS, MINUTE_MS } from '../../lib/model/units.ts';
import type { QueueMessage } from '../../lib/ports/queue.ts';
import type { RecordStore, StoredRecord } from '../../lib/ports/record-store.ts';
import { namesOfServices } from '../../lib/records/aliases.ts';
import { ensureProject } from '../../lib/records/api-keys.ts';
import { findingRecords } from '../../lib/records/findings.ts';
import { generations } from '../../lib/records/generations.ts';
import { headRecords } from '../../lib/records/heads.ts';
import { ledger } from '../../lib/records/ledger.ts';
import { rejections } from '../../lib/records/rejections.ts';
import { segmentReader } from '../../lib/segments/read.ts';
import { segmentCache } from '../../lib/segments/store.ts';
import { memoryObjects } from '../segments/memory-stores.ts';
import { NOON } from './facts.ts';

// The jobs on stores in memory. The queue keeps what was sent; a test delivers it by hand, as often as it likes.

export function memoryRecords(now: () => number): RecordStore {
  const stored = new Map<string, StoredRecord>();
  const keyOf = (pk: string, sk: string) => `${pk}\n${sk}`;
  let versions = 0;
  const live = (record: StoredRecord | undefined) =>
    record !== undefined && (record.expiresAt === undefined || record.expiresAt > now()) ? record : undefined;
  return {
    async get(pk, sk) {
      return live(stored.get(keyOf(pk, sk)));
    },
    async query(pk, { from = '', to, limit = 1000, reverse = false, cursor } = {}) {
      const found = [...stored.values()]
        .filter(
          (record) =>
            record.pk === pk && record.sk >= from && (to === undefined || record.sk < to) && live(record),
        )
        .sort((a, b) => (a.sk < b.sk ? -1 : 1));
      const left = (reverse ? found.reverse() : found).filter(
        ({ sk }) => cursor === undefined || (reverse ? sk < cursor : sk > cursor),
      );
      const page = left.slice(0, limit);
      return { records: page, cursor: page.length < left.length ? page.at(-1)?.sk : undefined };
    },
    async put(record, condition) {
      const before = live(stored.get(keyOf(record.pk, record.sk)));
      if (condition !== undefined) {
        const wanted = 'ifAbsent' in condition ? undefined : condition.ifVersion;
        if (before?.version !== wanted) return { outcome: 'conflict' };
      }
      versions += 1;
      stored.set(keyOf(record.pk, record.sk), { ...structuredClone(record), version: versions });
      return { outcome: 'stored', version: versions };
    },
    async delete(pk, sk, condition) {
      const before = live(stored.get(keyOf(pk, sk)));
      if (condition?.ifVersion !== undefined && before?.version !== condition.ifVersion) return 'conflict';
      stored.delete(keyOf(pk, sk));
      return 'deleted';
    },
  };
}

export async function world() {
  const clock = {
    time: NOON,
    now() {
      return this.time;
    },
  };
  const objects = memoryObjects(() => clock.time);
  const records = memoryRecords(() => clock.time);
  const sent: string[] = [];
  let ids = 0;
  const newId = () => {
    ids += 1;
    return ids.toString(16).padStart(8, '0').split('').reverse().join('');
  };
  const openedLedger = ledger(records, 30);
  const opened = generations(records, clock);
  const finished = finishedUploads({ ledger: openedLedger, generations: opened, clock });
  const store = { objects, heads: headRecords(records), clock, newId, finished };
  const cache = segmentCache(objects);
  const unused = () => Promise.reject(new Error('The test delivers by hand'));
  const context: JobContext = {
    ...store,
    records,
    uploads: {
      send: async (bodies) => void sent.push(...bodies),
      receive: unused,
      ack: unused,
      release: unused,
      depth: async () => ({ visible: 0, inFlight: 0, dead: 0, oldestMs: 0 }),
      dead: unused,
      redrive: unused,
    },
    cache,
    reader: segmentReader(
      store,
      cache,
      async (project) => (await opened.of(project)).eras,
      namesOfServices(records, clock),
    ),
    ledger: openedLedger,
    generations: opened,
    findings: findingRecords<FindingRecord>(records),
    rejections: rejections(records),
    settings: { acceptPastMs: 2 * DAY_MS, acceptFutureMs: 5 * MINUTE_MS, publicUrl: '', bucket: 'test' },
  };
  await ensureProject(records, 'default');
  return { clock, objects, records, sent, context, newId };
}
export type World = Awaited<ReturnType<typeof world>>;

let deliveries = 0;
export function message(body: string, receiveCount = 1): QueueMessage {
  deliveries += 1;
  return { id: `m${deliveries}`, receipt: `r${deliveries}`, body, receiveCount };
}

/** Delivers an event as often as it takes until what fails of it is set aside. */
export async function untilPoison(context: JobContext, event: string): Promise<AnalyzeResult> {
  for (let receiveCount = 1; ; receiveCount += 1) {
    const result = await analyze(context, [message(event, receiveCount)]);
    if (receiveCount === POISON_AFTER) return result;
  }
}

export async function uploadOf(
  json: unknown,
  facts: Partial<Omit<Upload, 'id' | 'body'>> = {},
): Promise<Upload> {
  const body =
    typeof json === 'string'
      ? new TextEncoder().encode(json)
      : new TextEncoder().encode(JSON.stringify(json));
  const { project = 'default', route = 'otlp-metrics' } = facts;
  return {
    id: await uploadIdOf({ project, route, naming: '', identity: body }),
    project,
    route,
    contentType: 'application/json',
    contentEncoding: '',
    receivedAt: NOON,
    sender: 'test',
    keyId: 'key',
    ...facts,
    body,
  };
}

/** Stores uploads of one project as one raw object and returns the event that names it. */
export async function rawObject(
  { context, objects, newId }: World,
  uploads: readonly Upload[],
): Promise<string> {
  const [first] = uploads as [Upload];
  const key = rawKey(first.project, first.receivedAt, newId());
  const bytes = encodeRaw(uploads);
  await objects.put(key, bytes);
  return objectCreated(context.settings.bucket, key, bytes.length);
}

/** One counter of finished work, delta: `requests` of them in the minute before `at`, for one service. */
export const requests = (count: number, { service = 'shop', at = NOON - 1000, instance = 'pod-1' } = {}) => ({
  resource: {
    attributes: [
      { key: 'service.name', value: { stringValue: service } },
      { key: 'service.instance.id', value: { stringValue: instance } },
    ],
  },
  scopeMetrics: [
    {
      scope: { name: 'http' },
      metrics: [
        {
          name: 'http.server.request.duration',
          unit: 's',
          histogram: {
            aggregationTemporality: 1,
            dataPoints: [
              {
                startTimeUnixNano: String((at - 60_000) * 1e6),
                timeUnixNano: String(at * 1e6),
                count: String(count),
                sum: count / 100,
                bucketCounts: [String(count), '0'],
                explicitBounds: [1],
                attributes: [
                  { key: 'http.request.method', value: { stringValue: 'GET' } },
                  { key: 'http.route', value: { stringValue: '/orders/:id' } },
                ],
              },
            ],
          },
        },
      ],
    },
  ],
});
/** Spans of finished work: sums, so that a second commit of one upload would show. */
export const spans = (count: number, { service = 'shop', at = NOON - 1000 } = {}) => ({
  resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
  scopeSpans: [
    {
      scope: { name: 'http' },
      spans: Array.from({ length: count }, (_, i) => ({
        traceId: '0af7651916cd43dd8448eb211c80319c',
        spanId: (i + 1).toString(16).padStart(16, '0'),
        kind: 2,
        name: 'GET /orders/:id',
        startTimeUnixNano: String((at - 50) * 1e6),
        endTimeUnixNano: String(at * 1e6),
        attributes: [{ key: 'http.route', value: { stringValue: '/orders/:id' } }],
      })),
    },
  ],
});
export const metricsBody = (...resourceMetrics: unknown[]) => ({ resourceMetrics });
export const tracesBody = (...resourceSpans: unknown[]) => ({ resourceSpans });
