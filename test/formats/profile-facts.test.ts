import { describe, expect, it } from 'vitest';
import { byTotal, profileTotals, stackCount } from '../../lib/cli/profile-totals.ts';
import { summaryJson } from '../../lib/cli/profile-view.ts';
import { decodeProfile, detectProfile, encodeProfile } from '../../lib/formats/profiles/index.ts';
import { Fault } from '../../lib/model/fault.ts';
import { PROFILE_FACTS, PROFILE_FILES, plainProfile, profileFile } from './profile-fixtures.ts';

const FORMATS: readonly (readonly [RegExp, string])[] = [
  [/^ebpf/, 'otlp-profiles'],
  [/\.cpuprofile/, 'v8-cpuprofile'],
  [/\.heapprofile/, 'v8-heapprofile'],
  [/\.speedscope/, 'speedscope'],
  [/\.folded|simple-.*\.txt/, 'folded'],
  [/\.pb/, 'pprof'],
  [/\.json/, 'sentry'],
];

const formatOf = (file: string) => FORMATS.find(([pattern]) => pattern.test(file))![1];

describe.each(PROFILE_FILES)('detectProfile %s', (file) => {
  const expected = formatOf(file);

  it('tells the format by the content alone', () => {
    expect(detectProfile(plainProfile(file))).toBe(expected);
  });
});

// A cut text of folded stacks is one still.
describe.each(PROFILE_FILES.filter((file) => formatOf(file) !== 'folded'))(
  'detectProfile %s, cut',
  (file) => {
    const expected = formatOf(file);

    it('claims what is left, and the decoder refuses it', () => {
      const bytes = plainProfile(file);
      for (const part of [0.3, 0.6, 0.9]) {
        const cut = bytes.subarray(0, Math.floor(part * bytes.length));
        expect(detectProfile(cut), `${part}`).toBe(expected);
        expect(() => decodeProfile(cut), `${part}`).toThrow(Fault);
      }
    });
  },
);

describe.each(PROFILE_FACTS)('decodeProfile $file', (facts) => {
  const profile = decodeProfile(profileFile(facts.file));
  const summary = summaryJson(profile, profile.defaultType);

  it('counts samples and stacks', () => {
    expect(facts.samples).toContain(summary.samples);
    // Stacks of samples; some facts count those without a value too.
    expect(facts.stacks).toContain(stackCount(profile));
    expect(profile.defaultType).toBe(facts.defaultType);
    expect(summary.durationS ?? -1).toBeCloseTo(facts.durationS ?? -1, 6);
  });

  it('sums every type to the unit', () => {
    expect(summary.sampleTypes.map(({ type, unit, total }) => [type, unit, total])).toEqual(
      facts.types.map(({ type, unit, total }) => [type, unit, total]),
    );
  });

  it.each([...facts.types.keys()])('finds the functions with the largest values of type %i', (type) => {
    const { functions } = profileTotals(profile, type);
    const largest = (rows: readonly (typeof functions)[number][], count: number) =>
      rows.slice(0, count).map(({ self, total }) => [self, total]);
    const { self: bySelf, largest: byWhole } = facts.types[type]!;
    expect(largest(functions, bySelf.length).map(([self]) => self)).toEqual(bySelf.map(([, self]) => self));
    expect(largest(functions.toSorted(byTotal), byWhole.length).map(([, total]) => total)).toEqual(
      byWhole.map(([, , total]) => total),
    );
    const rows = new Map(functions.map(({ name, self, total }) => [name, [self, total]]));
    for (const [name, self, total] of [...bySelf, ...byWhole])
      expect(rows.get(name), name).toEqual([self, total]);
  });

  it('says the same after a way through pprof', () => {
    const again = decodeProfile(encodeProfile(profile, 'pprof'));
    expect(summaryJson(again, again.defaultType).top).toEqual(summary.top);
    expect(again.samples.values).toEqual(profile.samples.values);
    expect(again.samples.unit).toEqual(profile.samples.unit);
    expect(again.samples.thread).toEqual(profile.samples.thread);
    expect(encodeProfile(again, 'folded')).toEqual(encodeProfile(profile, 'folded'));
    // Milliseconds since 1970 as doubles tell apart a quarter of a microsecond.
    for (const [i, ms] of (profile.samples.time ?? []).entries())
      expect(again.samples.time![i]).toBeCloseTo(ms, 2);
    expect(again.units).toEqual(profile.units);
  });

  it('keeps its sums through folded stacks and speedscope', () => {
    const { sum } = profileTotals(profile, profile.defaultType);
    const folded = decodeProfile(encodeProfile(profile, 'folded'), { format: 'folded' });
    expect(profileTotals(folded, 0).sum).toBe(sum);
    const speedscope = decodeProfile(encodeProfile(profile, 'speedscope'));
    const own = profile.samples.values[profile.defaultType]!;
    if (own.every((value) => value >= 0)) expect(profileTotals(speedscope, 0).sum).toBe(sum);
    expect(speedscope.sampleTypes.map(({ type }) => type).toSorted()).toEqual(
      profile.sampleTypes.map(({ type }) => type).toSorted(),
    );
  });
});
