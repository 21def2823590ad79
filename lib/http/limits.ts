// Bounds of what a client may send. Every one answers with the protocol's own error.

export interface Limits {
  /** Body as sent. */
  readonly bodyBytes: number;
  /** Body after decompression, and how many times larger it may become. */
  readonly inflatedBytes: number;
  readonly inflateRatio: number;
  /** Bodies of all requests in work together, as sent and unpacked: what this process may hold at once. */
  readonly inFlightBytes: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_LIMITS: Limits = {
  bodyBytes: 64 * MIB,
  inflatedBytes: 64 * MIB,
  inflateRatio: 200,
  inFlightBytes: 512 * MIB,
};

/** Header values that are kept. */
export const SENDER_CHARS = 120;
export const WEBHOOK_ID_CHARS = 256;
