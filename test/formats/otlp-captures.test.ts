import { describe, expect, it } from 'vitest';
import type { SeriesRole } from '../../lib/model/memory.ts';
import {
  capture,
  captureNames,
  countsOf,
  factsOf,
  finalCounts,
  finalSpans,
  levelsOf,
  trueCounts,
} from './otlp-fixtures.ts';

// Recorded runs of unmodified SDKs beside what the services counted themselves.

const STABLE = 'http.server.request.duration';

const rolesOf = (run: string): ReadonlySet<SeriesRole> =>
  new Set(capture(run).requests.flatMap((request) => levelsOf(factsOf(request)).map(({ role }) => role)));

describe.each([
  ['otel-node-json'],
  ['otel-node-json-sdk2'],
  ['otel-node-proto'],
  ['otel-node-proto-restart-same'],
  ['otel-go'],
  ['otel-go-deprecated'],
  ['otel-java'],
])('the last request counts of %s', (run) => {
  it("equal the service's own, by process, route and status class", () => {
    const recorded = capture(run);
    expect(finalCounts(recorded.requests, STABLE)).toEqual(trueCounts(recorded));
  });
});

describe.each([['otel-node-json-sdk2'], ['otel-go-deprecated']])('the SERVER spans of %s', (run) => {
  it("equal the service's own counts when every request is traced", () => {
    const recorded = capture(run);
    expect(finalSpans(recorded.requests)).toEqual(trueCounts(recorded));
  });
});

describe('Python', () => {
  const wanted = (run: string, instance: string, routes: Readonly<Record<string, string>>) => {
    const totals: Record<string, number> = {};
    for (const [request, count] of Object.entries(capture(run).truth.requests ?? {})) {
      const [method, path, status] = request.split(' ') as [string, string, string];
      const name = status === '404' ? '(no route)' : (routes[path] ?? path);
      totals[`${instance} http ${method} ${name} ${status[0]}xx`] = count;
    }
    return totals;
  };
  const FLASK = { '/items/{number}': '/items/<int:number>', '/export/{number}': '/export/<int:number>' };

  it('has the route in http.target of the old metric', () => {
    const counts = finalCounts(capture('otel-flask-leak').requests, 'http.server.duration');
    expect(counts).toEqual(wanted('otel-flask-leak', 'shop-1-8111', FLASK));
  });

  it('has it in http.route of the stable metric', () => {
    const counts = finalCounts(capture('otel-flask-healthy').requests, STABLE);
    expect(counts).toEqual(wanted('otel-flask-healthy', 'shop-1-8112', FLASK));
  });

  it('sends both side by side, as deltas, and spans that agree', () => {
    const { requests } = capture('otel-fastapi-leak');
    const truth = wanted('otel-fastapi-leak', 'shop-1-8113', {});
    expect(finalCounts(requests, STABLE)).toEqual(truth);
    expect(finalCounts(requests, 'http.server.duration')).toEqual(truth);
    expect(finalSpans(requests)).toEqual(truth);
  });

  it('does not pass allocation counters off as an object count', () => {
    const facts = capture('otel-fastapi-leak').requests.map(factsOf);
    expect(facts.flatMap(levelsOf).some(({ metric }) => metric.includes('gc_count'))).toBe(false);
    expect(facts.some(({ unused }) => unused.has('process.runtime.cpython.gc_count'))).toBe(true);
  });
});

describe('the Collector', () => {
  const { requests } = capture('otel-collector');
  const under = (prefix: string) => requests.filter(({ path }) => path.startsWith(prefix));

  it('sends the same facts in gzip, zstd and JSON', () => {
    // Each form has a queue of its own, so they arrive in different orders.
    const [gzip, zstd, json] = ['/default', '/zstd', '/json'].map((prefix) =>
      under(prefix)
        .map(factsOf)
        .sort((a, b) => a.points - b.points || (a.latest ?? 0) - (b.latest ?? 0)),
    );
    expect(gzip?.length).toBeGreaterThan(1);
    expect(zstd).toEqual(gzip);
    expect(json).toEqual(gzip);
  });

  it('puts two services into one request', () => {
    const metrics = under('/default').filter(({ signal }) => signal === 'metrics');
    const services = metrics.map((request) => factsOf(request).reports.map(({ service }) => service));
    expect(services).toContainEqual(['production//depot', 'production//mill']);
    expect(finalCounts(metrics, STABLE)).toEqual(trueCounts(capture('otel-collector')));
  });
});

