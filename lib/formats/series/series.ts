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
}

/** Metric names that tell a role, in the spellings of exporters and of people. First match wins. */
const ROLE_OF_NAME: readonly (readonly [RegExp, MemoryRole])[] = [
  [/after_(last_)?gc/, 'heap_after_gc'],
  [/heap.*(used|alloc|inuse|live)|used.*heap|jvm_memory_(used|bytes_used)/, 'heap_used'],
  [/heap.*(total|committed|size)/, 'heap_total'],
  [/goroutines?/, 'goroutine_count'],
  [/open_fds|open_file|fd_count/, 'fd_count'],
  [/threads?(_count|$)/, 'thread_count'],
  [/external/, 'external'],
  [/virtual|vms/, 'virtual'],
  [/container|cgroup|pod_memory|working_set/, 'container_usage'],
  [/node_memory|host_|system_memory/, 'host_usage'],
  [/rss|resident/, 'rss'],
];

export function roleOfName(name: string): MemoryRole | undefined {
  const plain = name.toLowerCase().replaceAll(/[.\s-]/g, '_');
  return ROLE_OF_NAME.find(([pattern]) => pattern.test(plain))?.[1];
}
