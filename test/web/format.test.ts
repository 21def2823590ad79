import { describe, expect, it } from 'vitest';
import {
  bytes,
  count,
  intervalsIn,
  keptEstimate,
  milliseconds,
  percent,
  perSecond,
  seconds,
  shortInstance,
  slopeEstimate,
  unbroken,
} from '../../web/src/format.ts';

const MIB = 1024 ** 2;
const spaced = (text: string) => text.replace(/[\u00a0\u2009\u202f]/g, ' ');

describe('format', () => {
  it.each([
    [812, '812 B'],
    [9.8 * 1024, '9.8 KiB'],
    [398 * MIB, '398 MiB'],
    [1.24 * 1024 * MIB, '1.24 GiB'],
    [1000 * MIB, '0.977 GiB'],
    [0, '0 B'],
    [-5 * MIB, '−5 MiB'],
  ])('bytes(%d) is three digits in binary units', (value, text) => {
    expect(spaced(bytes(value))).toBe(text);
  });
  it('bytes() signs changes when asked', () => {
    expect(spaced(bytes(184 * MIB, true))).toBe('+184 MiB');
    expect(spaced(bytes(-60, true))).toBe('−60 B');
  });
  it.each([
    [0.2, '200 ms'],
    [9, '9 s'],
    [124, '2 min 4 s'],
    [43_200, '12 h'],
    [119.9, '2 min'],
    [86_400 * 3, '3 d'],
    [86_400 + 13 * 3600, '1 d 13 h'],
    [59.7, '1 min'],
  ])('seconds(%d) names at most two units', (value, text) => {
    expect(spaced(seconds(value))).toBe(text);
  });
  it('milliseconds() turns into seconds at one second', () => {
    expect([846, 1530, 124_000].map((ms) => spaced(milliseconds(ms)))).toEqual([
      '846 ms',
      '1.53 s',
      '2 min 4 s',
    ]);
  });
  it.each([
    [1204, '1,204'],
    [402_377, '402 k'],
    [6_204_113, '6.2 M'],
    [0.5, '0.5'],
  ])('count(%d) is exact while small', (value, text) => {
    expect(spaced(count(value))).toBe(text);
  });
  it('estimates carry as many digits as their interval', () => {
    expect(spaced(keptEstimate({ value: 812, low: 772, high: 852 }))).toBe('812 ± 40 B');
    expect(spaced(keptEstimate({ value: 1.02, low: 1, high: 1.04 }, 'count'))).toBe('1.02 ± 0.02');
    expect(spaced(keptEstimate({ value: 0, low: -2, high: 2 }))).toBe('0 ± 2 B');
    const slope = { value: 9.3 * MIB, low: 8.9 * MIB, high: 9.7 * MIB };
    expect(spaced(slopeEstimate(slope))).toBe('+9.3 ± 0.4 MiB/h');
  });
  it('estimates that lean to one side show both ends', () => {
    expect(spaced(keptEstimate({ value: 100, low: 90, high: 180 }))).toBe('100 B (90–180)');
  });
  it('a slope of nothing takes its unit from its interval', () => {
    expect(spaced(slopeEstimate({ value: 0, low: -0.2 * MIB, high: 0.2 * MIB }))).toBe('0 ± 200 KiB/h');
  });
  it('shares and rates', () => {
    expect(spaced(percent(0.978))).toBe('98 %');
    expect(spaced(percent(0.004))).toBe('0.4 %');
    expect(perSecond(492)).toBe('492/s');
  });
  it('shortInstance() keeps what tells instances apart', () => {
    expect(shortInstance('77ffd92b-c31a-4662-bf1f-3f76f4c42bcf')).toBe('77ffd92b');
    expect(shortInstance('checkout-api-5d9c7b6f4-x2k9q')).toBe('checkout-api-5d9c7b6f4-x2k9q');
    expect(shortInstance('checkout-api-canary-5d9c7b6f4-x2k9q')).toBe('checkout-api…b6f4-x2k9q');
  });
  it('intervalsIn() finds what is read second', () => {
    expect(intervalsIn('keeps 812 ± 40 B').at(1)).toBe('±\u00a040');
    expect(intervalsIn('at about 21:10 (20:20–22:00).').at(1)).toBe('(20:20–22:00)');
  });
  it('unbroken() keeps numbers and units on one line', () => {
    expect(unbroken('rises 9.3 ± 0.4 MiB/h in 6 of 8 lives')).toBe(
      'rises 9.3\u00a0±\u00a00.4\u202fMiB/h in 6 of 8 lives',
    );
  });
});
