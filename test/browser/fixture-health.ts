import type { ApiHealth, ApiSetup, ApiUploads } from '../../lib/http/schemas.ts';
import type { ApiUsage } from '../../lib/http/usage-routes.ts';
import type { AliasList } from '../../web/src/types.ts';
import { DAY, HOUR, MINUTE, NOW, SERVICE } from './fixture-story.ts';

// What arrives and what does not, what it costs, and how more is sent.

/** A day of an installation in AWS. */
export const USAGE: ApiUsage = {
  from: NOW - 86_400_000,
  to: NOW,
  uploads: 1_204_311,
  usd: 9.87,
  usdPerMillion: 8.2,
  prices: { asOf: '2026-11', region: 'us-east-1' },
  items: [
    { name: 'ingest', counts: { Invoke: 1_204_311, PutObject: 1_204_311, GiBSeconds: 24_086 }, usd: 6.58 },
    {
      name: 'analyze',
      counts: {
        Invoke: 12_043,
        GetObject: 1_204_311,
        PutObject: 96_344,
        WriteUnits: 1_301_000,
        GiBSeconds: 31_200,
      },
      usd: 2.9,
    },
    { name: 'notify', counts: { Invoke: 1440, ReadUnits: 2880 }, usd: 0.0006 },
  ],
};

export const HEALTH: ApiHealth = {
  service: SERVICE,
  sentence: 'checkout-api sends all that a verdict needs. One more fact would name the release by itself.',
  arrives: [
    {
      signal: 'Memory',
      from: 'v8js.memory.heap.used, process.memory.usage',
      last: NOW - 6000,
      points: 168_400,
      intervalS: 15,
      goodFor: 'when growth began, how fast, how long you have',
    },
    {
      signal: 'Counts per unit of work',
      from: 'http.server.request.duration, 31 units',
      last: NOW - 6000,
      points: 402_100,
      intervalS: 15,
      goodFor: 'which route or job keeps memory',
    },
    {
      signal: 'Traces',
      from: 'OpenTelemetry JS 2.2',
      last: NOW - 30 * MINUTE,
      points: 88_120,
      intervalS: 5,
      goodFor: 'where the time of slow requests goes',
    },
    {
      signal: 'Limit',
      from: '',
      last: null,
      points: 0,
      intervalS: null,
      goodFor: 'time to the limit, deaths near it',
    },
  ],
  missing: [
    {
      what: 'The release',
      why: 'Without service.version growth cannot be tied to a release. One variable names it:',
      lines: 'export OTEL_RESOURCE_ATTRIBUTES="service.version=$(git describe --tags)"',
      language: 'sh',
    },
    {
      what: 'Release times',
      why: 'A call in the pipeline pins the minute of a release:',
      lines:
        'curl -X POST http://127.0.0.1:4040/v1/deploys \\\n  -H "content-type: application/json" \\\n  -d \'{"service":"prod/shop/checkout-api","version":"1.4.2"}\'',
      language: 'sh',
    },
  ],
  unusedMetrics: [
    { name: 'nodejs.eventloop.delay.p99', points: 40_211 },
    { name: 'v8js.gc.duration', points: 12_002 },
  ],
};

export const SETUP: ApiSetup = {
  endpoint: 'http://127.0.0.1:4040',
  auth: false,
  guides: [
    {
      id: 'otel-node',
      title: 'Node',
      steps: [
        {
          text: 'Install the SDK and the metrics of the runtime.',
          language: 'sh',
          lines: 'npm install @opentelemetry/auto-instrumentations-node',
        },
        {
          text: 'Start the service with these variables.',
          language: 'sh',
          lines:
            '# shell or unit file\nexport OTEL_SERVICE_NAME=my-service\nexport OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4040\nexport OTEL_METRICS_EXPORTER=otlp OTEL_METRIC_EXPORT_INTERVAL=15000\nnode --require @opentelemetry/auto-instrumentations-node/register server.js',
        },
      ],
    },
    {
      id: 'otel-python',
      title: 'Python',
      steps: [
        {
          text: '',
          language: 'sh',
          lines:
            'export OTEL_SERVICE_NAME=my-service\nexport OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4040\nopentelemetry-instrument python app.py',
        },
      ],
    },
    {
      id: 'curl',
      title: 'curl',
      steps: [
        {
          text: 'One upload, to see that it arrives.',
          language: 'sh',
          lines:
            'curl -i http://127.0.0.1:4040/v1/metrics -H "content-type: application/json" -d @metrics.json',
        },
      ],
    },
  ],
};

