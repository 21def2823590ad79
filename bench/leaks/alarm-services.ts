// Services with known truth for weeks: healthy ones of many kinds, and the same with a leak. One reading in five minutes.
import { DAY_MS, HOUR_MS, MIB, MINUTE_MS } from '../../lib/model/units.ts';
import { normal, random } from '../../test/leaks/draw.ts';

export const READING_MS = 5 * MINUTE_MS;

/** One process after the other under one instance name. */
export interface MadeService {
  readonly family: string;
  readonly role: 'rss' | 'heap_used' | 'heap_after_gc';
  readonly times: readonly number[];
  readonly values: readonly number[];
  /** First reading of each process, and its version. */
  readonly births: readonly { readonly at: number; readonly version: string }[];
  /** What the process may take, bytes; undefined where nobody says. */
  readonly limit: number | undefined;
}

export interface ServiceOptions {
  readonly seed: number;
  readonly days: number;
  readonly start: number;
  /** Bytes a process keeps per day, from its birth on. */
  readonly leakPerDay?: number;
  /** Deploys each three to seven days; default: half of the services. */
  readonly deploys?: boolean;
  readonly family?: Family;
  /** Default: what the family is of. */
  readonly role?: MadeService['role'];
  /** Real healthy series, of which blocks are drawn; values are shares of their mean. */
  readonly real?: readonly (readonly number[])[];
}

export type Family = (typeof FAMILIES)[number];
/** None is more than a quarter of all. */
export const FAMILIES = [
  'wandering',
  'slowly wandering',
  'daily',
  'weekly',
  'warm-up',
  'slow warm-up',
  'steps',
  'sawtooth',
  'cache',
] as const;

export function madeService(options: ServiceOptions): MadeService {
  const { seed, days, start, leakPerDay = 0, real = [] } = options;
  const next = random(seed * 7919 + 17);
  const gauss = normal(next);
  const isReal = real.length > 0 && seed % (FAMILIES.length + 1) === FAMILIES.length;
  const family = options.family ?? FAMILIES[seed % FAMILIES.length]!;
  const base = (150 + 650 * next()) * MIB;
  const noise = base * (0.01 + 0.03 * next());
  const shape = isReal ? resampled(real, next) : shapeOf(family, base, next, gauss);
  const deploys = options.deploys ?? next() < 0.5;
  const settle = (0.02 + 0.1 * next()) * base;
  const births: { at: number; version: string }[] = [];
  const times: number[] = [];
  const values: number[] = [];
  const persistence = family === 'slowly wandering' ? 0.99 : 0.9;
  let birth = start;
  let until = deploys ? start + (3 + 4 * next()) * DAY_MS : Number.POSITIVE_INFINITY;
  births.push({ at: start, version: '1' });
  let own = gauss();
  for (let time = start; time < start + days * DAY_MS; time += READING_MS) {
    if (time >= until) {
      birth = time;
      until = time + (3 + 4 * next()) * DAY_MS;
      births.push({ at: time, version: `${births.length + 1}` });
      own = gauss();
    }
    own = persistence * own + Math.sqrt(1 - persistence ** 2) * gauss();
    const age = time - birth;
    const warm = settle * (1 - Math.exp(-age / (20 * MINUTE_MS)));
    const leaked = (leakPerDay * age) / DAY_MS;
    times.push(time);
    values.push(Math.round(Math.max(MIB, base + warm + shape(time - start, age) + noise * own + leaked)));
  }
  return {
    family: isReal ? 'real' : family,
    role: options.role ?? (family === 'sawtooth' && !isReal ? 'heap_used' : 'rss'),
    times,
    values,
    births,
    limit: leakPerDay > 0 ? undefined : limitOf(seed, values),
  };
}

/** Half of the healthy services tell a limit, 1.1 to 1.8 times the most they ever take: 1.2 to 2 of what they usually do. */
function limitOf(seed: number, values: readonly number[]): number | undefined {
  const next = random(seed * 104_729 + 3);
  if (next() < 0.5) return undefined;
  const most = values.reduce((a, b) => Math.max(a, b));
  return Math.round(most * (1.1 + 0.7 * next()));
}

/** What comes on top of base and noise: by time since the beginning and by age of the process, bytes. */
type Shape = (time: number, age: number) => number;

function shapeOf(family: Family, base: number, next: () => number, gauss: () => number): Shape {
  const wave = (time: number, period: number, phase: number) =>
    Math.sin(2 * Math.PI * (time / period + phase));
  const levelling = (age: number, tau: number) => 1 - Math.exp(-age / tau);
  const phase = next();
  const size = base * (0.05 + 0.15 * next());
  switch (family) {
    case 'wandering':
    case 'slowly wandering':
      return () => 0;
    case 'daily':
      return (time) => size * wave(time, DAY_MS, phase);
    case 'weekly':
      return (time) => size * (0.6 * wave(time, DAY_MS, phase) + 0.4 * wave(time, 7 * DAY_MS, phase));
    case 'warm-up': {
      const tau = (0.3 + 2 * next()) * HOUR_MS;
      return (_, age) => 2 * size * levelling(age, tau);
    }
    case 'slow warm-up': {
      const tau = (3 + 8 * next()) * HOUR_MS;
      return (_, age) => 2 * size * levelling(age, tau);
    }
    case 'steps': {
      const steps = Array.from({ length: 4 }, () => ({ at: 40 * DAY_MS * next(), by: size * gauss() }));
      return (time) => steps.reduce((sum, step) => sum + (time > step.at ? step.by : 0), 0);
    }
    case 'sawtooth': {
      const period = (0.3 + 3 * next()) * HOUR_MS;
      return (time) => size * ((time / period + phase) % 1);
    }
    case 'cache': {
      // A cache that fills with a daily traffic until it is full.
      const tau = (4 + 20 * next()) * HOUR_MS;
      return (time, age) =>
        2 * size * Math.min(1, levelling(age, tau) * (1 + 0.1 * wave(time, DAY_MS, phase)));
    }
  }
}

/** Blocks of half a day to two days of real series, or all of a shorter one, about the mean of each. */
function resampled(real: readonly (readonly number[])[], next: () => number): Shape {
  const steps: number[] = [];
  const mean = 300 * MIB;
  return (time) => {
    const wanted = Math.round(time / READING_MS);
    while (steps.length <= wanted) {
      const series = real[Math.floor(next() * real.length)]!;
      const length = Math.min(series.length, Math.round((0.5 + 1.5 * next()) * (DAY_MS / READING_MS)));
      const from = Math.floor(next() * (series.length - length + 1));
      for (let i = from; i < from + length; i++) steps.push((series[i]! - 1) * mean);
    }
    return steps[wanted]!;
  };
}
