import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DECOY_FACTOR,
  type Plan,
  planOf,
  REQUESTS_PER_S,
  ROUTES,
  type Route,
  RUN_S,
  WINDOW_S,
} from '../../lib/cli/demo/plan.ts';

const plans = fc.integer({ min: 0, max: 2 ** 31 - 1 }).map(planOf);
const holds = (check: (plan: Plan) => void) => fc.assert(fc.property(plans, check), { numRuns: 100 });

const STEP_S = 0.1; // onsets are drawn in tenths of a second, so every step lies within one rate
function meanShare(plan: Plan, route: Route, fromS: number): number {
  let [sum, steps] = [0, 0];
  for (let t = fromS + STEP_S / 2; t < RUN_S; t += STEP_S, steps++) sum += plan.ratesAt(t)[route];
  return sum / steps / REQUESTS_PER_S;
}

describe('planOf', () => {
  it('draws the leak, the decoy and the doubling route within their bounds, all different', () => {
    holds(({ leak, decoy, doubling }) => {
      expect(new Set([leak.unit, decoy.unit, doubling]).size).toBe(3);
      expect(leak.bytesPerUnit).toBeGreaterThanOrEqual(12_000);
      expect(leak.bytesPerUnit).toBeLessThanOrEqual(20_000);
      expect(leak.onsetS).toBeGreaterThanOrEqual(35);
      expect(leak.onsetS).toBeLessThanOrEqual(50);
      expect(decoy.bytesPerUnit).toBe(DECOY_FACTOR * leak.bytesPerUnit);
      expect(decoy.holdMs).toBe(2000);
    });
  });

  it('adds up to 150 requests per second at any time, also long after the run', () => {
    holds((plan) => {
      for (let t = 0; t < 3 * RUN_S; t += 1.7) {
        const rates = ROUTES.map((route) => plan.ratesAt(t)[route]);
        expect(Math.min(...rates)).toBeGreaterThan(0);
        expect(rates.reduce((sum, rate) => sum + rate)).toBeCloseTo(REQUESTS_PER_S, 6);
      }
    });
  });

  it('gives the leaking route the drawn share of the run, and 10 to 20 % of what follows the onset', () => {
    holds((plan) => {
      const { unit, onsetS, share } = plan.leak;
      expect(share).toBeGreaterThanOrEqual(0.1);
      expect(share).toBeLessThanOrEqual(0.2);
      expect(meanShare(plan, unit, 0)).toBeCloseTo(share, 3);
      const after = meanShare(plan, unit, onsetS);
      expect(after).toBeGreaterThan(0.099);
      expect(after).toBeLessThan(0.201);
    });
  });

  it('doubles one innocent route at the onset, and no other', () => {
    holds((plan) => {
      const { onsetS, unit } = plan.leak;
      if (onsetS % WINDOW_S === 0) return; // every rate is redrawn at this very moment
      const [before, after] = [plan.ratesAt(onsetS - 1e-6), plan.ratesAt(onsetS)];
      expect(after[plan.doubling]).toBeCloseTo(2 * before[plan.doubling], 6);
      expect(after[unit]).toBeLessThan(before[unit]);
    });
  });

  it('redraws every rate every 15 s', () => {
    holds((plan) => {
      for (let window = 1; window * WINDOW_S < RUN_S; window++) {
        const [before, after] = [plan.ratesAt(window * WINDOW_S - 1e-6), plan.ratesAt(window * WINDOW_S)];
        // A route at its cap may stay there.
        const moved = ROUTES.filter((route) => before[route] !== after[route]);
        expect(moved.length).toBeGreaterThanOrEqual(3);
      }
    });
  });

  it('keeps what the decoy holds at once under 13 MB, so that it fits beside the leak', () => {
    holds((plan) => {
      for (let t = 0; t < RUN_S; t += 5)
        expect(plan.ratesAt(t)[plan.decoy.unit] * 2 * plan.decoy.bytesPerUnit).toBeLessThan(13e6);
    });
  });

  it('repeats itself for a seed', () => {
    const facts = (plan: Plan) => JSON.stringify([plan, plan.ratesAt(0), plan.ratesAt(77)]);
    expect(facts(planOf(7))).toBe(facts(planOf(7)));
    expect(facts(planOf(7))).not.toBe(facts(planOf(8)));
  });
});
