import { DAY_MS } from './units.ts';

// How long what is stored lives at least, and what may be concluded from ages.

/**
 * Raw objects, and partitions after their last upload, are kept for the accepted past and so many days at least: roll-ups of late
 * data are rebuilt from them.
 */
export const KEPT_BEYOND_PAST_DAYS = 16;

/** Ledger records outlive the raw objects that they speak for. */
export const RECORDS_OUTLIVE_RAW_DAYS = 1;

/**
 * No partition expires whose data are younger, so whoever finds none need not ask whether its roll-up is final. And nothing is
 * folded into one that is older by the accepted past: its roll-up is final soon after.
 */
export const PARTITIONS_LIVE_MS = 15 * DAY_MS;

/** A raw object that is older and has no ledger record had one, which has expired: no record lives for less. */
export const RECORDS_LIVE_MS = (KEPT_BEYOND_PAST_DAYS + RECORDS_OUTLIVE_RAW_DAYS) * DAY_MS;
