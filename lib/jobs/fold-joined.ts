import { decodeProfile } from '../formats/profiles/index.ts';
import { Fault } from '../model/fault.ts';
import { foldTraces } from '../traces/fold.ts';
import type { TraceProfile } from '../traces/sampled.ts';
import type { FoldJoined, Joined } from './join.ts';

/** What joined traces say about spans, gaps and nesting, in the partitions in which their local roots ended. */
export const foldJoined: FoldJoined = (project, { traces, witnesses, profiles, thresholdsOf }, placeOf) => {
  const input = {
    traces: [...traces, ...witnesses],
    profiles: profilesOf(profiles),
    isAsked: (index: number) => index < traces.length,
    thresholdsOf,
  };
  return foldTraces(input, placeOf).map(({ service, start, state }) => ({
    partition: { project, service, start },
    sections: { spans: state },
  }));
};

/** A profile that cannot be read costs its gaps their causes, nothing else. */
function profilesOf(items: Joined['profiles']): readonly TraceProfile[] {
  return items.flatMap(({ payload, ...facts }) => {
    try {
      return [{ ...facts, profile: decodeProfile(payload, { format: 'sentry' }) }];
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return [];
    }
  });
}
