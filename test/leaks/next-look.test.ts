import { describe, expect, it } from 'vitest';
import { analyzeLife, type Decision, type LookState, nextLook } from '../../lib/leaks/index.ts';
import type { Life } from '../../lib/model/leak.ts';
import { draw } from './draw.ts';

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

  it('fires at once when the limit is near', () => {
    const seen = decisions({ ...draw(LEAK), limit: 1500 * 2 ** 20 });
    expect(seen[0]?.decision).toBe('fire');
  });

  it('holds back a rise that begins with the life', () => {
    const life = draw('   *\n  *\n **\n*', { perColumn: 60, rowMib: 20, stepS: 60 });
    const raised = { ...life, values: life.values.map((v) => v + 400 * 2 ** 20) };
    expect(decisions(raised).filter(({ decision }) => decision === 'fire')).toEqual([]);
  });

  it('measures a second sight by the rise as a whole where the first one was steeper', () => {
    const burst = draw(LEAK);
    const rise = analyzeLife(burst);
    const steep = { until: burst.times[Math.floor(0.6 * burst.times.length)]!, slopeBytesPerHour: 1e12 };
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
});
