import type { SentencePart } from '../model/finding.ts';
import { type ServiceName, serviceParts } from '../model/service.ts';
import type { UnitOfWork } from '../model/unit-of-work.ts';
import type { EpochMs } from '../model/units.ts';

export const text = (words: string): SentencePart => ({ kind: 'text', text: words });
export const number = (words: string): SentencePart => ({ kind: 'number', text: words });
export const time = (words: string, at: EpochMs): SentencePart => ({ kind: 'time', text: words, at });
export const unit = ({ kind, name }: UnitOfWork): SentencePart => ({
  kind: 'unit',
  text: name,
  unit: { kind, name },
});
export const service = (name: ServiceName): SentencePart => ({
  kind: 'service',
  text: serviceParts(name).name,
});

/** The same words for Slack, the CLI and everything else without links: units as code. */
export const sentenceText = (parts: readonly SentencePart[]): string =>
  parts.map((part) => (part.kind === 'unit' ? `\`${part.text.replaceAll('`', "'")}\`` : part.text)).join('');

/** One text where several follow each other. */
export function merged(parts: readonly SentencePart[]): SentencePart[] {
  const result: SentencePart[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (part.kind === 'text' && last?.kind === 'text')
      result[result.length - 1] = text(last.text + part.text);
    else result.push(part);
  }
  return result;
}

/** `production / checkout`: for titles, where two environments must not look alike. */
export function serviceTitle(name: ServiceName): string {
  const { environment, namespace, name: last } = serviceParts(name);
  return [environment, namespace, last].filter((part) => part !== '').join(' / ');
}

const MAX_NAMED = 3;

/** `a`, `b` and `c`; beyond three the rest is counted. */
export function unitList(units: readonly UnitOfWork[], last: 'and' | 'or' = 'and'): SentencePart[] {
  const named = units.slice(0, units.length > MAX_NAMED + 1 ? MAX_NAMED : units.length).map(unit);
  const rest = units.length - named.length;
  const items = rest > 0 ? [...named, text(`${rest} more`)] : named;
  return items.flatMap((item, at) => {
    if (at === 0) return [item];
    return [text(at === items.length - 1 ? ` ${last} ` : ', '), item];
  });
}

/** The first letter of a sentence that begins with words of ours; names keep theirs. */
export function capitalised(parts: readonly SentencePart[]): SentencePart[] {
  const [first, ...rest] = parts;
  if (first?.kind !== 'text') return [...parts];
  return [text(first.text.charAt(0).toUpperCase() + first.text.slice(1)), ...rest];
}

/** ` on 3 of 12 instances`; nothing for a service that has one. */
export function onInstances({ affected, all }: { affected: number; all: number }): SentencePart[] {
  if (all <= 1) return [];
  return affected >= all ? [text(` on all ${all} instances`)] : [text(` on ${affected} of ${all} instances`)];
}
