import type { ApiFinding } from '../../lib/http/schemas.ts';
import type {
  ApiComparison,
  ApiGaps,
  ApiNesting,
  ApiSuspects,
  ApiTrace,
  ApiTraceSpan,
} from '../../lib/http/trace-schemas.ts';

// One request as the design's mock tells it: calls that ran side by side were reported inside one another, two gaps
// have no span, and the profile says what ran in them. Sums over many such requests, and findings about them.

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 19, 9, 0);
export const STOREFRONT = 'prod/shop/storefront';
export const TRACE_ID = '4f1c9a07b2e44f0c8d19bd0f6e7733ab';
export const LONG_TRACE_ID = '00c0ffee00c0ffee00c0ffee00c0ffee';
const AT = Date.UTC(2026, 10, 19, 8, 41, 12, 204);
const UNIT = { kind: 'http' as const, name: 'GET /checkout' };
const EXPORT = { kind: 'http' as const, name: 'GET /export' };

const id = (name: string) => Buffer.from(name.padEnd(8, '0')).toString('hex').slice(0, 16);
type Line = readonly [
  name: string,
  op: string,
  description: string,
  from: number,
  to: number,
  reported: string,
  self: number,
  moved?: { readonly to: string; readonly self: number; readonly signal?: string },
];
const LINES: readonly Line[] = [
  ['r', 'http.server', 'GET /checkout', 0, 1240, '', 8],
  ['m', 'middleware', 'SessionMiddleware', 4, 1236, 'r', 29],
  ['c1', 'cache.get', 'session:*', 9, 21, 'm', 12],
  ['h', 'function', 'checkout.views.checkout', 24, 1204, 'm', 521],
  ['d1', 'db', 'SELECT * FROM cart WHERE id = ?', 28, 66, 'h', 38],
  ['x1', 'http.client', 'GET inventory/stock', 84, 268, 'h', 184],
  [
    'x2',
    'http.client',
    'GET pricing/quote',
    84,
    356,
    'x1',
    272,
    { to: 'h', self: 1, signal: 'outliving-child' },
  ],
  [
    'x3',
    'http.client',
    'GET shipping/rates',
    85,
    422,
    'x2',
    337,
    { to: 'h', self: 219, signal: 'outliving-child' },
  ],
  [
    'd2',
    'db',
    'SELECT * FROM recommendation',
    85,
    203,
    'x3',
    118,
    { to: 'h', self: 30, signal: 'leaf-in-leaf' },
  ],
  [
    'x4',
    'http.client',
    'GET loyalty/points',
    86,
    174,
    'd2',
    88,
    { to: 'h', self: 88, signal: 'leaf-in-leaf' },
  ],
  ['d3', 'db', 'SELECT * FROM address', 832, 861, 'h', 29],
  ['x5', 'http.client', 'POST payments/intents', 868, 1042, 'h', 174],
  [
    'x6',
    'http.client',
    'POST risk/score',
    869,
    981,
    'x5',
    112,
    { to: 'h', self: 112, signal: 'leaf-in-leaf' },
  ],
  ['t', 'template', 'checkout.html', 1118, 1198, 'h', 80],
  ['c2', 'cache.set', 'session:*', 1208, 1219, 'm', 11],
];

const SPANS: ApiTraceSpan[] = LINES.map(([name, op, description, from, to, reported, self, moved]) => ({
  spanId: id(name),
  reportedParent: reported === '' ? '' : id(reported),
  parent: moved ? id(moved.to) : reported === '' ? '' : id(reported),
  op,
  description,
  origin: 'auto.http.aiohttp',
  status: 'ok',
  startUs: from * 1000,
  durationUs: (to - from) * 1000,
  selfUs: self * 1000,
  reportedSelfUs:
    (moved?.self ?? (name === 'h' ? 675 : name === 'x1' ? 0 : name === 'x5' ? 62 : self)) * 1000,
  signals: moved?.signal ? [moved.signal] : [],
  certainty: moved ? 0.97 : 1,
}));

const FIX = `In FastAPI's lifespan, which runs inside the event loop:

from sentry_sdk.integrations.asyncio import enable_asyncio_integration
from contextlib import asynccontextmanager

@asynccontextmanager
async def lifespan(app):
    enable_asyncio_integration()
    yield

app = FastAPI(lifespan=lifespan)  # your other arguments stay`;
const REASON =
  'Spans of concurrent asyncio tasks hang off one another: AsyncioIntegration is listed, but sentry_sdk.init() ran before the event loop, so it patched nothing';

const WRONG = {
  verdict: 'misnested' as const,
  cause: 'integration-inactive',
  reason: REASON,
  fix: FIX,
};

