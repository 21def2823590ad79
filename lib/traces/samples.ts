import type { Profile } from '../model/profile.ts';
import type { Trace } from '../model/trace.ts';

/** Samples of one thread, ascending in time. */
export interface ThreadSamples {
  readonly profile: Profile;
  readonly threadId: string;
  readonly threadName: string;
  /** Epoch µs. */
  readonly timeUs: Float64Array;
  /** Leaf nodes of profile.stacks. */
  readonly stack: Uint32Array;
  /** Places in profile.samples. */
  readonly row: Uint32Array;
  /** Median distance between samples. */
  readonly periodUs: number;
  /** Neighbours further apart than this have a profiler between them that was off. */
  readonly silenceUs: number;
}

const US_PER_MS = 1000;
/** Samplers wait for a busy interpreter, ten periods at times. A longer silence is a profiler that was off. */
const MAX_PERIODS = 20;
const MIN_SILENCE_US = 250_000;
const DEFAULT_PERIOD_US = 10_000;

/**
 * Splits a profile by thread. Cost: O(samples log samples).
 *
 * @param threadIds of profile.threads, by index; [] when the sender does not tell
 */
export function threadsOf(profile: Profile, threadIds: readonly string[]): readonly ThreadSamples[] {
  const { time, thread, stack } = profile.samples;
  if (time === undefined) return [];
  const byThread = new Map<number, number[]>();
  for (let i = 0; i < time.length; i += 1) {
    if (!Number.isFinite(time[i])) continue;
    const index = thread?.[i] ?? -1;
    const list = byThread.get(index);
    if (list === undefined) byThread.set(index, [i]);
    else list.push(i);
  }
  return [...byThread].map(([index, order]) => {
    order.sort((a, b) => time[a]! - time[b]! || a - b);
    const timeUs = Float64Array.from(order, (i) => Math.round(time[i]! * US_PER_MS));
    const periodUs = medianStep(timeUs);
    return {
      profile,
      threadId: threadIds[index] ?? '',
      threadName: profile.threads[index] ?? '',
      timeUs,
      stack: Uint32Array.from(order, (i) => stack[i]!),
      row: Uint32Array.from(order),
      periodUs,
      silenceUs: Math.max(MIN_SILENCE_US, MAX_PERIODS * periodUs),
    };
  });
}

function medianStep(times: Float64Array): number {
  const steps = Float64Array.from(
    { length: Math.max(0, times.length - 1) },
    (_, i) => times[i + 1]! - times[i]!,
  )
    .filter((step) => step > 0)
    .sort();
  return steps[steps.length >> 1] ?? DEFAULT_PERIOD_US;
}

/** Index of the first sample at or after `time`. */
export function firstAt({ timeUs }: Pick<ThreadSamples, 'timeUs'>, time: number): number {
  let low = 0;
  let high = timeUs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timeUs[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Visits the samples that were taken within [from, to), each with its part of that time: up to half the way to its
 * neighbours. The first and the last one reach to the ends, because what was taken outside belongs to other code: a span
 * began or ended in between. A silence longer than a profiler makes is nobody's: beside it a sample stands for half a period.
 *
 * Cost: O(log samples + those visited).
 */
export function eachWithin(
  samples: Pick<ThreadSamples, 'timeUs' | 'stack' | 'periodUs' | 'silenceUs'>,
  from: number,
  to: number,
  visit: (stack: number, us: number, index: number) => void,
): void {
  const { timeUs, silenceUs, periodUs, stack } = samples;
  const first = firstAt(samples, from);
  const isNear = (a: number | undefined, b: number | undefined) =>
    a !== undefined && b !== undefined && b - a <= silenceUs;
  for (let i = first; i < timeUs.length && timeUs[i]! < to; i += 1) {
    const time = timeUs[i]!;
    const last = timeUs[i - 1];
    const next = timeUs[i + 1];
    const isFirst = i === first;
    const isLast = next === undefined || next >= to;
    const back = isNear(last, time) ? (isFirst ? time - from : (time - last!) / 2) : periodUs / 2;
    const ahead = isNear(time, next) ? (isLast ? to - time : (next! - time) / 2) : periodUs / 2;
    const us = Math.min(time + ahead, to) - Math.max(time - back, from);
    if (us > 0) visit(stack[i]!, us, i);
  }
}

/** Frames of a stack from the root to the leaf. */
export function framesOf({ stacks }: Profile, leaf: number): number[] {
  const frames: number[] = [];
  for (let node = leaf; node !== 0; node = stacks.parent[node]!) frames.push(stacks.frame[node]!);
  return frames.reverse();
}

/**
 * The thread that ran a trace: by id, else by name, else the only one, else the one that a profile says belongs to the
 * transaction. SDKs point at the main thread even where a worker thread ran the work, so one that did nothing at all
 * gives way to the one that did most in the team's own code.
 *
 * @param activeThreadId of the profile; '' when it names none
 */
export function threadOfTrace(
  threads: readonly ThreadSamples[],
  { root }: Trace,
  activeThreadId: string,
): ThreadSamples | undefined {
  const within = threads.filter((samples) => {
    const first = Math.max(0, firstAt(samples, root.start) - 1);
    return samples.timeUs[first] !== undefined && samples.timeUs[first]! < root.end;
  });
  const named =
    within.find(({ threadId }) => threadId !== '' && threadId === (activeThreadId || root.threadId)) ??
    within.find(({ threadName }) => threadName !== '' && threadName === root.threadName) ??
    (within.length === 1 ? within[0] : undefined);
  if (named !== undefined && ownShare(named, root) > 0) return named;
  const busiest = within
    .map((samples) => ({ samples, share: ownShare(samples, root) }))
    .sort((a, b) => b.share - a.share)[0];
  return busiest !== undefined && busiest.share >= BUSY_SHARE ? busiest.samples : (named ?? undefined);
}

const BUSY_SHARE = 0.1;

/** Share of the time within which the thread had a frame of the team's own on its stack. */
function ownShare(samples: ThreadSamples, { start, end }: { start: number; end: number }): number {
  const { frames, stacks } = samples.profile;
  let own = 0;
  let all = 0;
  eachWithin(samples, start, end, (leaf, us) => {
    all += us;
    for (let node = leaf; node !== 0; node = stacks.parent[node]!) {
      if (frames.inApp[stacks.frame[node]!] === 1) {
        own += us;
        return;
      }
    }
  });
  return all === 0 ? 0 : own / all;
}
