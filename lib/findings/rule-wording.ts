import { formatBytes, formatDuration, formatPercent } from '../model/format-number.ts';
import type { ServiceName } from '../model/service.ts';
import type { DurationMs, EpochMs } from '../model/units.ts';
import { number, onInstances, service, serviceTitle, text, time } from './sentence.ts';
import { momentText } from './times.ts';
import { type Situation, subjectWords, type Wording, worded } from './wording.ts';

export interface RuleSituation extends Situation {
  /** Name of the rule. */
  readonly rule: string;
  readonly kind: 'deriv' | 'quotient' | 'metric';
  /** Largest value of the firing alerts, and what it must not pass; per second for `deriv`. */
  readonly value: number;
  readonly threshold: number;
  readonly forMs: DurationMs;
  readonly since: EpochMs;
  readonly isCount: boolean;
}

/** Rule HeapGrowth of checkout does not hold any more; or it does, and another finding tells of those instances. */
export const ruleEndedWording = (rule: string, name: ServiceName, isTakenOver: boolean): Wording =>
  worded(
    `${serviceTitle(name)}: rule ${rule} ${isTakenOver ? 'is told by another finding' : 'has stopped firing'}`,
    [
      text(`Rule ${rule} of `),
      service(name),
      text(
        isTakenOver
          ? ' still holds; another finding tells of the same instances.'
          : ' does not hold any more.',
      ),
    ],
  );

/** The heap of `checkout` has grown by more than 9.8 KiB/s for 30 min, since 14:02: 12.1 KiB/s (rule HeapGrowth). */
export function ruleWording(facts: RuleSituation): Wording {
  const { kind, value, threshold, isCount } = facts;
  const amount = (n: number) => {
    if (kind === 'quotient') return formatPercent(n);
    const size = isCount ? String(Number(n.toPrecision(3))) : formatBytes(n);
    return kind === 'deriv' ? `${size}/s` : size;
  };
  const words = subjectWords(facts.role);
  const what =
    kind === 'quotient'
      ? ' has used more than '
      : kind === 'deriv'
        ? ' has grown by more than '
        : ' has held more than ';
  return worded(`${serviceTitle(facts.service)}: rule ${facts.rule} fires`, [
    text(`${words.charAt(0).toUpperCase()}${words.slice(1)} `),
    service(facts.service),
    text(what),
    number(amount(threshold)),
    ...(kind === 'quotient' ? [text(' of its memory limit')] : []),
    text(' for '),
    number(formatDuration(facts.forMs)),
    ...onInstances(facts.instances),
    text(', since '),
    time(momentText({ t: facts.since, low: facts.since, high: facts.since }, facts.now), facts.since),
    text(': '),
    number(amount(value)),
    text(' now. A rule sees the size only; it does not tell a leak from a rise that ends.'),
  ]);
}
