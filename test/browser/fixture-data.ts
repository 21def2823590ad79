import type {
  ApiFinding,
  ApiHealth,
  ApiLife,
  ApiMemory,
  ApiMemorySeries,
  ApiService,
  ApiSetup,
  ApiTransaction,
  ApiUnit,
  ApiUploads,
} from '../../lib/http/schemas.ts';
import type { ApiUsage } from '../../lib/http/usage-routes.ts';
import { TRACE_FINDINGS } from './fixture-traces.ts';

// A leak as the design's mock tells it: a release on Tuesday, growth in two lives of every instance but the idle one,
// one unit named and the others cleared. All of it is computed, so that two runs draw the same pixels.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MIB = 1024 * 1024;

export const NOW = Date.UTC(2026, 10, 19, 9, 0);
const START = NOW - 72 * HOUR - 9 * HOUR + 0.6 * HOUR;
const RELEASE = Date.UTC(2026, 10, 17, 14, 2);
const RESTART = Date.UTC(2026, 10, 18, 13, 20);
const ONSET = { t: Date.UTC(2026, 10, 17, 14, 9), low: RELEASE, high: Date.UTC(2026, 10, 17, 14, 21) };
export const SERVICE = 'prod/shop/checkout-api';
const LIMIT = 512 * MIB;

