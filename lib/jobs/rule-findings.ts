import { fingerprint } from '../findings/fingerprint.ts';
import type { FindingRecord, Observation } from '../findings/life-cycle.ts';
import { ruleEndedWording, ruleWording } from '../findings/rule-wording.ts';
import type { Alert } from '../leaks/index.ts';
import { isCountRole, type MemoryRole } from '../model/memory.ts';
import type { ServiceName } from '../model/service.ts';
import { DAY_MS, type EpochMs, HOUR_MS } from '../model/units.ts';
import type { RuleStatus } from './rules.ts';

/** Role whose chart shows what a rule looks at. */
const ROLE_OF_ALERT: Readonly<Record<string, MemoryRole>> = {
  HeapGrowth: 'heap_used',
  MemoryNearLimit: 'rss',
  GoroutineLeak: 'goroutine_count',
};

export interface RuleScene {
  readonly project: string;
  readonly service: ServiceName;
  readonly now: EpochMs;
  readonly from: EpochMs;
  readonly instances: number;
  /** Instances that a firing finding of the analysis names already: a rule about one of them is no news. */
  readonly named: ReadonlySet<string>;
  /** Of each role that the last look judged, whether it does not grow by itself. */
  readonly calm: ReadonlyMap<string, boolean>;
}

/** A rule that nobody set leaves the first word to the analysis, which needs hours: it knows a leak from a rise that ends. */
const FIRST_WORD_MS = 4 * HOUR_MS;
/** What a look judges in the place of what a rule reads. */
const JUDGED_FOR: Readonly<Record<string, readonly MemoryRole[]>> = {
  heap_used: ['heap_after_gc', 'heap_used'],
  rss: ['rss', 'container_usage'],
};
/** So near a limit, as a share, nobody waits. */
const NEARLY_FULL = 0.95;

/**
 * Whether the message of a rule waits: 1,800 healthy service-days had 1,010 episodes of the usual rules, most of heaps
 * between two collections and of processes whose limit fits them (`bench/leaks/alarms.ts`).
 */
function isHeld(scene: RuleScene, { rule, isOwn }: RuleStatus, role: MemoryRole, alerts: readonly Alert[]) {
  if (isOwn) return false;
  const isFull = ({ value }: Alert) => rule.expression.vector.kind === 'quotient' && value >= NEARLY_FULL;
  const isLong = ({ activeAt }: Alert) => scene.now - activeAt >= FIRST_WORD_MS;
  const judged = (JUDGED_FOR[role] ?? [role]).flatMap((one) => scene.calm.get(one) ?? []);
  const isCalm = judged.length > 0 && judged.every(Boolean);
  return !alerts.some((alert) => isFull(alert) || (isLong(alert) && !isCalm));
}

/**
 * When the message of a rule was sent that stands for a finding of growth: since the growth began, of the same measure,
 * about each instance that the finding names. Null where none was. Lives that speak together have no onset: of the last day.
 */
export function toldByRule(known: readonly FindingRecord[], { service, since, evidence }: Observation) {
  const began = evidence.onset?.low ?? since - DAY_MS;
  const told = known.flatMap(({ kind, service: of, state, notice: { firing }, evidence: rule }) => {
    const isOpen = kind === 'rule' && of === service && state === 'firing';
    const isSame =
      measureOf(rule.role) === measureOf(evidence.role) &&
      evidence.instances.every((instance) => rule.instances.includes(instance));
    return isOpen && isSame && firing.sentAt !== null && firing.sentAt >= began ? [firing.sentAt] : [];
  });
  return told.length === 0 ? null : Math.max(...told);
}

/** Bytes, or the count of one thing. */
const measureOf = (role: MemoryRole | null) => (role !== null && isCountRole(role) ? role : 'bytes');

/**
 * What the rules say as findings: one per rule, firing while it fires on an instance that no other finding names. What
 * another finding has taken over ends without a word, and the message of a rule that was sent stands for the finding that
 * comes after it (`toldByRule`): one message tells of one instance.
 */
export function observeRules(scene: RuleScene, statuses: readonly RuleStatus[]): Observation[] {
  return statuses.map((status) => {
    const { rule, alerts } = status;
    const firing = alerts.filter(({ state }) => state === 'firing');
    const own = firing.filter(({ labels }) => !scene.named.has(labels.instance ?? ''));
    const { kind } = rule.expression.vector;
    const role = ROLE_OF_ALERT[rule.alert] ?? 'rss';
    const since = Math.min(...own.map(({ activeAt }) => activeAt), scene.now);
    const value = Math.max(...own.map((alert) => alert.value));
    const wording =
      own.length === 0
        ? ruleEndedWording(rule.alert, scene.service, firing.length > 0)
        : ruleWording({
            now: scene.now,
            service: scene.service,
            role,
            instances: { affected: own.length, all: Math.max(scene.instances, own.length) },
            rule: rule.alert,
            kind,
            value,
            threshold: rule.expression.threshold,
            forMs: rule.forMs,
            since,
            isCount: role === 'goroutine_count',
          });
    return {
      ...wording,
      id: fingerprint({ project: scene.project, service: scene.service, kind: 'rule', role: rule.alert }),
      kind: 'rule',
      project: scene.project,
      service: scene.service,
      state: own.length > 0 ? 'firing' : 'clear',
      isQuiet: own.length === 0 && firing.length > 0,
      isSilent: isHeld(scene, status, role, own),
      since,
      suspects: [],
      evidence: {
        analyzer: `rule@${rule.alert}`,
        role,
        version: '',
        instances: own.map(({ labels }: Alert) => labels.instance ?? '').sort(),
        from: scene.from,
        to: scene.now,
        onset: null,
        slopeBytesPerHour: null,
        timeToLimitS: null,
        limitBytes: null,
        floor: null,
        lows: 0,
        confidence: 1,
        reason: wording.summary,
        cleared: [],
        deploys: [],
      },
    };
  });
}
