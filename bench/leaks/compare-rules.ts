import { EVALUATION_MS, evaluate, GUIDE_RULES } from '../../lib/leaks/index.ts';
import type { Alerts } from '../../lib/leaks/rules.ts';
import type { Points } from '../../lib/leaks/statistics.ts';

// What others do with the same readings, each plainly and with the constants that were published for it.

/** Whether a series is called a leak, and since when where the rule has a notion of it, ms. */
export interface Flag {
  readonly flagged: boolean;
  readonly onset?: number | undefined;
}
export type LeakRule = (readings: Points, limit: number | undefined) => Flag;

const CLEAN: Flag = { flagged: false };

const WINDOW = 12;
const RISING_SHARE = 0.8;

/** The guide's detector: the first window of 12 readings in which at least 80 % of the steps rise; its start is the onset. */
export const guideWindow: LeakRule = ({ times, values }) => {
  for (let from = 0; from + WINDOW <= values.length; from++) {
    let rising = 0;
    for (let i = from + 1; i < from + WINDOW; i++) rising += Number(values[i]! > values[i - 1]!);
    if (rising >= RISING_SHARE * (WINDOW - 1)) return { flagged: true, onset: times[from]! };
  }
  return CLEAN;
};

/** Metrics of the guide's alerts that any reading of memory stands for here; kinder than their names are. */
const METRICS = ['process_heap_bytes', 'process_resident_memory_bytes'];

/** The guide's alerts, evaluated each minute: 10 kB/s over 2 h for 30 min, or 80 % of the limit for 5. Fires once: flagged. */
export const guideAlerts: LeakRule = ({ times, values }, limit) => {
  const series = METRICS.map((metric) => ({ metric, labels: {}, times, values }));
  if (limit !== undefined)
    series.push({
      metric: 'container_memory_limit_bytes',
      labels: {},
      times,
      values: values.map(() => limit),
    });
  for (const rule of GUIDE_RULES) {
    let alerts: Alerts = new Map();
    for (let at = times[0]!; at <= times.at(-1)!; at += EVALUATION_MS) {
      alerts = evaluate(rule, series, at, alerts);
      const firing = [...alerts.values()].find(({ state }) => state === 'firing');
      if (firing) return { flagged: true, onset: firing.activeAt };
    }
  }
  return CLEAN;
};

const BACKWARD_STEPS = 50;
const BACKWARD_MIN_SHARE = 0.2;
const BACKWARD_MIN_POINTS = 10;
const BACKWARD_R2 = 0.8;
const HORIZON_MS = 7 * 86_400_000;

/**
 * Linear backward regression (LBR): a window that grows backwards from the last reading, ordinary least squares in each; a
 * leak if one has a positive slope, R² ≥ .8, and reaches the limit, where one is known, within the horizon. Re-stated
 * after arXiv 2106.08938; the published code starts at a fifth of the series and takes 50 readings more at a time.
 */
export const backwardRegression: LeakRule = (readings, limit) => {
  const n = readings.values.length;
  const step = Math.max(1, Math.min(BACKWARD_STEPS, Math.floor(n / 20)));
  for (
    let size = Math.max(BACKWARD_MIN_POINTS, Math.floor(BACKWARD_MIN_SHARE * n));
    size <= n;
    size += step
  ) {
    const { slope, r2 } = lineOf(readings, n - size);
    if (!(slope > 0 && r2 >= BACKWARD_R2)) continue;
    if (limit !== undefined && (limit - readings.values.at(-1)!) / slope > HORIZON_MS) continue;
    return { flagged: true, onset: readings.times[n - size]! };
  }
  return CLEAN;
};

function lineOf({ times, values }: Points, from: number) {
  const n = times.length - from;
  let [meanT, meanV] = [0, 0];
  for (let i = from; i < times.length; i++) {
    meanT += times[i]! / n;
    meanV += values[i]! / n;
  }
  let [tt, tv, vv] = [0, 0, 0];
  for (let i = from; i < times.length; i++) {
    const [t, v] = [times[i]! - meanT, values[i]! - meanV];
    tt += t * t;
    tv += t * v;
    vv += v * v;
  }
  return { slope: tt > 0 ? tv / tt : 0, r2: tt > 0 && vv > 0 ? (tv * tv) / (tt * vv) : 0 };
}

const MK_Z = 3;
/** S is a sum over pairs; more readings than this are thinned, which costs the test nothing but power it has too much of. */
const MK_MAX_POINTS = 2000;

/** Mann–Kendall with the variance of S inflated for the lag-1 correlation of the detrended readings: flagged at z > 3. */
export const mannKendall: LeakRule = (readings) => {
  const every = Math.ceil(readings.values.length / MK_MAX_POINTS);
  const values = readings.values.filter((_, i) => i % every === 0);
  const times = readings.times.filter((_, i) => i % every === 0);
  const n = values.length;
  if (n < 4) return CLEAN;
  let s = 0;
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) s += Math.sign(values[j]! - values[i]!);
  const rho = Math.max(0, lag1OfResiduals({ times, values }));
  const inflation = (1 + rho) / Math.max(1e-6, 1 - rho);
  const variance = ((n * (n - 1) * (2 * n + 5) - tieTerm(values)) / 18) * inflation;
  return { flagged: variance > 0 && (s - Math.sign(s)) / Math.sqrt(variance) > MK_Z };
};

function lag1OfResiduals(points: Points): number {
  const { slope } = lineOf(points, 0);
  const n = points.values.length;
  const mean = points.values.reduce((sum, v) => sum + v, 0) / n;
  const centre = points.times.reduce((sum, t) => sum + t, 0) / n;
  const residuals = points.values.map((v, i) => v - mean - slope * (points.times[i]! - centre));
  const power = residuals.reduce((sum, r) => sum + r * r, 0);
  let cross = 0;
  for (let i = 1; i < n; i++) cross += residuals[i]! * residuals[i - 1]!;
  return power > 0 ? cross / power : 0;
}

function tieTerm(values: Float64Array): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts.values()].reduce((sum, t) => sum + t * (t - 1) * (2 * t + 5), 0);
}
