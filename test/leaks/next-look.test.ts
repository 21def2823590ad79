import { describe, expect, it } from 'vitest';
import {
  analyzeLife,
  type Decision,
  daySwing,
  dueAt,
  type LookState,
  nextLook,
} from '../../lib/leaks/index.ts';
import type { Life } from '../../lib/model/leak.ts';
import { draw, normal, random } from './draw.ts';

const LEAK = `
                                       *
                                      *
                                     *
                                    *
                                   *
                                  *
                                 *
                                *
                               *
                              *
                             *
                            *
      **********************
`;

const RISE = `
             *
            *
           *
          *
         *
        *
       *
      *
******`;

/** Decisions of one look after each reading. */
function decisions(life: Life): { at: number; decision: Decision }[] {
  let state: LookState | undefined;
  const seen: { at: number; decision: Decision }[] = [];
  for (let n = 8; n <= life.times.length; n++) {
    const part = { ...life, times: life.times.subarray(0, n), values: life.values.subarray(0, n) };
    const look = nextLook(state, analyzeLife(part), { birth: 0 });
    state = JSON.parse(JSON.stringify(look.state)) as LookState;
    if (look.decision !== 'none') seen.push({ at: n, decision: look.decision });
  }
  return seen;
}

describe('nextLook()', () => {
  it('is suspicious first and fires on new lows', () => {
    const seen = decisions(draw(LEAK)).map(({ decision }) => decision);
    expect(seen[0]).toBe('suspected');
    expect(seen.filter((d) => d === 'fire')).toHaveLength(1);
  });

  it('ends what an older analysis told, and does not tell it again', () => {
    const older = (life: Life): Decision[] => {
      const before = nextLook(undefined, analyzeLife(life), { birth: 0 }).state;
      let state: LookState = { ...before, analyzer: before.analyzer - 1, fired: true };
      return [90, 140, life.times.length].map((n) => {
        const part = { ...life, times: life.times.subarray(0, n), values: life.values.subarray(0, n) };
        const look = nextLook(state, analyzeLife(part), { birth: 0 });
        state = look.state;
        return look.decision;
      });
    };
    expect(older(draw('*'.repeat(30)))).toEqual(['none', 'clear', 'none']);
    expect(older(draw(LEAK))).not.toContain('fire');
  });

  it.each([
    { limitMib: 50, first: 'fire', why: 'half of the way to it has been gone' },
    { limitMib: 1500, first: 'suspected', why: 'it is farther than the rise has been seen' },
    { limitMib: 100_000, first: 'suspected', why: 'it is not reached within a day' },
  ])('on the way to a limit of $limitMib MiB is at first sight: $first, for $why', ({ limitMib, first }) => {
    const seen = decisions({ ...draw(LEAK), limit: limitMib * 2 ** 20 });
    expect(seen[0]?.decision).toBe(first);
    expect(seen.filter(({ decision }) => decision === 'fire')).toHaveLength(1);
  });

  it('forecasts no limit from a rise whose memory has been given back', () => {
    const judged = (picture: string) => {
      const life = draw(picture, { perColumn: 20 });
      return analyzeLife({ ...life, limit: 400 * 2 ** 20 });
    };
    const rising = judged(RISE);
    const givenBack = judged(`${RISE}        ******`);
    expect([rising.verdict, givenBack.verdict]).toEqual(['leak', 'leak']);
    expect(rising.timeToLimitS?.value).toBeGreaterThan(0);
    expect(givenBack.timeToLimitS).toBeNull();
  });

  it('takes a look six hours after the first for no second one, unless it has more to see', () => {
    const context = { birth: 0, olderLifeGrewAlike: true };
    const first = nextLook(undefined, analyzeLife(climb(5)), context);
    const decisionAfter = (days: number) =>
      nextLook(first.state, analyzeLife(climb(5 + days)), context).decision;
    expect(first.decision).toBe('suspected');
    expect([decisionAfter(0.3), decisionAfter(0.55)]).toEqual(['suspected', 'fire']);
  });

  it('is not told by another rise since of one that ended long ago', () => {
    const rise = analyzeLife(climb(6));
    const { state } = nextLook(undefined, rise, { birth: 0 });
    const seen = { ...state, testedLows: 0, suspicion: { until: DAY, slopeBytesPerHour: 1 } };
    const context = { birth: 0, olderLifeGrewAlike: true };
    const ended = { ...rise, floor: { start: rise.floor!.start, end: rise.floor!.start + 0.04 * LEVEL } };
    expect(nextLook(seen, rise, context).decision).toBe('fire');
    expect(nextLook(seen, ended, context).decision).toBe('suspected');
  });

  it('takes a rise that began after the first sight for another one', () => {
    const life = draw(LEAK);
    const rise = analyzeLife(life);
    const { state } = nextLook(undefined, rise, { birth: 0 });
    const sight = (until: number) => ({
      ...state,
      testedLows: 0,
      suspicion: { until, slopeBytesPerHour: 1 },
    });
    const before = nextLook(sight(rise.onset!.t - 60_000), rise, { birth: 0 });
    expect(before.decision).toBe('suspected');
    expect(before.state.suspicion?.until).toBe(rise.confirmedUntil);
    expect(nextLook(sight(rise.onset!.t + 60_000), rise, { birth: 0 }).decision).toBe('fire');
  });

  it('holds back a rise that begins with the life', () => {
    const life = draw('   *\n  *\n **\n*', { perColumn: 60, rowMib: 20, stepS: 60 });
    const raised = { ...life, values: life.values.map((v) => v + 400 * 2 ** 20) };
    expect(decisions(raised).filter(({ decision }) => decision === 'fire')).toEqual([]);
  });

  it('holds back a rise to a limit that is near, until most of the way to it is done', () => {
    const life = draw('   *\n  *\n **\n*', { perColumn: 60, rowMib: 40, stepS: 60 });
    const values = life.values.map((v) => v + 180 * 2 ** 20);
    const fires = (limitMib: number) =>
      decisions({ ...life, values, limit: limitMib * 2 ** 20 }).some(({ decision }) => decision === 'fire');
    expect([fires(900), fires(600), fires(370)]).toEqual([false, false, true]);
  });

  it('measures a second sight by the rise as a whole where the first one was steeper', () => {
    const burst = draw(LEAK);
    const rise = analyzeLife(burst);
    const steep = { until: burst.times[Math.floor(0.75 * burst.times.length)]!, slopeBytesPerHour: 1e12 };
    const { state } = nextLook(undefined, rise, { birth: 0 });
    expect(nextLook({ ...state, testedLows: 0, suspicion: steep }, rise, { birth: 0 }).decision).toBe('fire');
  });

  it('counts what was tested again once collections tell fewer, better lows', () => {
    const life = draw(LEAK);
    const result = analyzeLife(life);
    const { state } = nextLook(undefined, result, { birth: 0 });
    // As if every reading had been a low until now, and the highest of them had held garbage.
    const before = { ...state, testedLows: 100 * result.lows, testedTop: 1e15, testedUntil: life.times[40]! };
    const after = nextLook(before, result, { birth: 0 });
    expect(after.decision).toBe('suspected');
    expect(after.state).toMatchObject({
      testedLows: result.lows,
      testedUntil: result.floorPoints.times.at(-1),
    });
  });

  it('never fires on quiet series', () => {
    for (const seed of [1, 2, 3, 4]) expect(decisions(draw('***************', { seed }))).toEqual([]);
  });

  it.each([
    { between: 'growth-unconfirmed', left: true },
    { between: 'warm-up', left: true },
    { between: 'stable', left: false },
    { between: 'step', left: false },
  ] as const)(
    'after a test in between that says $between, remembers the suspicion: $left',
    ({ between, left }) => {
      const first = nextLook(undefined, analyzeLife(climb(2.8)), { birth: 0 });
      const undecided = { ...analyzeLife(climb(4)), verdict: between };
      const { state, decision } = nextLook(first.state, undecided, { birth: 0 });
      expect(state.testedLows).toBeGreaterThan(first.state.testedLows);
      expect(decision).toBe('none');
      expect(state.suspicion).toEqual(left ? first.state.suspicion : null);
    },
  );

  it.each([
    { days: 5, more: 0.35, tested: true, why: 'six hours have passed' },
    { days: 5, more: 0.15, tested: false, why: 'it was tested of late' },
    { days: 8, more: 0.6, tested: false, why: 'of a rise of more than a week some hours say nothing' },
  ])('tests a suspected rise of $days days again after $more of a day: $tested, for $why', (row) => {
    const context = { birth: 0 };
    const first = nextLook(undefined, analyzeLife(climb(row.days)), context);
    expect(first.decision).toBe('suspected');
    const later = analyzeLife(climb(row.days + row.more));
    expect(dueAt(first.state, later) <= later.floorPoints.times.at(-1)!).toBe(row.tested);
    const { state } = nextLook(first.state, later, context);
    expect(state.testedLows > first.state.testedLows).toBe(row.tested);
    const calm = { ...first.state, suspicion: null };
    expect(nextLook(calm, later, context).state.testedLows).toBe(first.state.testedLows);
  });

  it.each([
    { days: 4, ofDay: undefined, told: false, why: 'no day was seen, and a week may swing by a fifth' },
    { days: 4, ofDay: 0.15, told: false, why: 'its days swing as much' },
    { days: 4, ofDay: 0.03, told: true, why: 'its days swing less' },
    { days: 6.5, ofDay: 0.15, told: true, why: 'it has risen by more than its days swing' },
  ])('of 3 % a day, after $days days: $why', ({ days, ofDay, told }) => {
    const context = { birth: 0, ...(ofDay === undefined ? {} : { daySwing: ofDay * LEVEL }) };
    const first = nextLook(undefined, analyzeLife(climb(0.7 * days)), context);
    const second = nextLook(first.state, analyzeLife(climb(days)), context);
    expect(first.decision).toBe('suspected');
    expect(second.decision).toBe(told ? 'fire' : 'suspected');
  });
});

const LEVEL = 800 * 2 ** 20;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Readings of each hour: straight up by 3.2 % of the level a day, with a little noise. */
function climb(days: number): Life {
  const noise = normal(random(7));
  const times = Float64Array.from({ length: 24 * days }, (_, hour) => hour * HOUR);
  const values = times.map((t) => LEVEL * (1 + (0.032 * t) / (24 * HOUR) + 0.004 * noise()));
  return { ...draw('*'), role: 'rss', times, values };
}

describe('daySwing()', () => {
  const wave = (swing: number) => {
    const { times, values } = climb(4);
    return { times, values: values.map((v, i) => v + (swing / 2) * Math.sin((2 * Math.PI * i) / 24)) };
  };

  it('says how far a day swings, growth apart', () => {
    expect((daySwing(wave(0.2 * LEVEL)) ?? 0) / LEVEL).toBeCloseTo(0.2, 1);
    expect((daySwing(wave(0)) ?? 1) / LEVEL).toBeLessThan(0.02);
  });

  it('says nothing of a life shorter than two days', () => {
    expect(daySwing(climb(1.5))).toBeUndefined();
  });
});
