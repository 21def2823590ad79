export { analyzeLife, GROWTH } from './analyze-life.ts';
export { breaks } from './breaks.ts';
export { busyBesideIdle } from './busy-beside-idle.ts';
export { analyzeCohort, type CohortResult, poolCohort } from './cohort.ts';
export { comparedCounts } from './compared.ts';
export { type Death, deathsNearLimit } from './deaths.ts';
export { isInterleaved, isWrittenBySeveral } from './interleaved.ts';
export { type GrowingLine, growingLines } from './lines.ts';
export { analyzeSeries } from './lives-seen.ts';
export { type LivesTogether, livesTogether } from './lives-together.ts';
export { type Decision, dueAt, type LookState, nextLook } from './next-look.ts';
export { oldCollections } from './old-collections.ts';
export { amountIn, bytesText, durationText, isPercent } from './reason.ts';
export { compareReleases } from './releases.ts';
export {
  type Alert,
  type Alerts,
  durationMs,
  EVALUATION_MS,
  evaluate,
  GUIDE_RULES,
  labelKey,
  type Rule,
  type RuleSeries,
  type RuleState,
  rule,
} from './rules.ts';
export { daySwing } from './season.ts';
export { DEFAULTS, LEAKS_VERSION, START_UP_MS } from './settings.ts';
export { stopGapOf } from './stop-gap.ts';
export { outlastsClimb } from './swing.ts';
export { type Growths, growthSince, whereGrown } from './where.ts';
export { type UnitCounts, unitCounts } from './work-counts.ts';
