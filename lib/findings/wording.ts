import type { SentencePart } from '../model/finding.ts';
import { formatBytes, formatCount, formatInterval } from '../model/format-number.ts';
import type { Interval, Onset } from '../model/leak.ts';
import { isCountRole, type MemoryRole } from '../model/memory.ts';
import type { ServiceName } from '../model/service.ts';
import type { Bytes, EpochMs } from '../model/units.ts';
import { merged, sentenceText } from './sentence.ts';
import { momentText } from './times.ts';

// What all templates of findings share. Plain words, numbers first, and nothing that was not measured.

export interface Wording {
  /** One line for lists and message heads. */
  readonly title: string;
  /** The sentence as plain text. */
  readonly summary: string;
  readonly sentence: readonly SentencePart[];
}

/** What every finding's words need. */
export interface Situation {
  readonly now: EpochMs;
  readonly service: ServiceName;
  readonly role: MemoryRole;
  /** How many of the instances that were looked at show it. */
  readonly instances: { readonly affected: number; readonly all: number };
}

export interface Release {
  readonly version: string;
  readonly at: EpochMs;
}

export const worded = (title: string, parts: readonly SentencePart[]): Wording => {
  const sentence = merged(parts);
  return { title, summary: sentenceText(sentence), sentence };
};

/** `release 1.4.2`, or the time; the parts after "Since ". */
export function sinceParts(onset: Onset, release: Release | null, now: EpochMs): SentencePart[] {
  if (!release) return [{ kind: 'time', text: momentText(onset, now), at: onset.t }];
  return [
    { kind: 'text', text: 'release ' },
    { kind: 'time', text: release.version, at: release.at },
  ];
}

/** The release that the onset is told by: the last one that was out when growth had begun for certain. */
export function releaseAt(onset: Onset | null, deploys: readonly Release[]): Release | null {
  if (!onset) return null;
  const before = deploys.filter((deploy) => deploy.at <= onset.high).toSorted((a, b) => a.at - b.at);
  return before.at(-1) ?? null;
}

const PLACES: Record<MemoryRole, string> = {
  heap_used: 'on the heap',
  heap_total: 'on the heap',
  heap_after_gc: 'on the heap',
  rss: 'in the memory of the process (RSS)',
  virtual: 'of address space',
  external: 'in external buffers',
  non_heap: 'beside the heap (classes and compiled code)',
  container_usage: 'in the memory of the container',
  container_cached: 'in the memory of the container and its page cache',
  host_usage: 'in the memory of the host',
  object_count: 'objects',
  goroutine_count: 'goroutines',
  thread_count: 'threads',
  handle_count: 'handles',
  fd_count: 'open files',
};

const SUBJECTS: Record<MemoryRole, string> = {
  heap_used: 'the heap of',
  heap_total: 'the heap of',
  heap_after_gc: 'the heap of',
  rss: 'the memory (RSS) of',
  virtual: 'the address space of',
  external: 'the external memory of',
  non_heap: 'the memory beside the heap of',
  container_usage: 'the container memory of',
  container_cached: 'the container memory, with the page cache, of',
  host_usage: 'the host memory of',
  object_count: 'the number of objects of',
  goroutine_count: 'the number of goroutines of',
  thread_count: 'the number of threads of',
  handle_count: 'the number of handles of',
  fd_count: 'the number of open files of',
};

export const measureOf = (role: MemoryRole) => (isCountRole(role) ? 'count' : 'bytes');
export const placeWords = (role: MemoryRole): string => PLACES[role];
export const subjectWords = (role: MemoryRole): string => SUBJECTS[role];

/** `retain (cart.js:42)`. */
export const placeOf = ({ name, file, line }: { name: string; file: string; line: number }) =>
  file === '' ? name : `${name} (${file}${line > 0 ? `:${line}` : ''})`;

/** `812 ± 40 B`; a number for roles that count. */
export const keptText = (kept: Interval, role: MemoryRole): string => formatInterval(kept, measureOf(role));

/** `512 MiB limit`. */
export const limitText = (limit: Bytes, role: MemoryRole): string =>
  isCountRole(role) ? `limit of ${formatCount(limit)}` : `${formatBytes(limit)} limit`;
