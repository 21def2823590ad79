import type { LatencyShift } from './latency-shift.ts';

const PERCENT = 100;
const msText = (ms: number) => (ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`);

/** `p95 fell by 48 % with release 1.4.3`. @param release undefined: between two times */
export function shiftSentence(shift: LatencyShift, release: string | undefined): string {
  const name = `p${Math.round(shift.quantile * PERCENT)}`;
  const values = `${msText(shift.beforeMs)} before, ${msText(shift.afterMs)} after`;
  if (shift.verdict === 'no-change') return `No change of ${name} beyond chance: ${values}`;
  const verb = shift.change < 0 ? 'fell' : 'rose';
  const when = release === undefined ? '' : ` with release ${release}`;
  return `${name} ${verb} by ${Math.round(Math.abs(shift.change) * PERCENT)} %${when}: ${values}`;
}
