import type { ApiService } from '../../lib/http/schemas.ts';
import { leak } from './fixture-findings.ts';
import { SHAPES, series } from './fixture-memory.ts';
import { HOUR, MIB, NOW, SERVICE } from './fixture-story.ts';

// One service for each verdict.

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
