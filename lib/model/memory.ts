/**
 * What a memory metric measures, whatever its name: `../formats/otlp/roles.ts` maps names to roles.
 * Roles in bytes come first, counts of things after them.
 */
export const MEMORY_ROLES = [
  'heap_used',
  'heap_total',
  'heap_after_gc',
  'rss',
  'virtual',
  'external',
  'non_heap',
  'container_usage',
  'container_cached',
  'host_usage',
  'object_count',
  'goroutine_count',
  'thread_count',
  'handle_count',
  'fd_count',
] as const;
export type MemoryRole = (typeof MEMORY_ROLES)[number];

/** Levels that bound a role. */
export const LIMIT_ROLES = ['heap_limit', 'container_limit', 'host_limit'] as const;
export type LimitRole = (typeof LIMIT_ROLES)[number];

/** Counters beside memory that the analysis of it reads. */
export const ACTIVITY_ROLES = ['gc_major', 'gc_minor', 'active_requests', 'uptime_s', 'restarts'] as const;
export type ActivityRole = (typeof ACTIVITY_ROLES)[number];

export type SeriesRole = MemoryRole | LimitRole | ActivityRole;

export const isCountRole = (role: MemoryRole): boolean => role.endsWith('_count');
