import { describe, expect, it } from 'vitest';
import {
  countPrecedence,
  decodeMetrics,
  metricsFacts,
  rolePrecedence,
  scopeOfStream,
} from '../../lib/formats/otlp/index.ts';
import { normalName } from '../../lib/formats/otlp/roles.ts';
import type { UploadFacts } from '../../lib/model/telemetry.ts';
import { countsOf, jsonBytes, levelsOf } from './otlp-fixtures.ts';

const NOW_MS = 1_795_000_000_000;
const NOW_NS = `${NOW_MS}000000`;
const SERVICE = { 'service.name': 'shop', 'telemetry.sdk.language': 'nodejs' };

type Values = Readonly<Record<string, string | number | boolean>>;
const attributes = (values: Values) =>
  Object.entries(values).map(([key, value]) => ({
    key,
    value:
      typeof value === 'string'
        ? { stringValue: value }
        : typeof value === 'boolean'
          ? { boolValue: value }
          : { intValue: value },
  }));

interface Sent {
  readonly name: string;
  readonly unit?: string;
  readonly value?: number;
  readonly with?: Values;
  readonly kind?: 'gauge' | 'sum' | 'counter' | 'histogram' | 'summary';
  readonly temporality?: number;
  readonly scope?: string;
  readonly point?: object;
}

function send(sent: readonly Sent[], resource: Values = SERVICE): UploadFacts {
  const scopeMetrics = sent.map(
    ({ name, unit = '', value = 1, kind = 'gauge', temporality = 2, scope = '', ...more }) => {
      const base = {
        timeUnixNano: NOW_NS,
        startTimeUnixNano: NOW_NS,
        attributes: attributes(more.with ?? {}),
        ...more.point,
      };
      const isNumber = kind === 'gauge' || kind === 'sum' || kind === 'counter';
      const dataPoints = [isNumber ? { asDouble: value, ...base } : { count: value, ...base }];
      const key = kind === 'counter' ? 'sum' : kind;
      const data = { dataPoints, aggregationTemporality: temporality, isMonotonic: kind === 'counter' };
      return { scope: { name: scope }, metrics: [{ name, unit, [key]: data }] };
    },
  );
  const body = { resourceMetrics: [{ resource: { attributes: attributes(resource) }, scopeMetrics }] };
  return metricsFacts(decodeMetrics(jsonBytes(body), 'json'));
}

const oneLevel = (sent: Sent, resource?: Values) => {
  const [level] = levelsOf(send([sent], resource));
  return level === undefined ? undefined : [level.role, level.part, level.value];
};

describe('normalName', () => {
  it.each([
    ['process.runtime.nodejs.memory.heap_used', 'process.runtime.nodejs.memory.heap.used'],
    ['process_runtime_nodejs_memory_heap_used_bytes', 'process.runtime.nodejs.memory.heap.used'],
    ['nodejs_active_handles_total', 'nodejs.active.handles'],
    ['Container.Memory.Usage.Total', 'container.memory.usage'],
    ['total', 'total'],
  ])('%s', (sent, normal) => expect(normalName(sent)).toBe(normal));
});

