import { inOneUnit } from '../formats/profiles/index.ts';
import { Fault } from '../model/fault.ts';
import type { Profile, SampleType } from '../model/profile.ts';
import { type Exact, profileTotals } from './profile-totals.ts';
import { formatValue, jsonValue, rightAlign, share } from './profile-view.ts';
import { table } from './table.ts';

export interface FunctionChange {
  readonly name: string;
  readonly self: readonly [before: Exact, after: Exact];
  readonly total: readonly [before: Exact, after: Exact];
  /** Of its own value in those of all, whatever their sign, after less before: −1 … 1. */
  readonly selfShareChange: number;
  readonly totalShareChange: number;
}

export interface ProfileDiff {
  readonly sides: readonly [string, string];
  readonly type: SampleType;
  readonly sums: readonly [Exact, Exact];
  /** What shares are of. */
  readonly magnitudes: readonly [Exact, Exact];
  /** The largest change first, up or down. */
  readonly changes: readonly FunctionChange[];
}

/**
 * What changed from the first profile to the second by function. Shares are what to compare when the two cover different spans of time or
 * different load; values when they are alike.
 */
export function diffProfiles(
  profiles: readonly [Profile, Profile],
  wanted: string | undefined,
  sort: 'share' | 'value',
  sides: readonly [string, string],
): ProfileDiff {
  const [a, b] = inOneUnit(profiles) as [Profile, Profile];
  const [typeA, typeB] = commonType(a, b, wanted);
  const before = profileTotals(a, typeA);
  const after = profileTotals(b, typeB);
  const rows = new Map(
    before.functions.map((row) => [row.name, { before: row, after: undefined as typeof row | undefined }]),
  );
  for (const row of after.functions) {
    const known = rows.get(row.name);
    if (known === undefined) rows.set(row.name, { before: { ...row, self: 0, total: 0 }, after: row });
    else known.after = row;
  }
  const part = (value: Exact, sum: Exact) => (Number(sum) === 0 ? 0 : Number(value) / Number(sum));
  const changes = Array.from(rows, ([name, { before: left, after: right }]) => {
    const self: [Exact, Exact] = [left.self, right?.self ?? 0];
    const total: [Exact, Exact] = [left.total, right?.total ?? 0];
    return {
      name,
      self,
      total,
      selfShareChange: part(self[1], after.magnitude) - part(self[0], before.magnitude),
      totalShareChange: part(total[1], after.magnitude) - part(total[0], before.magnitude),
    };
  });
  const size = (change: FunctionChange) =>
    sort === 'share'
      ? Math.abs(change.selfShareChange)
      : Math.abs(Number(change.self[1]) - Number(change.self[0]));
  changes.sort(
    (x, y) =>
      size(y) - size(x) ||
      Math.abs(y.totalShareChange) - Math.abs(x.totalShareChange) ||
      (x.name < y.name ? -1 : 1),
  );
  const magnitudes = [before.magnitude, after.magnitude] as const;
  return { sides, type: b.sampleTypes[typeB]!, sums: [before.sum, after.sum], magnitudes, changes };
}

/** The same type and unit on both sides: the one wanted, else b's own. */
function commonType(a: Profile, b: Profile, wanted: string | undefined): [number, number] {
  const type = wanted ?? b.sampleTypes[b.defaultType]?.type;
  const inB = b.sampleTypes.findIndex((each) => each.type === type);
  const inA = a.sampleTypes.findIndex((each) => each.type === type && each.unit === b.sampleTypes[inB]?.unit);
  if (inA >= 0 && inB >= 0) return [inA, inB];
  const words = (profile: Profile) =>
    profile.sampleTypes.map((each) => `${each.type}/${each.unit}`).join(', ');
  throw new Fault(
    'invalid-input',
    `Cannot compare by ${type}: one profile has ${words(a)}, the other ${words(b)}`,
  );
}

export const diffJson = ({ sides, type, sums, changes }: ProfileDiff, limit: number) => ({
  a: { file: sides[0], total: jsonValue(sums[0], type) },
  b: { file: sides[1], total: jsonValue(sums[1], type) },
  type: type.type,
  unit: type.sentUnit ?? type.unit,
  changes: changes.slice(0, limit).map(({ name, self, total, selfShareChange, totalShareChange }) => ({
    name,
    self: { a: jsonValue(self[0], type), b: jsonValue(self[1], type) },
    total: { a: jsonValue(total[0], type), b: jsonValue(total[1], type) },
    selfShareChange,
    totalShareChange,
  })),
});

const points = (change: number) => `${change > 0 ? '+' : ''}${(100 * change).toFixed(1)} pt`;

export function diffView({ sides, type, sums, magnitudes, changes }: ProfileDiff, limit: number): string {
  const heads = sides.map((side, i) => [`${'AB'[i]}`, formatValue(sums[i]!, type.unit), side]);
  const cells = changes
    .slice(0, limit)
    .map(({ name, self, selfShareChange, totalShareChange }) => [
      points(selfShareChange),
      formatValue(self[0], type.unit),
      share(self[0], magnitudes[0]),
      formatValue(self[1], type.unit),
      share(self[1], magnitudes[1]),
      points(totalShareChange),
      name || '(no name)',
    ]);
  const header = ['self', 'A', '', 'B', '', 'total', 'function'];
  return `${type.type}\n${table(heads)}\n${table(rightAlign([header, ...cells]))}`;
}
