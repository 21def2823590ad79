import { describe, expect, it } from 'vitest';
import { mayBeSwing, outlastsClimb } from '../../lib/leaks/swing.ts';
import { DAY_MS } from '../../lib/model/units.ts';

const START = 400;
const rise = (days: number, share: number) => ({
  durationMs: days * DAY_MS,
  start: START,
  end: START * (1 + share),
});

describe('mayBeSwing()', () => {
  it.each([
    { days: 0.03, share: 0.3, held: false, why: 'no day rises within three quarters of an hour' },
    { days: 0.1, share: 0.3, held: true, why: 'a morning does, and noise that wanders' },
    { days: 0.1, share: 0.7, held: false, why: 'no morning rises so far' },
    { days: 1.57, share: 0.35, held: true, why: 'the second day has not been seen whole' },
    { days: 1.57, share: 0.7, held: false, why: 'no day swings so far' },
    { days: 2.1, share: 0.35, held: false, why: 'a week swings less' },
    { days: 4, share: 0.26, ofDay: 0.23, held: true, why: 'its days swing about as far' },
    { days: 4, share: 0.26, ofDay: 0.05, held: false, why: 'its days swing less' },
    { days: 4, share: 0.31, ofDay: 0.5, held: false, why: 'it is more than a week is believed to swing' },
    { days: 5, share: 0.21, ofDay: 0.23, held: true, why: 'a week may wander on for a day' },
    { days: 2.9, share: 0.23, ofDay: 0.25, held: true, why: 'its days swing as far' },
    { days: 2.7, share: 0.15, ofDay: 0.05, held: true, why: 'a cache may still fill' },
    { days: 2.7, share: 0.15, alike: true, held: false, why: 'another life grew alike at other times' },
    { days: 9.4, share: 0.08, ofDay: 0.2, held: true, why: 'it may end at the peak of the next week' },
    { days: 15, share: 0.08, ofDay: 0.2, held: false, why: 'two weeks have been seen' },
  ])('of a rise by $share in $days days: $held, for $why', ({ days, share, held, ofDay, alike = false }) => {
    const daySwing = ofDay === undefined ? undefined : ofDay * START;
    expect(mayBeSwing(rise(days, share), { daySwing, olderLifeGrewAlike: alike })).toBe(held);
  });
});

describe('outlastsClimb()', () => {
  const days = (from: number, to: number) => ({ from: from * DAY_MS, to: to * DAY_MS });
  it.each([
    { a: days(0, 3.5), b: days(14.5, 17.5), more: false, why: 'the same half of two weeks' },
    { a: days(0, 3), b: days(9, 12), more: true, why: 'five days of a week' },
    { a: days(5, 8), b: days(13.5, 16), more: false, why: 'a climb over the end of the week' },
    { a: days(0, 2), b: days(4, 6), more: false, why: 'four days, each rise in a part of its own' },
    { a: days(6, 9), b: days(16, 19), more: true, why: 'one after the other over the end of the week' },
    { a: days(0, 6), b: days(7, 8), more: true, why: 'one that is long enough alone' },
  ])('says $more of two rises that fill $why', ({ a, b, more }) => {
    expect(outlastsClimb(a, b)).toBe(more);
    expect(outlastsClimb(b, a)).toBe(more);
  });
});
