import { fingerprint } from '../../findings/fingerprint.ts';
import type { Observation } from '../../findings/life-cycle.ts';
import type { Wording } from '../../findings/wording.ts';
import type { TraceEvidence, TraceFindingKind } from '../../model/finding.ts';
import type { ServiceName } from '../../model/service.ts';
import type { EpochMs } from '../../model/units.ts';
import { NESTING_VERSION } from '../../traces/nesting/settings.ts';
import type { SpansState, TraceExample } from '../../traces/spans-state.ts';

/** What a scan of one service's traces looks at. */
export interface TraceScene {
  readonly project: string;
  readonly service: ServiceName;
  readonly now: EpochMs;
  /** Begin of `all`. */
  readonly from: EpochMs;
  readonly all: SpansState;
  /** Of the last hour. */
  readonly recent: SpansState;
}

interface Said {
  readonly kind: TraceFindingKind;
  /** What it is about beside service and kind: a unit, a subject. */
  readonly subject: string;
  readonly wording: Wording;
  readonly traces: TraceEvidence;
  readonly version?: string;
  readonly instances?: readonly string[];
  readonly isSilent?: boolean;
  readonly state?: 'firing' | 'clear';
  readonly since?: EpochMs;
}

/** A finding of traces has none of what memory shows. */
export function traceObservation(scene: TraceScene, said: Said): Observation {
  const { project, service, now, from } = scene;
  const { kind, subject, wording, traces, version = '', instances = [], isSilent = false } = said;
  return {
    ...wording,
    id: fingerprint({ project, service, kind, role: subject }),
    kind,
    project,
    service,
    state: said.state ?? 'firing',
    isSilent,
    since: said.since ?? now,
    suspects: [],
    evidence: {
      analyzer: `traces@${NESTING_VERSION}`,
      role: null,
      version,
      instances,
      from,
      to: now,
      onset: null,
      slopeBytesPerHour: null,
      timeToLimitS: null,
      limitBytes: null,
      floor: null,
      lows: 0,
      confidence: 1,
      reason: wording.summary,
      cleared: [],
      deploys: [],
      traces,
    },
  };
}

export const noTraceEvidence: TraceEvidence = {
  unit: null,
  requests: 0,
  affected: 0,
  ms: null,
  cause: null,
  fix: '',
  shift: null,
  examples: [],
};

export const examplesOf = (examples: readonly TraceExample[]) =>
  examples.map(({ traceId, at }) => ({ traceId, at }));
