import type { MemoryRole } from './memory.ts';
import type { UnitOfWork } from './unit-of-work.ts';
import type { Bytes, EpochMs } from './units.ts';

export const VERDICTS = [
  'stable',
  'step',
  'warm-up',
  'load-proportional',
  'growth-unconfirmed',
  'leak',
  'exhausted',
  'insufficient-data',
  'mixed-writers',
] as const;
export type Verdict = (typeof VERDICTS)[number];

/** An estimate with its 95 % interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** A moment with its 95 % interval, on the clock of the input. */
export interface Onset {
  readonly t: number;
  readonly low: number;
  readonly high: number;
}

/** One process between two starts, as the analysis wants it. Arrays of a series are parallel and ascending in time. */
export interface Life {
  readonly instance: string;
  readonly version: string | undefined;
  readonly role: MemoryRole;
  /** Process start if known, else undefined: then the first point is all that is known. */
  readonly startedAt: EpochMs | undefined;
  readonly times: Float64Array; // epoch ms, or ms on a file's own clock
  readonly values: Float64Array; // bytes, or a count for count roles
  /** Times of major (full) collections seen by a counter: the process collected at or before this time, after the previous one. */
  readonly majorCollections: Float64Array | undefined;
  /**
   * Times of minor (young) collections seen by a counter, as above. An object reaches the old generation with them, so
   * that the floor follows the work of some collections ago: without them a lag of whole steps is tried.
   */
  readonly minorCollections?: Float64Array | undefined;
  /** True when values are already after-collection (GC logs, after-GC metrics): no floor has to be guessed. */
  readonly afterGc: boolean;
  /**
   * Values right after collections that came too seldom for a verdict of their own, one per collection: `values` are then
   * the raw heap's. They still tell who makes it grow.
   */
  readonly collected?: { readonly times: Float64Array; readonly values: Float64Array } | undefined;
  /**
   * Times of what are probably major collections and no longer, or not at all, show as falls of the readings: found before
   * these were thinned to hours, or renewals of a value that major collections alone renew.
   */
  readonly likelyCollections?: Float64Array | undefined;
  readonly limit: Bytes | undefined;
  /** Cumulative finished units since the life's first point, one entry per unit and status class. */
  readonly work: readonly WorkSeries[];
  /** Requests in flight, or another load that comes and goes; undefined when not sent. */
  readonly load: { readonly times: Float64Array; readonly values: Float64Array } | undefined;
  /** True when two writers share the identity (alternating start times): no verdict. */
  readonly mixedWriters: boolean;
  /** How the life ended, if it did. */
  readonly end: { readonly time: EpochMs; readonly reason: 'restart' | 'oom' | 'gone' } | undefined;
}

export interface WorkSeries {
  readonly unit: UnitOfWork;
  readonly status: string; // '' when classes are not told apart
  readonly times: Float64Array;
  readonly counts: Float64Array; // cumulative, never falling
  /** False when counts come from sampled spans of unknown rate: ranks and shares only. */
  readonly complete: boolean;
}

export interface Suspect {
  /** More than one when they rise and fall together, or do as well beside another suspect, and cannot be told apart. */
  readonly units: readonly UnitOfWork[];
  /** 'unit', or a rival explanation that did as well: the clock, all traffic, or requests that stay open. */
  readonly cause: 'unit' | 'clock' | 'total-traffic' | 'connections';
  readonly bytesPerUnit: Interval | null;
  /** Share of belief among all hypotheses, 0..1. */
  readonly weight: number;
  /** Units finished since the onset. */
  readonly unitsSinceOnset: number;
  /** Share of the rise since its onset that this explanation fits, 0..1; where several units make it together they add up. */
  readonly share?: number;
}

/** A unit that was tested and found not to keep memory. */
export interface Cleared {
  readonly unit: UnitOfWork;
  readonly bytesPerUnit: Interval | null;
  readonly unitsSinceOnset: number;
  readonly reason: string;
}

/** A piece of the piecewise-linear fit of the floor. */
export interface FloorSegment {
  readonly from: number;
  readonly to: number;
  readonly startValue: number;
  readonly slopePerMs: number;
}

/** What the analysis says about one life, or about a cohort of lives. Times in ms on the input's clock. */
export interface LeakResult {
  readonly verdict: Verdict;
  readonly confidence: number; // 0..1
  readonly onset: Onset | null;
  readonly slopeBytesPerHour: Interval | null;
  readonly timeToLimitS: Interval | null;
  /** Floor at the beginning and at the end of the judged stretch. */
  readonly floor: { readonly start: Bytes; readonly end: Bytes } | null;
  /** The floor's points: times and values, for charts. */
  readonly floorPoints: { readonly times: Float64Array; readonly values: Float64Array };
  /** Time of the last low that confirms the floor: what comes after may still be garbage. */
  readonly confirmedUntil: number | null;
  readonly segments: readonly FloorSegment[];
  /** One sentence: why this verdict, with the numbers that decided. */
  readonly reason: string;
  readonly suspects: readonly Suspect[];
  readonly cleared: readonly Cleared[];
  /** Number of confirmed lows that went into the verdict: new evidence is counted in these. */
  readonly lows: number;
}
