import type { ApiFinding } from '../../lib/http/schemas.ts';
import {
  CART,
  DAY,
  HOUR,
  http,
  LIMIT,
  MIB,
  MINUTE,
  NOW,
  ONSET,
  RELEASE,
  SERVICE,
  START,
  text,
} from './fixture-story.ts';
import { TRACE_FINDINGS } from './fixture-trace-findings.ts';

// The leak with all its evidence, and others in every state.

export const suspects: ApiFinding['suspects'] = [
  {
    units: [CART],
    cause: 'unit',
    bytesPerUnit: { value: 812, low: 772, high: 852 },
    weight: 0.97,
    share: 0.95,
    unitsSinceOnset: 6_204_113,
  },
];
export const cleared: ApiFinding['evidence']['cleared'] = [
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

export const slope = { value: 9.3 * MIB, low: 8.9 * MIB, high: 9.7 * MIB };
export const leak: ApiFinding = {
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
