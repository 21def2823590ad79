// From what SDKs send to what the API says of spans, gaps and nesting: the whole embedded product on a clock of the test.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ApiTransaction, ApiUploads } from '../../lib/http/schemas.ts';
import type {
  ApiComparison,
  ApiGaps,
  ApiNesting,
  ApiSuspects,
  ApiTrace,
  ApiTraceFlamegraph,
} from '../../lib/http/trace-schemas.ts';
import { MINUTE_MS } from '../../lib/model/units.ts';
import { sameGap } from '../../web/src/trace/same-gap.ts';
import { postEnvelopes } from '../support/post-envelope.ts';
import type { Product } from '../support/product.ts';
import { capturedRequests, truthOf } from './captures.ts';
import { join, productOpener } from './products.ts';

const RECORDED = Date.parse('2026-11-21T08:10:30Z');
const productAt = productOpener();
async function postCaptures(product: Product, ...names: readonly string[]): Promise<void> {
  const sent = names.flatMap(capturedRequests).map(({ body, headers }) => ({
    body,
    headers: Object.fromEntries(headers.filter(([name]) => name.toLowerCase().startsWith('content-'))),
  }));
  await postEnvelopes(product, sent);
}
const unitPath = (service: string, unit: string, what: string) =>
  `/services/${encodeURIComponent(service)}/transactions/${encodeURIComponent(unit)}/${what}`;
const serviceOf = async (product: Product) =>
  (await product.get<{ items: { service: string }[] }>('/services')).items[0]?.service ?? '';
/** The key of the first unit whose name holds `part`. */
async function unitOf(product: Product, service: string, part: string): Promise<string> {
  const { items } = await product.get<{ items: { unit: { kind: string; name: string } }[] }>(
    `/services/${encodeURIComponent(service)}/transactions`,
  );
  const { kind, name } = items.find(({ unit }) => unit.name.includes(part))!.unit;
  return `${kind} ${name}`;
}
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe('prefetch_related in Django', () => {
  let product: Product;
  let service = '';
  let gaps: ApiGaps;
  beforeAll(async () => {
    product = await productAt(RECORDED);
    await postCaptures(product, 'sentry-django-prefetch');
    await join(product);
    service = await serviceOf(product);
    gaps = await product.get<ApiGaps>(unitPath(service, 'http GET /users', 'gaps'));
  });

  it('names the work of prefetch_related_objects, its caller and its time to 15 %', () => {
    const { perRequest } = truthOf<{
      perRequest: { path: string; queries: [number, number, string][] }[];
    }>('sentry-django-prefetch');
    const truth = sum(
      perRequest
        .filter(({ path }) => path === '/users')
        .map(({ queries }) => (queries[3]![0] - queries[2]![1]) * 1000),
    );
    const [largest] = gaps.gaps;
    const [cause] = largest!.causes;
    expect(largest).toMatchObject({ frequency: 1, dismissed: null });
    expect(largest!.after).toContain('FROM "app_projectteam"');
    expect(largest!.after).not.toContain('?."');
    expect(cause).toMatchObject({ kind: 'library', blockedBy: null });
    expect(cause!.frame).toContain('prefetch_related_objects');
    expect(cause!.frame).toContain('called from users');
    expect(Math.abs(cause!.ms - truth) / truth).toBeLessThan(0.15);
  });

  it('ranks the queries by self time, and keeps a trace of every example', async () => {
    const suspects = await product.get<ApiSuspects>(unitPath(service, 'http GET /users', 'suspects'));
    expect(suspects).toMatchObject({ requests: 12, seen: 12, misnested: 0, profiled: 12 });
    expect(suspects.spans[0]).toMatchObject({ op: 'db', frequency: 1, perRequest: 1 });
    expect(suspects.spans.map(({ self }) => self.sumMs)).toEqual(
      suspects.spans.map(({ self }) => self.sumMs).toSorted((a, b) => b - a),
    );
    for (const { traceId, spanId } of suspects.spans.flatMap(({ examples }) => examples)) {
      const { items } = await product.get<{ items: ApiTrace[] }>(`/traces/${traceId}`);
      expect(items[0]!.spans.map((span) => span.spanId)).toContain(spanId);
      expect(items[0]!.gaps.length).toBeGreaterThan(0);
    }
  });

  it('draws a gap, a span and the whole of a kept trace, days later and without its service', async () => {
    const { traceId } = gaps.gaps[0]!.examples[0]!;
    product.clock.time += 5 * 24 * 60 * MINUTE_MS;
    const { items } = await product.get<{ items: ApiTrace[] }>(`/traces/${traceId}`);
    product.clock.time -= 5 * 24 * 60 * MINUTE_MS;
    const trace = items[0]!;
    const draw = (query: string) => product.get<ApiTraceFlamegraph>(`/traces/${traceId}/flamegraph?${query}`);
    const gap = trace.gaps.toSorted((a, b) => b.durationUs - a.durationUs)[0]!;
    for (const one of trace.gaps) expect(sameGap(gaps.gaps, trace, one)).toBeDefined();
    const ofGap = await draw(`focus=gap&span=${gap.spanId}&startUs=${gap.startUs}`);
    expect(ofGap.intervals).toEqual([{ startUs: gap.startUs, durationUs: gap.durationUs }]);
    expect(Number(ofGap.total)).toBeCloseTo(sum(gap.causes.map(({ us }) => us)), -2);
    expect(ofGap.flamebearer.names).toContain('prefetch_related_objects');
    expect(await draw(`focus=gap&span=${gap.spanId}`)).toEqual(ofGap);
    const all = await draw('focus=all');
    expect(Number(all.total)).toBeGreaterThan(Number(ofGap.total));
    expect(Number(all.total) / trace.durationUs).toBeCloseTo(all.coverage, 3);
    const [query] = trace.spans.filter(({ op }) => op === 'db');
    const ofQuery = await draw(`focus=span&span=${query!.spanId}`);
    expect(sum(ofQuery.intervals.map(({ durationUs }) => durationUs))).toBe(query!.durationUs);
    for (const [asked, why] of [
      [`focus=gap&span=${query!.spanId}`, 'has no gap'],
      ['span=0123456789abcdef', 'has no span'],
    ]) {
      const missing = await product.api(`/traces/${traceId}/flamegraph?${asked}`);
      expect([missing.status, (await missing.json()) as { detail: string }]).toMatchObject([
        404,
        { detail: expect.stringContaining(why!) },
      ]);
    }
  });

  it('dismisses a gap by what lies around it, and takes that back', async () => {
    const path = unitPath(service, 'http GET /users', 'gaps');
    const { after, before } = gaps.gaps[0]!;
    const dismiss = (dismissed: boolean) =>
      product.api(`${path}/dismiss`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ after, before, reason: 'known', dismissed }),
      });
    expect((await dismiss(true)).status).toBe(200);
    const dismissedIn = async () =>
      (await product.get<ApiGaps>(path)).gaps.map(({ dismissed }) => dismissed?.reason ?? null);
    expect((await dismissedIn()).slice(0, 2)).toEqual(['known', null]);
    await dismiss(false);
    expect((await dismissedIn())[0]).toBeNull();
  });
});

