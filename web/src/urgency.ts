import type { ApiFinding } from '../../lib/http/schemas.ts';

/** Milliseconds until the limit is reached, by the estimate's middle; undefined when it is not known or no longer asked. */
export function leftMs(finding: ApiFinding, now: number): number | undefined {
  const { timeToLimitS, to } = finding.evidence;
  if (timeToLimitS === null || finding.state === 'resolved' || finding.state === 'dismissed')
    return undefined;
  return to + timeToLimitS.value * 1000 - now;
}

/** Time to harm first, then what is newest. */
export function urgentFirst(findings: readonly ApiFinding[], now: number): ApiFinding[] {
  const left = (finding: ApiFinding) => leftMs(finding, now) ?? Number.MAX_SAFE_INTEGER;
  return [...findings].sort((a, b) => left(a) - left(b) || b.since - a.since);
}
