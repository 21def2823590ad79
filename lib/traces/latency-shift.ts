import { mergeSketches, quantileUs, type Sketch } from '../model/sketch.ts';
import { logGamma, studentTail } from '../model/student.ts';

// Did a transaction become slower or faster, between two versions or over time? Pure, on weighted sketches.

export interface LatencyShift {
  readonly verdict: 'regression' | 'improvement' | 'no-change' | 'too-few';
  readonly quantile: number;
  readonly beforeMs: number;
  readonly afterMs: number;
  /** (after − before) / before. */
  readonly change: number;
  /** Of so large a difference by chance, when nothing changed. */
  readonly pValue: number;
}

export interface ShiftLimits {
  readonly pValue: number;
  readonly minChange: number;
  readonly minMs: number;
  /** Requests on each side. */
  readonly minRequests: number;
}
/** Sentry's own: p < 0.01 and 10 %. Its 200 ms would hide every change of a fast endpoint, so 5 ms are enough here. */
export const SHIFT_LIMITS: ShiftLimits = { pValue: 0.01, minChange: 0.1, minMs: 5, minRequests: 20 };

/** A sketch and how many requests it was made of: fewer than its weight where the sender samples. */
export interface MeasuredLatency {
  readonly sketch: Sketch;
  readonly requests: number;
}

const US_PER_MS = 1000;

/**
 * Compares one quantile of two sets of requests.
 *
 * Test: of two samples of one distribution, about the same share lies above the pooled quantile (Mood's test at a
 * quantile, as a two-proportion test with Fisher's exact tail where counts are small). For p95 of small samples the upper
 * half is compared as well: a change that is real shows there first. Bonferroni for the two.
 *
 * @param quantile 0.95 for the p95
 */
export function compareLatency(
  before: MeasuredLatency,
  after: MeasuredLatency,
  quantile = 0.95,
  limits: ShiftLimits = SHIFT_LIMITS,
): LatencyShift {
  const beforeMs = (quantileUs(before.sketch, quantile) ?? 0) / US_PER_MS;
  const afterMs = (quantileUs(after.sketch, quantile) ?? 0) / US_PER_MS;
  const change = beforeMs > 0 ? (afterMs - beforeMs) / beforeMs : 0;
  const facts = { quantile, beforeMs, afterMs, change };
  if (Math.min(before.requests, after.requests) < limits.minRequests)
    return { ...facts, verdict: 'too-few', pValue: 1 };
  const tests = quantile > 0.5 ? [quantile, (1 + quantile) / 2 - 0.25] : [quantile];
  const pValue = Math.min(
    1,
    tests.length * Math.min(...tests.map((q) => tailTest(before, after, q, change))),
  );
  const isLarge = Math.abs(change) >= limits.minChange && Math.abs(afterMs - beforeMs) >= limits.minMs;
  const verdict =
    pValue < limits.pValue && isLarge ? (change > 0 ? 'regression' : 'improvement') : 'no-change';
  return { ...facts, verdict, pValue };
}

/** One-sided in the direction of `change`, then doubled. */
function tailTest(before: MeasuredLatency, after: MeasuredLatency, q: number, change: number): number {
  const pooled = mergeSketches(scaled(before), scaled(after));
  const threshold = quantileUs(pooled, q) ?? 0;
  const above = (side: MeasuredLatency) => Math.round(shareAbove(side.sketch, threshold) * side.requests);
  const a = above(before);
  const b = above(after);
  const p =
    change >= 0
      ? fisherTail(b, after.requests, a, before.requests)
      : fisherTail(a, before.requests, b, after.requests);
  return Math.min(1, 2 * p);
}

/** Both sides with the weight of their requests, so that the pooled threshold does not follow the sampling rates. */
function scaled({ sketch, requests }: MeasuredLatency): Sketch {
  let total = 0;
  for (const weight of sketch.buckets.values()) total += weight;
  const factor = total === 0 ? 0 : (requests * 1000) / total;
  return { buckets: new Map([...sketch.buckets].map(([index, weight]) => [index, weight * factor])) };
}

/** Share of a sketch's weight above a duration in µs; the bucket that holds it counts as not above. */
export function shareAbove(sketch: Sketch, us: number): number {
  let total = 0;
  let above = 0;
  for (const [index, weight] of sketch.buckets) {
    total += weight;
    const middle = quantileUs({ buckets: new Map([[index, 1]]) }, 1) ?? 0;
    if (middle > us * (1 + 1e-9)) above += weight;
  }
  return total === 0 ? 0 : above / total;
}

