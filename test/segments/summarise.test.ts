import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { incrementsOf } from '../../lib/jobs/lives/counts.ts';
import { HOUR_MS, MINUTE_MS } from '../../lib/model/units.ts';
import type { Kind } from '../../lib/segments/kind.ts';
import { mergeAll } from '../../lib/segments/kind.ts';
import type { LevelColumn } from '../../lib/segments/kinds/columns.ts';
import { mergeCounters, mergeLevels } from '../../lib/segments/kinds/columns.ts';
import { KINDS, type KindName } from '../../lib/segments/kinds/index.ts';
import { countersOf, levelsOf, tallyOf } from '../../lib/segments/kinds/points.ts';
import {
  summariseCumulative,
  summariseDelta,
  summariseLevels,
  summariseTally,
} from '../../lib/segments/kinds/summarise.ts';
import { factsState, instancesState } from './states.ts';

const options = { seed: 20_261_124, numRuns: 300 };
const FINE = 5 * MINUTE_MS;
const BASE = Date.UTC(2031, 4, 6, 7);
const time = fc.nat(3 * HOUR_MS).map((after) => BASE + after);

const levels = fc
  .array(fc.record({ time, value: fc.integer({ min: -9, max: 9 }) }), { maxLength: 60 })
  .map(levelsOf);
const counters = fc
  .array(
    fc.record({
      time,
      start: fc.constantFrom(0, BASE, BASE + HOUR_MS),
      cells: fc.tuple(fc.nat(9), fc.integer({ min: -1, max: 9 })),
    }),
    { maxLength: 60 },
  )
  .map(countersOf);

describe('summariseLevels()', () => {
  it('keeps of every step the minimum, the maximum and the last value, each at a time when it stood', () => {
    fc.assert(
      fc.property(levels, (column) => {
        const kept = summariseLevels(column, FINE);
        const byStep = ({ times, values }: LevelColumn) =>
          [...Map.groupBy(times.keys(), (i) => Math.floor((times[i] as number) / FINE))].map(
            ([step, places]) => {
              const inside = places.map((i) => values[i] as number);
              return [
                step,
                Math.min(...inside),
                Math.max(...inside),
                inside.at(-1),
                times[places.at(-1) as number],
              ];
            },
          );
        expect(byStep(kept)).toEqual(byStep(column));
        expect(kept.times.length).toBeLessThanOrEqual(3 * byStep(column).length);
        const points = new Set(column.times.map((at, i) => `${at} ${column.values[i]}`));
        for (const [i, at] of kept.times.entries()) expect(points.has(`${at} ${kept.values[i]}`)).toBe(true);
      }),
      options,
    );
  });
});

describe('summariseCumulative()', () => {
  it('keeps every difference: of each step and of the whole', () => {
    fc.assert(
      fc.property(counters, (column) => {
        const sum = (one: typeof column) => {
          const { times, counts } = incrementsOf(one, 'cumulative', false);
          const steps = new Map<number, number>();
          for (const [i, at] of times.entries()) {
            const step = Math.floor(at / FINE);
            steps.set(step, (steps.get(step) ?? 0) + (counts[i] as number));
          }
          return [...steps];
        };
        expect(sum(summariseCumulative(column, FINE))).toEqual(sum(column));
      }),
      options,
    );
  });
});

describe.each([
  ['summariseLevels()', levels, summariseLevels],
  ['summariseCumulative()', counters, summariseCumulative],
  ['summariseDelta()', counters, summariseDelta],
  [
    'summariseTally()',
    fc
      .array(
        fc.tuple(
          time.map((at) => Math.floor(at / 1000)),
          fc.nat(9),
        ),
        { maxLength: 40 },
      )
      .map(tallyOf),
    summariseTally,
  ],
] as unknown as [string, fc.Arbitrary<never>, (column: never, stepMs: number) => unknown][])(
  '%s',
  (_, column, summarise) => {
    it('in fine steps and then in coarse ones gives the same as at once', () => {
      fc.assert(
        fc.property(column, (drawn) => {
          expect(summarise(summarise(drawn, FINE) as never, HOUR_MS)).toEqual(summarise(drawn, HOUR_MS));
        }),
        options,
      );
    });
  },
);

describe('kinds', () => {
  const states: { readonly [name: string]: fc.Arbitrary<unknown> } = {
    instance: instancesState,
    facts: factsState,
  };

  it.each(Object.keys(states) as KindName[])(
    '%s can be encoded once summarised, and summarising twice changes nothing',
    (name) => {
      const kind = KINDS[name] as Kind<unknown>;
      fc.assert(
        fc.property(states[name] as fc.Arbitrary<unknown>, (drawn) => {
          const once = kind.summarise?.(drawn, FINE);
          expect(kind.summarise?.(once, FINE)).toEqual(once);
          expect(kind.decode(kind.encode(once), kind.codecVersion)).toEqual(once);
        }),
        options,
      );
    },
  );

  it('summarise parts that lie in different steps as they summarise the whole', () => {
    fc.assert(
      fc.property(
        fc.array(levels, { maxLength: 4 }),
        fc.array(counters, { maxLength: 4 }),
        (some, others) => {
          const whole = mergeAll(some, mergeLevels) ?? levelsOf([]);
          const cut = (from: number): LevelColumn => {
            const places = [...whole.times.keys()].filter((i) => {
              const at = whole.times[i] as number;
              return at >= BASE + from && at < BASE + from + HOUR_MS;
            });
            return {
              times: places.map((i) => whole.times[i] as number),
              values: places.map((i) => whole.values[i] as number),
              conflict: whole.conflict,
            };
          };
          const hours = [0, HOUR_MS, 2 * HOUR_MS, 3 * HOUR_MS].map((from) =>
            summariseLevels(cut(from), FINE),
          );
          expect(summariseLevels(mergeAll(hours, mergeLevels) ?? whole, HOUR_MS)).toEqual(
            summariseLevels(whole, HOUR_MS),
          );
          const counts = mergeAll(others, mergeCounters);
          if (counts) expect(summariseDelta(counts, HOUR_MS).times.length).toBeLessThanOrEqual(4);
        },
      ),
      options,
    );
  });
});
