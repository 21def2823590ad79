// Alert rules with the semantics of Prometheus 3: what an expression gives at a moment, and what `for` makes of it.
// Rules are data. They run beside the analysis, never instead of it.
import { Fault } from '../model/fault.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../model/units.ts';

/** One sample stream. */
export interface RuleSeries {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly times: ArrayLike<number>; // ms, ascending
  readonly values: ArrayLike<number>;
  /** Places of staleness markers; their values are not read. */
  readonly stale?: ReadonlySet<number>;
}

export interface Rule {
  readonly alert: string;
  readonly expression: Expression;
  readonly forMs: number;
  readonly keepFiringForMs: number;
}

/** `vector > threshold`, where the vector is a metric, a quotient of two, or the slope of one over a range. */
export interface Expression {
  readonly vector:
    | { readonly kind: 'metric'; readonly metric: string }
    | { readonly kind: 'quotient'; readonly metric: string; readonly by: string }
    | { readonly kind: 'deriv'; readonly metric: string; readonly rangeMs: number };
  readonly threshold: number;
}

export type RuleState = 'inactive' | 'pending' | 'firing';

/** An alert of one label set that is not inactive. Times in ms on the clock of the series. */
export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
  readonly activeAt: number;
  readonly firedAt: number | undefined;
  readonly keepFiringSince: number | undefined;
  /** Last value of the vector that was above the threshold. */
  readonly value: number;
}

/** Alerts by label set. */
export type Alerts = ReadonlyMap<string, Alert>;

/** Prometheus looks back so far for the newest sample. */
export const LOOKBACK_MS = 5 * MINUTE_MS;
/** Evaluations of a group are this far apart. */
export const EVALUATION_MS = MINUTE_MS;

/** @throws Fault('invalid-input') for an expression of another form */
export function rule(alert: string, expression: string, forMs: number, keepFiringForMs = 0): Rule {
  return { alert, expression: parseExpression(expression), forMs, keepFiringForMs };
}

const METRIC = '([a-zA-Z_:][a-zA-Z0-9_:.]*)';
const COMPARISON = '\\s*>\\s*([-+0-9.eE]+)\\s*$';
const FORMS: readonly (readonly [RegExp, (found: readonly string[]) => Expression['vector']])[] = [
  [
    new RegExp(`^\\s*deriv\\(\\s*${METRIC}\\s*\\[\\s*((?:\\d+(?:ms|[smhdw]))+)\\s*\\]\\s*\\)${COMPARISON}`),
    ([metric = '', range = '']) => ({ kind: 'deriv', metric, rangeMs: durationMs(range) }),
  ],
  [
    new RegExp(`^\\s*${METRIC}\\s*/\\s*${METRIC}${COMPARISON}`),
    ([metric = '', by = '']) => ({ kind: 'quotient', metric, by }),
  ],
  [new RegExp(`^\\s*${METRIC}${COMPARISON}`), ([metric = '']) => ({ kind: 'metric', metric })],
];

/** @throws Fault('invalid-input') */
export function parseExpression(text: string): Expression {
  for (const [form, vector] of FORMS) {
    const found = form.exec(text)?.slice(1);
    const threshold = Number(found?.at(-1));
    if (found !== undefined && Number.isFinite(threshold)) return { vector: vector(found), threshold };
  }
  throw new Fault(
    'invalid-input',
    `Cannot read rule "${text.slice(0, 120)}": need deriv(metric[2h]) > n, metric / metric > n or metric > n`,
  );
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: SECOND_MS,
  m: MINUTE_MS,
  h: HOUR_MS,
  d: 24 * HOUR_MS,
  w: 168 * HOUR_MS,
};

/** `1h30m` and the like, ms; NaN for anything else. */
export function durationMs(text: string): number {
  const parts = [...text.matchAll(/(\d+)(ms|[smhdw])/g)];
  if (parts.length === 0 || parts.map(([all]) => all).join('') !== text) return Number.NaN;
  return parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNITS_MS[unit as string] as number),
    0,
  );
}

/** The guide's three rules, under the names that Prometheus' own client libraries give the metrics. */
export const GUIDE_RULES: readonly Rule[] = [
  rule('HeapGrowth', 'deriv(process_heap_bytes[2h]) > 10000', 30 * MINUTE_MS),
  rule(
    'MemoryNearLimit',
    'process_resident_memory_bytes / container_memory_limit_bytes > 0.8',
    5 * MINUTE_MS,
  ),
  rule('GoroutineLeak', 'deriv(go_goroutines[1h]) > 0.1', 30 * MINUTE_MS),
];

