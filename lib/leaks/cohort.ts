import type { LeakResult, Life, Verdict } from '../model/leak.ts';
import { unitKey } from '../model/unit-of-work.ts';
import { HOUR_MS } from '../model/units.ts';
import { GROWTH, type Judgement, judgeLife } from './analyze-life.ts';
import { poolByAge } from './pool.ts';
import { poolSuspects } from './pool-suspects.ts';
import { bytesText } from './reason.ts';
import { DEFAULTS, type Settings } from './settings.ts';

export type CohortResult = LeakResult & { readonly perLife: LeakResult[] };

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
  const judged = lives.map((life) => judgeLife(life, settings));
  const perLife = judged.map(({ result }) => result);
  const alone = perLife.toSorted(byGravity)[0];
  if (!alone) return { ...NO_LIVES, perLife };
  const speaker = withPooledSuspects(alone, judged);
  if (speaker.verdict === 'leak' || speaker.verdict === 'exhausted' || lives.length < 2)
    return { ...speaker, perLife };
  const pooled = poolByAge(lives, settings);
  if (pooled.kind === 'leak') {
    const perHour = pooled.slopePerMs * HOUR_MS;
    const error = 1.96 * pooled.errorPerMs * HOUR_MS;
    return {
      ...speaker,
      verdict: 'leak',
      confidence: 0.75,
      slopeBytesPerHour: { value: perHour, low: perHour - error, high: perHour + error },
      reason: `In ${pooled.lives} lives the floor rises by ${bytesText(perHour)}/h at the same ages, and does not slow towards their ends.`,
      perLife,
    };
  }
  if (speaker.verdict === 'insufficient-data' && pooled.kind === 'too-short')
    return { ...speaker, reason: `Lives are too short for a verdict: ${pooled.missing}.`, perLife };
  return { ...speaker, perLife };
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
