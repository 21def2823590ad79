import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatInterval,
  formatPercent,
  formatRate,
} from '../../lib/model/format-number.ts';
import { GIB, KIB, MIB } from '../../lib/model/units.ts';

const plain = (text: string) => text.replaceAll('\u202f', '_');
const around = (value: number, half: number) => ({ value, low: value - half, high: value + half });

describe('formatBytes', () => {
  it.each([
    [0, '0_B'],
    [812, '812_B'],
    [812.4, '812_B'],
    [9.8 * KIB, '9.8_KiB'],
    [999, '999_B'],
    [1000, '0.977_KiB'],
    [1023, '0.999_KiB'],
    [1024, '1_KiB'],
    [999.6 * KIB, '0.976_MiB'],
    [398 * MIB, '398_MiB'],
    [512 * MIB, '512_MiB'],
    [1.24 * GIB, '1.24_GiB'],
    [-3 * MIB, '−3_MiB'],
    [0.5, '0.5_B'],
    [0.0001, '0_B'],
    [Number.NaN, '–'],
    [Number.POSITIVE_INFINITY, '–'],
  ])('of %d is %s', (bytes, expected) => {
    expect(plain(formatBytes(bytes))).toBe(expected);
  });
  it('carries a sign when it is a change', () => {
    expect(plain(formatBytes(MIB, { signed: true }))).toBe('+1_MiB');
    expect(plain(formatBytes(-MIB, { signed: true }))).toBe('−1_MiB');
    expect(plain(formatBytes(0, { signed: true }))).toBe('0_B');
  });
  it('has at most three digits and is right within half a digit', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1e15, noNaN: true }), (bytes) => {
        const [number = '', unit = ''] = formatBytes(bytes).split('\u202f');
        expect(number.replace(/^0\.|[.,]/g, '').length).toBeLessThanOrEqual(3);
        const back =
          Number(number.replaceAll(',', '')) * 1024 ** ['B', 'KiB', 'MiB', 'GiB', 'TiB'].indexOf(unit);
        expect(Math.abs(back - bytes)).toBeLessThanOrEqual(bytes * 0.00501);
      }),
    );
  });
});

describe('formatCount', () => {
  it.each([
    [0, '0'],
    [1204, '1,204'],
    [9999, '9,999'],
    [12.345, '12.3'],
    [402_000, '402_k'],
    [999_900, '1_M'],
    [6_200_000, '6.2_M'],
    [-1500, '−1,500'],
    [4.2e12, '4.2_T'],
    [5e15, '5,000_T'],
  ])('of %d is %s', (count, expected) => {
    expect(plain(formatCount(count))).toBe(expected);
  });
});

describe('formatDuration', () => {
  const [s, min, h, d] = [1000, 60_000, 3_600_000, 86_400_000];
  it.each([
    [0, '0_ms'],
    [0.42, '0.42_ms'],
    [846, '846_ms'],
    [999.7, '1_s'],
    [1530, '1.53_s'],
    [59.96 * s, '1_min'],
    [2 * min + 4 * s, '2_min 4_s'],
    [9 * min + 59.7 * s, '10_min'],
    [12 * min + 40 * s, '13_min'],
    [h - s / 10, '1_h'],
    [90 * min, '1_h 30_min'],
    [h + 59.9 * min, '2_h'],
    [12 * h + 20 * min, '12_h'],
    [23.9 * h, '1_d'],
    [25 * h, '1_d 1_h'],
    [45 * d, '45_d'],
    [-2 * min, '−2_min'],
    [Number.POSITIVE_INFINITY, '–'],
  ])('of %d ms is %s', (ms, expected) => {
    expect(plain(formatDuration(ms))).toBe(expected);
  });
  it('shows two units of any length where it must tell two of them apart', () => {
    const fine = (ms: number) => plain(formatDuration(ms, { fine: true }));
    expect([15.7 * h, 15.999 * h, 45.5 * d, 40 * min].map(fine)).toEqual([
      '15_h 42_min',
      '16_h',
      '45_d 12_h',
      '40_min',
    ]);
  });
  it('shows no part that is as large as the one before it', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 100 * d, noNaN: true }), (ms) => {
        expect(formatDuration(ms)).not.toMatch(/\b60\u202f(s|min)|\b(24|25)\u202fh .*|\d\u202f(s|min|h|d) 0/);
      }),
    );
  });
});

describe('formatInterval', () => {
  it.each([
    [around(812, 40), '812 ± 40_B'],
    [around(9.8 * KIB, 0.43 * KIB), '9.80 ± 0.43_KiB'],
    [around(9.83 * KIB, 0.4 * KIB), '9.83 ± 0.40_KiB'],
    [around(0, 3), '0 ± 3_B'],
    [around(0.2, 3), '0.2 ± 3.0_B'],
    [around(1240 * MIB, 123 * MIB), '1.21 ± 0.12_GiB'],
    [around(398 * MIB, 123 * MIB), '400 ± 120_MiB'],
    [{ value: 9.8 * KIB, low: 8.1 * KIB, high: 13.2 * KIB }, '9.8_KiB (8.1–13.2)'],
    [{ value: 2, low: -1, high: 20 }, '2_B (−1 to 20)'],
    [{ value: 812, low: 812, high: 812 }, '812_B'],
    [{ value: 812, low: 400, high: Number.POSITIVE_INFINITY }, '812_B (400 or more)'],
    [around(812, 0.00001), '812_B'],
    [around(-40, 3), '−40 ± 3_B'],
  ])('of %j is %s', (interval, expected) => {
    expect(plain(formatInterval(interval, 'bytes'))).toBe(expected);
  });
  it('is symmetric up to a fifth', () => {
    expect(plain(formatInterval({ value: 100, low: 90, high: 114 }, 'bytes'))).toBe('100 ± 12_B');
    expect(plain(formatInterval({ value: 100, low: 90, high: 116 }, 'bytes'))).toBe('100_B (90–116)');
  });
  it('of a count has no unit', () => {
    expect(formatInterval(around(1.02, 0.05), 'count')).toBe('1.02 ± 0.05');
  });
  it('never shows a half-width of zero, nor throws', () => {
    const any = fc.double({ min: -1e15, max: 1e15 });
    fc.assert(
      fc.property(any, any, any, (value, low, high) => {
        expect(formatInterval({ value, low, high }, 'bytes')).not.toMatch(
          /± 0[.0]*(?![.\d])|−0(?![.\d])|NaN|undefined/,
        );
      }),
    );
  });
});

describe('formatRate and formatPercent', () => {
  it('name what they are per', () => {
    expect(plain(formatRate(around(9.3 * MIB, 0.4 * MIB), 'bytes', 'h', { signed: true }))).toBe(
      '+9.3 ± 0.4_MiB/h',
    );
    expect(formatRate(492, 'count', 's')).toBe('492/s');
    expect(plain(formatRate({ value: 10 * MIB, low: 2 * MIB, high: 30 * MIB }, 'bytes', 'h'))).toBe(
      '10_MiB/h (2–30)',
    );
    expect(plain(formatPercent(0.125))).toBe('12.5_%');
    expect(plain(formatPercent(1))).toBe('100_%');
  });
});
