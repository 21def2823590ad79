import type { Interval, LeakResult, Life, Verdict } from '../model/leak.ts';
import { isCountRole } from '../model/memory.ts';
import { unitKey } from '../model/unit-of-work.ts';
import { HOUR_MS } from '../model/units.ts';
import { GROWTH, type Judgement, judgeLife } from './analyze-life.ts';
import { spokesman } from './corroborate.ts';
import { deathsNearLimit } from './deaths.ts';
import { floorOf } from './floor.ts';
import { type LifeSlope, type Pooled, poolByAge } from './pool.ts';
import { poolSuspects } from './pool-suspects.ts';
import { unitsOfPool } from './pool-units.ts';
import { bytesText, durationText } from './reason.ts';
import { DEFAULTS, type Settings } from './settings.ts';

export type CohortResult = LeakResult & {
  readonly perLife: LeakResult[];
  /** Slopes of the lives that were long enough to speak together, whether they say leak and last for days; null when there are too few. */
  readonly pool: {
    readonly slopes: readonly LifeSlope[];
    readonly isLeak: boolean;
    readonly isLong: boolean;
  } | null;
};

/**
 * Lives that are looked at along their work, the newest: with a dozen routes that costs some 50 ms a life, by the clock 2. Workers
 * that are replaced each hour leave thousands.
 */
const EXPLAINED_MAX = 60;

/** Which life speaks for the cohort: evidence of a leak in one process is evidence about the code of all. */
const GRAVITY: readonly Verdict[] = [
  'leak',
  'growth-unconfirmed',
  'exhausted',
  'step',
  'load-proportional',
  'warm-up',
  'stable',
  'mixed-writers',
  'insufficient-data',
];

/** Says whether the lives of one service, version and role keep memory; see `analyzeLife` for one of them. */
export function analyzeCohort(lives: readonly Life[], settings: Settings = DEFAULTS): CohortResult {
  const explained = newestOf(lives, EXPLAINED_MAX);
  const judged = lives.map((life) => judgeLife(explained.has(life) ? life : { ...life, work: [] }, settings));
  const perLife = judged.map(({ result }) => result);
  if (perLife.length === 0) return { ...NO_LIVES, perLife, pool: null };
  // Together page caches grow no less than one does.
  const isAlone = lives.length < 2 || lives[0]!.role === 'container_cached';
  const pooled = isAlone ? undefined : poolByAge(lives, settings);
  const alone =
    spokesman(perLife, GRAVITY, pooled?.kind === 'slowing') ?? perLife.toSorted(byGravity).at(-1)!;
  const speaker = withPooledSuspects(alone, judged);
  if (speaker.verdict === 'exhausted' || !pooled) return { ...speaker, perLife, pool: null };
  const startUpOnly = pooled.kind === 'too-short' && pooled.isStartUp && endSoon(lives);
  const pool = poolOf(pooled);
  if (speaker.verdict === 'leak' && !startUpOnly)
    return { ...speaker, ...betterNamed(pooled), perLife, pool };
  return { ...asPool(speaker, pooled, lives), perLife, pool };
}

function newestOf(lives: readonly Life[], most: number): ReadonlySet<Life> {
  const last = ({ times }: Life) => times.at(-1) ?? 0;
  return new Set(lives.length <= most ? lives : lives.toSorted((a, b) => last(b) - last(a)).slice(0, most));
}

/**
 * Lives of several versions together, which only speak as a pool: undefined when they do not add up to one. Verdict
 * `leak`, or none at all, which says nothing about one version.
 */
export function poolCohort(lives: readonly Life[], settings: Settings = DEFAULTS): CohortResult | undefined {
  const pooled = poolByAge(lives, settings);
  const pool = poolOf(pooled);
  if (pool === null) return undefined;
  const floor = floorOf(lives[0]!, settings).points;
  const quiet: LeakResult = {
    ...NO_LIVES,
    verdict: pooled.kind === 'slowing' ? 'warm-up' : 'stable',
    reason: `${pool.slopes.length} lives of all versions show no rise that goes on at the same ages.`,
    floorPoints: floor,
    lows: floor.times.length,
  };
  return { ...asPool(quiet, pooled, lives), perLife: [], pool };
}

/** One short life takes its warm-up for work, or for the clock; many tell the difference. */
function betterNamed(pooled: Pooled): Pick<LeakResult, 'suspects' | 'cleared'> | undefined {
  if (pooled.kind !== 'leak' || pooled.isLong) return undefined;
  const suspects = unitsOfPool(pooled.lives, pooled.medianLifeMs, pooled.slopePerMs);
  return suspects.length === 0 ? undefined : { suspects, cleared: [] };
}