describe('levels', () => {
  it.each<[string, Sent, unknown]>([
    [
      'a space of V8',
      { name: 'v8js.memory.heap.used', unit: 'By', value: 9, with: { 'v8js.heap.space.name': 'old_space' } },
      ['heap_used', 'old_space', 9],
    ],
    [
      'the per-space "limit" of runtime-node ≤ 0.30: committed, no limit',
      { name: 'v8js.memory.heap.limit', unit: 'By', value: 9, with: { 'v8js.heap.space.name': 'old_space' } },
      ['heap_total', 'old_space', 9],
    ],
    [
      'the true limit of 0.31 to 0.33',
      { name: 'v8js.memory.heap.limit', unit: 'By', value: 9 },
      ['heap_limit', '', 9],
    ],
    ['Splunk', { name: 'process.runtime.nodejs.memory.heap.used', value: 5 }, ['heap_used', '', 5]],
    ['prom-client', { name: 'nodejs_heap_size_used_bytes', value: 5 }, ['heap_used', '', 5]],
    [
      'a Java pool',
      {
        name: 'jvm.memory.used',
        unit: 'By',
        with: { 'jvm.memory.type': 'heap', 'jvm.memory.pool.name': 'G1 Old Gen' },
      },
      ['heap_used', 'G1 Old Gen', 1],
    ],
    [
      'Micrometer under the same name',
      { name: 'jvm.memory.used', unit: 'bytes', with: { area: 'nonheap', id: 'Metaspace' } },
      ['non_heap', 'Metaspace', 1],
    ],
    [
      'buffers of Micrometer, apart from it',
      { name: 'jvm_buffer_memory_used_bytes', unit: 'bytes', with: { id: 'direct' } },
      ['external', 'direct', 1],
    ],
    [
      'what the kubelet counts with the page cache',
      { name: 'container.memory.usage', unit: 'By', value: 3 },
      ['container_cached', '', 3],
    ],
    [
      'what Docker counts without it',
      { name: 'container.memory.usage.total', unit: 'By', value: 3 },
      ['container_usage', '', 3],
    ],
    [
      'the deprecated Java name',
      { name: 'process.runtime.jvm.memory.usage', with: { type: 'heap', pool: 'Tenured Gen' } },
      ['heap_used', 'Tenured Gen', 1],
    ],
    [
      '.NET',
      { name: 'dotnet.gc.last_collection.heap.size', with: { 'dotnet.gc.heap.generation': 'gen2' } },
      ['heap_after_gc', 'gen2', 1],
    ],
    ['Go, client_golang', { name: 'go_goroutines', value: 12 }, ['goroutine_count', '', 12]],
    ['CPython', { name: 'process.runtime.cpython.memory', with: { type: 'vms' } }, ['virtual', '', 1]],
    [
      'the guide: objects by type',
      { name: 'process.runtime.python.gc.objects.by_type', with: { 'python.object_type': 'dict' } },
      ['object_count', 'dict', 1],
    ],
    [
      'ECS in MiB',
      { name: 'container.memory.utilized', unit: 'MiB', value: 3 },
      ['container_usage', '', 3 * 1024 ** 2],
    ],
    ['uptime in ms', { name: 'runtime.uptime', unit: 'ms', value: 1500 }, ['uptime_s', '', 1.5]],
    [
      'the start time of Prometheus',
      { name: 'process_start_time_seconds', value: NOW_MS / 1000 - 60 },
      ['uptime_s', '', 60],
    ],
    ['a sum that is a level', { name: 'process.memory.usage', kind: 'sum', value: 4 }, ['rss', '', 4]],
    [
      'what else tells series apart',
      { name: 'http.server.active_requests', with: { 'url.scheme': 'http', 'http.request.method': 'GET' } },
      ['active_requests', '{http.request.method=GET,url.scheme=http}', 1],
    ],
    [
      'CPython allocation counters: nothing',
      { name: 'process.runtime.cpython.gc_count', unit: 'By' },
      undefined,
    ],
    ['a limit of nothing', { name: 'go.memory.limit', value: 2 ** 63 }, undefined],
    ['free memory of the host', { name: 'system.memory.usage', with: { state: 'free' } }, undefined],
  ])('%s', (_, sent, wanted) => {
    const level = oneLevel(sent);
    if (typeof level?.[2] === 'number') level[2] = Math.round(level[2] * 1000) / 1000;
    expect(level).toEqual(wanted);
  });

  it('derive the live heap of Go from its collection goal', () => {
    const goal = { name: 'go.memory.gc.goal', unit: 'By', kind: 'sum', value: 30e6 } as const;
    expect(
      levelsOf(send([goal, { name: 'go.config.gogc', unit: '%', kind: 'sum', value: 50 }])),
    ).toMatchObject([{ role: 'heap_after_gc', value: 20e6 }]);
    expect(levelsOf(send([goal]))).toEqual([]);
  });

  it.each([
    ['[/usr/bin/node,--max-old-space-size=96,server.js]', 96],
    ['[node,--max_old_space_size=256]', 256],
    ['[node,server.js]', 288],
    ['[node,--max-old-space-size=4096,server.js]', 288],
    ['[node,--max-old-space-size-percentage=50]', 288],
  ])('take for the limit of %s what its old generation may hold: %d MiB', (args, mib) => {
    const sent = { name: 'v8js.memory.heap.limit', unit: 'By', value: 288 * 2 ** 20 };
    const facts = send([sent], { ...SERVICE, 'process.command_args': args });
    expect(levelsOf(facts).map(({ role, value }) => [role, value])).toEqual([['heap_limit', mib * 2 ** 20]]);
  });

  it('tell why points were dropped', () => {
    const stale = send([{ name: 'process.memory.usage', point: { flags: 1 } }]);
    expect([...stale.dropped]).toEqual([['without a value', 1]]);
    expect([...send([{ name: 'process.memory.usage', point: { asDouble: null } }]).dropped.keys()]).toEqual([
      'without a value',
    ]);
    expect([...send([{ name: 'process.memory.usage', unit: '%' }]).dropped.keys()]).toEqual([
      'unit "%" not understood for rss',
    ]);
    expect([...send([{ name: 'process.memory.usage', kind: 'sum', temporality: 1 }]).dropped.keys()]).toEqual(
      ['level sent as delta'],
    );
    expect([...send([{ name: 'my.metric' }, { name: 'my.metric' }]).unused]).toEqual([['my.metric', 2]]);
  });
});

