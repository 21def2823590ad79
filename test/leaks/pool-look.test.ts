import { describe, expect, it } from 'vitest';
import { analyzeCohort, type CohortResult, type LookState, nextLook } from '../../lib/leaks/index.ts';

type Pool = NonNullable<CohortResult['pool']>;
/** No life says anything by itself. */
const NO_RESULT = analyzeCohort([]);

/** Decisions over pools that grow by one life each, whose slopes are given. */
function decisions(slopes: readonly number[], isLeak: (lives: number) => boolean, isLong = true) {
  let look: LookState | undefined;
  return slopes.map((_, last) => {
    const lives = slopes.slice(0, last + 1).map((perMs, i) => ({ birth: 1000 * (i + 1), perMs, weight: 1 }));
    const pool: Pool = { slopes: lives, isLeak: isLeak(lives.length), isLong };
    const { state, decision } = nextLook(look, NO_RESULT, { birth: 0, pool });
    look = JSON.parse(JSON.stringify(state)) as LookState;
    return decision;
  });
}

const always = () => true;

describe('nextLook() of lives that speak together', () => {
  it('fires when a life of days that was born after the first sight goes on like those before', () => {
    expect(decisions([4, 5, 4, 4.5], always)).toEqual(['none', 'none', 'suspected', 'fire']);
  });

  it('waits for more of shorter lives', () => {
    const seen = decisions([4, 5, 4, 4.5, 4, 4.2, 4.4, 4.1], always, false);
    expect(seen.indexOf('suspected')).toBe(4);
    expect(seen.indexOf('fire')).toBe(6);
  });

  it('lets a rise that is no leak yet part old lives from new ones', () => {
    expect(decisions([4, 5, 4, 4.5], (lives) => lives >= 4).at(-1)).toBe('fire');
  });

  it('does not fire when the new lives do not rise', () => {
    expect(decisions([4, 5, 4, 0, 0.5, 0.2], always)).not.toContain('fire');
  });

  it('goes on testing when old lives leave what is kept', () => {
    let look: LookState | undefined;
    const seen: string[] = [];
    for (let first = 0; first < 12; first++) {
      const slopes = Array.from({ length: 8 }, (_, i) => ({
        birth: 1000 * (first + i + 1),
        perMs: first < 6 ? (i % 2 ? 1 : -1) : 4 + (i % 2) / 10,
        weight: 1,
      }));
      const pool: Pool = { slopes, isLeak: first >= 6, isLong: true };
      const { state, decision } = nextLook(look, NO_RESULT, { birth: 0, pool });
      look = state;
      seen.push(decision);
    }
    expect(seen).toContain('fire');
  });
});
