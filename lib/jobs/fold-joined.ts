import { flameOf } from '../flame/from-profile.ts';
import { mergeStates } from '../flame/merge.ts';
import { decodeProfile } from '../formats/profiles/index.ts';
import { reportAlone } from '../formats/sentry/index.ts';
import { Fault } from '../model/fault.ts';
import { partitionStart } from '../model/partition.ts';
import { scrubVersion } from '../model/scrub.ts';
import { workOfChunks } from '../traces/chunk-work.ts';
import { foldTraces } from '../traces/fold.ts';
import type { TraceInput } from '../traces/read-traces.ts';
import { samplesByTrace, type TraceProfile } from '../traces/sampled.ts';
import type { FoldJoined, Joined } from './join.ts';
import { scrubbed } from './scrubbed.ts';

/**
 * What joined traces say about spans, gaps and nesting, in the partitions in which their local roots ended; and of chunks of
 * continuous profilers, whose unit of work their samples were.
 */
export const foldJoined: FoldJoined = (project, { traces, witnesses, profiles, thresholdsOf }, placeOf) => {
  const read = profilesOf(profiles);
  const input = {
    traces: [...traces, ...witnesses],
    profiles: read,
    samplesOf: samplesByTrace(read),
    isAsked: (index: number) => index < traces.length,
    thresholdsOf,
  };
  const spans = foldTraces(input, placeOf).map(({ service, start, state }) => ({
    partition: { project, service, start },
    sections: { spans: state },
  }));
  return [...spans, ...chunksByUnit(project, input, read)];
};

type ReadProfile = TraceProfile & Pick<Joined['profiles'][number], 'upload' | 'shiftMs'>;

/** A profile that cannot be read costs its gaps their causes, nothing else. */
function profilesOf(items: Joined['profiles']): readonly ReadProfile[] {
  return items.flatMap(({ payload, ...facts }) => {
    try {
      return [{ ...facts, profile: decodeProfile(payload, { format: 'sentry' }) }];
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return [];
    }
  });
}

/** Added where the chunks themselves were, in the service, version and partition of each: no total changes. */
function chunksByUnit(
  project: string,
  input: TraceInput,
  read: readonly ReadProfile[],
): ReturnType<FoldJoined> {
  const work = workOfChunks(input, (chunk) => reportAlone(chunk, project).service);
  return read.flatMap(({ profile: chunk, upload, shiftMs }) => {
    const profile = work.get(chunk);
    if (profile === undefined || profile.units.length === 0) return [];
    const { service, instance, lifeStart, time } = reportAlone(profile, project);
    const at = time + shiftMs;
    const version = scrubVersion(instance.version ?? '').toWellFormed();
    const origin = { upload, version, instance: instance.key, lifeStart, time: at, scrub: scrubbed };
    // The chunk was counted when it came. A minute of raw paths has more units than a state keeps.
    const flame = mergeStates([{ ...flameOf(profile, origin), counts: new Map() }]);
    return [{ partition: { project, service, start: partitionStart(at) }, sections: { flame } }];
  });
}
