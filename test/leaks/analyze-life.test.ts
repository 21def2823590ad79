import { describe, expect, it } from 'vitest';
import { analyzeLife } from '../../lib/leaks/index.ts';
import { draw } from './draw.ts';

describe('analyzeLife() on drawn series', () => {
  it('calls a rise after a quiet stretch a leak, and finds where it begins', () => {
    const result = analyzeLife(
      draw(`
                     *
                    *
                   *
                  *
                 *
                *
      **********
      `),
    );
    expect(result.verdict).toBe('leak');
    expect(result.onset!.low).toBeLessThanOrEqual(9 * 8 * 15_000);
    expect(result.onset!.high).toBeGreaterThanOrEqual(9 * 8 * 15_000);
  });

  it('calls a quiet series stable', () => {
    expect(analyzeLife(draw('************************')).verdict).toBe('stable');
  });

  it('calls a held jump a step', () => {
    const result = analyzeLife(
      draw(
        `
                  ***********

      ************
      `,
        { perColumn: 3 },
      ),
    );
    expect(result.verdict).toBe('step');
  });

  it('calls a rise that levels off no leak', () => {
    const result = analyzeLife(
      draw(`
                  **************
              ****
            **
           *
          *
      ****
      `),
    );
    expect(result.verdict).not.toBe('leak');
  });
});
