import type { SeriesRole } from '../../model/memory.ts';

// Which metric means what. Data only: names are compared in the normal form of roles.ts, so `heap_used`, `heap.used` and
// `heap_used_bytes` are one name. Within a role the order is the precedence: official before custom, current before
// deprecated, specific before general. Sources: OpenTelemetry semantic conventions 1.21 to 1.45 and the instrumentations
// named beside the rows; docs/formats/otlp.md shows the same as a page.

export interface Filter {
  /** The first of these attributes that a point has. */
  readonly keys: readonly string[];
  /** Values that count; without them the attribute has to be there at all. */
  readonly values?: readonly string[];
}

export interface LevelRow {
  readonly role: SeriesRole | 'oom_killed';
  readonly names: readonly string[];
  readonly unit: 'bytes' | 'count' | 'seconds' | 'start-time-seconds' | 'gc-goal';
  /** Attributes that name the part when the role is a sum over parts: the first that is there. */
  readonly part?: readonly string[];
  readonly where?: Filter;
  readonly unless?: Filter;
  /** The name has to be the very same: in its normal form it means something else. */
  readonly asSent?: true;
  /** Arrives under the resource of a machine part (pod, container, host), not of the process. */
  readonly machine?: true;
}

const V8_SPACE = ['v8js.heap.space.name', 'v8js.heap_space.name', 'heap_space'];
const POOL = ['jvm.memory.pool.name', 'pool', 'id'];
const JVM_TYPE = ['jvm.memory.type', 'type', 'area'];
const HEAP: Filter = { keys: JVM_TYPE, values: ['heap'] };
const NON_HEAP: Filter = { keys: JVM_TYPE, values: ['non_heap', 'nonheap'] };

