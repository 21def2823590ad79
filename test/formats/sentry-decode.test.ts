import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type DecodedEnvelope,
  decodeEnvelope,
  parseEnvelope,
  sentryEnvelopeFacts,
} from '../../lib/formats/sentry/index.ts';
import { timeUs } from '../../lib/formats/sentry/times.ts';
import { unitKey } from '../../lib/model/unit-of-work.ts';
import { capturedRequests, plainBody } from '../traces/captures.ts';

const TRACE_ID = '2415b71d171749a3b2360a4cbc3be788';
const ROOT = '9370efa599e1d957';

const transaction = (changes: object = {}, trace: object = {}) => ({
  type: 'transaction',
  transaction: '/users',
  transaction_info: { source: 'route' },
  start_timestamp: '2026-11-21T08:09:46.683747Z',
  timestamp: '2026-11-21T08:09:47.042012Z',
  contexts: { trace: { trace_id: TRACE_ID, span_id: ROOT, op: 'http.server', status: 'ok', ...trace } },
  request: { method: 'GET' },
  release: 'members@22.11.0',
  environment: 'production',
  server_name: 'shop-1',
  platform: 'python',
  ...changes,
});
const envelope = (items: readonly (readonly [string, unknown])[], header: object = {}) =>
  new TextEncoder().encode(
    [header, ...items.flatMap(([type, payload]) => [{ type }, payload])]
      .map((part) => JSON.stringify(part))
      .join('\n'),
  );
const decode = (items: readonly (readonly [string, unknown])[], header?: object): DecodedEnvelope =>
  decodeEnvelope(parseEnvelope(envelope(items, header)), 'shop');
const one = (changes: object = {}, trace: object = {}) =>
  decode([['transaction', transaction(changes, trace)]]);
const spanItem = (id: number, changes: object = {}) => ({
  span_id: id.toString(16).padStart(16, '0'),
  parent_span_id: ROOT,
  trace_id: TRACE_ID,
  op: 'db',
  description: 'SELECT 1',
  start_timestamp: 1795248587.1,
  timestamp: 1795248587.2,
  ...changes,
});

