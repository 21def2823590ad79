import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Kind, mergeAll, mergeStates } from '../../lib/segments/kind.ts';
import {
  type CounterColumn,
  type LevelColumn,
  mergeCounters,
  mergeLevels,
  mergeTallies,
  type TallyColumn,
} from '../../lib/segments/kinds/columns.ts';
import { KIND_NAMES, KINDS } from '../../lib/segments/kinds/index.ts';
import { countersOf, levelsOf, tallyOf } from '../../lib/segments/kinds/points.ts';
import { functionsState } from './functions-state.ts';
import {
  allocationsState,
  factsState,
  flameSection,
  instancesState,
  latencyState,
  spansState,
  whole,
} from './states.ts';

const STATES = {
  allocations: allocationsState,
  facts: factsState,
  flame: flameSection,
  functions: functionsState,
  instance: instancesState,
  latency: latencyState,
  spans: spansState,
};
const options = { seed: 20_310_507, numRuns: 200 };

describe.each(KIND_NAMES)('merge of kind %s', (name) => {
  const kind = KINDS[name] as Kind<unknown>;
  const state = STATES[name] as fc.Arbitrary<unknown>;
  const same = (a: unknown, b: unknown): void => {
    expect(kind.encode(a)).toEqual(kind.encode(b));
  };

  it('is commutative', () => {
    fc.assert(
      fc.property(state, state, (a, b) => same(kind.merge(a, b), kind.merge(b, a))),
      options,
    );
  });

  it('is associative', () => {
    fc.assert(
      fc.property(state, state, state, (a, b, c) =>
        same(kind.merge(kind.merge(a, b), c), kind.merge(a, kind.merge(b, c))),
      ),
      options,
    );
  });

  it('has empty() as its identity', () => {
    fc.assert(
      fc.property(state, (a) => {
        same(kind.merge(a, kind.empty()), a);
        same(kind.merge(kind.empty(), a), a);
      }),
      options,
    );
  });

  it('leaves both of its inputs as they were', () => {
    fc.assert(
      fc.property(state, state, (a, b) => {
        const before = [kind.encode(a), kind.encode(b)];
        kind.merge(a, b);
        expect([kind.encode(a), kind.encode(b)]).toEqual(before);
      }),
      options,
    );
  });

  it('mergeAll() and mergeStates() give what merging one after the other gives', () => {
    fc.assert(
      fc.property(fc.array(state, { maxLength: 7 }), (states) => {
        const merged = states.reduce((sum, one) => kind.merge(sum, one), kind.empty());
        same(mergeAll(states, kind.merge) ?? kind.empty(), merged);
        same(mergeStates(kind, states) ?? kind.empty(), merged);
      }),
      { ...options, numRuns: 80 },
    );
  });
});

// Points of one series as they may come in one upload: in any order, some twice, some with two values.
const time = fc.nat(6);
const levelPoints = fc.array(
  fc.record({ time, value: fc.oneof(fc.nat(3), fc.double({ noNaN: true, noDefaultInfinity: true })) }),
  { minLength: 1, maxLength: 12 },
);
const counterPoints = fc.array(
  fc.record({ time, start: fc.nat(2), cells: fc.array(fc.nat(2), { minLength: 3, maxLength: 3 }) }),
  { minLength: 1, maxLength: 12 },
);

describe('levelsOf(), countersOf() and tallyOf()', () => {
  it('give what merging columns of one point each gives', () => {
    fc.assert(
      fc.property(levelPoints, (points) => {
        const columns = points.map(
          (point): LevelColumn => ({
            times: [point.time],
            values: [point.value],
            conflict: false,
          }),
        );
        expect(levelsOf(points)).toEqual(columns.reduce(mergeLevels));
      }),
      { ...options, numRuns: 500 },
    );
    fc.assert(
      fc.property(counterPoints, (points) => {
        const columns = points.map(
          (point): CounterColumn => ({
            width: 3,
            times: [point.time],
            starts: [point.start],
            cells: point.cells,
            conflict: false,
          }),
        );
        expect(countersOf(points)).toEqual(columns.reduce(mergeCounters));
      }),
      { ...options, numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(time, whole), { minLength: 1, maxLength: 12 }), (points) => {
        const columns = points.map(([second, sum]): TallyColumn => ({ seconds: [second], sums: [sum] }));
        expect(tallyOf(points)).toEqual(columns.reduce(mergeTallies));
      }),
      { ...options, numRuns: 500 },
    );
  });
});

describe('mergeLevels()', () => {
  it('keeps the larger of two values under one time and tells of the conflict', () => {
    const a = { times: [1, 2], values: [5, 5], conflict: false };
    const b = { times: [2, 3], values: [7, 1], conflict: false };
    expect(mergeLevels(a, b)).toEqual({ times: [1, 2, 3], values: [5, 7, 1], conflict: true });
    expect(mergeLevels(a, a)).toEqual(a);
  });
});

describe('mergeTallies()', () => {
  it('adds, exactly, up to 2^53 − 1 and stops there', () => {
    const of = (sum: number) => ({ seconds: [9], sums: [sum] });
    expect(mergeTallies(of(2 ** 53 - 3), of(2)).sums).toEqual([2 ** 53 - 1]);
    expect(mergeTallies(of(2 ** 53 - 3), of(700)).sums).toEqual([2 ** 53 - 1]);
  });
});