export const UPLOADS: ApiUploads = {
  from: NOW - DAY,
  to: NOW,
  balance: { received: 25_911, done: 25_880, rejected: 24, poison: 1, pending: 6 },
  refused: [
    {
      hour: NOW - 6 * HOUR,
      reason: 'unsupported-encoding',
      status: 415,
      sender: '10.2.0.14',
      count: 28,
      examples: [
        {
          at: NOW - 6 * HOUR,
          route: '/v1/metrics',
          detail: 'Could not read the body: Content-Encoding is br, expected gzip or identity',
          firstBytes: '1b 2f 00 f8 25 c2 a2 90',
          bytes: 4120,
        },
        {
          at: NOW - 6 * HOUR + MINUTE,
          route: '/v1/metrics',
          detail: 'Could not read the body: Content-Encoding is br, expected gzip or identity',
          firstBytes: '1b 30 00 f8 25 c2 a2 90',
          bytes: 4121,
        },
      ],
    },
  ],
  items: Array.from({ length: 8 }, (_, i) => ({
    id: `0198${i}f`,
    receivedAt: NOW - (3 + i * 7) * 1000,
    route: i % 3 ? '/v1/metrics' : '/v1/traces',
    bytes: 8300 + i * 911,
    sender: `10.2.0.${9 + i}`,
    state: i === 0 ? ('pending' as const) : i === 4 ? ('rejected' as const) : ('done' as const),
    reason: i === 4 ? 'Could not read metric 3: its time is 51 h in the past, at most 48 h are kept' : null,
  })),
  cursor: null,
};

const rule = { rangeMs: null, off: false, state: 'inactive' as const, since: null, instances: [] };
export const RULES = [
  {
    ...rule,
    ...{ service: SERVICE, rule: 'HeapGrowth', kind: 'deriv' as const, metric: 'process_heap_bytes' },
    ...{ threshold: 10_000, rangeMs: 2 * HOUR, forMs: HOUR / 2, state: 'firing' as const, since: NOW - HOUR },
    instances: [
      {
        ...{ instance: 'checkout-7f9c', state: 'firing' as const, value: 14_300 },
        ...{ activeAt: NOW - 1.5 * HOUR, firedAt: NOW - HOUR },
      },
    ],
  },
  {
    ...rule,
    ...{
      service: SERVICE,
      rule: 'MemoryNearLimit',
      kind: 'quotient' as const,
      threshold: 0.8,
      forMs: HOUR / 12,
    },
    metric: 'process_resident_memory_bytes / container_memory_limit_bytes',
  },
  {
    ...rule,
    ...{ service: SERVICE, rule: 'GoroutineLeak', kind: 'deriv' as const, metric: 'go_goroutines' },
    ...{ threshold: 0.1, rangeMs: HOUR, forMs: HOUR / 2, off: true },
  },
];

export const ALIASES: AliasList = {
  items: [{ from: 'production//checkout', to: SERVICE, at: NOW - DAY }],
  proposals: [{ from: 'prod/shop/cart-go', to: SERVICE, by: 'pod', id: 'shop/checkout-api-7f6c9d5b8-x2lqp' }],
  notLookedAt: 12,
};

export const KEYS = [
  {
    id: 'k_7f3a',
    project: 'default',
    scopes: ['ingest' as const],
    status: 'active' as const,
    createdAt: NOW - 40 * DAY,
    note: 'collector in prod',
  },
  {
    id: 'k_11c0',
    project: 'default',
    scopes: ['read' as const, 'admin' as const],
    status: 'active' as const,
    createdAt: NOW - 12 * DAY,
    note: '',
  },
  {
    id: 'k_0aa9',
    project: 'default',
    scopes: ['ingest' as const],
    status: 'revoked' as const,
    createdAt: NOW - 90 * DAY,
    note: 'old pipeline',
  },
];
