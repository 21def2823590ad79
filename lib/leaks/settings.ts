import { DAY_MS, HOUR_MS, MIB, MINUTE_MS } from '../model/units.ts';

/** Raised whenever a verdict may change for the same data: stored results carry it. */
export const LEAKS_VERSION = 10;

/** Start-up of real runtimes (compiling, pools, caches) takes minutes: lives that end within it show nothing else. */
export const START_UP_MS = 30 * MINUTE_MS;

/**
 * The constants of one life's verdict by the clock; `docs/analyzers/leaks.md` tells where each comes from.
 * Windows and minima are counts of points or of confirmed lows. The only durations among them are `effectBand` and
 * `warmUpLimitMs`: a day is a physical thing (load follows the sun), a scrape interval is not.
 */
export const DEFAULTS = {
  /** Fewer points say nothing. */
  minPoints: 6,
  /** Raw points beyond this are thinned to bucket minima or medians, so that cost does not grow with the square. */
  maxRawPoints: 20_000,
  /** Buckets that the change-point search sees: 240 × 8 costs 2 ms. */
  maxBuckets: 240,
  /** Segments of the piecewise-linear fit. */
  maxSegments: 8,
  /** Price of one more segment, in n_e·ln SSE: 3 parameters (place, level, slope), each worth ln n. */
  penaltyPerSegment: 3,
  /** Residual sd below this share of the level is not believed: 0.2 % is what a quiet process wobbles. */
  noiseFloorShare: 0.002,
  /** A fall of this share of the fitted span begins a new life (roles that are not collected). */
  newLifeFall: 0.3,
  /** A stretch ends when the level falls back by this share of the rise so far… */
  fallBack: 0.25,
  /** …or jumps up by more than this share of the rise around it. */
  jumpShare: 0.35,
  minZ: 5,
  minR2: 0.85,
  /** Levels smaller than this are noise of any runtime. */
  minRiseBytes: 10 * MIB,
  /** The same for roles that count things: goroutines, handles. */
  minRiseCount: 20,
  /** [duration, least rise as a share of the level], log-interpolated. A daily swing of 25 % cannot be told from a
   * leak before the second day; after that, smaller rises stand out. */
  effectBand: [
    [HOUR_MS, 0.15],
    [6 * HOUR_MS, 0.25],
    [25 * HOUR_MS, 0.25],
    [36 * HOUR_MS, 0.07],
    [7 * DAY_MS, 0.03],
  ],
  /** The same for `growth-unconfirmed`. */
  suspicionBand: [
    [HOUR_MS, 0.15],
    [DAY_MS, 0.05],
    [7 * DAY_MS, 0.03],
  ],
  /** 90 % of the rise must not be reached before this share of the stretch: else it is a plateau. */
  minT90: 0.7,
  minLastThird: 0.4,
  minBend: 0.5,
  minFirstSlope: 0.33,
  /**
   * Steps of growth that comes in steps, and how straight it is: services that load things now and then make three or four, or
   * more and uneven ones. Five even steps have an R² of .97.
   */
  minSteps: 5,
  minR2OfSteps: 0.96,
  /** Lows that a rise must have when it begins with the life. */
  youngLows: 30,
  /** Old-generation collections within the stretch that prove a heap's floor. */
  minMajorCollections: 4,
  /** No heap fills for so long before its old generation is collected: 120 h was the longest of healthy ones seen. */
  longestFillMs: 7 * DAY_MS,
  /** Lows that a rise must have when each is one reading after a counted collection: such a low may come a step late
   * and hold that step's garbage. With 8, 2 of 13 first alarms of recorded demo runs named the wrong route; with 10, none. */
  minConfirmedLows: 10,
  /** A fall this many times the median fall is taken for an old-generation collection when none are reported: between readings that
   * are taken at any moment of equal teeth, falls of up to 3.4 times are usual. */
  majorFallFactor: 5,
  /** `capped`: at this share of the limit, or at the second one with collections that no longer help. */
  capShare: 0.9,
  capShareWithActivity: 0.65,
  /** A rise that begins with the life is not notified before this: caches of real services fill for a day. */
  warmUpLimitMs: 36 * HOUR_MS,
} as const satisfies Settings;

export interface Settings {
  readonly minPoints: number;
  readonly maxRawPoints: number;
  readonly maxBuckets: number;
  readonly maxSegments: number;
  readonly penaltyPerSegment: number;
  readonly noiseFloorShare: number;
  readonly newLifeFall: number;
  readonly fallBack: number;
  readonly jumpShare: number;
  readonly minZ: number;
  readonly minR2: number;
  readonly minRiseBytes: number;
  readonly minRiseCount: number;
  readonly effectBand: readonly (readonly [durationMs: number, share: number])[];
  readonly suspicionBand: readonly (readonly [durationMs: number, share: number])[];
  readonly minT90: number;
  readonly minLastThird: number;
  readonly minBend: number;
  readonly minFirstSlope: number;
  readonly minSteps: number;
  readonly minR2OfSteps: number;
  readonly youngLows: number;
  readonly minMajorCollections: number;
  readonly longestFillMs: number;
  readonly minConfirmedLows: number;
  readonly majorFallFactor: number;
  readonly capShare: number;
  readonly capShareWithActivity: number;
  readonly warmUpLimitMs: number;
}
