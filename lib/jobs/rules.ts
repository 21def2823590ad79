import {
  type Alert,
  type Alerts,
  EVALUATION_MS,
  evaluate,
  GUIDE_RULES,
  labelKey,
  type Rule,
  type RuleSeries,
} from '../leaks/index.ts';
import type { MemoryRole } from '../model/memory.ts';
import { DAY_MS, type EpochMs, HOUR_MS } from '../model/units.ts';
import { readAlerts, writeAlerts } from '../records/alerts.ts';
import { type RuleOverride, readSettings } from '../records/settings.ts';
import type { JobContext } from './context.ts';
import { seriesOfRole } from './lives/levels.ts';
import { type LoadedService, livesIn } from './load-service.ts';

/** A rule as it holds for one service, and which instances it speaks of now. */
export interface RuleStatus {
  readonly rule: Rule;
  readonly isOff: boolean;
  /** Whether somebody set it for this service: then its message waits for nobody. */
  readonly isOwn: boolean;
  readonly alerts: readonly Alert[];
}

/** Canonical roles under the names that the usual rules give them. */
const ROLE_OF_METRIC: Readonly<Record<string, MemoryRole>> = {
  process_heap_bytes: 'heap_used',
  process_resident_memory_bytes: 'rss',
  container_memory_usage_bytes: 'container_usage',
  go_goroutines: 'goroutine_count',
};
const LIMIT_METRIC = 'container_memory_limit_bytes';
/** Roles by which a process's limit is known, the likeliest first. */
const LIMITED: readonly MemoryRole[] = ['rss', 'container_usage'];
/** A process that was down for longer does not catch up on what nobody could have been told. */
const CATCH_UP_MS = DAY_MS;

/** The usual rules with what people set for this service. */
export const rulesWith = (overrides: Readonly<Record<string, RuleOverride>>): Omit<RuleStatus, 'alerts'>[] =>
  GUIDE_RULES.map((rule) => {
    const { threshold, forMs, off = false } = overrides[rule.alert] ?? {};
    const expression = { ...rule.expression, threshold: threshold ?? rule.expression.threshold };
    const isOwn = threshold !== undefined || forMs !== undefined;
    return { rule: { ...rule, expression, forMs: forMs ?? rule.forMs }, isOff: off, isOwn };
  });

/** Longest range and hold of a usual rule, and Prometheus's look-back. */
const REACH_MS = 2.5 * HOUR_MS;

/** From when on readings are needed so that the rules can be evaluated for all minutes since the last time. */
export async function rulesReadFrom(
  { records }: Pick<JobContext, 'records'>,
  project: string,
  service: string,
  now: EpochMs,
): Promise<EpochMs> {
  const before = await readAlerts<Alert>(records, project, service);
  return Math.max(before?.evaluatedTo ?? now - CATCH_UP_MS, now - CATCH_UP_MS) - REACH_MS;
}

/**
 * Evaluates the rules of a service at each minute since the last time, and remembers where they stand.
 * Cost: one read and one write; per minute and instance the readings of a rule's range.
 */
export async function evaluateRules(
  { records }: Pick<JobContext, 'records'>,
  loaded: LoadedService,
  now: EpochMs,
): Promise<readonly RuleStatus[]> {
  const { project, service } = loaded;
  const before = await readAlerts<Alert>(records, project, service);
  const { rules } = await readSettings(records, project, service);
  const series = ruleSeries(loaded);
  const end = Math.floor(now / EVALUATION_MS) * EVALUATION_MS;
  const start = Math.max(before?.evaluatedTo ?? 0, loaded.from, end - CATCH_UP_MS);
  const statuses = rulesWith(rules).map(({ rule, isOff, isOwn }) => {
    let alerts: Alerts = new Map(before?.alerts[rule.alert]?.map((alert) => [labelKey(alert.labels), alert]));
    const first = Math.floor(start / EVALUATION_MS + 1) * EVALUATION_MS;
    for (let time = first; time <= end && !isOff; time += EVALUATION_MS)
      alerts = evaluate(rule, series, time, alerts);
    return { rule, isOff, isOwn, alerts: isOff ? [] : [...alerts.values()] };
  });
  if (end > (before?.evaluatedTo ?? 0)) {
    const alerts = Object.fromEntries(statuses.map(({ rule, alerts: some }) => [rule.alert, some]));
    await writeAlerts(records, project, service, { evaluatedTo: end, alerts });
  }
  return statuses;
}

/** Where the rules stood after the last scan, for pages. */
export async function standingRules(
  { records }: Pick<JobContext, 'records'>,
  project: string,
  service: string,
): Promise<readonly RuleStatus[]> {
  const { rules } = await readSettings(records, project, service);
  const before = await readAlerts<Alert>(records, project, service);
  return rulesWith(rules).map((status) => ({
    ...status,
    alerts: status.isOff ? [] : (before?.alerts[status.rule.alert] ?? []),
  }));
}

/** The readings of each instance under the metric names of the rules, and its limit as a curve of its own. */
function ruleSeries(loaded: LoadedService): RuleSeries[] {
  const series: RuleSeries[] = [];
  for (const [metric, role] of Object.entries(ROLE_OF_METRIC)) {
    for (const [instance, state] of loaded.state.instances) {
      const [best] = seriesOfRole(state, role);
      if (best !== undefined)
        series.push({ metric, labels: { instance }, times: best.times, values: best.values });
    }
  }
  return [...series, ...limitSeries(loaded)];
}

/** What limits each instance, at each of its readings: lives that follow each other may have other limits. */
function limitSeries(loaded: LoadedService): RuleSeries[] {
  const known = new Map<string, RuleSeries>();
  for (const role of LIMITED) {
    for (const [instance, lives] of Map.groupBy(livesIn(loaded, role), (life) => life.instance)) {
      const limited = lives.flatMap(({ times, limit }) => (limit === undefined ? [] : [{ times, limit }]));
      if (limited.length === 0 || known.has(instance)) continue;
      const times = limited.flatMap((life) => [...life.times]);
      const values = limited.flatMap((life) => [...life.times].map(() => life.limit));
      known.set(instance, { metric: LIMIT_METRIC, labels: { instance }, times, values });
    }
  }
  return [...known.values()];
}