export const LEVEL_ROWS: readonly LevelRow[] = [
  // Node: instrumentation-runtime-node and OBI, the leak guide's gauges and Splunk JS, custom meters, prom-client
  { role: 'heap_used', names: ['v8js.memory.heap.used'], unit: 'bytes', part: V8_SPACE },
  { role: 'heap_used', names: ['process.runtime.nodejs.memory.heap_used'], unit: 'bytes' },
  { role: 'heap_used', names: ['nodejs.memory.heap.used', 'nodejs_heap_size_used_bytes'], unit: 'bytes' },
  {
    role: 'heap_used',
    names: ['process.runtime.nodejs.memory.heap_space.used', 'nodejs_heap_space_size_used_bytes'],
    unit: 'bytes',
    part: ['nodejs.heap_space.name', 'space'],
  },
  // JVM: agent and OBI, Micrometer and Prometheus under the same name, semconv 1.21
  { role: 'heap_used', names: ['jvm.memory.used'], unit: 'bytes', part: POOL, where: HEAP },
  { role: 'heap_used', names: ['process.runtime.jvm.memory.usage'], unit: 'bytes', part: POOL, where: HEAP },
  { role: 'heap_used', names: ['process.runtime.dotnet.gc.objects.size'], unit: 'bytes' },
  // Go: contrib's deprecated names, the guide's, older ones, client_golang; go.memory.used counts free heap too
  {
    role: 'heap_used',
    names: [
      'process.runtime.go.mem.heap_alloc',
      'process.runtime.go.memory.heap_alloc',
      'runtime.go.mem.heap_alloc',
      'go_memstats_heap_alloc_bytes',
    ],
    unit: 'bytes',
  },
  {
    role: 'heap_used',
    names: ['go.memory.used'],
    unit: 'bytes',
    where: { keys: ['go.memory.type'], values: ['other'] },
  },

  { role: 'heap_total', names: ['v8js.memory.heap.space.size'], unit: 'bytes', part: V8_SPACE },
  // runtime-node ≤ 0.30 and OBI sent the committed size of a space under the name of a limit
  {
    role: 'heap_total',
    names: ['v8js.memory.heap.limit'],
    unit: 'bytes',
    part: V8_SPACE,
    where: { keys: V8_SPACE },
  },
  {
    role: 'heap_total',
    names: ['v8js.memory.heap.space.physical_size', 'v8js.heap.space.physical_size'],
    unit: 'bytes',
    part: V8_SPACE,
  },
  {
    role: 'heap_total',
    names: [
      'process.runtime.nodejs.memory.heap_total',
      'nodejs.memory.heap.total',
      'nodejs_heap_size_total_bytes',
    ],
    unit: 'bytes',
  },
  {
    role: 'heap_total',
    names: ['jvm.memory.committed', 'process.runtime.jvm.memory.committed'],
    unit: 'bytes',
    part: POOL,
    where: HEAP,
  },
  {
    role: 'heap_total',
    names: [
      'dotnet.gc.last_collection.memory.committed_size',
      'process.runtime.dotnet.gc.committed_memory.size',
    ],
    unit: 'bytes',
  },
  {
    role: 'heap_total',
    names: [
      'process.runtime.go.mem.heap_inuse',
      'process.runtime.go.memory.heap_inuse',
      'runtime.go.mem.heap_inuse',
      'go_memstats_heap_inuse_bytes',
      'process.runtime.go.mem.heap_sys',
      'process.runtime.go.memory.heap_sys',
    ],
    unit: 'bytes',
  },

  // With G1 the old pool's value is renewed only by old collections: the reader has to see it move before it trusts it.
  {
    role: 'heap_after_gc',
    names: ['jvm.memory.used_after_last_gc', 'process.runtime.jvm.memory.usage_after_last_gc'],
    unit: 'bytes',
    part: POOL,
    where: { keys: JVM_TYPE, values: ['heap'] },
  },
  { role: 'heap_after_gc', names: ['jvm_memory_pool_collection_used_bytes'], unit: 'bytes', part: POOL },
  { role: 'heap_after_gc', names: ['jvm.gc.live.data.size'], unit: 'bytes' },
  {
    role: 'heap_after_gc',
    names: ['dotnet.gc.last_collection.heap.size', 'process.runtime.dotnet.gc.heap.size'],
    unit: 'bytes',
    part: ['dotnet.gc.heap.generation', 'gc.heap.generation', 'generation'],
  },
  { role: 'heap_after_gc', names: ['go.memory.gc.goal'], unit: 'gc-goal' },

  { role: 'rss', names: ['process.memory.usage', 'process.memory.physical_usage'], unit: 'bytes' },
  { role: 'rss', names: ['process.runtime.nodejs.memory.rss', 'nodejs.memory.rss'], unit: 'bytes' },
  { role: 'rss', names: ['process.runtime.python.memory.rss'], unit: 'bytes' },
  {
    role: 'rss',
    names: ['process.runtime.cpython.memory', 'process.runtime.pypy.memory'],
    unit: 'bytes',
    where: { keys: ['type'], values: ['rss'] },
  },
  { role: 'rss', names: ['dotnet.process.memory.working_set'], unit: 'bytes' },
  { role: 'rss', names: ['process_resident_memory_bytes', 'nodejs.memory.resident'], unit: 'bytes' },

  {
    role: 'virtual',
    names: ['process.memory.virtual', 'process.memory.virtual_usage', 'process_virtual_memory_bytes'],
    unit: 'bytes',
  },
  {
    role: 'virtual',
    names: ['process.runtime.cpython.memory', 'process.runtime.pypy.memory'],
    unit: 'bytes',
    where: { keys: ['type'], values: ['vms'] },
  },

  // Node counts array buffers inside of external: they only stand in when external itself is not sent.
  {
    role: 'external',
    names: [
      'process.runtime.nodejs.memory.external',
      'nodejs.memory.external',
      'nodejs_external_memory_bytes',
      'process.runtime.nodejs.memory.array_buffers',
      'nodejs.memory.array_buffers',
    ],
    unit: 'bytes',
  },
  {
    role: 'external',
    names: ['jvm.buffer.memory.used', 'jvm.buffer.memory.usage', 'process.runtime.jvm.buffer.usage'],
    unit: 'bytes',
    part: ['jvm.buffer.pool.name', 'pool', 'id'],
  },
  // Metaspace and compiled code: none of it is a buffer
  {
    role: 'non_heap',
    names: ['jvm.memory.used', 'process.runtime.jvm.memory.usage'],
    unit: 'bytes',
    part: POOL,
    where: NON_HEAP,
  },

  // Memory of the host and the container beside the process. What has the page cache in it grows with every file that is read.
  {
    role: 'container_usage',
    names: [
      'container.memory.rss',
      'container_memory_rss',
      'container.memory.working_set',
      'container_memory_working_set_bytes',
      'container.memory.utilized',
      'k8s.pod.memory.rss',
      'k8s.pod.memory.working_set',
      'ecs.task.memory.utilized',
    ],
    unit: 'bytes',
    machine: true,
  },
  // Docker's name, from which the cache is taken off; without its ending it is the kubelet's
  {
    role: 'container_usage',
    names: ['container.memory.usage.total'],
    unit: 'bytes',
    asSent: true,
    machine: true,
  },
  {
    role: 'container_cached',
    names: [
      'container.memory.usage',
      'container_memory_usage_bytes',
      'k8s.pod.memory.usage',
      'ecs.task.memory.usage',
    ],
    unit: 'bytes',
    machine: true,
  },
  {
    role: 'host_usage',
    names: ['system.memory.usage'],
    unit: 'bytes',
    where: { keys: ['system.memory.state', 'state'], values: ['used'] },
    machine: true,
  },

  {
    role: 'object_count',
    names: [
      'process.runtime.python.gc.objects',
      'process.runtime.go.mem.heap_objects',
      'process.runtime.go.memory.heap_objects',
      'process.runtime.go.mem.live_objects',
      'runtime.go.mem.heap_objects',
      'go_memstats_heap_objects',
    ],
    unit: 'count',
  },
  {
    role: 'object_count',
    names: [
      'process.runtime.python.gc.objects.by_type',
      'process.runtime.cpython.objects.by_type',
      'process.runtime.nodejs.objects.by_type',
      'process.runtime.go.objects.by_type',
      'process.runtime.jvm.objects.by_type',
      'process.runtime.dotnet.objects.by_type',
      'objects.by_type',
      'objects_by_type',
    ],
    unit: 'count',
    part: ['python.object_type', 'object.type', 'type'],
  },
  {
    role: 'goroutine_count',
    names: ['go.goroutine.count', 'process.runtime.go.goroutines', 'runtime.go.goroutines', 'go_goroutines'],
    unit: 'count',
  },
  {
    role: 'thread_count',
    names: [
      'jvm.thread.count',
      'process.runtime.jvm.threads.count',
      'jvm.threads.live',
      'jvm_threads_live_threads',
      'jvm_threads_current',
      'process.runtime.cpython.thread_count',
      'process.thread.count',
      'process.threads',
      'dotnet.thread_pool.thread.count',
      'process.runtime.dotnet.thread_pool.threads.count',
      'go_threads',
    ],
    unit: 'count',
  },
  {
    role: 'handle_count',
    names: ['v8js.resource.active', 'nodejs_active_resources_total', 'nodejs_active_resources'],
    unit: 'count',
    part: ['v8js.resource.type', 'type'],
  },
  {
    role: 'handle_count',
    names: ['nodejs_active_handles_total', 'nodejs_active_handles'],
    unit: 'count',
    part: ['type'],
  },
  {
    role: 'handle_count',
    names: [
      'dotnet.timer.count',
      'process.runtime.dotnet.timer.count',
      'process.windows.handle.count',
      'process.handles',
    ],
    unit: 'count',
  },
  {
    role: 'fd_count',
    names: [
      'process.unix.file_descriptor.count',
      'process.open_file_descriptor.count',
      'process.open_file_descriptors',
      'process_open_fds',
      'process.files.open',
    ],
    unit: 'count',
  },

  {
    role: 'heap_limit',
    names: ['v8js.memory.heap.limit'],
    unit: 'bytes',
    unless: { keys: V8_SPACE },
  },
  {
    role: 'heap_limit',
    names: ['nodejs.memory.heap.limit', 'go.memory.limit'],
    unit: 'bytes',
  },
  {
    role: 'heap_limit',
    names: ['jvm.memory.limit', 'process.runtime.jvm.memory.limit', 'jvm.memory.max'],
    unit: 'bytes',
    part: POOL,
    where: HEAP,
  },

  {
    role: 'container_limit',
    names: [
      'k8s.container.memory.limit.current',
      'k8s.container.memory_limit',
      'k8s.container.memory.limit.desired',
      'container.memory.usage.limit',
      'container_spec_memory_limit_bytes',
    ],
    unit: 'bytes',
    machine: true,
  },
  {
    role: 'container_limit',
    names: ['kube_pod_container_resource_limits'],
    unit: 'bytes',
    where: { keys: ['resource'], values: ['memory'] },
    machine: true,
  },
  {
    role: 'container_limit',
    names: ['kube_pod_container_resource_limits_memory_bytes'],
    unit: 'bytes',
    machine: true,
  },
  {
    role: 'container_limit',
    names: [
      'k8s.pod.memory.limit.current',
      'k8s.pod.memory.limit.desired',
      'ecs.task.memory.usage.limit',
      'container.memory.reserved',
      'ecs.task.memory.reserved',
    ],
    unit: 'bytes',
    machine: true,
  },
  { role: 'host_limit', names: ['system.memory.limit'], unit: 'bytes', machine: true },

  {
    role: 'active_requests',
    names: ['http.server.active_requests', 'http.server.requests.active'],
    unit: 'count',
  },
  { role: 'uptime_s', names: ['process.uptime', 'runtime.uptime'], unit: 'seconds' },
  { role: 'uptime_s', names: ['process_start_time_seconds'], unit: 'start-time-seconds' },
  {
    role: 'restarts',
    names: [
      'k8s.container.restart.count',
      'k8s.container.restarts',
      'kube_pod_container_status_restarts_total',
      'container.restarts',
    ],
    unit: 'count',
    machine: true,
  },
  {
    role: 'oom_killed',
    names: [
      'k8s.container.status.reason',
      'kube_pod_container_status_last_terminated_reason',
      'kube_pod_container_status_terminated_reason',
    ],
    unit: 'count',
    where: { keys: ['k8s.container.status.reason', 'reason'], values: ['OOMKilled'] },
    machine: true,
  },
  { role: 'oom_killed', names: ['container_oom_events_total'], unit: 'count', machine: true },
];

