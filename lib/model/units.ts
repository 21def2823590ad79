// Names for plain numbers, so that signatures say what they count.

/** Milliseconds since 1970-01-01T00:00:00Z; may carry a fraction. */
export type EpochMs = number;
/** A span of time in milliseconds. */
export type DurationMs = number;
export type Bytes = number;

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;