describe('collections', () => {
  const roleOf = (sent: Sent) => countsOf(send([sent]))[0]?.role;
  it.each<[Sent, string | undefined]>([
    [
      { name: 'v8js.gc.duration', unit: 's', kind: 'histogram', with: { 'v8js.gc.type': 'major' } },
      'gc_major',
    ],
    [
      { name: 'v8js.gc.duration', unit: 's', kind: 'histogram', with: { 'v8js.gc.type': 'incremental' } },
      undefined,
    ],
    [
      {
        name: 'process.runtime.nodejs.memory.gc.count',
        kind: 'counter',
        with: { 'gc.type': 'mark_sweep_compact' },
      },
      'gc_major',
    ],
    [java('G1 Old Generation', 'end of major GC'), 'gc_major'],
    [java('G1 Young Generation', 'end of minor GC'), 'gc_minor'],
    [java('G1 Concurrent GC', 'end of concurrent GC pause'), undefined],
    [java('PS MarkSweep', 'end of major GC'), 'gc_major'],
    [java('ConcurrentMarkSweep', 'end of major GC'), 'gc_major'],
    [java('ZGC Cycles', 'end of GC cycle'), 'gc_major'],
    [java('ZGC Pauses', 'end of GC pause'), undefined],
    [java('ZGC Minor Cycles', 'end of GC cycle'), 'gc_minor'],
    [{ name: 'cpython.gc.collections', kind: 'counter', with: { 'cpython.gc.generation': 2 } }, 'gc_major'],
    [
      { name: 'process.runtime.python.gc.collections', kind: 'counter', with: { 'gc.generation': '0' } },
      'gc_minor',
    ],
    [{ name: 'dotnet.gc.collections', kind: 'counter', with: { 'gc.heap.generation': 'gen2' } }, 'gc_major'],
    [{ name: 'go_gc_duration_seconds', kind: 'summary' }, 'gc_major'],
  ])('%o', (sent, role) => expect(roleOf(sent)).toBe(role));

  function java(name: string, action: string): Sent {
    return {
      name: 'jvm.gc.duration',
      unit: 's',
      kind: 'histogram',
      with: { 'jvm.gc.name': name, 'jvm.gc.action': action },
    };
  }
});

describe('work', () => {
  const server = { name: 'http.server.request.duration', unit: 's', kind: 'histogram', value: 7 } as const;
  const buckets = { sum: 1.5, bucketCounts: [1, 6], explicitBounds: [0.075] };

  it('turns durations into microseconds', () => {
    const [reading] = countsOf(
      send([{ ...server, with: { 'http.request.method': 'GET', 'http.route': '/a' }, point: buckets }]),
    );
    expect(reading).toMatchObject({
      unit: { kind: 'http', name: 'GET /a' },
      role: 'work',
      temporality: 'cumulative',
      count: 7,
      sumUs: 1_500_000,
      buckets: { boundsUs: [75_000], counts: [1, 6] },
    });
    const [old] = countsOf(send([{ ...server, name: 'http.server.duration', unit: '', point: buckets }]));
    expect(old).toMatchObject({ sumUs: 1_500, buckets: { boundsUs: [75] } });
  });

  it('tells series apart by what the unit does not hold, and scopes by the first part', () => {
    const of = (status: number, scope: string) =>
      countsOf(send([{ ...server, scope, with: { 'http.response.status_code': status } }]))[0];
    const [a, b, c] = [of(200, 'http'), of(201, 'http'), of(200, 'hono')];
    expect(a?.status).toBe('2xx');
    expect(b?.status).toBe('2xx');
    expect(new Set([a?.stream, b?.stream, c?.stream]).size).toBe(3);
    expect(scopeOfStream(a?.stream ?? '')).toBe(scopeOfStream(b?.stream ?? ''));
    expect(scopeOfStream(a?.stream ?? '')).not.toBe(scopeOfStream(c?.stream ?? ''));
  });

  it('keeps merged routes out, visibly', () => {
    const facts = send([{ ...server, with: { 'otel.metric.overflow': true } }]);
    expect(countsOf(facts)).toEqual([]);
    expect([...facts.dropped]).toEqual([['otel.metric.overflow', 1]]);
  });

  it("reads the Collector's span metrics, of server and consumer spans", () => {
    const calls = (kind: string, name: string, resource?: Values) =>
      send(
        [
          {
            name: 'traces.span.metrics.calls',
            kind: 'counter',
            value: 3,
            with: {
              'service.name': 'cart',
              'span.kind': kind,
              'span.name': name,
              'status.code': 'STATUS_CODE_ERROR',
            },
          },
        ],
        resource,
      );
    expect(countsOf(calls('SPAN_KIND_SERVER', 'GET /cart/{id}'))).toMatchObject([
      { unit: { kind: 'http', name: 'GET /cart/{id}' }, status: 'error', count: 3 },
    ]);
    expect(countsOf(calls('SPAN_KIND_CLIENT', 'GET'))).toEqual([]);
    expect(calls('SPAN_KIND_CONSUMER', 'process mail', {}).reports).toMatchObject([
      { service: 'cart', counts: [{ unit: { kind: 'message', name: 'process mail' } }] },
    ]);
  });

  it('ranks the sources of the same counts', () => {
    const names = [
      'http.server.request.duration',
      'http.server.duration',
      'http.server.requests',
      'traces.span.metrics.calls',
      'acme.calls',
      'my.metric',
    ];
    const ranks = names.map(countPrecedence);
    expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
    expect(new Set(ranks).size).toBe(names.length);
    expect(rolePrecedence('heap_used', 'v8js.memory.heap.used')).toBeLessThan(
      rolePrecedence('heap_used', 'process.runtime.nodejs.memory.heap_used'),
    );
    expect(rolePrecedence('rss', 'process.memory.usage')).toBeLessThan(
      rolePrecedence('rss', 'process.runtime.cpython.memory'),
    );
  });
});

