// What all made-up answers tell of: a leak as the design's mock tells it. A release on Tuesday, growth in two lives of every
// instance but the idle one, one unit named and the others cleared. All of it is computed, so that two runs draw the same pixels.

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const MIB = 1024 * 1024;

export const NOW = Date.UTC(2026, 10, 19, 9, 0);
export const START = NOW - 72 * HOUR - 9 * HOUR + 0.6 * HOUR;
export const RELEASE = Date.UTC(2026, 10, 17, 14, 2);
export const RESTART = Date.UTC(2026, 10, 18, 13, 20);
export const ONSET = { t: Date.UTC(2026, 10, 17, 14, 9), low: RELEASE, high: Date.UTC(2026, 10, 17, 14, 21) };
export const SERVICE = 'prod/shop/checkout-api';
export const LIMIT = 512 * MIB;

export const http = (name: string) => ({ kind: 'http' as const, name });
export const CART = http('POST /cart/items');

/** A part of a sentence that is no number and no link. */
export const text = (value: string) => ({ kind: 'text' as const, text: value });
