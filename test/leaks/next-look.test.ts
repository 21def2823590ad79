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

  it('never fires on quiet series', () => {
    for (const seed of [1, 2, 3, 4]) expect(decisions(draw('***************', { seed }))).toEqual([]);
  });
});
