import { roleOfName } from '../formats/series/index.ts';
import {
  type Alerts,
  durationMs,
  EVALUATION_MS,
  evaluate,
  GUIDE_RULES,
  type Rule,
  type RuleSeries,
  type RuleState,
  rule,
} from '../leaks/index.ts';
import { Fault, invalidInput } from '../model/fault.ts';
import type { MemoryRole } from '../model/memory.ts';
import { DAY_MS, SECOND_MS } from '../model/units.ts';

/** What a rule says at the end of a series. `since`: when it became pending, or began to fire; ms. */
export interface RuleOutcome {
  readonly rule: string;
  readonly state: RuleState;
  readonly since: number | null;
}

/** A series as the rules see it: under whatever metric names mean its role. */
export interface RuleInput {
  readonly role: MemoryRole;
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly limit: number | undefined;
}

const RULES_MAX = 200;
const EVALUATIONS_MAX = 1_000_000;

/**
 * Rules from JSON: `[…]`, `{"rules":[…]}` or the groups of a Prometheus rule file as JSON, each
 * `{alert, expr, for | forSeconds, keep_firing_for | keepFiringForSeconds}`. No bytes: the guide's rules.
 * @throws Fault('invalid-input')
 */
export function parseRules(bytes: Uint8Array): readonly Rule[] {
  if (bytes.length === 0) return GUIDE_RULES;
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new Fault('invalid-input', `Cannot read rules: ${(error as Error).message}`, { cause: error });
  }
  const rules = rulesIn(document);
  if (rules.length === 0 || rules.length > RULES_MAX)
    throw invalidInput(
      `Cannot read rules: found ${rules.length}, need 1 to ${RULES_MAX} of {alert, expr, for}`,
    );
  return rules.map(ruleOf);
}

function rulesIn(document: unknown): readonly unknown[] {
  if (Array.isArray(document)) return document;
  const { rules, groups } = (document ?? {}) as { rules?: unknown; groups?: unknown };
  if (Array.isArray(rules)) return rules;
  return Array.isArray(groups) ? groups.flatMap(rulesIn) : [];
}

function ruleOf(given: unknown): Rule {
  const fields = (given ?? {}) as Record<string, unknown>;
  const { alert, expr } = fields;
  if (typeof alert !== 'string' || typeof expr !== 'string')
    throw invalidInput('Cannot read rules: each needs the texts "alert" and "expr"');
  const held = (text: string, seconds: string) => spanMs(alert, fields[text], fields[seconds]);
  return rule(alert, expr, held('for', 'forSeconds'), held('keep_firing_for', 'keepFiringForSeconds'));
}

function spanMs(alert: string, text: unknown, seconds: unknown): number {
  if (text === undefined && seconds === undefined) return 0;
  const span = text === undefined ? Number(seconds) * SECOND_MS : durationMs(String(text));
  if (Number.isFinite(span) && span >= 0) return span;
  throw invalidInput(`Cannot read rule "${alert}": need a time like "30m" in "for" and "keep_firing_for"`);
}

/** What rules said of processes that ended longer ago is over: their ranges are hours. */
const OVER_MS = DAY_MS;
const BY_STATE: readonly RuleState[] = ['inactive', 'pending', 'firing'];

/** What the rules say of one or more processes at the end of the newest of them: of each rule the gravest state. */
export function rulesOnLives(lives: readonly RuleInput[], rules: readonly Rule[]): RuleOutcome[] {
  if (rules.length === 0) return [];
  const lastOf = ({ times }: RuleInput) => times.at(-1) ?? 0;
  const until = Math.max(...lives.map(lastOf));
  const present = lives.filter((life) => until - lastOf(life) <= OVER_MS);
  const told = present.map((life) => rulesOn(life, rules, until));
  const gravity = ({ state }: RuleOutcome) => BY_STATE.indexOf(state);
  return rules.map((_, i) =>
    told
      .map((outcomes) => outcomes[i]!)
      .reduce((one, other) => (gravity(other) > gravity(one) ? other : one)),
  );
}

/** The rules evaluated each minute from the first reading on, on one series and its limit. */
function rulesOn(input: RuleInput, rules: readonly Rule[], last: number): RuleOutcome[] {
  const first = input.times[0] ?? last;
  if (!((last - first) / EVALUATION_MS <= EVALUATIONS_MAX))
    throw invalidInput(`Cannot evaluate rules each minute over ${Math.round((last - first) / SECOND_MS)} s`);
  return rules.map((one) => {
    const series = seriesFor(one, input);
    let alerts: Alerts = new Map();
    for (let time = first; time <= last; time += EVALUATION_MS) alerts = evaluate(one, series, time, alerts);
    const [alert] = alerts.values();
    return {
      rule: one.alert,
      state: alert?.state ?? 'inactive',
      since: alert === undefined ? null : (alert.firedAt ?? alert.activeAt),
    };
  });
}

/** The metrics of a rule that this series, or its limit, can stand for. */
function seriesFor({ expression: { vector } }: Rule, { role, limit, ...all }: RuleInput): RuleSeries[] {
  const isSample = (_: number, i: number) => !Number.isNaN(all.values[i]); // an empty cell is no sample
  const times = all.times.filter(isSample);
  const values = all.values.filter(isSample);
  const metrics = vector.kind === 'quotient' ? [vector.metric, vector.by] : [vector.metric];
  return metrics.flatMap((metric) => {
    if (/limit|max/.test(metric))
      return limit === undefined ? [] : [{ metric, labels: {}, times, values: times.map(() => limit) }];
    return meansRole(metric, role) ? [{ metric, labels: {}, times, values }] : [];
  });
}

const HEAP: readonly MemoryRole[] = ['heap_used', 'heap_after_gc'];

const meansRole = (metric: string, role: MemoryRole): boolean => {
  const meant = /heap_bytes$/.test(metric) ? 'heap_used' : roleOfName(metric);
  return meant === role || (meant === 'heap_used' && HEAP.includes(role));
};
