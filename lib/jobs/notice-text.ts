import type { FindingRecord } from '../findings/life-cycle.ts';
import { formatBytes, formatInterval, formatRate } from '../model/format-number.ts';
import { isCountRole } from '../model/memory.ts';
import type { Notice } from '../ports/notifier.ts';

/** The message of a finding: the same sentence that pages and commands show. */
export function noticeOf(
  { id, title, summary, evidence, suspects, service }: FindingRecord,
  state: Notice['state'],
  publicUrl: string,
  spark: readonly number[],
): Notice {
  const measure = evidence.role !== null && isCountRole(evidence.role) ? 'count' : 'bytes';
  const facts = [{ name: 'Service', value: service as string }];
  const { slopeBytesPerHour, floor, onset } = evidence;
  if (slopeBytesPerHour !== null) {
    facts.push({ name: 'Growth', value: formatRate(slopeBytesPerHour, measure, 'h', { signed: true }) });
  }
  if (floor !== null && measure === 'bytes') {
    facts.push({ name: 'Floor', value: `${formatBytes(floor.start)} → ${formatBytes(floor.end)}` });
  }
  const { unit } = evidence.traces ?? {};
  if (unit) facts.push({ name: 'Unit', value: unit.name });
  const [first] = suspects;
  if (first !== undefined && first.bytesPerUnit !== null && first.cause === 'unit') {
    const names = first.units.map((unit) => unit.name).join(', ');
    facts.push({ name: names, value: `${formatInterval(first.bytesPerUnit, measure)} each` });
  }
  if (onset !== null)
    facts.push({ name: 'Since', value: new Date(onset.t).toISOString().replace(/\.\d+Z$/, 'Z') });
  return { state, title, text: summary, url: `${publicUrl}/findings/${id}`, spark, facts, findingId: id };
}
