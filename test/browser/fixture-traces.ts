import type { ApiTrace, ApiTraceSpan } from '../../lib/http/trace-schemas.ts';

// One request as the design's mock tells it: calls that ran side by side were reported inside one another, two gaps
// have no span, and the profile says what ran in them.

export const STOREFRONT = 'prod/shop/storefront';
export const TRACE_ID = '4f1c9a07b2e44f0c8d19bd0f6e7733ab';
export const LONG_TRACE_ID = '00c0ffee00c0ffee00c0ffee00c0ffee';
export const AT = Date.UTC(2026, 10, 19, 8, 41, 12, 204);
export const UNIT = { kind: 'http' as const, name: 'GET /checkout' };

export const id = (name: string) => Buffer.from(name.padEnd(8, '0')).toString('hex').slice(0, 16);
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

export const FIX = `In FastAPI's lifespan, which runs inside the event loop:

from sentry_sdk.integrations.asyncio import enable_asyncio_integration
from contextlib import asynccontextmanager

@asynccontextmanager
async def lifespan(app):
    enable_asyncio_integration()
    yield

app = FastAPI(lifespan=lifespan)  # your other arguments stay`;
export const REASON =
  'Spans of concurrent asyncio tasks hang off one another: AsyncioIntegration is listed, but sentry_sdk.init() ran before the event loop, so it patched nothing';

export const WRONG = {
  verdict: 'misnested' as const,
  cause: 'integration-inactive',
  reason: REASON,
  fix: FIX,
};

export const FROM_DB =
  'get › ModelIterable.__iter__ › from_db (django/db/models/base.py), called from product ← serialize_cart (cart/api.py)';
export const QUANTIZE = 'quantize (decimal.py), called from cart_totals (cart/totals.py)';
export const BLOCKED = 'blocked by GET /export: export_orders (export/api.py)';
export const WAITING = 'nothing to instrument in this process';

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
