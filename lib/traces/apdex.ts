import type { Sketch } from '../model/sketch.ts';
import { shareAbove } from './latency-shift.ts';

/** Sentry's default threshold of satisfaction. */
export const APDEX_THRESHOLD_MS = 300;
const TOLERATED = 4;
const US_PER_MS = 1000;

/** (satisfied + ½ tolerating) / all, where those are within T and 4 T: https://en.wikipedia.org/wiki/Apdex. 1 for no requests. */
export function apdex(sketch: Sketch, thresholdMs: number = APDEX_THRESHOLD_MS): number {
  const overT = shareAbove(sketch, thresholdMs * US_PER_MS);
  const over4T = shareAbove(sketch, TOLERATED * thresholdMs * US_PER_MS);
  return 1 - overT + (overT - over4T) / 2;
}

export interface Rate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Failures over requests with Wilson's 95 % interval. @param requests made, not weighted */
export function failureRate(failures: number, requests: number): Rate {
  if (requests === 0) return { value: 0, low: 0, high: 1 };
  const z = 1.96;
  const p = failures / requests;
  const denominator = 1 + (z * z) / requests;
  const centre = (p + (z * z) / (2 * requests)) / denominator;
  const half = (z / denominator) * Math.sqrt((p * (1 - p)) / requests + (z * z) / (4 * requests * requests));
  return { value: p, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}