/** mulberry32: small, seeded, good enough to look like noise. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

interface Shape {
  readonly instance: string;
  readonly slopeMibPerHour: number;
  readonly seed: number;
}

function lives(instance: string, grows: boolean): ApiLife[] {
  const verdict = grows ? 'leak' : 'stable';
  const life = (
    from: number,
    to: number,
    version: string,
    word: ApiLife['verdict'],
    end: ApiLife['end'],
  ): ApiLife => ({
    instance,
    version,
    startedAt: from,
    from,
    to,
    verdict: word,
    end,
  });
  return [
    life(START, RELEASE, '1.4.1', 'stable', { time: RELEASE, reason: 'restart' }),
    life(RELEASE, RESTART, '1.4.2', verdict, { time: RESTART, reason: 'restart' }),
    life(RESTART, NOW, '1.4.2', verdict, null),
  ];
}

function series(
  { instance, slopeMibPerHour: slope, seed }: Shape,
  role: ApiMemorySeries['role'],
): ApiMemorySeries {
  const random = noise(seed);
  const grows = slope > 1;
  const scale = role === 'rss' ? 1.35 : role === 'external' ? 0.06 : 1;
  const all = lives(instance, grows);
  const points: [number, number][] = [];
  const floor: [number, number][] = [];
  for (const { from, to, version } of all) {
    let cycle = 0;
    for (let t = from; t < to; t += 6 * MINUTE) {
      const kept = version === '1.4.2' && role !== 'external' ? (slope * (t - from)) / HOUR : 0;
      const low = (208 + kept + 5 * random()) * MIB * scale;
      cycle = (cycle + 0.13 + 0.1 * random()) % 1;
      // Two hours of one night are missing in the first instance, so that a gap is to be seen.
      const lost = seed === 1 && t > START + 20 * HOUR && t < START + 22 * HOUR;
      if (!lost) points.push([t, low + cycle * 84 * MIB * scale]);
      if (floor.length === 0 || t - floor.at(-1)![0] >= 30 * MINUTE)
        floor.push([t, (208 + kept) * MIB * scale]);
    }
  }
  const rate = slope * MIB * scale;
  return {
    instance,
    role,
    metric:
      role === 'rss'
        ? 'process.memory.usage'
        : role === 'external'
          ? 'nodejs.memory.external'
          : 'v8js.memory.heap.used',
    unit: 'bytes',
    points,
    floor,
    confirmedUntil: NOW - 2.5 * HOUR,
    lives: all,
    verdict: grows ? 'leak' : 'stable',
    reason: grows
      ? `The floor rises ${slope.toFixed(1)} MiB/h in two lives, confirmed by 412 lows.`
      : 'The floor rises 0.4 MiB/h, below the 1 MiB/h that would matter.',
    onset: grows ? ONSET : null,
    slopeBytesPerHour: { value: rate, low: rate - 0.4 * MIB, high: rate + 0.4 * MIB },
    timeToLimitS:
      grows && role === 'heap_used' ? { value: 12.2 * 3600, low: 11.3 * 3600, high: 13 * 3600 } : null,
    limitBytes: role === 'heap_used' ? LIMIT : null,
  };
}

const SHAPES: Shape[] = [
  { instance: '7f9c4', slopeMibPerHour: 9.4, seed: 1 },
  { instance: 'b2k8d', slopeMibPerHour: 9.1, seed: 2 },
  { instance: 'c91xw', slopeMibPerHour: 8.7, seed: 3 },
  { instance: 'x4cfz', slopeMibPerHour: 0.4, seed: 4 },
];

const http = (name: string) => ({ kind: 'http' as const, name });
const CART = http('POST /cart/items');
const ALLOCATED = {
  requests: 1204,
  medianBytes: 912,
  trimmedMeanBytes: 1104,
  top: [{ file: 'cart/store.py', requests: 1180, bytesPerRequest: 804 }],
};
export const UNITS: ApiUnit[] = (
  [
    [CART, 6_204_113, 1203, 492 / 7],
    [http('GET /search'), 21_406_512, 310, 240],
    [http('GET /products/:id'), 38_220_904, 88, 431],
    [http('GET /cart'), 9_880_240, 12, 110],
    [http('POST /login'), 88_112, 402, 1],
    [{ kind: 'job' as const, name: 'email.receipt' }, 402_377, 5120, 4],
    [{ kind: 'connection' as const, name: 'GET /events' }, 1204, 0, 0.01],
  ] as const
).map(([unit, count, failures], row) => ({
  unit,
  count,
  failures,
  source: unit.kind === 'http' ? 'http.server.request.duration' : 'spans',
  active: unit.kind === 'connection' ? 1198 : null,
  allocated: unit === CART ? ALLOCATED : null,
  history: Array.from({ length: 48 }, (_, i): [number, number] => {
    const wave = 1 + 0.4 * Math.sin((i / 24) * 2 * Math.PI + row);
    return [NOW - (48 - i) * HOUR, (count / 72) * wave * (unit.name === 'GET /search' && i > 24 ? 2 : 1)];
  }),
}));

const suspects: ApiFinding['suspects'] = [
  {
    units: [CART],
    cause: 'unit',
    bytesPerUnit: { value: 812, low: 772, high: 852 },
    weight: 0.97,
    share: 0.95,
    unitsSinceOnset: 6_204_113,
  },
];
const cleared: ApiFinding['evidence']['cleared'] = [
  {
    unit: http('GET /cart'),
    bytesPerUnit: { value: 9, low: -14, high: 32 },
    unitsSinceOnset: 9_880_240,
    reason: 'moves with POST /cart/items (r .71); its interval covers 0',
  },
  {
    unit: http('GET /search'),
    bytesPerUnit: { value: -1, low: -3, high: 1 },
    unitsSinceOnset: 21_406_512,
    reason: 'traffic doubled Wed 09:00, the floor did not follow',
  },
  {
    unit: http('GET /products/:id'),
    bytesPerUnit: { value: 0, low: -2, high: 2 },
    unitsSinceOnset: 38_220_904,
    reason: 'its interval covers 0',
  },
  {
    unit: { kind: 'job', name: 'email.receipt' },
    bytesPerUnit: { value: 3, low: -38, high: 44 },
    unitsSinceOnset: 402_377,
    reason: 'its interval covers 0',
  },
  {
    unit: { kind: 'connection', name: 'GET /events' },
    bytesPerUnit: { value: -60, low: -190, high: 70 },
    unitsSinceOnset: 1204,
    reason: 'open connections are flat at 1.2 k',
  },
];

const keep = {
  ...{ name: 'CartStore.retain', file: 'src/cart/store.js', line: 42, owner: 'own' as const },
  calledFrom: null,
};
const released = (version: string, at: number, value: number, half: number) => ({
  ...{ version, from: at, to: NOW, lives: 8, hours: 96, units: 2_104_000 },
  slopeBytesPerHour: { value: value * 12_000, low: (value - half) * 12_000, high: (value + half) * 12_000 },
  bytesPerUnit: { value, low: value - half, high: value + half },
});
const EXPLAINED: NonNullable<ApiFinding['evidence']['explained']> = {
  where: null,
  lines: [
    {
      ...keep,
      ...{ share: 0.94, bytesPerHour: 8.8 * MIB, bytesPerUnit: { value: 770, low: 731, high: 809 } },
    },
    {
      ...{ name: 'addBreadcrumb', file: 'node_modules/@sentry/core/scope.js', line: 88, owner: 'sdk' },
      calledFrom: { name: 'postItems', file: 'src/cart/routes.js', line: 17 },
      ...{ share: 0.06, bytesPerHour: 0.5 * MIB, bytesPerUnit: null },
    },
  ],
  stopGap: {
    maxRequests: { value: 1_200_000, low: 1_050_000, high: 1_420_000 },
    restartS: { value: 21 * 3600, low: 19 * 3600, high: 23 * 3600 },
  },
  compared: [{ unit: http('GET /search'), perHourBefore: 104_200, perHourAfter: 208_900 }],
  parts: [
    {
      ...{ role: 'object_count', part: 'CartItem', share: 0.97, perHour: 12_040 },
      perUnit: { value: 1.01, low: 0.97, high: 1.05 },
    },
  ],
  releases: {
    by: 'unit',
    items: [released('1.4.1', Date.UTC(2026, 10, 13, 10, 15), 2, 9), released('1.4.2', RELEASE, 812, 40)],
    firstBad: { versions: ['1.4.2'], lastGood: '1.4.1' },
    fix: null,
  },
};

const slope = { value: 9.3 * MIB, low: 8.9 * MIB, high: 9.7 * MIB };
const text = (value: string) => ({ kind: 'text' as const, text: value });
const leak: ApiFinding = {
  id: 'f-leak-1',
  kind: 'leak',
  service: SERVICE,
  state: 'firing',
  since: Date.UTC(2026, 10, 17, 16, 40),
  updatedAt: NOW - 2 * MINUTE,
  resolvedAt: null,
  snoozedUntil: null,
  dismissed: null,
  title: 'Leak in checkout-api since 1.4.2',
  summary: 'Since release 1.4.2 every POST /cart/items keeps 812 ± 40 B on the heap.',
  sentence: [
    text('Since release '),
    { kind: 'number', text: '1.4.2' },
    text(' every '),
    { kind: 'unit', text: CART.name, unit: CART },
    text(' keeps '),
    { kind: 'number', text: '812 ± 40 B' },
    text(' on the heap. At this rate '),
    { kind: 'service', text: 'checkout-api' },
    text(' fills its 512\u00a0MiB today at about '),
    { kind: 'time', text: '21:10', at: NOW + 12.2 * HOUR },
    text(' (20:20–22:00).'),
  ],
  suspects,
  evidence: {
    analyzer: 'leaks@1',
    role: 'heap_used',
    version: '',
    instances: ['7f9c4', 'b2k8d', 'c91xw'],
    from: START,
    to: NOW - 2 * MINUTE,
    onset: ONSET,
    slopeBytesPerHour: slope,
    timeToLimitS: { value: 12.2 * 3600, low: 11.3 * 3600, high: 13 * 3600 },
    limitBytes: LIMIT,
    floor: { start: 208 * MIB, end: 393 * MIB },
    lows: 412,
    confidence: 0.98,
    reason:
      'The floor rises 9.3 ± 0.4 MiB/h in 6 of 8 lives since 1.4.2; before, it was flat within 0.2 MiB/h.',
    cleared,
    deploys: [
      { version: '1.4.1', at: Date.UTC(2026, 10, 13, 10, 15) },
      { version: '1.4.2', at: RELEASE },
    ],
    looked: 4,
    explained: EXPLAINED,
  },
  notice: { firing: 'sent', resolved: 'none', lastError: null },
};

const { explained: _, ...evidenceOfKilled } = leak.evidence;
const killed: ApiFinding = {
  ...leak,
  id: 'f-killed-1',
  kind: 'killed',
  service: 'prod/reporting/report-worker',
  since: Date.UTC(2026, 10, 18, 3, 52),
  title: 'report-worker was killed for memory',
  summary: 'report-worker was killed for memory at 98.7 % of 4 GiB. Its floor is flat: this is not a leak.',
  sentence: [
    { kind: 'service', text: 'report-worker' },
    text(' was killed for memory at '),
    { kind: 'number', text: '98.7 %' },
    text(' of 4 GiB: one '),
    { kind: 'unit', text: 'POST /reports', unit: http('POST /reports') },
    text(' took '),
    { kind: 'number', text: '3.1 GiB' },
    text(' in 40 s. This is not a leak.'),
  ],
  suspects: [],
  evidence: {
    ...evidenceOfKilled,
    role: 'container_usage',
    instances: ['rw-1'],
    from: NOW - 2 * DAY,
    onset: null,
    slopeBytesPerHour: null,
    timeToLimitS: null,
    limitBytes: 4096 * MIB,
    floor: { start: 1060 * MIB, end: 1076 * MIB },
    cleared: [],
    deploys: [],
    reason: 'One spike to the limit within 40 s; the floor before and after is flat.',
    deaths: [
      {
        ...{ instance: 'rw-1', version: '2.0.1', at: Date.UTC(2026, 10, 18, 3, 52), cause: 'oom' },
        ...{ lastBytes: 4042 * MIB, shareOfLimit: 0.987, lifeMs: 2 * DAY, unitsServed: 1840, inFlight: 3 },
        growth: { bytes: 2966 * MIB, since: Date.UTC(2026, 10, 18, 3, 51), isFloor: false },
        lastWork: [{ unit: http('POST /reports'), count: 1 }],
        heap: {
          ...{
            at: Date.UTC(2026, 10, 18, 3, 50),
            baselineAt: Date.UTC(2026, 10, 18, 3, 20),
            grewBytes: 2900 * MIB,
          },
          lines: [{ ...keep, bytes: 2950 * MIB, grewBytes: 2880 * MIB }],
        },
      },
    ],
  },
  notice: { firing: 'due', resolved: 'none', lastError: 'Slack answered 503; next try in 4 min' },
};

const old: ApiFinding = {
  ...leak,
  id: 'f-leak-0',
  state: 'resolved',
  service: 'prod/money/payments',
  resolvedAt: NOW - 3 * DAY,
  updatedAt: NOW - 3 * DAY,
  title: 'Leak in payments, fixed in 0.9.3',
  sentence: [
    text('Since release '),
    { kind: 'number', text: '0.9.3' },
    text(' '),
    { kind: 'unit', text: 'POST /charges', unit: http('POST /charges') },
    text(' keeps '),
    { kind: 'number', text: '0 ± 3 B' },
    text(', over 410 k units: fixed.'),
  ],
  notice: { firing: 'sent', resolved: 'sent', lastError: null },
};
const snoozed: ApiFinding = {
  ...leak,
  id: 'f-leak-2',
  state: 'snoozed',
  service: 'prod/shop/storefront',
  snoozedUntil: NOW + DAY,
  title: 'Leak in storefront',
};
export const FINDINGS: ApiFinding[] = [leak, killed, snoozed, old, ...TRACE_FINDINGS];

const flat = (level: number, wave: number, spike = 0): [number, number][] =>
  Array.from({ length: 60 }, (_, i) => [
    NOW - (60 - i) * 2.8 * HOUR,
    (level + wave * Math.sin(i / 4) + (i === 42 ? spike : 0)) * MIB,
  ]);
const leakFloor = series(SHAPES[0]!, 'heap_used').floor;
const service = (name: string, change: Partial<ApiService>): ApiService => ({
  service: name,
  lastSeen: NOW - 3000,
  instances: 4,
  signals: ['memory', 'counts', 'traces', 'deploys'],
  findings: 0,
  verdict: 'stable',
  verdictReason: 'The floor is flat within 0.2 MiB/h.',
  floor: flat(164, 2),
  role: 'heap_used',
  limitBytes: 512 * MIB,
  unitsPerSecond: 210,
  p95Ms: 96,
  ...change,
});
export const SERVICES: ApiService[] = [
  service(SERVICE, {
    verdict: 'leak',
    verdictReason: leak.evidence.reason,
    findings: 1,
    floor: leakFloor.filter((_, i) => i % 3 === 0),
    unitsPerSecond: 492,
    p95Ms: 148,
  }),
  service('prod/shop/storefront', {
    instances: 8,
    floor: flat(318, 14),
    limitBytes: 1024 * MIB,
    p95Ms: 1530,
  }),
  service('prod/shop/search-api', {
    instances: 6,
    verdict: 'step',
    floor: flat(1240, 6),
    limitBytes: 2048 * MIB,
    unitsPerSecond: 880,
    role: 'rss',
  }),
  service('prod/money/payments', {
    verdict: 'growth-unconfirmed',
    floor: flat(92, 3),
    limitBytes: 256 * MIB,
    unitsPerSecond: 74,
    p95Ms: 212,
  }),
  service('prod/money/billing', {
    verdict: 'mixed-writers',
    verdictReason: 'Four processes write one series.',
    floor: flat(300, 40),
    limitBytes: 1024 * MIB,
    unitsPerSecond: 18,
    p95Ms: 305,
  }),
  service('prod/reporting/report-worker', {
    verdict: 'stable',
    findings: 1,
    floor: flat(1076, 4, 2900),
    role: 'container_usage',
    limitBytes: 4096 * MIB,
    unitsPerSecond: 2.1,
    p95Ms: 8400,
    instances: 3,
    signals: ['memory', 'counts', 'deploys'],
  }),
  service('mailer', {
    verdict: 'warm-up',
    floor: flat(141, 2),
    limitBytes: null,
    unitsPerSecond: 6.4,
    p95Ms: null,
    instances: 2,
    signals: ['memory', 'counts'],
  }),
  service('prod/edge/image-proxy', {
    verdict: null,
    verdictReason: null,
    floor: [],
    role: null,
    limitBytes: null,
    signals: ['counts', 'traces'],
    unitsPerSecond: 640,
    p95Ms: 58,
  }),
];

/** Flat at 1.05 GiB, but for one spike to the limit, which ends a life. */
function worker(role: ApiMemorySeries['role']): ApiMemorySeries {
  const random = noise(9);
  const died = Date.UTC(2026, 10, 18, 3, 52);
  const points: [number, number][] = [];
  for (let t = NOW - 2 * DAY; t < NOW; t += 6 * MINUTE) points.push([t, (1064 + 30 * random()) * MIB]);
  for (const [before, mib] of [
    [40, 1090],
    [25, 2600],
    [10, 3600],
    [0, 4043],
  ] as const) {
    points.push([died - before * 1000, mib * MIB]);
  }
  points.sort((a, b) => a[0] - b[0]);
  const shared = { instance: 'rw-1', version: '2.1.0' };
  return {
    instance: 'rw-1',
    role,
    metric: 'k8s.pod.memory.working_set',
    unit: 'bytes',
    points,
    floor: points
      .filter(([t, v], i) => i % 8 === 0 && v < 1100 * MIB && Math.abs(t - died) > 2 * MINUTE)
      .map(([t]) => [t, 1064 * MIB]),
    confirmedUntil: NOW - HOUR,
    lives: [
      {
        ...shared,
        startedAt: NOW - 3 * DAY,
        from: NOW - 2 * DAY,
        to: died,
        verdict: 'stable',
        end: { time: died, reason: 'oom' },
      },
      { ...shared, startedAt: died + MINUTE, from: died + MINUTE, to: NOW, verdict: 'stable', end: null },
    ],
    verdict: 'stable',
    reason: 'The floor is flat within 0.2 MiB/h over 2 lives.',
    onset: null,
    slopeBytesPerHour: null,
    timeToLimitS: null,
    limitBytes: 4096 * MIB,
  };
}

