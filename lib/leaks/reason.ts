import type { LeakResult, Life } from '../model/leak.ts';
import { isCountRole } from '../model/memory.ts';
import { DAY_MS, GIB, HOUR_MS, KIB, MIB, MINUTE_MS, SECOND_MS } from '../model/units.ts';
import type { Gate, Measures, StretchFacts } from './gates.ts';
import type { Rise } from './rise.ts';

/** One sentence that says why, with the numbers that decided. */
export function reasonFor(
  result: Omit<LeakResult, 'reason'>,
  { facts, measures }: Pick<Rise, 'facts' | 'measures'>,
  life: Life,
): string {
  const amount = amountIn(life);
  const rise = facts ? riseText(facts, amount) : '';
  switch (result.verdict) {
    case 'mixed-writers':
      return 'Several processes write under one identity, so no series belongs to a single life.';
    case 'insufficient-data':
      return `Only ${result.lows} usable ${result.lows === 1 ? 'reading or confirmed low' : 'readings or confirmed lows'}; a verdict needs more.`;
    case 'exhausted':
      return 'The floor already lies at its limit when the data begin, so no rise is left to judge.';
    case 'stable':
      return `The floor ${levelText(result, amount)}.`;
    case 'step':
      return 'The floor jumped once and has held its new level since.';
    case 'load-proportional':
      return `The floor ${rise}, but with the load taken out nearly no slope is left.`;
    case 'warm-up':
      return `The floor ${rise}, but ${missing(measures)}.`;
    case 'growth-unconfirmed':
      return `The floor ${rise}, but ${missing(measures)}.`;
    case 'leak':
      return `The floor ${rise}, over ${facts?.lows ?? 0} lows with R² ${measures?.r2.toFixed(2)} and no sign of levelling off.`;
  }
}

/** What takes memory takes more than 100 bytes of it: values up to that are percent, unless nothing is taken at all. */
export const isPercent = (values: Float64Array): boolean =>
  values.some((value) => value > 0) && values.every((value) => !(value > 100));

/** How amounts of a series are written: bytes, counts or percent. */
export function amountIn({ role, values }: Pick<Life, 'role' | 'values'>): (value: number) => string {
  if (isCountRole(role)) return (value) => `${Math.round(value)}`;
  return isPercent(values) ? (value) => `${value.toFixed(1)} %` : bytesText;
}

/** A floor that fell is no leak either, and one that rose by less than a leak must is none yet, but they do not stay where they were. */
const FELL_SHARE = 0.9;
const ROSE_SHARE = 1.05;
function levelText(result: Omit<LeakResult, 'reason'>, amount: (value: number) => string): string {
  const { floor, lows } = result;
  const way = floor && `from ${amount(floor.start)} to ${amount(floor.end)} over ${lows} lows`;
  if (floor && floor.end < FELL_SHARE * floor.start) return `fell ${way}`;
  if (floor && floor.end > ROSE_SHARE * floor.start && amount(floor.end) !== amount(floor.start))
    return `rose ${way}, too little or too unsteadily to be called growth`;
  return `stays near ${amount(median(result))} over ${lows} lows`;
}

const median = ({ floor }: Omit<LeakResult, 'reason'>): number => (floor ? (floor.start + floor.end) / 2 : 0);

function riseText(facts: StretchFacts, amount: (value: number) => string): string {
  const perHour = amount(((facts.top - facts.start) * HOUR_MS) / Math.max(1, facts.durationMs));
  return `rose from ${amount(facts.start)} to ${amount(facts.top)} in ${durationText(facts.durationMs)} (${perHour}/h)`;
}

const WORDS: Record<Gate, string> = {
  points: 'it has too few points',
  z: 'it does not stand out from the noise',
  r2: 'it wanders rather than climbs',
  effect: 'it is small for its duration',
  t90: 'most of it came early',
  third: 'its last third is nearly flat',
  bend: 'it is slowing down',
  first: 'it begins flat',
  new: 'it only comes back to a level seen before',
  young: 'it begins with the life, as a warm-up does, and is still short',
  ended: 'it did not last to the end',
  steps: 'it came in few or uneven steps',
  cache: 'the page cache is in it, which is given back when its room is needed',
  proof: 'too few major collections lie within it to tell kept memory from garbage',
};

function missing(measures: Measures | undefined): string {
  const failed = measures?.failed ?? [];
  if (failed.length === 0) return 'the series falls back again and again without a known restart';
  return failed
    .slice(0, 2)
    .map((gate) => WORDS[gate])
    .join(' and ');
}

export function bytesText(value: number): string {
  const size = Math.abs(value);
  if (size >= GIB) return `${(value / GIB).toFixed(1)} GiB`;
  if (size >= MIB) return `${(value / MIB).toFixed(1)} MiB`;
  if (size >= KIB) return `${(value / KIB).toFixed(1)} KiB`;
  return `${Math.round(value)} B`;
}

export function durationText(ms: number): string {
  if (ms >= 2 * DAY_MS) return `${(ms / DAY_MS).toFixed(1)} days`;
  if (ms >= 2 * HOUR_MS) return `${(ms / HOUR_MS).toFixed(1)} h`;
  if (ms >= 2 * MINUTE_MS) return `${Math.round(ms / MINUTE_MS)} min`;
  return `${Math.round(ms / SECOND_MS)} s`;
}
