import type { Profile, SampleType } from '../model/profile.ts';
import {
  type Exact,
  type FunctionTotals,
  type ProfileTotals,
  profileTotals,
  stackCount,
  toJson,
} from './profile-totals.ts';
import { table } from './table.ts';

const SUMMARY_ROWS = 10;
const NS_PER_S = 1e9;

/** The shape of docs/cli.md. */
export function summaryJson(profile: Profile, type: number) {
  const { functions } = profileTotals(profile, type);
  return {
    format: profile.format,
    sampleTypes: profile.sampleTypes.map((sampleType, i) => ({
      type: sampleType.type,
      unit: sampleType.sentUnit ?? sampleType.unit,
      total: jsonValue(profileTotals(profile, i).sum, sampleType),
      temporality: sampleType.temporality,
    })),
    samples: sampleCount(profile),
    stacks: stackCount(profile),
    durationS: profile.durationNs === null ? null : profile.durationNs / NS_PER_S,
    defaultType: profile.sampleTypes[type]?.type ?? null,
    top: functions.slice(0, SUMMARY_ROWS).map((row) => rowJson(row, profile.sampleTypes[type]!)),
    ...(profile.notes && { notes: profile.notes }),
  };
}

const sampleCount = (profile: Profile) => profile.sampleCount ?? profile.samples.stack.length;

export const topJson = (profile: Profile, type: number, { sum, functions }: ProfileTotals) => ({
  type: profile.sampleTypes[type]?.type ?? null,
  unit: profile.sampleTypes[type]?.sentUnit ?? profile.sampleTypes[type]?.unit ?? null,
  total: profile.sampleTypes[type] === undefined ? 0 : jsonValue(sum, profile.sampleTypes[type]),
  functions: functions.map((row) => rowJson(row, profile.sampleTypes[type]!)),
});

const rowJson = ({ name, self, total }: FunctionTotals, type: SampleType) => ({
  name,
  self: jsonValue(self, type),
  total: jsonValue(total, type),
});

const PER_UNIT: ReadonlyMap<string, number> = new Map([
  ['microseconds', 1e3],
  ['milliseconds', 1e6],
  ['seconds', 1e9],
]);

/** Whole in the profile's unit; where the file had fractions of a larger one, in that. Beyond 2^53 as digits, all of them. */
export function jsonValue(value: Exact, { sentUnit }: SampleType): number | string {
  const perUnit = PER_UNIT.get(sentUnit ?? '');
  if (perUnit === undefined) return toJson(value);
  if (Number.isSafeInteger(Number(value))) return Number(value) / perUnit;
  const [size, per] = [BigInt(value), BigInt(perUnit)];
  const rest = size % per;
  if (rest === 0n) return toJson(size / per);
  const [digits, places] = [String(rest < 0n ? -rest : rest), String(perUnit).length - 1];
  return `${size < 0n ? '-' : ''}${(size < 0n ? -size : size) / per}.${digits.padStart(places, '0').replace(/0+$/, '')}`;
}

export function summaryView(profile: Profile, type: number): string {
  const facts = [
    ['format', profile.format],
    ['samples', group(sampleCount(profile))],
    ['stacks', group(stackCount(profile))],
    ['duration', profile.durationNs === null ? 'not known' : formatValue(profile.durationNs, 'nanoseconds')],
    ...(profile.start === null ? [] : [['start', new Date(Math.floor(profile.start)).toISOString()]]),
    ...(profile.units.length === 0 ? [] : [['units of work', unitsText(profile)]]),
    ...(profile.notes ?? []).map((note) => ['note', note]),
  ];
  const types = profile.sampleTypes.map(({ type: name, unit, temporality }, i) => [
    i === type ? `* ${name}` : `  ${name}`,
    formatValue(profileTotals(profile, i).sum, unit),
    temporality,
  ]);
  const totals = profileTotals(profile, type);
  return `${table(facts)}\n${table(types)}\n${rowsView(profile, type, { ...totals, functions: totals.functions.slice(0, SUMMARY_ROWS) })}`;
}

function unitsText({ units }: Profile): string {
  const shown = units
    .slice(0, 3)
    .map(({ name }) => name)
    .join(', ');
  return units.length > 3 ? `${shown} and ${units.length - 3} more` : shown;
}

export const topView = (profile: Profile, type: number, totals: ProfileTotals): string =>
  `${profile.sampleTypes[type]?.type ?? ''} ${formatValue(totals.sum, profile.sampleTypes[type]?.unit ?? '')}\n\n${rowsView(profile, type, totals)}`;

function rowsView(profile: Profile, type: number, { magnitude, functions }: ProfileTotals): string {
  const unit = profile.sampleTypes[type]?.unit ?? '';
  const cells = functions.map(({ name, self, total }) => [
    formatValue(self, unit),
    share(self, magnitude),
    formatValue(total, unit),
    share(total, magnitude),
    name || '(no name)',
  ]);
  return table(rightAlign([['self', '', 'total', '', 'function'], ...cells]));
}

/** All columns but the last. */
export function rightAlign(rows: readonly (readonly string[])[]): string[][] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...rows.map((row) => row[i]?.length ?? 0)),
  );
  return rows.map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padStart(widths[i]!))));
}

export function share(part: Exact, sum: Exact): string {
  const whole = Number(sum);
  return whole === 0 ? '–' : `${((100 * Number(part)) / whole).toFixed(1)} %`;
}

const group = (value: Exact): string => value.toLocaleString('en');

const TIME_STEPS: readonly (readonly [number, string])[] = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
  [1, 'ns'],
];
const BYTE_STEPS: readonly (readonly [number, string])[] = [
  [2 ** 30, 'GiB'],
  [2 ** 20, 'MiB'],
  [2 ** 10, 'KiB'],
  [1, 'B'],
];
const NS_PER_UNIT: ReadonlyMap<string, number> = new Map([['nanoseconds', 1], ...PER_UNIT]);

/** For people: three digits and the unit that fits. */
export function formatValue(value: Exact, unit: string): string {
  const perUnit = NS_PER_UNIT.get(unit);
  if (perUnit !== undefined) return scaled(Number(value) * perUnit, TIME_STEPS);
  if (unit === 'bytes') return scaled(Number(value), BYTE_STEPS);
  return unit === 'count' || unit === 'none' || unit === '' ? group(value) : `${group(value)} ${unit}`;
}

function scaled(value: number, steps: readonly (readonly [number, string])[]): string {
  const [size, name] = steps.find(([step]) => Math.abs(value) >= step) ?? steps[steps.length - 1]!;
  const number = value / size;
  const digits = Number.isInteger(number) ? 0 : Math.abs(number) >= 100 ? 0 : Math.abs(number) >= 10 ? 1 : 2;
  return `${number.toFixed(digits)} ${name}`;
}