export function memoryOf(name: string, role: string | null, from: number, to: number): ApiMemory {
  const within = <P extends readonly [number, number]>(points: P[]) =>
    points.filter(([t]) => t >= from && t <= to);
  const wanted = (role ?? 'heap_used') as ApiMemorySeries['role'];
  const isLeak = name === SERVICE;
  const all = isLeak ? SHAPES.map((shape) => series(shape, wanted)) : [worker(wanted)];
  const cut = all.map((one) => ({ ...one, points: within(one.points), floor: within(one.floor) }));
  const cohort = {
    service: name,
    role: wanted,
    instances: 4,
    lives: 8,
    confidence: 0.98,
    timeToLimitS: leak.evidence.timeToLimitS,
    segments: [],
  };
  return {
    service: name,
    from,
    to,
    roles: isLeak ? ['heap_used', 'rss', 'external'] : ['container_usage', 'heap_used'],
    series: cut.filter((one) => one.points.length > 0),
    deploys: isLeak
      ? [
          {
            service: name,
            version: '1.4.2',
            at: RELEASE,
            url: 'https://git.example.com/shop/compare/1.4.1...1.4.2',
            commit: null,
            source: 'reported',
          },
        ]
      : [],
    cohorts: isLeak
      ? [
          {
            ...cohort,
            version: '1.4.1',
            lives: 4,
            verdict: 'stable',
            confidence: 0.97,
            reason: 'The floor is flat within 0.2 MiB/h.',
            onset: null,
            slopeBytesPerHour: { value: 0, low: -0.2 * MIB, high: 0.2 * MIB },
            timeToLimitS: null,
            floor: { start: 208 * MIB, end: 209 * MIB },
            suspects: [],
            cleared: [],
          },
          {
            ...cohort,
            version: '1.4.2',
            verdict: 'leak',
            reason: leak.evidence.reason,
            onset: ONSET,
            slopeBytesPerHour: slope,
            floor: leak.evidence.floor,
            suspects,
            cleared,
          },
        ]
      : [],
  };
}

