import type { LeakResult, Life, WorkSeries } from '../model/leak.ts';
import type { MemoryRole } from '../model/memory.ts';
import { analyzeLife } from './analyze-life.ts';
import { clean } from './clean.ts';
import { analyzeCohort } from './cohort.ts';
import { DEFAULTS, type Settings } from './settings.ts';
import { firstAtOrAfter, median } from './statistics.ts';

// Processes that followed each other in one series, where nobody tells when they began. Conservative: what a process gives back
// again and again is no new process, and each of its rises would look like a leak of a life.

/** Memory of a process, which it loses when it ends. A heap falls as far when it is collected, a machine when a job ends. */
const OF_PROCESS: ReadonlySet<MemoryRole> = new Set(['rss', 'container_usage']);
/** What a process that begins has of what the one before it had at its end, at most. */
const LEFT = 0.5;
/** How much the levels at which lives begin may differ from the usual one: the same program loads the same things. */
const ALIKE = 0.2;
/** Readings for which a fall is held. */
const HELD = 3;
/** One or two falls are told from a rise by the shape (`stretches.ts`). */
const MIN_FALLS = 3;
/** Readings of most lives: with fewer they are teeth of something. */
const MIN_READINGS = 30;

/** A leak begins with the process, or with its morning; what rises later, from where it has stood, is a job that ends with the fall. */
const BEGINS_BY = 1 / 3;

/**
 * As `analyzeLife`, of a series of which nobody tells when its processes began: where one was replaced again and again, its
 * lives are judged as a cohort, and are a leak where most of them are. Else the series is what it looks like as a whole.
 */
export function analyzeSeries(life: Life, settings: Settings = DEFAULTS): LeakResult {
  const lives = livesIn(life);
  if (lives.length > 1) {
    const { perLife, pool: _, ...result } = analyzeCohort(lives, settings);
    const longest = Math.max(...perLife.map(({ lows }) => lows));
    const long = perLife.filter(({ lows }) => 2 * lows > longest);
    if (result.verdict === 'leak' && 2 * long.filter(leaksFromBirth).length > long.length) return result;
  }
  return analyzeLife(life, settings);
}

function leaksFromBirth({ verdict, onset, floorPoints: { times } }: LeakResult): boolean {
  const [begin, end] = [times[0] ?? 0, times.at(-1) ?? 0];
  return verdict === 'leak' && onset !== null && onset.t - begin <= BEGINS_BY * (end - begin);
}

/**
 * The lives in a series in which a process was replaced again and again: falls by more than half at one reading, all to the
 * level at which lives begin. One life, as it came, where the series shows nothing of the kind. Cost: one pass.
 */
function livesIn(life: Life): readonly Life[] {
  if (!OF_PROCESS.has(life.role) || life.startedAt !== undefined || life.mixedWriters) return [life];
  const { times, values } = clean(life, DEFAULTS.minPoints);
  const births = fallsIn(values);
  const begins = births.map((at) => median(values.subarray(at, at + HELD)));
  const usual = median(begins);
  const isAlike = begins.every((level) => Math.abs(level - usual) <= ALIKE * usual);
  const bounds = [0, ...births, values.length];
  const lengths = bounds.slice(1).map((to, i) => to - bounds[i]!);
  if (births.length < MIN_FALLS || !isAlike || median(lengths) < MIN_READINGS) return [life];
  return lengths.map((length, i) => {
    const from = bounds[i]!;
    const own = { times: times.subarray(from, from + length), values: values.subarray(from, from + length) };
    const last = own.times.at(-1)!;
    const end = i < births.length ? ({ time: last, reason: 'restart' } as const) : life.end;
    return { ...life, ...own, end, work: life.work.map((series) => within(series, own.times[0]!, last)) };
  });
}

/** Readings with which the level falls to half or less and stays there. */
function fallsIn(values: Float64Array): number[] {
  const falls: number[] = [];
  for (let i = HELD; i + HELD <= values.length; i++) {
    const before = Math.max(values[i - 1]!, values[i - 2]!);
    if (Math.max(...values.subarray(i, i + HELD)) > LEFT * before) continue;
    falls.push(i);
    i += HELD - 1;
  }
  return falls;
}

/** Counts of one life, from its first reading on. */
function within(series: WorkSeries, from: number, to: number): WorkSeries {
  const first = Math.max(0, firstAtOrAfter(series.times, from) - 1);
  const last = firstAtOrAfter(series.times, to) + 1;
  return { ...series, times: series.times.slice(first, last), counts: series.counts.slice(first, last) };
}
