import type { ApiFinding, ApiLife, ApiService } from '../../lib/http/schemas.ts';
import type { Verdict } from '../../lib/model/leak.ts';
import type { MemoryRole } from '../../lib/model/memory.ts';

// One table per set of names, so that a page and a tooltip never use two words for one thing.

export type TagKind = 'growth' | 'maybe' | 'death' | 'gap' | 'deploy' | 'ok' | 'none' | 'slow';

/** Shape, word in a list, and word in the strip of lives. */
export const VERDICT_WORDS: Record<Verdict, readonly [TagKind, string, string]> = {
  stable: ['ok', 'Stable', 'steady'],
  step: ['ok', 'Step, then stable', 'step'],
  'warm-up': ['ok', 'Warm-up', 'warm-up'],
  'load-proportional': ['ok', 'Follows load', 'follows load'],
  'growth-unconfirmed': ['maybe', 'Grows, unconfirmed', 'grows?'],
  leak: ['growth', 'Leak', 'grows'],
  exhausted: ['death', 'Limit reached', 'full'],
  'insufficient-data': ['none', 'Too little data', 'too short'],
  'mixed-writers': ['gap', 'Mixed writers', 'mixed'],
};

export const ROLE_WORDS: Record<MemoryRole, string> = {
  heap_used: 'Heap used',
  heap_total: 'Heap total',
  heap_after_gc: 'Heap after collection',
  rss: 'RSS',
  virtual: 'Virtual',
  external: 'External',
  non_heap: 'Beside the heap',
  container_usage: 'Container',
  container_cached: 'Container with page cache',
  host_usage: 'Host',
  object_count: 'Objects',
  goroutine_count: 'Goroutines',
  thread_count: 'Threads',
  handle_count: 'Handles',
  fd_count: 'Open files',
};
export const roleWord = (role: string | null): string => ROLE_WORDS[role as MemoryRole] ?? role ?? 'traces';

export const limitWord = (role: string): string =>
  role.startsWith('heap') ? 'heap limit' : role === 'container_usage' ? 'container limit' : 'limit';

const FINDING_TAGS: Record<ApiFinding['kind'], readonly [TagKind, string]> = {
  leak: ['growth', 'Leak'],
  killed: ['death', 'Killed'],
  rule: ['growth', 'Rule'],
  regression: ['slow', 'Regression'],
  nesting: ['gap', 'Wrong nesting'],
  fragmented: ['gap', 'Fragments'],
  'blocked-loop': ['slow', 'Held loop'],
  latency: ['slow', 'Slower'],
  failures: ['death', 'Failures'],
  pattern: ['slow', 'Pattern'],
};

/** A shift of latency may be for the better. */
export const findingTag = ({ kind, evidence }: ApiFinding): readonly [TagKind, string] =>
  (evidence.traces?.shift?.change ?? 0) < 0 && kind === 'latency' ? ['ok', 'Faster'] : FINDING_TAGS[kind];

/** Why spans hang off the wrong parents. */
export const CAUSE_WORDS: Readonly<Record<string, string>> = {
  'integration-absent': 'AsyncioIntegration is not configured',
  'integration-inactive': 'AsyncioIntegration is listed, but was set up before the event loop ran',
  'loop-out-of-reach': 'the event loop runs in a thread that another library started',
  'second-loop': 'another event loop of the process is set up, this one is not',
  'shared-context': 'concurrent tasks share one OpenTelemetry context',
  'late-binding': 'work that nobody awaits takes the span that is current at its first step',
};

/** What costs time needlessly, by its form in a trace. */
export const PATTERN_WORDS: Readonly<Record<string, string>> = {
  'n-plus-one-db': 'One query for each row',
  'n-plus-one-http': 'One call for each item',
  'consecutive-db': 'Queries that could run together',
  'consecutive-http': 'Calls that could run together',
  'slow-db': 'Slow query',
  'blocked-loop': 'Holds the event loop',
};

export const STATE_WORDS: Record<ApiFinding['state'], string> = {
  firing: 'Open',
  snoozed: 'Snoozed',
  resolved: 'Resolved',
  dismissed: 'Dismissed',
};

export const END_WORDS: Record<NonNullable<ApiLife['end']>['reason'], string> = {
  restart: 'restarted',
  oom: 'killed for memory',
  gone: 'gone',
};

type Signal = ApiService['signals'][number];
export const SIGNALS: readonly (readonly [Signal, string, string])[] = [
  ['memory', 'M', 'memory'],
  ['counts', 'C', 'counts per unit of work'],
  ['traces', 'T', 'traces'],
  ['profiles', 'P', 'profiles'],
  ['deploys', 'D', 'releases'],
];

/** `environment/namespace/name` as people read it: what comes before the name is context. */
export function serviceWords(service: string): { before: string; name: string } {
  const parts = service
    .split('/')
    .map((part) => part.replaceAll('%2E', '.').replaceAll('%2F', '/').replaceAll('%25', '%'));
  const name = parts.pop() ?? service;
  return { before: parts.filter((part) => part !== '').join(' / '), name };
}

const NUMBERS = ['No', 'One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven', 'Eight', 'Nine'];
export const numberWord = (n: number): string => NUMBERS[n] ?? n.toLocaleString('en');
export const plural = (n: number, one: string, many = `${one}s`): string => (n === 1 ? one : many);