/** Values of the vector at a moment, before the comparison, by label set. */
export function valuesAt(
  vector: Expression['vector'],
  series: readonly RuleSeries[],
  time: number,
): ReadonlyMap<string, number> {
  const named = (metric: string) => series.filter((one) => one.metric === metric);
  const values = new Map<string, number>();
  for (const one of named(vector.metric)) {
    const value = vector.kind === 'deriv' ? deriv(one, time - vector.rangeMs, time) : newest(one, time);
    if (value !== undefined) values.set(labelKey(one.labels), value);
  }
  if (vector.kind !== 'quotient') return values;
  const divisors = new Map<string, number>();
  for (const one of named(vector.by)) {
    const value = newest(one, time);
    if (value !== undefined) divisors.set(labelKey(one.labels), value);
  }
  return new Map([...values].flatMap(([key, value]) => quotient(key, value, divisors.get(key))));
}

const quotient = (key: string, value: number, by: number | undefined): [string, number][] =>
  by === undefined ? [] : [[key, value / by]];

/**
 * What one evaluation makes of the alerts before it: per label set pending at the first value above the threshold,
 * firing once that has held for `for`, gone at the first evaluation without one, but for `keep_firing_for`.
 */
export function evaluate(
  { expression, forMs, keepFiringForMs }: Rule,
  series: readonly RuleSeries[],
  time: number,
  before: Alerts,
): Alerts {
  const after = new Map<string, Alert>();
  for (const [key, value] of valuesAt(expression.vector, series, time)) {
    if (!(value > expression.threshold)) continue;
    const known = before.get(key);
    const activeAt = known?.activeAt ?? time;
    const fires = known?.state === 'firing' || time - activeAt >= forMs;
    after.set(key, {
      labels: labelsOfKey(key),
      state: fires ? 'firing' : 'pending',
      activeAt,
      firedAt: fires ? (known?.firedAt ?? time) : undefined,
      keepFiringSince: undefined,
      value,
    });
  }
  for (const [key, known] of before) {
    if (after.has(key) || known.state !== 'firing' || keepFiringForMs === 0) continue;
    const keepFiringSince = known.keepFiringSince ?? time;
    if (time - keepFiringSince < keepFiringForMs) after.set(key, { ...known, keepFiringSince });
  }
  return after;
}

/** The newest sample in (time − lookback, time]; nothing when it is a staleness marker. */
function newest({ times, values, stale }: RuleSeries, time: number): number | undefined {
  const at = lastUpTo(times, time);
  if (at < 0 || (times[at] as number) <= time - LOOKBACK_MS || stale?.has(at)) return undefined;
  return values[at];
}

/**
 * Slope per second of the least-squares line over the samples in (from, to], as Prometheus' `deriv`: sums compensated,
 * times from the first sample of the window, exactly 0 for a constant.
 */
function deriv({ times, values, stale }: RuleSeries, from: number, to: number): number | undefined {
  const [sx, sy, sxy, sxx] = [compensated(), compensated(), compensated(), compensated()];
  const last = lastUpTo(times, to);
  let n = 0;
  let first = 0;
  let start = 0;
  let constant = true;
  for (let i = lastUpTo(times, from) + 1; i <= last; i += 1) {
    if (stale?.has(i)) continue;
    const value = values[i] as number;
    if (n === 0) [first, start] = [value, times[i] as number];
    if (value !== first) constant = false;
    n += 1;
    const x = ((times[i] as number) - start) / SECOND_MS;
    sx.add(x);
    sy.add(value);
    sxy.add(x * value);
    sxx.add(x * x);
  }
  if (n < 2) return undefined;
  if (constant) return Number.isFinite(first) ? 0 : Number.NaN;
  const covariance = sxy.total() - (sx.total() * sy.total()) / n;
  const variance = sxx.total() - (sx.total() * sx.total()) / n;
  return covariance / variance;
}

/** Neumaier's sum, as Prometheus adds: the slope of a threshold case must come out exact. */
function compensated() {
  let sum = 0;
  let lost = 0;
  return {
    add(value: number) {
      const next = sum + value;
      if (!Number.isFinite(next)) lost = 0;
      else if (Math.abs(sum) >= Math.abs(value)) lost += sum - next + value;
      else lost += value - next + sum;
      sum = next;
    },
    total: () => sum + lost,
  };
}

/** Place of the last time ≤ `time`, −1 when all are later. */
function lastUpTo(times: ArrayLike<number>, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** One text per label set, whatever the order of its names. */
export const labelKey = (labels: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
const labelsOfKey = (key: string): Readonly<Record<string, string>> =>
  Object.fromEntries(JSON.parse(key) as [string, string][]);