describe('the roles', () => {
  it('of a Node service', () => {
    const roles = ['heap_used', 'heap_total', 'rss', 'external', 'handle_count'];
    expect([...rolesOf('otel-node-proto')].sort()).toEqual(roles.sort());
  });
  it('of a Python service', () => {
    const roles = ['rss', 'virtual', 'object_count', 'thread_count', 'fd_count', 'active_requests'];
    expect([...rolesOf('otel-fastapi-leak')].sort()).toEqual(roles.sort());
  });
  it('of a Go service', () => {
    const roles = ['heap_used', 'heap_total', 'heap_after_gc', 'object_count', 'goroutine_count'];
    expect([...rolesOf('otel-go')].sort()).toEqual(roles.sort());
  });
  it('of a Java service', () => {
    const roles = ['heap_used', 'heap_total', 'heap_after_gc', 'heap_limit', 'non_heap', 'thread_count'];
    expect([...rolesOf('otel-java')].sort()).toEqual(roles.sort());
  });
  it.each([
    ['otel-node-proto', ['gc_major', 'gc_minor']],
    ['otel-java', ['gc_major', 'gc_minor']], // the major ones were asked for, at start and end
    ['otel-go-deprecated', ['gc_major']],
    ['otel-flask-leak', ['gc_major', 'gc_minor']],
  ])('count the collections of %s', (run, wanted) => {
    const counts = capture(run).requests.flatMap((request) => countsOf(factsOf(request)));
    const roles = new Set(counts.map(({ role }) => role).filter((role) => role !== 'work'));
    expect([...roles].sort()).toEqual(wanted);
  });

  it('keep Java code caches out of the heap', () => {
    const levels = capture('otel-java').requests.flatMap((request) => levelsOf(factsOf(request)));
    const pools = (role: SeriesRole) => [
      ...new Set(levels.filter((level) => level.role === role).map(({ part }) => part)),
    ];
    expect(pools('heap_used')).toEqual(['G1 Eden Space', 'G1 Survivor Space', 'G1 Old Gen']);
    expect(pools('non_heap')).toContain('Metaspace');
  });

  it('take one of two scopes that send the same level', () => {
    for (const request of capture('otel-go-deprecated').requests) {
      const levels = levelsOf(factsOf(request)).filter(
        ({ metric }) => metric === 'process.runtime.go.goroutines',
      );
      expect(levels.length).toBeLessThanOrEqual(1);
    }
  });
});

describe('a restart under the same service.instance.id', () => {
  it('keeps the key and shows in the pid', () => {
    const { requests } = capture('otel-node-proto-restart-same');
    const instances = requests.flatMap((request) => factsOf(request).reports.map(({ instance }) => instance));
    expect(new Set(instances.map(({ key }) => key)).size).toBe(1);
    expect([...new Set(instances.map(({ joins }) => joins.pid))]).toEqual([32331, 1337]);
    expect(instances[0]).toMatchObject({
      source: 'service.instance.id',
      version: '1.4.0',
      language: 'nodejs',
      sdk: 'opentelemetry/3.1.0',
    });
  });
});

describe('every capture', () => {
  it.each(captureNames())('%s loses no point without a reason', (run) => {
    for (const request of capture(run).requests) {
      const { dropped, points, spans, earliest, latest } = factsOf(request);
      for (const reason of dropped.keys()) {
        expect(['level sent as delta', 'level already sent by another scope']).toContain(reason);
      }
      expect(points + spans).toBeGreaterThan(0);
      expect(earliest).toBeGreaterThan(Date.UTC(2026, 0));
      expect(latest).toBeGreaterThanOrEqual(earliest ?? 0);
    }
  });
});
