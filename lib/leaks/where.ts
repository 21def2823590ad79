import type { Where } from '../model/finding.ts';
import type { Bytes } from '../model/units.ts';
import { firstAtOrAfter, fitLine, type Points } from './statistics.ts';

/** By how much each part grew over one stretch; undefined where it is not sent. */
export interface Growths {
  readonly heapUsed?: Bytes | undefined;
  readonly heapTotal?: Bytes | undefined;
  readonly external?: Bytes | undefined;
  readonly rss?: Bytes | undefined;
  readonly container?: Bytes | undefined;
  readonly threads?: number | undefined;
}

/** A part that holds less of the growth explains nothing. */
const MOST = 0.5;
/** Memory that a thread's stack touches: less is no stack, more is its heap. */
const STACK_BYTES = { least: 8 * 1024, most: 8 * 1024 * 1024 };

/** Undefined when neither the process nor its container is measured, when neither grew, or when the heap is not sent. */
export function whereGrown(growths: Growths): Where | undefined {
  const { rss, container, heapUsed, heapTotal, external, threads = 0 } = growths;
  const whole = rss ?? container;
  if (whole === undefined || whole <= 0) return undefined;
  const share = (part: Bytes | undefined) => Math.min(1, Math.max(0, part ?? 0) / whole);
  if (share(heapUsed) >= MOST) return { place: 'heap', share: share(heapUsed), experiments: [] };
  if (share(external) >= MOST)
    return { place: 'external', share: share(external), experiments: EXPERIMENTS.external };
  // Python and others send no heap: what is not measured may be all of it, and "outside" would be a guess.
  if (heapUsed === undefined) return undefined;
  const left = whole - Math.max(0, heapUsed) - Math.max(0, external ?? 0);
  const perThread = threads > 0 ? left / threads : 0;
  if (perThread >= STACK_BYTES.least && perThread <= STACK_BYTES.most)
    return { place: 'stacks', share: share(left), experiments: EXPERIMENTS.stacks };
  const reserved = Math.max(0, (heapTotal ?? 0) - Math.max(0, heapUsed));
  if (share(reserved) >= MOST)
    return { place: 'allocator', share: share(reserved), experiments: EXPERIMENTS.allocator };
  return { place: 'outside', share: share(left), experiments: EXPERIMENTS.outside };
}

/** By how much the readings grew since a time, along a line; undefined with too few of them. */
export function growthSince({ times, values }: Points, since: number): number | undefined {
  const from = firstAtOrAfter(times, since);
  if (times.length - from < 3) return undefined;
  return fitLine({ times, values }, from).slope * (times.at(-1)! - times[from]!);
}

const EXPERIMENTS = {
  external: [
    'Count what owns buffers (sockets, streams, images, database rows) before and after a thousand units.',
    'Run one instance with smaller read buffers: growth that shrinks with them is theirs.',
  ],
  stacks: [
    'Count threads or goroutines by the function that started them.',
    'Give one instance a fixed pool of workers: stacks stop growing with it.',
  ],
  allocator: [
    'Force a full collection on one instance: what it returns was reserved, not kept.',
    'Lower the heap limit of one instance by a quarter: a reserve shrinks with it, a leak does not.',
  ],
  outside: [
    'Run one instance with MALLOC_ARENA_MAX=2, or with jemalloc: fragmentation shrinks at once.',
    'Watch the external memory and the threads of the runtime, which are not sent: one of them may hold it.',
    'Run one instance without its native modules or agents, one at a time.',
  ],
} as const;
