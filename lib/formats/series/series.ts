import type { MemoryRole } from '../../model/memory.ts';

/** One memory series of a file, on the file's own clock. */
export interface ParsedSeries {
  readonly service: string; // '' when the file names none
  readonly instance: string;
  readonly role: MemoryRole | undefined;
  readonly times: Float64Array; // ms
  readonly values: Float64Array;
  readonly majorCollections: Float64Array | undefined;
  readonly afterGc: boolean;
  readonly limit: number | undefined;
  readonly load: { readonly times: Float64Array; readonly values: Float64Array } | undefined;
  /** Processes before it on the same clock, which began anew with each. */
  readonly earlier: readonly ParsedSeries[];
  /** What was guessed about the file, for people. */
  readonly assumed: readonly string[];
}

/** Metric names that tell a role, in the spellings of exporters and of people. First match wins. */
const ROLE_OF_NAME: readonly (readonly [RegExp, MemoryRole])[] = [
  [/after_(last_)?gc/, 'heap_after_gc'],
  [/non_heap/, 'non_heap'],
  [
    /heap.*(used|alloc|inuse|live)|used.*heap|jvm_memory_(used|bytes_used)|memstats_alloc_bytes$/,
    'heap_used',
  ],
  [/heap.*(total|committed|size)/, 'heap_total'],
  [/(^|_)heap(_bytes|_[kmg]i?b)?$/, 'heap_used'],
  [/goroutines?/, 'goroutine_count'],
  [/open_fds|open_file|fd_count/, 'fd_count'],
  [/threads?(_count|$)/, 'thread_count'],
  [/container_memory_(usage|cache|mapped_file)|page_?cache/, 'container_cached'],
  [/external/, 'external'],
  [/virtual|vms/, 'virtual'],
  [/container|cgroup|pod_memory|working_set/, 'container_usage'],
  [/node_memory|host_|system_memory/, 'host_usage'],
  [/rss|resident/, 'rss'],
];

/** A JVM tells of both kinds of memory under one name. */
const OUTSIDE_THE_HEAP = /\b(area|type)="?non_?heap/i;

/** @param name of a column or metric, its labels in braces behind it where it has some */
export function roleOfName(name: string): MemoryRole | undefined {
  const [metric = ''] = name.split('{', 1);
  const plain = metric
    .trim()
    .toLowerCase()
    .replaceAll(/[.\s-]/g, '_');
  const role = ROLE_OF_NAME.find(([pattern]) => pattern.test(plain))?.[1];
  return role === 'heap_used' && OUTSIDE_THE_HEAP.test(name.slice(metric.length)) ? 'non_heap' : role;
}