describe('decodeEnvelope, transactions', () => {
  it('keeps microseconds of texts exact, and those of doubles', () => {
    const { traces } = one({ spans: [spanItem(1)] });
    const [trace] = traces;
    expect(trace!.root.end - trace!.root.start).toBe(358_265);
    expect(trace!.root.start).toBe(1_795_248_586_683_747);
    expect(trace!.spans[0]!.end - trace!.spans[0]!.start).toBe(100_000);
  });

  it('names service, version and unit', () => {
    const [trace] = one().traces;
    expect(trace).toMatchObject({ service: 'production//shop', version: '22.11.0', host: 'shop-1' });
    expect(unitKey(trace!.unit)).toBe('http GET /users');
  });

  it.each([
    ['GET /orders/:id', 'route', {}, 'http GET /orders/:id'],
    ['/orders/{number}', 'route', {}, 'http GET /orders/{number}'],
    ['series', 'component', {}, 'http GET series'],
    ['/orders/1234/items', 'url', {}, 'http GET /orders/:id/items'],
    ['app.tasks.send', 'task', { op: 'queue.task.celery' }, 'job app.tasks.send'],
    [
      'App\\Jobs\\SendInvoice',
      'task',
      {
        op: 'queue.process',
        data: { 'messaging.system': 'laravel', 'messaging.destination.name': 'default' },
      },
      'job App\\Jobs\\SendInvoice',
    ],
    [
      'orders',
      'custom',
      { op: 'queue.process', data: { 'messaging.system': 'kafka', 'messaging.destination.name': 'orders' } },
      'message process orders',
    ],
    ['/chat', 'route', { op: 'websocket.server' }, 'connection /chat'],
    ['shop.Cart/Add', 'custom', { op: 'grpc.server' }, 'rpc shop.Cart/Add'],
  ])('calls %s (%s) by its unit', (name, source, trace, unit) => {
    const found = one({ transaction: name, transaction_info: { source } }, trace).traces[0]!;
    expect(unitKey(found.unit)).toBe(unit);
  });

  it.each([
    ['GET /users/alice', 'url', true],
    ['/users/alice', 'url', true],
    ['GET /users/me', 'route', undefined],
  ])('tells whether the unit of %s (%s) is guessed', (name, source, guessed) => {
    const { unit } = one({ transaction: name, transaction_info: { source } }).traces[0]!;
    expect(unit).toEqual({
      kind: 'http',
      name: `GET ${name.replace('GET ', '')}`,
      ...(guessed && { guessed }),
    });
  });

  it.each([
    ['ok', undefined, false, 'ok'],
    ['internal_error', undefined, true, 'error'],
    ['cancelled', undefined, false, 'ok'],
    ['not_found', 404, false, '4xx'],
    ['internal_error', 500, true, '5xx'],
    [undefined, undefined, false, 'ok'],
  ])('status %s with HTTP %s: failed %s', (status, code, failed, statusClass) => {
    const data = code === undefined ? {} : { 'http.response.status_code': code };
    expect(one({}, { status, data }).traces[0]).toMatchObject({ failed, statusClass });
  });

  it('weighs by the sampling rate of the header', () => {
    const header = { trace: { sample_rate: '0.25' } };
    expect(decode([['transaction', transaction()]], header).traces[0]!.weight).toBe(4);
    for (const rate of ['0', '-1', '7', 'NaN', null])
      expect(
        decode([['transaction', transaction()]], { trace: { sample_rate: rate } }).traces[0]!.weight,
      ).toBeUndefined();
  });

  it.each([
    ['without a trace id', transaction({}, { trace_id: 'x' }), 'transaction without a trace id'],
    ['without ids', transaction({}, { span_id: undefined }), 'transaction without an id'],
    ['without a start', transaction({ start_timestamp: undefined }), 'transaction without a start'],
    ['without an end', transaction({ timestamp: null }), 'transaction without an end'],
    ['that ends before it starts', transaction({ timestamp: 1 }), 'transaction that ends before it starts'],
    ['that is no object', [1], 'transaction that cannot be read (invalid-input)'],
  ])('drops a transaction %s, and says so', (_, event, reason) => {
    const decoded = decode([
      ['transaction', event],
      ['transaction', transaction()],
    ]);
    expect(decoded.dropped.get(reason)).toBe(1);
    expect(decoded.traces).toHaveLength(1);
  });

  it('keeps 1,000 spans and counts the rest', () => {
    const spans = Array.from({ length: 1_200 }, (_, i) => spanItem(i + 1));
    const decoded = one({ spans });
    expect(decoded.traces[0]!.spans).toHaveLength(1_000);
    expect(decoded.traces[0]!.droppedSpans).toBe(200);
    expect(decoded.dropped.get('span beyond the first 1000')).toBe(200);
  });

  it('leaves out spans that cannot be placed and repairs open ones', () => {
    const spans = [
      null,
      7,
      spanItem(1, { span_id: null }),
      spanItem(2, { start_timestamp: Number.NaN }),
      spanItem(3, { timestamp: 1795248586 }),
      spanItem(4, { timestamp: null }),
      spanItem(5, { span_id: ROOT }),
    ];
    const [trace] = one({ spans }).traces;
    expect(
      trace!.spans.map(({ spanId, status, start, end }) => [
        Number.parseInt(spanId, 16),
        status,
        end - start,
      ]),
    ).toEqual([[4, 'deadline_exceeded', 0]]);
  });

  it('reads the number of spans that the SDK cut', () => {
    const meta = { _meta: { spans: { '': { len: 1500 } } }, spans: [spanItem(1)] };
    expect(one(meta).traces[0]!.droppedSpans).toBe(1_499);
  });

  it('counts client reports and what it does not read', () => {
    const report = {
      discarded_events: [
        { reason: 'sample_rate', category: 'transaction', quantity: 41 },
        { quantity: -3 },
        7,
      ],
    };
    const decoded = decode([
      ['client_report', report],
      ['session', {}],
      ['session', {}],
      ['log', {}],
    ]);
    expect(Object.fromEntries(decoded.dropped)).toEqual({
      'left out by the SDK (sample_rate): transaction': 41,
    });
    expect(Object.fromEntries(decoded.ignored)).toEqual({ session: 2, log: 1 });
  });
});

