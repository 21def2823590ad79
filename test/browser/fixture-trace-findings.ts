import type { ApiFinding } from '../../lib/http/schemas.ts';
import type { ApiNesting } from '../../lib/http/trace-schemas.ts';
import { HOUR, NOW, text } from './fixture-story.ts';
import { REQUESTS } from './fixture-trace-sums.ts';
import { AT, FIX, REASON, STOREFRONT, TRACE_ID, UNIT, WRONG } from './fixture-traces.ts';

// What is found in the traces of the storefront, and of which processes they are.

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