const FROM_DB =
  'get › ModelIterable.__iter__ › from_db (django/db/models/base.py), called from product ← serialize_cart (cart/api.py)';
const QUANTIZE = 'quantize (decimal.py), called from cart_totals (cart/totals.py)';
const BLOCKED = 'blocked by GET /export: export_orders (export/api.py)';
const WAITING = 'nothing to instrument in this process';

const TRACE: ApiTrace = {
  service: STOREFRONT,
  traceId: TRACE_ID,
  transaction: 'GET /checkout',
  unit: UNIT,
  version: '5.12.0',
  host: 'web-7',
  platform: 'python',
  sdk: 'sentry.python.fastapi 2.51.0',
  source: 'sentry',
  start: AT,
  durationUs: 1_240_000,
  failed: false,
  status: 'ok',
  ...WRONG,
  detached: false,
  profiled: true,
  samples: 124,
  spans: SPANS,
  leftOut: 2,
  gaps: [
    {
      spanId: id('h'),
      afterSpan: id('x3'),
      beforeSpan: id('d3'),
      startUs: 422_000,
      durationUs: 410_000,
      coverage: 0.92,
      causes: [
        { kind: 'library', frame: FROM_DB, us: 314_000 },
        { kind: 'foreign', frame: BLOCKED, us: 61_000 },
        { kind: 'waiting', frame: WAITING, us: 35_000 },
      ],
    },
    {
      spanId: id('h'),
      afterSpan: id('x5'),
      beforeSpan: id('t'),
      startUs: 1_042_000,
      durationUs: 76_000,
      coverage: 0.94,
      causes: [
        { kind: 'library', frame: QUANTIZE, us: 71_000 },
        { kind: 'waiting', frame: WAITING, us: 5_000 },
      ],
    },
  ],
  ambiguous: [{ spanIds: [id('x4')], parentIds: [id('h'), id('d2')] }],
  patterns: [
    {
      kind: 'consecutive-http',
      subject: 'http.client POST payments/intents',
      evidence: '2 calls in a row, 286 ms together; at once they would take 174 ms',
      spanIds: [id('x5'), id('x6')],
      ms: 286,
    },
  ],
};

/** 400 spans, half of them in one deep chain: what is kept at most. */
function longTrace(): ApiTrace {
  const count = 400;
  const spans = Array.from({ length: count }, (_, i): ApiTraceSpan => {
    const parent = i === 0 ? '' : i < count / 2 ? id(`s${i - 1}`) : id(`s${i % 20}`);
    return {
      ...SPANS[0]!,
      spanId: id(`s${i}`),
      reportedParent: parent,
      parent,
      op: i % 3 === 0 ? 'function' : 'db',
      description: `step ${i} of a long way through the whole program, by its full name`,
      startUs: i * 1000,
      durationUs: i === 0 ? 400_000 : Math.max(1000, 400_000 - 2 * i * 1000),
      selfUs: 1000,
      reportedSelfUs: 1000,
    };
  });
  return {
    ...TRACE,
    traceId: LONG_TRACE_ID,
    durationUs: 400_000,
    verdict: 'ok',
    cause: null,
    reason: '',
    fix: '',
    profiled: false,
    samples: 0,
    spans,
    gaps: [],
    ambiguous: [],
    patterns: [],
    leftOut: 120,
  };
}

export const TRACES: ApiTrace[] = [TRACE, longTrace()];

const spread = (p50: number, requests: number, wide = 1) => ({
  p50Ms: p50,
  p75Ms: p50 * (1 + 0.2 * wide),
  p95Ms: p50 * (1 + 0.7 * wide),
  p99Ms: p50 * (1 + 1.7 * wide),
  sumMs: p50 * 1.1 * requests,
});
const REQUESTS = 41_208;
const facts = {
  unit: UNIT,
  version: null,
  requests: REQUESTS,
  seen: 12_040,
  misnested: 11_318,
  profiled: 11_900,
  totalMs: REQUESTS * 900,
};
const example = (spanId: string, ms: number) => ({ traceId: TRACE_ID, spanId, at: AT, ms });