export interface CollectionRow {
  readonly names: readonly string[];
  /** Their values, joined by a blank, tell the kind of collection. Without keys every one is a full one. */
  readonly keys: readonly string[];
  readonly major?: RegExp;
  readonly minor?: RegExp;
  /** Phases of a collection that another series counts. */
  readonly never?: RegExp;
}

export const COLLECTION_ROWS: readonly CollectionRow[] = [
  {
    names: ['v8js.gc.duration', 'nodejs_gc_duration_seconds', 'process.runtime.nodejs.memory.gc.count'],
    keys: ['v8js.gc.type', 'gc.type', 'nodejs.gc.type', 'kind'],
    major: /^(major|mark.?sweep.*)$/i, // incremental marking and weak callbacks are pieces of a major one
    minor: /^(minor|scavenge)$/i,
  },
  {
    names: [
      'jvm.gc.duration',
      'jvm.gc.pause',
      'process.runtime.jvm.gc.duration',
      'jvm_gc_collection_seconds',
    ],
    keys: ['jvm.gc.name', 'jvm.gc.action', 'gc', 'action'],
    never: /\b(concurrent GC|pauses?)\b/i, // ZGC and Shenandoah count cycles and their pauses apart
    minor: /minor|young|scavenge|copy|parnew/i,
    major: /major|\bold\b|marksweep|tenured|^(ZGC|Shenandoah) cycles/i,
  },
  {
    names: ['cpython.gc.collections', 'process.runtime.python.gc.collections', 'python_gc_collections_total'],
    keys: ['cpython.gc.generation', 'generation', 'gc.generation'],
    major: /^2$/,
    minor: /^[01]$/,
  },
  {
    names: ['dotnet.gc.collections', 'process.runtime.dotnet.gc.collections.count'],
    keys: ['dotnet.gc.heap.generation', 'gc.heap.generation', 'generation'],
    major: /^(gen)?2$/i,
    minor: /^(gen)?[01]$/i,
  },
  {
    names: [
      'go.memory.gc.cycles',
      'process.runtime.go.gc.count',
      'runtime.go.gc.count',
      'go_gc_duration_seconds',
    ],
    keys: [],
  },
];

