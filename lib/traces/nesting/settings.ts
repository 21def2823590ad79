/** Raised whenever a verdict may change for the same traces: findings carry it. */
export const NESTING_VERSION = 7;

/**
 * Every constant of the verdicts, in one place; `docs/analyzers/nesting.md` tells where each comes from. Times are ms. What the
 * repair weighs by stands where it is used: weights in `features.ts`, what is near in `timeline.ts`, how regular in `prior.ts`.
 * SDKs read the wall clock and the monotonic clock one after the other, so a reported end may be early by the time
 * that the process was preempted in between: correct traces show up to 1.4 ms of that.
 */
export const DEFAULTS: Settings = {
  deadMs: 1,
  outliveMs: 2,
  overlapMs: 2,
  twinMs: 2,
  insideMs: 1,
  minShared: 3,
  apartPerShared: 1 / 2,
  apartPerSharedElsewhere: 1 / 20,
  againstPerShared: 1 / 5,
  minMarksAlone: 2,
  maxApartAlone: 2,
  minReplayDiffers: 2,
  minReplayDiffersShare: 0.1,
  minLearned: 10,
  minLearnedShare: 0.95,
  minLayerShare: 0.2,
  minReverse: 2,
  minReverseShare: 0.25,
  minCertainty: 0.9,
  beam: 6,
  rounds: 6,
  maxCandidates: 64,
  minEndpointTraces: 3,
  minEndpointShare: 0.2,
  minFragments: 3,
  minFragmentedUnits: 3,
  minFragmentedShare: 0.5,
  maxOutsideShare: 0.1,
};

export interface Settings {
  /** A child begins this long after its parent ended: dead parent. */
  readonly deadMs: number;
  /** A child ends this long after its parent: outliving child. */
  readonly outliveMs: number;
  /** Siblings alive together for longer than this prove separate scopes. */
  readonly overlapMs: number;
  /** Starts of equal spans closer than this are one tick of the loop. */
  readonly twinMs: number;
  /** An end later by this still counts as inside. */
  readonly insideMs: number;
  /** Traces with the signs of one shared scope that make a deployment broken. */
  readonly minShared: number;
  /** Traces with separate scopes, per shared one, that a broken deployment may have. */
  readonly apartPerShared: number;
  /** The same where the language keeps scopes apart by itself: there a child outlives its parent for good reasons. */
  readonly apartPerSharedElsewhere: number;
  /** Traces with as many crossings whose parents differ from the replay of one variable, per shared one. */
  readonly againstPerShared: number;
  /** Dead parents and outliving children that a trace needs to show a shared scope. */
  readonly minMarksAlone: number;
  /** Traces with separate scopes, or against the replay, beyond which a deployment's traces are not judged by themselves. */
  readonly maxApartAlone: number;
  /** Parents of one trace that differ from the replay, and their share, that prove separate scopes. */
  readonly minReplayDiffers: number;
  readonly minReplayDiffersShare: number;
  /** Leaves of one kind, and the share of them, that must hold the same inner span for the pair to be a layer. */
  readonly minLearned: number;
  readonly minLearnedShare: number;
  /**
   * A listed pair that fewer of the outer leaves hold is no layer where fewer of the inner leaves lie so, or where it is also found
   * reversed: so often, and so often per pair.
   */
  readonly minLayerShare: number;
  readonly minReverse: number;
  readonly minReverseShare: number;
  /** Repaired parents below this are named ambiguous. */
  readonly minCertainty: number;
  /** Readings of a trace that the repair keeps open: 3 lose 1 % of the parents of random programs, 1 loses 5 %. */
  readonly beam: number;
  /** Most passes of the repair over an endpoint: each learns which spans call which from the one before. */
  readonly rounds: number;
  /** Spans alive at once that are weighed as parents of one span: bounds the cost of a trace of a thousand twins. */
  readonly maxCandidates: number;
  /** Misnested traces, or the share of them, that make an endpoint misnested. */
  readonly minEndpointTraces: number;
  readonly minEndpointShare: number;
  /** Parentless spans inside one unit's interval; units with so many, and their share, that make a finding. */
  readonly minFragments: number;
  readonly minFragmentedUnits: number;
  readonly minFragmentedShare: number;
  /** A kind of span of which more lies outside of all units is background work, not a piece of one. */
  readonly maxOutsideShare: number;
}