export const SUSPECTS: ApiSuspects = {
  ...facts,
  spans: (
    [
      ['http.client', 'GET shipping/rates', 'x3', 241, 290, 1, 0.28],
      ['http.client', 'GET pricing/quote', 'x2', 198, 231, 1, 0.11],
      ['template', 'checkout.html', 't', 79, 84, 1, 0.09],
      [
        'db',
        'SELECT * FROM recommendation WHERE user_id = ? AND shop_id = ? ORDER BY score DESC',
        'd2',
        52,
        61,
        1,
        0.06,
      ],
      ['db', 'SELECT * FROM product WHERE id = ?', 'd3', 3, 4, 11.4, 0.04],
      ['cache.get', 'session:*', 'c1', 0.4, 0.4, 1, 0.001],
    ] as const
  ).map(([op, group, span, self, total, perRequest, share]) => ({
    op,
    group,
    count: Math.round(REQUESTS * perRequest),
    perRequest,
    frequency: perRequest > 5 ? 0.91 : 0.98,
    share,
    self: spread(self, REQUESTS),
    total: spread(total, REQUESTS),
    examples: [example(id(span), self), example(id(span), self * 2)],
  })),
  functions: (
    [
      ['zerofill', 'billing/dates.py', 11_200, 4, 'usually fast, sometimes slow'],
      ['serialize_cart', 'cart/api.py', 11_870, 288, 'steady'],
      ['cart_totals', 'cart/totals.py', 11_870, 66, 'steady'],
    ] as const
  ).map(([name, file, seen, p50, how]) => ({
    ...{ name, file, seen, requests: 11_900, spread: how },
    ...spread(p50, 11_900, how === 'steady' ? 1 : 12),
  })),
  patterns: [
    {
      kind: 'n-plus-one-db',
      subject: 'db SELECT * FROM product WHERE id = ?',
      requests: 37_500,
      worstMs: 214,
      sumMs: 37_500 * 41,
      evidence: '11 queries of one form, 41 ms together, after SELECT * FROM cart WHERE id = ?',
      examples: [example(id('d1'), 41)],
      ignored: null,
    },
    {
      kind: 'slow-db',
      subject: 'db SELECT * FROM recommendation WHERE user_id = ?',
      requests: 900,
      worstMs: 1204,
      sumMs: 900 * 700,
      evidence: '1.20 s for one query',
      examples: [],
      ignored: { at: NOW - 30 * HOUR, reason: '' },
    },
  ],
  examples: [
    { ...example(id('r'), 1240), why: 'slow' },
    { ...example(id('r'), 846), why: 'any' },
    { ...example(id('r'), 1240), why: 'misnested' },
  ],
};

type SumCause = ApiGaps['gaps'][number]['causes'][number];
const cause = (
  kind: SumCause['kind'],
  frame: string,
  ms: number,
  share: number,
  callers: string[] = [],
  blockedBy: SumCause['blockedBy'] = null,
): SumCause => ({ kind, frame, callers, blockedBy, ms, share });
const gapBase = {
  within: 'function checkout.views.checkout',
  count: 40_000,
  coverage: 0.92,
  dismissed: null,
};
export const GAPS: ApiGaps = {
  ...facts,
  gaps: [
    {
      ...gapBase,
      after: 'http.client GET shipping/rates',
      before: 'db SELECT * FROM address',
      frequency: 0.98,
      share: 0.34,
      ...spread(288, REQUESTS),
      causes: [
        cause('library', FROM_DB, 9e6, 0.77, ['product', 'serialize_cart']),
        cause('foreign', BLOCKED, 1.8e6, 0.15, ['export_orders'], EXPORT),
        cause('waiting', WAITING, 0.9e6, 0.08),
      ],
      examples: [example(id('h'), 410)],
    },
    {
      ...gapBase,
      after: 'http.client POST payments/intents',
      before: 'template checkout.html',
      frequency: 0.97,
      share: 0.08,
      ...spread(66, REQUESTS),
      causes: [
        cause('library', QUANTIZE, 2.4e6, 0.93, ['cart_totals']),
        cause('waiting', WAITING, 0.2e6, 0.07),
      ],
      examples: [example(id('h'), 76)],
    },
    {
      ...gapBase,
      within: 'GET /checkout',
      after: null,
      before: null,
      frequency: 0.02,
      share: 0.001,
      ...spread(22, 800),
      coverage: 0,
      causes: [],
      examples: [],
    },
    {
      ...gapBase,
      after: 'template checkout.html',
      before: null,
      frequency: 0.09,
      share: 0.01,
      ...spread(48, 3_600),
      causes: [cause('waiting', WAITING, 0.2e6, 1)],
      examples: [],
      dismissed: { at: NOW - 20 * HOUR, reason: '' },
    },
  ],
};

