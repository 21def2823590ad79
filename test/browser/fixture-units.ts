import type { ApiTransaction, ApiUnit } from '../../lib/http/schemas.ts';
import { CART, HOUR, http, MINUTE, NOW, RELEASE, START } from './fixture-story.ts';

// What was counted and how long it took, by unit of work.

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

const release = (version: string, firstAt: number, requests: number, p50Ms: number, p95Ms: number) => ({
  ...{ version, firstAt, requests, failures: requests * 0.004 },
  ...{ p50Ms, p75Ms: p50Ms * 1.4, p95Ms, p99Ms: p95Ms * 2 },
});
const RELEASES = new Map([
  [CART.name, [release('1.4.1', START, 1_204_113, 60, 145), release('1.4.2', RELEASE, 5_000_000, 62, 151)]],
  [
    'GET /checkout',
    [release('5.11.3', START, 39_870, 612, 1190), release('5.12.0', NOW - 18 * HOUR, 48_340, 846, 1530)],
  ],
  ['GET /cart', [release('1.4.1', START, 900_000, 22, 81), release('1.4.2', RELEASE, 8_980_240, 12, 42)]],
]);
const CHANGES = new Map([
  [
    'GET /checkout',
    {
      ...{ version: '5.12.0', isSlower: true, change: 0.29 },
      sentence: 'p95 rose by 29 % with release 5.12.0: 1190 ms before, 1530 ms after',
    },
  ],
  [
    'GET /cart',
    {
      ...{ version: '1.4.2', isSlower: false, change: -0.48 },
      sentence: 'p95 fell by 48 % with release 1.4.2: 81 ms before, 42 ms after',
    },
  ],
]);

export const TRANSACTIONS: ApiTransaction[] = (
  [
    [CART, 61, 88, 148, 310],
    [http('GET /search'), 24, 41, 96, 201],
    [http('GET /products/:id'), 6.2, 9.1, 31, 74],
    [http('GET /cart'), 12, 18, 44, 98],
    [http('GET /checkout'), 846, 1064, 1530, 2240],
    [{ kind: 'job' as const, name: 'email.receipt' }, 340, 402, 610, 905],
    [{ kind: 'connection' as const, name: 'GET /events' }, null, null, null, null],
  ] as const
).map(([unit, p50Ms, p75Ms, p95Ms, p99Ms], row) => {
  const count = UNITS.find((one) => one.unit.name === unit.name)?.count ?? 88_210;
  return {
    unit,
    count,
    failures: Math.round(count * 0.0004 * row),
    perSecond: count / (72 * 3600),
    p50Ms,
    p75Ms,
    p95Ms,
    p99Ms,
    totalMs: count * (p50Ms ?? 0) * 1.2,
    versions: RELEASES.get(unit.name) ?? [],
    change: CHANGES.get(unit.name) ?? null,
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
