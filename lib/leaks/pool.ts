import type { Life } from '../model/leak.ts';
import { floorOf } from './floor.ts';
import { durationText } from './reason.ts';
import type { Settings } from './settings.ts';
import { firstAfter, firstAtOrAfter, fitLine, median, type Points } from './statistics.ts';

/** What many short lives say together, by the age of the process. */
export type Pooled =
  | {
      readonly kind: 'leak';
      readonly lives: number;
      readonly slopePerMs: number;
      readonly errorPerMs: number;
    }
  | { readonly kind: 'none'; readonly lives: number }
  | { readonly kind: 'too-short'; readonly lives: number; readonly missing: string };

const MIN_LIVES = 5;
const MIN_LOWS_PER_THIRD = 4;
const MIN_Z = 3;
/** Slope of the last third must keep this share of the middle one's: a warm-up slows. */
const NOT_SLOWING = 0.7;
const MIN_SHARE_RISING = 0.6;
/** Least rise over the judged two thirds, as a share of the level. */
const LEAST_RISE = 0.015;

/**
 * Pools lives that are too short to be judged alone. Shape-free: the last two thirds of the median life must rise in
 * most lives and must not slow. A fixed cut or a fitted warm-up model flags healthy cohorts (measured: 45 to 100 %).
 */
export function poolByAge(lives: readonly Life[], settings: Settings): Pooled {
  const floors = lives.filter((life) => !life.mixedWriters).map((life) => floorOf(life, settings).points);
  const ages = floors.map((floor, i) => byAge(floor, lives[i]!.startedAt)).filter((p) => p.times.length > 0);
  if (ages.length === 0) return { kind: 'too-short', lives: 0, missing: 'no life has a reading' };
  const life = median(ages.map((p) => p.times.at(-1)!));
  const usable = ages.filter((p) =>
    thirds(life).every(([a, b]) => lowsWithin(p, a, b) >= MIN_LOWS_PER_THIRD),
  );
  if (usable.length < MIN_LIVES)
    return { kind: 'too-short', lives: usable.length, missing: missingText(ages, life) };
  const judged = usable.map((p) => ({
    whole: slopeWithin(p, life / 3, life),
    middle: slopeWithin(p, life / 3, (2 * life) / 3),
    late: slopeWithin(p, (2 * life) / 3, life),
    level: p.values[0]!,
  }));
  const whole = meanAndError(judged.map((j) => j.whole));
  const kept = meanAndError(judged.map((j) => j.late - NOT_SLOWING * j.middle));
  const rising = judged.filter((j) => j.whole > 0).length / judged.length;
  const level = median(judged.map((j) => j.level));
  const leastSlope = (LEAST_RISE * level) / ((2 * life) / 3);
  const halves = [0, 1].map((parity) =>
    meanAndError(judged.filter((_, i) => i % 2 === parity).map((j) => j.whole)),
  );
  const isLeak =
    whole.mean - MIN_Z * whole.error > leastSlope &&
    kept.mean > kept.error &&
    rising >= MIN_SHARE_RISING &&
    halves.every((half) => half.mean > 0);
  return isLeak
    ? { kind: 'leak', lives: judged.length, slopePerMs: whole.mean, errorPerMs: whole.error }
    : { kind: 'none', lives: judged.length };
}

const thirds = (life: number): [number, number][] => [
  [0, life / 3],
  [life / 3, (2 * life) / 3],
  [(2 * life) / 3, life],
];

const byAge = ({ times, values }: Points, start: number | undefined): Points => ({
  times: times.map((t) => t - (start ?? times[0]!)),
  values,
});

const range = (p: Points, from: number, to: number): [number, number] => [
  firstAtOrAfter(p.times, from),
  firstAfter(p.times, to),
];

function lowsWithin(p: Points, from: number, to: number): number {
  const [a, b] = range(p, from, to);
  return b - a;
}

function slopeWithin(p: Points, from: number, to: number): number {
  const [a, b] = range(p, from, to);
  return fitLine(p, a, b).slope;
}

function meanAndError(values: readonly number[]): { mean: number; error: number } {
  const n = values.length;
  const mean = values.reduce((sum, v) => sum + v, 0) / n;
  const square = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / Math.max(1, n - 1);
  return { mean, error: Math.sqrt(square / n) };
}

function missingText(ages: readonly Points[], life: number): string {
  const lows = median(ages.map((p) => p.times.length));
  const needed = 3 * MIN_LOWS_PER_THIRD;
  if (lows < needed) {
    const wanted = (life * needed) / Math.max(1, lows);
    return `median life ${durationText(life)} with ${Math.round(lows)} lows; needs ${needed} lows, about ${durationText(wanted)}`;
  }
  return `${ages.length} lives; needs ${MIN_LIVES} of about the same length`;
}
