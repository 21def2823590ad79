import { bytesText, durationText } from '../leaks/index.ts';
import type { LeakResult, Suspect } from '../model/leak.ts';
import { isCountRole, type MemoryRole } from '../model/memory.ts';
import { SECOND_MS } from '../model/units.ts';
import type { RuleOutcome } from './scan-rules.ts';

export interface Scanned {
  readonly file: string;
  readonly service: string;
  readonly instance: string;
  /** Readings, for the curve and the rules. */
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly limit: number | undefined;
  readonly role: MemoryRole;
  readonly result: LeakResult;
  /** Alert rules that were asked for. */
  readonly rules: readonly RuleOutcome[];
}

const BARS = '▁▂▃▄▅▆▇█';
const WIDTH = 48;

/** What a person reads: one line per series, then why, the curve, and who did it. */
export function scanView(scanned: readonly Scanned[]): string {
  const wide = Math.max(...scanned.map(({ result }) => result.verdict.length));
  return scanned.map((one) => seriesView(one, wide)).join('\n');
}

function seriesView({ file, service, instance, values, role, result, rules }: Scanned, wide: number): string {
  const name = [file, service, instance, role].filter((part) => part !== '').join(' · ');
  const facts = [
    result.onset &&
      `since ${secondsText(result.onset.t)} (${secondsText(result.onset.low)} to ${secondsText(result.onset.high)})`,
    result.slopeBytesPerHour && `${amount(result.slopeBytesPerHour.value, role)}/h`,
    result.timeToLimitS && `limit in ${durationText(result.timeToLimitS.value * SECOND_MS)}`,
  ].filter((fact) => fact !== null);
  const lines = [
    `${result.verdict.toUpperCase().padEnd(wide)}  ${name}`,
    `  ${sparkline(values)}  ${range(values, role)}`,
    facts.length > 0 ? `  ${facts.join(', ')}` : '',
    `  ${result.reason}`,
    ...result.suspects.slice(0, 5).map((suspect) => suspectLine(suspect, role)),
    ...rules.map(ruleLine),
  ];
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}

function suspectLine({ units, cause, bytesPerUnit, weight }: Suspect, role: MemoryRole): string {
  const each = (value: number) => (isCountRole(role) ? value.toFixed(2) : bytesText(value));
  const who = cause === 'unit' ? units.map((u) => u.name).join(' or ') : CAUSES[cause];
  const keeps = bytesPerUnit
    ? `keeps ${each(bytesPerUnit.value)} each (${each(bytesPerUnit.low)} to ${each(bytesPerUnit.high)})`
    : '';
  return `  ${`${Math.round(weight * 100)} %`.padStart(5)}  ${who}  ${keeps}`.trimEnd();
}

const ruleLine = ({ rule, state, since }: RuleOutcome): string =>
  `  rule ${rule}: ${state}${since === null ? '' : ` since ${secondsText(since)}`}`;

const CAUSES = {
  clock: 'grows by the clock, not by work',
  'total-traffic': 'grows with all traffic',
  connections: 'is held by requests that stay open',
} as const;

const amount = (value: number, role: MemoryRole): string =>
  isCountRole(role) ? `${Math.round(value)}` : bytesText(value);

const secondsText = (ms: number): string =>
  ms >= 1e12 ? `${new Date(ms).toISOString().slice(0, 19)}Z` : `${(ms / SECOND_MS).toFixed(1)} s`;

function range(values: Float64Array, role: MemoryRole): string {
  const { low, high } = extent(values);
  return Number.isFinite(low) ? `${amount(low, role)} to ${amount(high, role)}` : 'no readings';
}

function sparkline(values: Float64Array): string {
  const { low, high } = extent(values);
  const cells = Math.min(WIDTH, values.length);
  let text = '';
  for (let c = 0; c < cells; c++) {
    const cell = values.subarray(
      Math.floor((c * values.length) / cells),
      Math.floor(((c + 1) * values.length) / cells),
    );
    const top = extent(cell).high;
    const place = high > low && Number.isFinite(top) ? Math.round(((top - low) / (high - low)) * 7) : 0;
    text += BARS[place];
  }
  return text;
}

function extent(values: Float64Array): { low: number; high: number } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const v of values) {
    if (!Number.isFinite(v)) continue;
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return { low, high };
}
