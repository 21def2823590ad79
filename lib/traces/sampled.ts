import type { Profile } from '../model/profile.ts';
import type { Trace } from '../model/trace.ts';
import type { Sampled } from './foreign.ts';
import { type ThreadSamples, threadOfTrace, threadsOf } from './samples.ts';
import { stackReader } from './stack-reading.ts';

/** A decoded profile, with what joins it to traces. */
export interface TraceProfile {
  readonly profile: Profile;
  /** Of the transaction whose profile this is; '' for a chunk of a continuous one. */
  readonly eventId: string;
  /** Session of the continuous profiler; '' for a transaction's profile. */
  readonly profilerId: string;
  readonly activeThreadId: string;
  /** Ids of profile.threads, by index; [] when the sender does not tell them. */
  readonly threadIds: readonly string[];
}

interface Indexed {
  readonly source: TraceProfile;
  readonly threads: readonly ThreadSamples[];
  readonly readStack: ReturnType<typeof stackReader>;
}

/**
 * Finds the samples of each trace: those of its own profile, or those of its profiler's chunks that were taken while it
 * ran. In whatever order and how late they came.
 */
export function samplesByTrace(profiles: readonly TraceProfile[]): (trace: Trace) => readonly Sampled[] {
  const byName = new Map<string, Indexed[]>();
  for (const source of profiles) {
    const name = source.eventId === '' ? `profiler ${source.profilerId}` : `event ${source.eventId}`;
    const indexed = {
      source,
      threads: threadsOf(source.profile, source.threadIds),
      readStack: stackReader(source.profile),
    };
    const list = byName.get(name);
    if (list === undefined) byName.set(name, [indexed]);
    else list.push(indexed);
  }
  return (trace) => {
    const { eventId, profilerId } = trace.profile;
    const own = eventId === '' ? undefined : byName.get(`event ${eventId}`);
    const chunks = profilerId === '' ? undefined : byName.get(`profiler ${profilerId}`);
    return (own ?? chunks ?? []).flatMap(({ source, threads, readStack }) => {
      const samples = threadOfTrace(threads, trace, source.activeThreadId);
      return samples === undefined ? [] : [{ trace, samples, readStack }];
    });
  };
}