export const TRANSACTIONS: ApiTransaction[] = (
  [
    [CART, null, 61, 88, 148, 310],
    [CART, '1.4.1', 60, 86, 145, 300],
    [CART, '1.4.2', 62, 90, 151, 322],
    [http('GET /search'), null, 24, 41, 96, 201],
    [http('GET /products/:id'), null, 6.2, 9.1, 31, 74],
    [http('GET /cart'), null, 12, 18, 44, 98],
    [http('GET /checkout'), null, 846, 1064, 1530, 2240],
    [{ kind: 'job' as const, name: 'email.receipt' }, null, 340, 402, 610, 905],
    [{ kind: 'connection' as const, name: 'GET /events' }, null, null, null, null, null],
  ] as const
).map(([unit, version, p50Ms, p75Ms, p95Ms, p99Ms], row) => {
  const count = UNITS.find((one) => one.unit.name === unit.name)?.count ?? 88_210;
  return {
    unit,
    version,
    count,
    failures: Math.round(count * 0.0004 * row),
    perSecond: count / (72 * 3600),
    p50Ms,
    p75Ms,
    p95Ms,
    p99Ms,
    totalMs: count * (p50Ms ?? 0) * 1.2,
    source:
      p50Ms === null ? 'http.server.active_requests' : row % 2 ? 'http.server.request.duration' : 'spans',
    examples:
      row % 2
        ? []
        : [0, 1, 2].map((i) => ({
            traceId: `${(row * 7 + i + 1).toString(16)}f1c9a07b2e44f0c8d19bd0f6e7733ab`.slice(0, 32),
            durationMs: (p95Ms ?? 10) * (1 + i / 5),
            at: NOW - (i + 1) * HOUR,
          })),
    history:
      p50Ms === null
        ? []
        : Array.from({ length: 60 }, (_, i): [number, number, number] => [
            NOW - (60 - i) * 72 * MINUTE,
            p50Ms * (1 + 0.06 * Math.sin(i / 3)),
            p95Ms * (1 + 0.1 * Math.sin(i / 2 + row)),
          ]),
  };
});

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