export interface WorkRow {
  readonly names: readonly string[];
  readonly kind: 'http' | 'rpc' | 'message' | 'faas' | 'spanmetrics';
  /** Unit of the duration where the sender leaves it empty. */
  readonly unit: 's' | 'ms' | 'none';
}

/** Families that count the same requests stand in order of preference. Spans come after all of them. */
export const WORK_ROWS: readonly WorkRow[] = [
  { names: ['http.server.request.duration'], kind: 'http', unit: 's' },
  { names: ['http.server.duration'], kind: 'http', unit: 'ms' },
  { names: ['http.server.requests'], kind: 'http', unit: 'ms' }, // Micrometer: Spring Boot, Quarkus, Micronaut
  { names: ['http_request_duration_seconds'], kind: 'http', unit: 's' }, // custom, with prom-client and its like
  { names: ['rpc.server.call.duration'], kind: 'rpc', unit: 's' },
  { names: ['rpc.server.duration'], kind: 'rpc', unit: 'ms' },
  { names: ['messaging.process.duration'], kind: 'message', unit: 's' },
  {
    names: ['messaging.process.messages', 'messaging.client.consumed.messages'],
    kind: 'message',
    unit: 'none',
  },
  { names: ['faas.invoke_duration'], kind: 'faas', unit: 's' },
  { names: ['faas.invocations'], kind: 'faas', unit: 'none' },
  {
    names: ['traces.span.metrics.calls', 'traces.spanmetrics.calls', 'span.metrics.calls', 'calls'],
    kind: 'spanmetrics',
    unit: 'none',
  },
  {
    names: [
      'traces.span.metrics.duration',
      'traces.spanmetrics.latency',
      'span.metrics.duration',
      'duration',
    ],
    kind: 'spanmetrics',
    unit: 'ms',
  },
];