describe('thresholds of patterns', () => {
  it('are set by service and unit, and hold for what comes after', async () => {
    const product = await productAt(RECORDED);
    await postCaptures(product, 'sentry-django-prefetch');
    const service = await serviceOf(product);
    const settings = { units: { 'http GET /users': { patterns: { slowDb: { minMs: 0 } } } } };
    const put = (body: object) =>
      product.api(`/services/${encodeURIComponent(service)}/trace-settings`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    expect((await put({ patterns: { slowDb: { minMs: -1 } } })).status).toBe(400);
    expect(await (await put(settings)).json()).toEqual(settings);
    await join(product);
    const kindsOf = async (unit: string) =>
      (await product.get<ApiSuspects>(unitPath(service, unit, 'suspects'))).patterns.map(({ kind }) => kind);
    expect(await kindsOf('http GET /users')).toContain('slow-db');
    expect(await kindsOf('http GET /users/joined')).not.toContain('slow-db');
  });
});

describe('dates parsed by dateutil, before and after the fix', () => {
  let product: Product;
  let service = '';
  beforeAll(async () => {
    product = await productAt(RECORDED);
    await postCaptures(product, 'sentry-dateparse-before', 'sentry-dateparse-after');
    await join(product);
    service = await serviceOf(product);
  });

  it('says by how much the p95 fell with the release', async () => {
    const path = unitPath(service, 'http GET series', 'comparison?leftVersion=1.4.2&rightVersion=1.4.3');
    const { sentence, shifts, left, right } = await product.get<ApiComparison>(path);
    expect(shifts[1]).toMatchObject({ quantile: 0.95, verdict: 'improvement' });
    expect(sentence).toMatch(/^p95 fell by \d+ % with release 1\.4\.3: \d+ ms before, \d+ ms after$/);
    expect([left.requests, right.requests]).toEqual([40, 40]);
    expect(right.apdex!).toBeGreaterThanOrEqual(left.apdex!);
  });

  it('says it in the list of transactions as well, with what each release took', async () => {
    const path = `/services/${encodeURIComponent(service)}/transactions`;
    const { items } = await product.get<{ items: ApiTransaction[] }>(path);
    const { versions, change, count, history } = items.find(({ unit }) => unit.name === 'GET series')!;
    expect(versions.map(({ version, requests }) => [version, requests])).toEqual([
      ['1.4.2', 40],
      ['1.4.3', 40],
    ]);
    expect(count).toBe(80);
    const [before, after] = versions;
    expect(change).toMatchObject({ version: '1.4.3', isSlower: false });
    expect(change!.change).toBeCloseTo(after!.p95Ms / before!.p95Ms - 1);
    expect(change!.sentence).toMatch(/^p95 fell by \d+ % with release 1\.4\.3: /);
    // A point for each bucket of time, not for each version in it.
    expect(new Set(history.map(([start]) => start)).size).toBe(history.length);
  });

  it('says that zerofill is usually fast, sometimes slow', async () => {
    const path = unitPath(service, 'http GET series', 'suspects?version=1.4.2');
    const { functions } = await product.get<ApiSuspects>(path);
    const spread = (name: string) => functions.find((one) => one.name === name)?.spread;
    expect([spread('zerofill'), spread('smooth')]).toEqual(['usually fast, sometimes slow', 'steady']);
  });
});

describe('a chunk of a continuous profile', () => {
  const AT = Date.parse('2031-02-03T04:05:30Z');
  const seconds = (ms: number) => (AT - 90_000 + ms) / 1000;
  const PROFILER = 'b'.repeat(32);
  const trace = { trace_id: 'c'.repeat(32), span_id: '1'.repeat(16), op: 'http.server' };
  const transaction = {
    type: 'transaction',
    transaction: '/report',
    transaction_info: { source: 'route' },
    start_timestamp: seconds(0),
    timestamp: seconds(400),
    platform: 'python',
    contexts: { trace: { ...trace, data: { 'thread.id': '7' } }, profile: { profiler_id: PROFILER } },
    spans: [
      {
        ...{ trace_id: trace.trace_id, span_id: '2'.repeat(16), parent_span_id: trace.span_id, op: 'db' },
        ...{ description: 'SELECT 1', start_timestamp: seconds(0), timestamp: seconds(100) },
      },
    ],
  };
  const chunk = {
    version: '2',
    profiler_id: PROFILER,
    chunk_id: 'd'.repeat(32),
    platform: 'python',
    profile: {
      samples: Array.from({ length: 60 }, (_, i) => ({
        ...{ stack_id: i < 12 ? 1 : 0, thread_id: '7', timestamp: seconds(i * 10) },
      })),
      stacks: [[0, 1], [1]],
      frames: [
        { function: 'tally', filename: 'report.py', module: 'report', in_app: true, lineno: 3 },
        { function: 'view', filename: 'views.py', module: 'views', in_app: true, lineno: 9 },
      ],
      thread_metadata: { '7': { name: 'MainThread' } },
    },
  };
  const envelope = (type: string, payload: object) =>
    `{}\n${JSON.stringify({ type, platform: 'python' })}\n${JSON.stringify(payload)}\n`;

  it.each([
    ['with it', 0],
    ['60 s after it', 60_000],
    ['before it', -60_000],
  ])('that comes %s tells the same cause of a gap', async (_, later) => {
    const product = await productAt(AT);
    const first = later < 0 ? ['profile_chunk', chunk] : ['transaction', transaction];
    const second = later < 0 ? ['transaction', transaction] : ['profile_chunk', chunk];
    await postEnvelopes(product, [{ body: envelope(first[0] as string, first[1] as object) }]);
    product.clock.time += Math.abs(later);
    await postEnvelopes(product, [{ body: envelope(second[0] as string, second[1] as object) }]);
    await join(product);
    const service = await serviceOf(product);
    const path = unitPath(service, await unitOf(product, service, '/report'), 'gaps');
    const { gaps } = await product.get<ApiGaps>(path);
    expect(gaps).toHaveLength(1);
    expect(gaps[0]).toMatchObject({ after: 'db SELECT ?', before: null, count: 1 });
    expect(gaps[0]!.sumMs).toBeCloseTo(300, 0);
    expect(gaps[0]!.coverage).toBeGreaterThan(0.95);
    expect(gaps[0]!.causes.map(({ kind, frame }) => [kind, frame])).toEqual([
      ['app', 'tally ← view (report.py)'],
      ['app', 'view (views.py)'],
    ]);
    expect(gaps[0]!.causes[0]!.ms).toBeCloseTo(285, -1);
  });
});

describe('nesting of a FastAPI service whose init ran before the loop', () => {
  it('is told by process, with its cause and the text to paste, and traces show both parents', async () => {
    const file = new URL('../fixtures/nesting/sentry-web-early.jsonl.gz', import.meta.url);
    const lines = gunzipSync(readFileSync(file)).toString().trim().split('\n').slice(0, 60);
    const starts = lines.map((line) => Date.parse(JSON.parse(line).start_timestamp));
    const product = await productAt(Math.max(...starts) + MINUTE_MS);
    await postEnvelopes(
      product,
      lines.map((line) => ({ body: `{}\n{"type":"transaction"}\n${line}\n` })),
    );
    await join(product);
    const service = await serviceOf(product);
    const { items } = await product.get<ApiNesting>(`/services/${encodeURIComponent(service)}/nesting`);
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      verdict: 'misnested',
      traces: 60,
      cause: expect.stringMatching(/^integration-/),
    });
    expect(items[0]!.misnested).toBeGreaterThan(30);
    expect(items[0]!.fix).toContain('enable_asyncio_integration()');
    const worst = items[0]!.endpoints[0]!.name;
    const suspects = await product.get<ApiSuspects>(
      unitPath(service, await unitOf(product, service, worst), 'suspects'),
    );
    const wrong = suspects.examples.find(({ why }) => why === 'misnested')!;
    const { items: traces } = await product.get<{ items: ApiTrace[] }>(`/traces/${wrong.traceId}`);
    expect(traces[0]).toMatchObject({ verdict: 'misnested', fix: items[0]!.fix });
    expect(traces[0]!.spans.some(({ parent, reportedParent }) => parent !== reportedParent)).toBe(true);
  });
});

