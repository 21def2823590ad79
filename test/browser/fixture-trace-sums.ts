import type { ApiComparison, ApiGaps, ApiSuspects } from '../../lib/http/trace-schemas.ts';
import { HOUR, NOW } from './fixture-story.ts';
import { AT, BLOCKED, FROM_DB, id, QUANTIZE, TRACE_ID, UNIT, WAITING } from './fixture-traces.ts';

// Sums over many requests of the storefront's checkout.

const EXPORT = { kind: 'http' as const, name: 'GET /export' };
const spread = (p50: number, requests: number, wide = 1) => ({
  p50Ms: p50,
  p75Ms: p50 * (1 + 0.2 * wide),
  p95Ms: p50 * (1 + 0.7 * wide),
  p99Ms: p50 * (1 + 1.7 * wide),
  sumMs: p50 * 1.1 * requests,
});
export const REQUESTS = 41_208;
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
const releaseOf = (version: string, firstAt: number, p50: number, requests: number) => ({
  ...{ version, firstAt, requests, failures: requests * 0.004 },
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
    releaseOf('5.11.3', NOW - 48 * HOUR, 612, 39_870),
    releaseOf('5.12.0', NOW - 18 * HOUR, 846, REQUESTS),
  ],
};
