import { amountIn, bytesText, durationText } from '../leaks/index.ts';
import type { ReleaseSlope, Releases } from '../model/finding.ts';
import type { Interval, LeakResult, Suspect } from '../model/leak.ts';
import { isCountRole, type MemoryRole } from '../model/memory.ts';
import { DAY_MS, SECOND_MS } from '../model/units.ts';
import type { RuleOutcome } from './scan-rules.ts';

export interface Scanned {
  readonly file: string;
  readonly service: string;
  /** '' when none is told. */
  readonly version: string;
  readonly instance: string;
  /** Readings, for the curve and the rules. */
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly limit: number | undefined;
  readonly role: MemoryRole;
  readonly result: LeakResult;
  /** Alert rules that were asked for. */
  readonly rules: readonly RuleOutcome[];
  /** What each version kept, where there are several. */
  readonly releases: Releases | null;
}

/** What is further away says more about the line than about the process. */
const FORECAST_MAX_S = (365 * DAY_MS) / SECOND_MS;
const BARS = '▁▂▃▄▅▆▇█';
const WIDTH = 48;

/** What a person reads: one line per series, then why, the curve, and who did it. */
export function scanView(scanned: readonly Scanned[]): string {
  const wide = Math.max(...scanned.map(({ result }) => result.verdict.length));
  return scanned.map((one) => seriesView(one, wide)).join('\n');
}

function seriesView(one: Scanned, wide: number): string {
  const { file, service, version, instance, values, role, result, rules, releases } = one;
  const name = [file, service, version, instance, role].filter((part) => part !== '').join(' · ');
  const facts = [
    result.onset &&
      `since ${secondsText(result.onset.t)} (${secondsText(result.onset.low)} to ${secondsText(result.onset.high)})`,
    result.slopeBytesPerHour && `${amountIn(one)(result.slopeBytesPerHour.value)}/h`,
    result.timeToLimitS &&
      result.timeToLimitS.value < FORECAST_MAX_S &&
      `limit in ${durationText(result.timeToLimitS.value * SECOND_MS)}`,
  ].filter((fact) => typeof fact === 'string');
  const lines = [
    `${result.verdict.toUpperCase().padEnd(wide)}  ${name}`,
    `  ${sparkline(values)}  ${range(one)}`,
    facts.length > 0 ? `  ${facts.join(', ')}` : '',
    `  ${result.reason}`,
    ...result.suspects.slice(0, 5).map((suspect) => suspectLine(suspect, role)),
    ...rules.map(ruleLine),
    ...(releases ? releaseLines(releases, role) : []),
  ];
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}

function suspectLine({ units, cause, bytesPerUnit, weight }: Suspect, role: MemoryRole): string {
  const who = cause === 'unit' ? units.map((u) => u.name).join(' or ') : CAUSES[cause];
  const keeps = bytesPerUnit ? `keeps ${intervalText(bytesPerUnit, 'each', role)}` : '';
  return `  ${`${Math.round(weight * 100)} %`.padStart(5)}  ${who}  ${keeps}`.trimEnd();
}

function intervalText({ value, low, high }: Interval, per: string, role: MemoryRole): string {
  const text = (amountOf: number) => (isCountRole(role) ? amountOf.toFixed(2) : bytesText(amountOf));
  return `${text(value)} ${per} (${text(low)} to ${text(high)})`;
}

/** One line per release, oldest first, and what became of the growth after the bad one. */
function releaseLines({ by, items, firstBad, fix }: Releases, role: MemoryRole): string[] {
  const wide = Math.max(...items.map(({ version }) => version.length));
  const first = firstBad?.versions ?? [];
  const lines = items.map((item) => {
    const mark = !first.includes(item.version)
      ? ''
      : first.length > 1
        ? ', or the first bad one'
        : ', the first bad one';
    return `  release ${item.version.padEnd(wide)}  ${keptText(item, by, role)}${mark}`;
  });
  const missing = fix?.needed
    ? `, ${fix.served.toFixed(0)} of about ${fix.needed.toFixed(0)} ${by === 'unit' ? 'units' : 'h'} served`
    : '';
  return fix ? [...lines, `  release ${fix.version}: ${FIXES[fix.state]}${missing}`] : lines;
}

function keptText(
  { units, hours, bytesPerUnit, slopeBytesPerHour }: ReleaseSlope,
  by: Releases['by'],
  role: MemoryRole,
): string {
  const [kept, per] =
    by === 'unit' ? ([bytesPerUnit, 'each'] as const) : ([slopeBytesPerHour, 'per hour'] as const);
  const seen = `${units} units in ${hours.toFixed(1)} h of its processes`;
  return `${kept ? intervalText(kept, per, role) : 'cannot be told'}, ${seen}`;
}

const FIXES = {
  fixed: 'keeps none of it',
  less: 'keeps less, but not nothing',
  keeps: 'does the same',
  undecided: 'not proven yet',
} as const;

const ruleLine = ({ rule, state, since }: RuleOutcome): string =>
  `  rule ${rule}: ${state}${since === null ? '' : ` since ${secondsText(since)}`}`;

const CAUSES = {
  clock: 'grows by the clock, not by work',
  'total-traffic': 'grows with all traffic',
  connections: 'is held by requests that stay open',
} as const;

/** A moment of a file: the date where its clock is that of the world, else seconds. */
export const secondsText = (ms: number): string =>
  ms >= 1e12 ? `${new Date(ms).toISOString().slice(0, 19)}Z` : `${(ms / SECOND_MS).toFixed(1)} s`;

function range(one: Scanned): string {
  const { low, high } = extent(one.values);
  const amount = amountIn(one);
  return Number.isFinite(low) ? `${amount(low)} to ${amount(high)}` : 'no readings';
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
