export { analyzeLife } from './analyze-life.ts';
export { breaks } from './breaks.ts';
export { changePoints } from './change-points.ts';
export { analyzeCohort, type CohortResult, poolCohort } from './cohort.ts';
export { type Death, deathsNearLimit } from './deaths.ts';
export { type Decision, dueAt, type LookState, nextLook } from './next-look.ts';
export { bytesText, durationText } from './reason.ts';
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
export { DEFAULTS, LEAKS_VERSION } from './settings.ts';