/** P(X ≥ a) where a of n and b of m are drawn from one urn: hypergeometric. Cost: O(a + b). */
export function fisherTail(a: number, n: number, b: number, m: number): number {
  const hits = a + b;
  const last = Math.min(hits, n);
  let sum = 0;
  for (let x = a; x <= last; x += 1) {
    const log = logChoose(n, x) + logChoose(m, hits - x) - logChoose(n + m, hits);
    const term = Math.exp(log);
    sum += term;
    if (x > a && term < 1e-18) break;
  }
  return Math.min(1, sum);
}

const logChoose = (n: number, k: number): number =>
  k < 0 || k > n ? Number.NEGATIVE_INFINITY : logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);

/** What requests took in one step of time. */
export interface LatencyWindow extends MeasuredLatency {
  readonly start: number;
}

export interface ShiftOverTime extends LatencyShift {
  /** Index of the first window after the change; −1 when there is none. */
  readonly at: number;
}

/** Windows on each side, so that a busy hour alone is no change. */
const MIN_WINDOWS = 4;

/**
 * The largest lasting change of a quantile over time: the split of the windows after which it differs most. Tested twice:
 * on requests (as between versions, times the number of splits), and on windows, whose quantiles have to differ by Welch's t,
 * because requests of one busy minute are no independent witnesses.
 *
 * Cost: O(windows²) merges in the worst case; give hours, not seconds.
 */
export function shiftOverTime(
  windows: readonly LatencyWindow[],
  quantile = 0.95,
  limits: ShiftLimits = SHIFT_LIMITS,
): ShiftOverTime {
  const usable = windows.filter(({ requests }) => requests > 0);
  const splits = usable.length - 2 * MIN_WINDOWS + 1;
  const nothing: ShiftOverTime = {
    verdict: splits < 1 ? 'too-few' : 'no-change',
    quantile,
    beforeMs: 0,
    afterMs: 0,
    change: 0,
    pValue: 1,
    at: -1,
  };
  if (splits < 1) return nothing;
  const values = usable.map(({ sketch }) => Math.log((quantileUs(sketch, quantile) ?? 0) + 1));
  let best = { at: -1, t: 0 };
  for (let at = MIN_WINDOWS; at <= usable.length - MIN_WINDOWS; at += 1) {
    const t = Math.abs(welch(values.slice(0, at), values.slice(at)).t);
    if (t > best.t) best = { at, t };
  }
  if (best.at === -1) return nothing;
  const { t, df } = welch(values.slice(0, best.at), values.slice(best.at));
  const shift = compareLatency(pool(usable.slice(0, best.at)), pool(usable.slice(best.at)), quantile, limits);
  const pValue = Math.min(1, splits * Math.max(shift.pValue, studentTail(Math.abs(t), df)));
  if (shift.verdict === 'too-few') return { ...shift, at: -1 };
  const isChange = shift.verdict !== 'no-change' && pValue < limits.pValue;
  const at = windows.indexOf(usable[best.at]!);
  return isChange ? { ...shift, pValue, at } : { ...shift, verdict: 'no-change', pValue, at: -1 };
}

const pool = (windows: readonly LatencyWindow[]): MeasuredLatency => ({
  sketch: windows.map(({ sketch }) => sketch).reduce(mergeSketches),
  requests: windows.reduce((sum, { requests }) => sum + requests, 0),
});

function welch(a: readonly number[], b: readonly number[]): { t: number; df: number } {
  const [ma, va] = meanAndVariance(a);
  const [mb, vb] = meanAndVariance(b);
  const ea = va / a.length;
  const eb = vb / b.length;
  // Windows of equal values would divide by nothing: a sketch knows no less than 1 %.
  const error = Math.max(ea + eb, (0.01 * 0.01) / Math.min(a.length, b.length));
  const df =
    (ea + eb) ** 2 / (ea ** 2 / (a.length - 1) + eb ** 2 / (b.length - 1)) || a.length + b.length - 2;
  return { t: (mb - ma) / Math.sqrt(error), df };
}

function meanAndVariance(values: readonly number[]): [number, number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return [mean, squares / (values.length - 1)];
}
