import { fingerprint } from '../findings/fingerprint.ts';
import type { Observation } from '../findings/life-cycle.ts';
import { ruleEndedWording, ruleWording } from '../findings/rule-wording.ts';
import type { Alert } from '../leaks/index.ts';
import type { MemoryRole } from '../model/memory.ts';
import type { ServiceName } from '../model/service.ts';
import type { EpochMs } from '../model/units.ts';
import type { RuleStatus } from './rules.ts';

/** Role whose chart shows what a rule of each form looks at. */
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
}

/**
 * What the rules say as findings: one per rule, firing while it fires on an instance that no other finding names. What
 * another finding has taken over ends without a word: one message tells of one instance.
 */
export function observeRules(scene: RuleScene, statuses: readonly RuleStatus[]): Observation[] {
  return statuses.map(({ rule, alerts }) => {
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
