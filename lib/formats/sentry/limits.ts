// What one envelope may cost. The door has bounded its bytes already.

/** 100 sessions and 100 client reports are the most that Sentry itself takes; nobody sends a tenth of this. */
export const MAX_ITEMS = 1_000;
/** SDKs stop at 1,000 spans of a transaction by themselves. */
export const MAX_SPANS_KEPT = 1_000;
/** Spans in one streamed container: Sentry's own bound. */
export const MAX_STREAMED_SPANS = 1_000;
/** UTF-16 code units; what is longer is cut, not refused. */
export const MAX_STRING_LENGTH = 64 * 1024;
export const MAX_JSON_DEPTH = 64;
/** A profile of 50 MB has about a million samples of one object each. */
export const MAX_JSON_CONTAINERS = 3_000_000;
/** Names of item types, reasons and categories that are counted by name. */
export const MAX_NAME_LENGTH = 64;
export const MAX_NAMES = 200;
