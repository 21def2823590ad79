// What unmodified SDKs sent in recorded runs, through the whole product: door, raw segments, queue, commits, scans, API.
// The truth is what the services themselves counted. The clock is that of the recording.
import { afterAll, describe, expect, it } from 'vitest';
import type { ApiCohort, ApiFinding, ApiMemory, ApiUnit, ApiUploads } from '../../lib/http/schemas.ts';
import { packedCapture, plainRoute, replay } from '../support/captures.ts';
import { openProduct } from '../support/product.ts';

const FIXTURES = new URL('../fixtures/replays/', import.meta.url).pathname;

/** Roles that a run sends, and how many processes it had. */
const RUNS: Readonly<Record<string, { readonly roles: readonly string[]; readonly lives: number }>> = {
  'otel-node-json': { roles: ['heap_used', 'heap_total', 'rss', 'external'], lives: 1 },
  'otel-node-json-sdk2': { roles: ['heap_used', 'heap_total', 'rss', 'external'], lives: 1 },
  'otel-node-proto': { roles: ['heap_used', 'heap_total', 'rss', 'external'], lives: 1 },
  'otel-node-proto-noleak': { roles: ['heap_used', 'heap_total', 'rss', 'external'], lives: 1 },
  'otel-node-proto-restart-new': { roles: ['heap_used', 'rss'], lives: 2 },
  'otel-node-proto-restart-same': { roles: ['heap_used', 'rss'], lives: 2 },
  'otel-go': { roles: ['heap_after_gc', 'heap_used', 'goroutine_count'], lives: 1 },
  'otel-java': { roles: ['heap_after_gc', 'heap_used', 'thread_count'], lives: 1 },
  'otel-flask-healthy': { roles: ['rss', 'object_count'], lives: 1 },
  'otel-flask-leak': { roles: ['rss', 'object_count'], lives: 1 },
  'otel-fastapi-leak': { roles: ['rss', 'object_count', 'thread_count', 'fd_count'], lives: 1 },
};
const MEMORY: readonly string[] = ['heap_after_gc', 'heap_used', 'rss'];
/** Runs shorter than this may say that the data does not decide. */
const LONG_S = 40;
/**
 * Runs whose first suspect is another route: otel-node-json (63 s and three major collections, in which /health has the very
 * history of the leak).
 */
const MISSES_MAX = 1;

interface Seen {
  readonly name: string;
  readonly wanted: string;
  readonly suspected: readonly string[];
}
const leaking: Seen[] = [];

// Side by side: most of a replay is waiting for the disk.
describe.concurrent.each(Object.entries(RUNS))('replay of %s', (name, expected) => {
  it('is taken, counted once and judged as it was', { timeout: 90_000 }, async () => {
    const capture = packedCapture(`${FIXTURES}${name}.json.gz`);
    const { truth } = capture;
    const product = await openProduct({ at: truth.recorder.startUnixMs });
    try {
      const answers = await replay(product, capture);
      expect(Object.keys(answers).every((key) => key.endsWith(' 200'))).toBe(true);

      const { balance } = await product.get<ApiUploads>('/uploads');
      expect(balance).toEqual({
        received: capture.requests.length,
        done: capture.requests.length,
        rejected: 0,
        poison: 0,
        pending: 0,
      });

      const { items: services } = await product.get<{ items: { service: string }[] }>('/services');
      expect(services).toHaveLength(1);
      const base = `/services/${encodeURIComponent(services[0]?.service ?? '')}`;

      const { items: units } = await product.get<{ items: ApiUnit[] }>(`${base}/units`);
      expect(countsOf(units)).toEqual(truthOf(truth.lives.map(({ requests }) => requests)));

      const memory = await product.get<ApiMemory>(`${base}/memory`);
      expect(memory.roles).toEqual(expect.arrayContaining([...expected.roles]));
      expect(memory.series.flatMap(({ lives }) => lives)).toHaveLength(expected.lives);

      const { items: cohorts } = await product.get<{ items: ApiCohort[] }>(`${base}/leaks`);
      const ofMemory = cohorts.filter(({ role }) => MEMORY.includes(role));
      const leak = truth.lives.map((life) => life.leak).find((one) => one?.route !== undefined);
      if (leak === undefined || leak === null) {
        expect(cohorts.filter(({ verdict }) => verdict === 'leak')).toEqual([]);
        expect((await product.get<{ items: ApiFinding[] }>('/findings')).items).toEqual([]);
      } else if (truth.lives.every((life) => life.endedUnixMs - life.startedUnixMs >= LONG_S * 1000)) {
        const [speaking] = ofMemory.filter(({ suspects }) => suspects.length > 0);
        const suspected = (speaking?.suspects[0]?.units ?? []).map((unit) => plainRoute(unit.name));
        leaking.push({ name, wanted: plainRoute(leak.route), suspected });
      }
    } finally {
      await product.close();
    }
  });
});

describe('replay of the leaking runs', () => {
  afterAll(() => leaking.splice(0));
  it(`names the leaking route first in all but ${MISSES_MAX} of those that last ${LONG_S} s`, () => {
    expect(leaking.length).toBeGreaterThanOrEqual(7);
    const missed = leaking.filter(({ wanted, suspected }) => suspected[0] !== wanted);
    expect(missed.length, JSON.stringify(missed)).toBeLessThanOrEqual(MISSES_MAX);
  });
});

/** Requests and server errors per route; a request that no route took has no unit of its own in any truth. */
type Counts = Record<string, { count: number; failures: number }>;

function countsOf(units: readonly ApiUnit[]): Counts {
  return Object.fromEntries(
    units
      .filter(({ unit }) => !unit.name.endsWith('(no route)'))
      .map(({ unit, count, failures }) => [plainRoute(unit.name), { count, failures }]),
  );
}

function truthOf(lives: readonly Readonly<Record<string, Readonly<Record<string, number>>>>[]): Counts {
  const counts: Counts = {};
  for (const [route, byStatus] of lives.flatMap((requests) => Object.entries(requests))) {
    for (const [status, number] of Object.entries(byStatus)) {
      if (route.endsWith('/nowhere')) continue;
      const before = counts[plainRoute(route)] ?? { count: 0, failures: 0 };
      const failures = status.startsWith('5') ? number : 0;
      counts[plainRoute(route)] = { count: before.count + number, failures: before.failures + failures };
    }
  }
  return counts;
}
