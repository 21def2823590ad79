import type { Trace } from '../model/trace.ts';
import type { EpochMs } from '../model/units.ts';
import { foldTraces } from '../traces/fold.ts';
import type { TraceProfile } from '../traces/sampled.ts';

/** Traces that belong together in time, with those around them that only bear witness. */
export interface JoinedTraces {
  readonly traces: readonly Trace[];
  readonly witnesses?: readonly Trace[];
  readonly profiles: readonly TraceProfile[];
}

/** What joined traces add to partitions, as sections of the kind `spans`. Deterministic. */
export function foldJoinedTraces(
  project: string,
  { traces, witnesses = [], profiles }: JoinedTraces,
  placeOf: (time: EpochMs) => EpochMs,
) {
  const input = {
    traces: [...traces, ...witnesses],
    profiles,
    isAsked: (index: number) => index < traces.length,
  };
  return foldTraces(input, placeOf).map(({ service, start, state }) => ({
    partition: { project, service, start },
    sections: { spans: state },
  }));
}
