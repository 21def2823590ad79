/** The only source of time in the core. Tests and replays inject their own. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
}
