import type { ApiLife, ApiMemory, ApiMemorySeries } from '../../lib/http/schemas.ts';
import { cleared, leak, slope, suspects } from './fixture-findings.ts';
import {
  DAY,
  HOUR,
  LIMIT,
  MIB,
  MINUTE,
  NOW,
  ONSET,
  RELEASE,
  RESTART,
  SERVICE,
  START,
} from './fixture-story.ts';

// Memory of the leaking service and of a worker that was killed, point by point.

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

export function series(
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

export const SHAPES: Shape[] = [
  { instance: '7f9c4', slopeMibPerHour: 9.4, seed: 1 },
  { instance: 'b2k8d', slopeMibPerHour: 9.1, seed: 2 },
  { instance: 'c91xw', slopeMibPerHour: 8.7, seed: 3 },
  { instance: 'x4cfz', slopeMibPerHour: 0.4, seed: 4 },
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