describe('decodeEnvelope, captures', () => {
  const decoded = capturedRequests('mixed').map((request) => ({
    run: request.run,
    envelope: decodeEnvelope(parseEnvelope(plainBody(request)), 'mill'),
  }));
  const tracesIn = (run: string) =>
    decoded.filter((one) => one.run === run).flatMap(({ envelope: { traces } }) => traces);

  it('reads transactions of Node with the profile that came with them', () => {
    const [{ envelope: found }] = decoded.filter(({ run }) => run === 'sentry-node-v10-transaction') as [
      (typeof decoded)[0],
    ];
    expect(found.traces[0]).toMatchObject({ name: 'GET /search', platform: 'node', host: 'mill-1' });
    expect(found.profiles[0]).toMatchObject({
      kind: 'transaction',
      eventId: found.traces[0]!.profile.eventId,
      activeThreadId: '0',
    });
  });

  it('links transactions to chunks by the profiler', () => {
    const static11 = decoded
      .filter(({ run }) => run === 'sentry-node-static')
      .map(({ envelope: found }) => found);
    expect(static11[0]!.profiles[0]!.profilerId).toBe(static11[1]!.traces[0]!.profile.profilerId);
  });

  it('puts streamed spans below their segment, which names the route', () => {
    const [node] = tracesIn('sentry-node-stream');
    expect(node).toMatchObject({ source: 'sentry-spans', name: 'GET /search', platform: 'node', host: '' });
    expect(node!.spans.map(({ op }) => op)).toEqual(['middleware', 'handler']);
    const python = tracesIn('sentry-spanfirst-late').find(({ name }) => name === '/steps');
    expect(python).toMatchObject({ host: 'shop-1', platform: 'python', environment: 'production' });
    expect(unitKey(python!.unit)).toBe('http GET /steps');
    expect(python!.sdk.integrations).toContain('asyncio');
    expect(python!.spans).toHaveLength(9);
  });

  it('counts every request of the program', () => {
    for (const name of ['sentry-django-prefetch', 'sentry-dateparse-before']) {
      const facts = capturedRequests(name).map((request) => sentryEnvelopeFacts(plainBody(request), 'shop'));
      const work = facts.flatMap(({ reports }) => reports.flatMap((report) => report.work));
      expect(work).toHaveLength(name === 'sentry-django-prefetch' ? 24 : 40);
      expect(new Set(work.map(({ status }) => status))).toEqual(new Set(['2xx']));
    }
  });
});

describe('garbage', () => {
  it('in payloads never throws', () => {
    const value = fc.jsonValue({ maxDepth: 4 });
    const key = fc.constantFrom(
      'spans',
      'items',
      'contexts',
      'timestamp',
      'start_timestamp',
      'attributes',
      'profile',
      'sdk',
      'request',
    );
    const payload = fc.oneof(
      value,
      fc.dictionary(key, value).map((changes) => transaction(changes)),
    );
    const type = fc.constantFrom(
      'transaction',
      'span',
      'profile',
      'profile_chunk',
      'client_report',
      'session',
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(type, payload), { maxLength: 4 }), (items) => {
        const decoded = decode(items);
        for (const { root, spans } of decoded.traces)
          for (const span of [root, ...spans]) expect(span.end >= span.start).toBe(true);
      }),
    );
  });
});

describe('timeUs', () => {
  it.each([
    ['2026-11-21T08:09:46.683747Z', 1_795_248_586_683_747],
    ['2026-11-21T08:09:46Z', 1_795_248_586_000_000],
    ['2026-11-21T08:09:46.5', 1_795_248_586_500_000],
    ['2026-11-21T10:09:46.000001+02:00', 1_795_248_586_000_001],
    [1795248586.683747, 1_795_248_586_683_747],
    ['1795248586.5', 1_795_248_586_500_000],
  ])('reads %s', (value, us) => {
    expect(timeUs(value)).toBe(us);
  });
  it.each([
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [-1],
    [0],
    ['soon'],
    [''],
    [{}],
    [null],
    [true],
    ['2026-99-99T00:00:00Z'],
    [1e300],
  ])('refuses %s', (value) => {
    expect(timeUs(value)).toBeUndefined();
  });
});