const rate = (value: number) => ({ value, low: value * 0.8, high: value * 1.2 });
const side = (version: string, p50: number, requests: number) => ({
  version,
  from: NOW - 48 * HOUR,
  to: NOW,
  requests,
  failures: requests * 0.004,
  failureRate: rate(0.004),
  perSecond: 0.39,
  apdex: 0.58,
  ...spread(p50, requests),
});
export const COMPARISON: ApiComparison = {
  unit: UNIT,
  left: side('5.11.3', 612, 39_870),
  right: side('5.12.0', 846, REQUESTS),
  shifts: [
    { quantile: 0.5, verdict: 'regression', beforeMs: 612, afterMs: 846, change: 0.38, pValue: 1e-9 },
    { quantile: 0.95, verdict: 'regression', beforeMs: 1190, afterMs: 1530, change: 0.29, pValue: 1e-7 },
  ],
  sentence: 'p95 rose by 29 % with release 5.12.0: 1190 ms before, 1530 ms after',
  versions: [
    { version: '5.11.3', firstAt: NOW - 48 * HOUR, requests: 39_870, p95Ms: 1190 },
    { version: '5.12.0', firstAt: NOW - 18 * HOUR, requests: REQUESTS, p95Ms: 1530 },
  ],
};

const process = {
  release: '5.12.0',
  platform: 'python',
  sdk: 'sentry.python.fastapi 2.51.0',
  detached: 0,
  fragmented: [],
};
// An answer may tell more than pages read.
const LEFT = { left: [{ reason: 'no-root', count: 41 }] };
export const NESTING: ApiNesting = {
  items: [
    {
      ...process,
      host: 'web-7',
      process: 'uvicorn 1',
      ...WRONG,
      traces: 12_040,
      misnested: 11_318,
      endpoints: [
        { name: 'GET /checkout', traces: 8_000, misnested: 7_900 },
        { name: 'GET /cart', traces: 4_040, misnested: 3_418 },
      ],
      fragmented: [{ endpoint: 'POST /orders', units: 400, fragmentedUnits: 120, fragments: 900 }],
    },
    {
      ...process,
      host: 'web-8',
      process: 'uvicorn 2',
      ...WRONG,
      traces: 9_100,
      misnested: 8_012,
      endpoints: [],
    },
    {
      ...process,
      host: 'worker-1',
      process: 'celery',
      verdict: 'ok',
      traces: 3_310,
      misnested: 0,
      cause: null,
      reason: '',
      fix: '',
      endpoints: [{ name: 'email.receipt', traces: 3_310, misnested: 0 }],
    },
  ],
  cursor: null,
  ...LEFT,
};

const text = (value: string) => ({ kind: 'text' as const, text: value });
const finding = (
  change: Pick<ApiFinding, 'id' | 'kind' | 'title' | 'sentence'>,
  traces: Partial<NonNullable<ApiFinding['evidence']['traces']>>,
): ApiFinding => ({
  service: STOREFRONT,
  state: 'firing',
  since: NOW - 17 * HOUR,
  updatedAt: NOW - 60_000,
  resolvedAt: null,
  snoozedUntil: null,
  dismissed: null,
  summary: change.title,
  suspects: [],
  evidence: {
    analyzer: 'traces@1',
    role: null,
    version: '5.12.0',
    instances: ['web-7', 'web-8'],
    from: NOW - 24 * HOUR,
    to: NOW - 60_000,
    onset: null,
    slopeBytesPerHour: null,
    timeToLimitS: null,
    limitBytes: null,
    floor: null,
    lows: 0,
    confidence: 1,
    reason: change.title,
    cleared: [],
    deploys: [],
    traces: {
      unit: null,
      requests: 21_140,
      affected: 19_330,
      ms: null,
      cause: null,
      fix: '',
      shift: null,
      examples: [{ traceId: TRACE_ID, at: AT }],
      ...traces,
    },
  },
  notice: { firing: 'off', resolved: 'none', lastError: null },
  ...change,
});

export const TRACE_FINDINGS: ApiFinding[] = [
  finding(
    {
      id: 'f-nesting-1',
      kind: 'nesting',
      title: 'storefront: spans hang off the wrong parents',
      sentence: [
        { kind: 'number', text: '91 %' },
        text(' of the traces of '),
        { kind: 'service', text: 'storefront' },
        text(` are nested wrongly. ${REASON}.`),
      ],
    },
    { cause: 'integration-inactive', fix: FIX },
  ),
  finding(
    {
      id: 'f-latency-1',
      kind: 'latency',
      title: 'storefront: GET /checkout became slower',
      sentence: [
        { kind: 'unit', text: UNIT.name, unit: UNIT },
        text(' of '),
        { kind: 'service', text: 'storefront' },
        text(': p95 rose by 29 % with release 5.12.0.'),
      ],
    },
    {
      unit: UNIT,
      requests: REQUESTS,
      affected: REQUESTS,
      shift: {
        quantile: 0.95,
        beforeMs: 1190,
        afterMs: 1530,
        change: 0.29,
        pValue: 1e-7,
        before: '5.11.3',
        after: '5.12.0',
      },
    },
  ),
];