describe('what SDKs threw away', () => {
  it('is counted by their client reports', async () => {
    const product = await productAt(Date.parse('2031-02-03T04:05:30Z'));
    const report = {
      timestamp: 1,
      discarded_events: [{ reason: 'sample_rate', category: 'transaction', quantity: 120 }],
    };
    const body = `{}\n{"type":"client_report"}\n${JSON.stringify(report)}\n`;
    await postEnvelopes(product, [{ body }, { body: body.replace('120', '3') }]);
    const { leftOut } = await product.get<ApiUploads>('/uploads');
    expect(leftOut).toEqual([{ reason: 'left out by the SDK (sample_rate): transaction', count: 123 }]);
  });
});

describe('OTLP spans of one process that came in two exports', () => {
  it('are one trace', async () => {
    const at = Date.parse('2031-02-03T04:05:30Z');
    const product = await productAt(at);
    const span = (spanId: string, parentSpanId: string | undefined, kind: number, ms: [number, number]) => ({
      traceId: 'e'.repeat(32),
      spanId,
      ...(parentSpanId !== undefined && { parentSpanId }),
      kind,
      name: kind === 2 ? 'GET /orders/:id' : 'SELECT orders',
      attributes:
        kind === 2
          ? [{ key: 'http.route', value: { stringValue: '/orders/:id' } }]
          : [{ key: 'db.system', value: { stringValue: 'postgresql' } }],
      startTimeUnixNano: `${at - 5000 + ms[0]}000000`,
      endTimeUnixNano: `${at - 5000 + ms[1]}000000`,
    });
    const post = async (...spans: object[]) => {
      const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] };
      const body = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: {}, spans }] }] });
      const headers = { 'content-type': 'application/json' };
      expect((await product.send('/v1/traces', { method: 'POST', headers, body })).status).toBe(200);
      await product.settle();
    };
    await post(span('2'.repeat(16), '1'.repeat(16), 3, [10, 70]));
    product.clock.time += MINUTE_MS;
    await post(span('1'.repeat(16), undefined, 2, [0, 100]));
    await join(product);
    const { items } = await product.get<{ items: { unit: { name: string } }[] }>(
      '/services/shop/transactions',
    );
    const path = unitPath('shop', `http ${items[0]!.unit.name}`, 'suspects');
    const { spans, seen } = await product.get<ApiSuspects>(path);
    expect(seen).toBe(1);
    expect(spans.map(({ op, share }) => [op, share])).toEqual([['db', 0.6]]);
  });
});