const poolOf = (pooled: Pooled): CohortResult['pool'] =>
  pooled.kind === 'too-short'
    ? null
    : { slopes: pooled.slopes, isLeak: pooled.kind === 'leak', isLong: pooled.isLong };

/** What the pool makes of a cohort in which no life speaks for itself. */
function asPool(speaker: LeakResult, pooled: Pooled, lives: readonly Life[]): LeakResult {
  switch (pooled.kind) {
    case 'leak':
      return leakOfPool(speaker, pooled, lives);
    case 'slowing': {
      if (!GROWTH.has(speaker.verdict) && !CALM.has(speaker.verdict)) return speaker;
      const wanted = durationText(4 * pooled.medianLifeMs);
      const reason = `${pooled.slopes.length} lives of about ${durationText(pooled.medianLifeMs)} rise, but slow towards their ends as a warm-up does; lives of ${wanted} would tell.`;
      return { ...speaker, verdict: 'warm-up', reason };
    }
    case 'too-short': {
      if (speaker.verdict !== 'insufficient-data' && !(pooled.isStartUp && endSoon(lives))) return speaker;
      const reason = `Lives are too short for a verdict: ${pooled.missing}.`;
      return { ...speaker, ...UNDECIDED, verdict: 'insufficient-data', reason };
    }
    case 'none':
      return speaker;
  }
}

const UNDECIDED = { onset: null, slopeBytesPerHour: null, timeToLimitS: null, suspects: [], cleared: [] };

function leakOfPool(
  speaker: LeakResult,
  pooled: Extract<Pooled, { kind: 'leak' }>,
  lives: readonly Life[],
): LeakResult {
  const slope = perHourOf(pooled);
  const each = isCountRole(lives[0]!.role) ? slope.value.toFixed(1) : bytesText(slope.value);
  return {
    ...speaker,
    verdict: 'leak',
    confidence: 0.75,
    onset: null,
    slopeBytesPerHour: slope,
    timeToLimitS: null,
    suspects: unitsOfPool(pooled.lives, pooled.medianLifeMs, pooled.slopePerMs),
    cleared: [],
    reason: `In ${pooled.slopes.length} lives of about ${durationText(pooled.medianLifeMs)} the floor rises by ${each}/h at the same ages, and does not slow towards their ends.`,
  };
}

function perHourOf({ slopePerMs, errorPerMs }: { slopePerMs: number; errorPerMs: number }): Interval {
  const perHour = slopePerMs * HOUR_MS;
  const error = 1.96 * errorPerMs * HOUR_MS;
  return { value: perHour, low: perHour - error, high: perHour + error };
}

const CALM: ReadonlySet<Verdict> = new Set(['stable', 'step']);
/**
 * So many lives that have ended, and as a rule: what goes on in longer ones is not known. Of those that are killed for
 * their memory, or end at their limit, it is.
 */
const ENDED_MIN = 5;
const ENDED_SHARE = 0.5;

function endSoon(lives: readonly Life[]): boolean {
  const ended = lives.filter((life) => life.end !== undefined && deathsNearLimit([life]).length === 0).length;
  return ended >= ENDED_MIN && ended >= ENDED_SHARE * lives.length;
}

/** Suspects from all lives that grow, when there are several. */
function withPooledSuspects(speaker: LeakResult, judged: readonly Judgement[]): LeakResult {
  const growing = judged.filter(({ result, attribution }) => GROWTH.has(result.verdict) && attribution.lead);
  if (growing.length < 2 || !GROWTH.has(speaker.verdict)) return speaker;
  const suspects = poolSuspects(growing.map(({ attribution }) => attribution));
  const suspected = new Set(suspects.flatMap(({ units }) => units.map(unitKey)));
  return {
    ...speaker,
    suspects,
    cleared: speaker.cleared.filter(({ unit }) => !suspected.has(unitKey(unit))),
  };
}

function byGravity(a: LeakResult, b: LeakResult): number {
  return (
    GRAVITY.indexOf(a.verdict) - GRAVITY.indexOf(b.verdict) ||
    b.confidence * Math.log1p(b.lows) - a.confidence * Math.log1p(a.lows)
  );
}

const NO_LIVES: LeakResult = {
  verdict: 'insufficient-data',
  confidence: 1,
  onset: null,
  slopeBytesPerHour: null,
  timeToLimitS: null,
  floor: null,
  floorPoints: { times: new Float64Array(0), values: new Float64Array(0) },
  confirmedUntil: null,
  segments: [],
  reason: 'No process has sent memory readings.',
  suspects: [],
  cleared: [],
  lows: 0,
};