describe('machines', () => {
  const POD = {
    'k8s.pod.uid': 'u-1',
    'k8s.namespace.name': 'shop',
    'k8s.pod.name': 'shop-x',
    'k8s.container.name': 'app',
  };
  const joins = { podUid: 'u-1', podName: 'shop/shop-x', containerName: 'app' };

  it.each<[string, Sent, object]>([
    [
      'limit',
      { name: 'k8s.container.memory_limit', unit: 'By', value: 5e8 },
      { kind: 'container_limit', value: 5e8 },
    ],
    [
      'usage',
      { name: 'container.memory.working_set', unit: 'By', value: 4e8 },
      { kind: 'container_usage', value: 4e8 },
    ],
    ['restarts', { name: 'k8s.container.restarts', value: 2 }, { kind: 'restarts', value: 2 }],
    [
      'reason',
      { name: 'k8s.container.status.reason', with: { 'k8s.container.status.reason': 'OOMKilled' } },
      { kind: 'oom_killed', value: 1 },
    ],
  ])('a pod without a service gives a fact: %s', (_, sent, wanted) => {
    const facts = send([sent], POD);
    expect(facts.reports).toEqual([]);
    expect(facts.machines).toEqual([{ joins, time: NOW_MS, metric: sent.name, ...wanted }]);
  });

  it('a pod that names its service gives both', () => {
    const facts = send([{ name: 'k8s.container.memory_limit', value: 5e8 }], {
      ...POD,
      'service.name': 'shop',
    });
    expect(facts.machines).toMatchObject([{ joins, kind: 'container_limit' }]);
    expect(facts.reports).toMatchObject([
      {
        service: 'shop',
        instance: { key: 'u-1/app', source: 'k8s.pod.uid' },
        levels: [{ role: 'container_limit' }],
      },
    ]);
  });

  it('kube-state-metrics and cAdvisor name the pod on the point', () => {
    const labels = { namespace: 'shop', pod: 'shop-x', container: 'app' };
    const exporter = {
      'service.name': 'kube-state-metrics',
      'service.instance.id': '10.0.0.7:8080',
      'host.name': 'node-1',
    };
    const facts = send(
      [
        {
          name: 'kube_pod_container_resource_limits',
          value: 5e8,
          with: { ...labels, resource: 'memory', uid: 'u-1' },
        },
      ],
      exporter,
    );
    expect(facts.machines.map((fact) => fact.joins)).toEqual([joins]);
    expect(facts.machines).toMatchObject([{ kind: 'container_limit', value: 5e8 }]);
    expect(facts.reports).toEqual([]);
    const sums = {
      name: 'container_spec_memory_limit_bytes',
      value: 5e8,
      with: { namespace: 'shop', pod: 'shop-x' },
    };
    expect(send([sums], exporter).machines).toEqual([]);
  });

  it('Lambda sends its memory in bytes or in MB', () => {
    const level = (memory: number | string) =>
      levelsOf(send([{ name: 'process.memory.usage' }], { ...SERVICE, 'faas.max_memory': memory })).at(-1);
    expect(level('512')).toMatchObject({ role: 'container_limit', value: 512 * 1024 ** 2 });
    expect(level(536_870_912)).toMatchObject({ role: 'container_limit', value: 536_870_912 });
  });
});
