import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALL_WORK } from '../../lib/flame/functions.ts';
import { ONE, sketchOf } from '../../lib/model/sketch.ts';
import { OTHER_UNITS, unitKey } from '../../lib/model/unit-of-work.ts';
import { type Bound, boundedMap } from '../../lib/segments/kinds/bounded.ts';
import { mergeMaps } from '../../lib/segments/kinds/columns.ts';
import {
  type FunctionsState,
  functionKey,
  functionsKind,
  workKey,
} from '../../lib/segments/kinds/functions.ts';
import {
  boundedLatency,
  type LatencyState,
  latencyKey,
  latencyKind,
  noLatency,
} from '../../lib/segments/kinds/latency.ts';

describe('boundedMap()', () => {
  const bound: Bound<number> = { max: 4, other: () => 'other', merge: (a, b) => a + b };
  const map = fc
    .dictionary(fc.constantFrom(...'abcdefghij'), fc.nat(9))
    .map((entries) => boundedMap(new Map(Object.entries(entries)), bound));
  const merged = (...maps: readonly ReadonlyMap<string, number>[]) =>
    maps.reduce((a, b) => boundedMap(mergeMaps(a, b, bound.merge), bound));
  const sorted = (of: ReadonlyMap<string, number>) => [...of].sort();

  it('leaves merging commutative and associative, and every sum as it is', () => {
    fc.assert(
      fc.property(map, map, map, (a, b, c) => {
        const all = merged(a, b, c);
        expect(sorted(merged(a, merged(b, c)))).toEqual(sorted(all));
        expect(sorted(merged(c, b, a))).toEqual(sorted(all));
        expect(all.size).toBeLessThanOrEqual(5);
        const sum = [a, b, c].flatMap((one) => [...one.values()]).reduce((x, y) => x + y, 0);
        expect([...all.values()].reduce((x, y) => x + y, 0)).toBe(sum);
      }),
    );
  });
});

describe('a service that names its routes by raw paths', () => {
  const MAX = 5000;
  const other = latencyKey(unitKey(OTHER_UNITS), '');
  const unit = { ...noLatency, count: ONE, sum: BigInt(ONE), sketch: sketchOf([[1, ONE]]) };
  const unitsFrom = (first: number, count: number): LatencyState['units'] =>
    new Map(Array.from({ length: count }, (_, n) => [latencyKey(`http GET /orders/${first + n}`, ''), unit]));
  const requests = ({ units }: LatencyState) =>
    [...units.values()].reduce((sum, { count }) => sum + count, 0) / ONE;

  it('has as many units as any service needs, whatever it sends, and all of its requests', () => {
    const states = [0, 4000, 8000].map((first) => boundedLatency(unitsFrom(first, 4000)));
    const [a, b, c] = states as [LatencyState, LatencyState, LatencyState];
    const whole = latencyKind.merge(latencyKind.merge(a, b), c);
    expect(whole.units.size).toBe(MAX + 1);
    expect(requests(whole)).toBe(12_000);
    expect(whole.units.get(other)?.count).toBe(7000 * ONE);
    const otherwise = latencyKind.merge(c, latencyKind.merge(b, a));
    expect(latencyKind.encode(otherwise)).toEqual(latencyKind.encode(whole));
    expect(latencyKind.encode(boundedLatency(unitsFrom(0, 12_000)))).toEqual(latencyKind.encode(whole));
  });

  it('has functions of 2,000 units and of whole profiles, and knows how many profiles of others it saw', () => {
    const WHOLE = 20; // of as many versions
    const looked = { profiles: 1, short: 0, unprofiled: 0, us: 5n, squares: 25n };
    const spread = {
      seen: ONE,
      total: noLatency.sketch,
      self: noLatency.sketch,
      totalUs: 1n,
      selfUs: 1n,
      squares: 1n,
    };
    const work = (n: number) => ({
      basis: n < WHOLE ? ('profile' as const) : ('transaction' as const),
      unit: n < WHOLE ? ALL_WORK : `http GET /orders/${n}`,
      version: n < WHOLE ? String(n) : '',
    });
    const functionOf = (n: number) => functionKey({ ...work(n), name: 'query', file: '', inApp: 1 });
    const stateFrom = (first: number): FunctionsState => {
      const numbers = Array.from({ length: 1500 }, (_, n) => first + n);
      return {
        work: new Map(numbers.map((n) => [workKey(work(n)), looked])),
        functions: new Map(
          numbers.map((n) => [functionOf(n), { ...spread, products: 1n, examples: [], worst: [] }]),
        ),
      };
    };
    const [a, b, c] = [0, 1500, 3000].map(stateFrom) as [FunctionsState, FunctionsState, FunctionsState];
    const whole = functionsKind.merge(functionsKind.merge(a, b), c);
    expect(whole.work.size).toBe(WHOLE + 2001);
    expect(whole.functions.size).toBe(WHOLE + 2000);
    for (let n = 0; n < WHOLE; n += 1) expect(whole.functions.has(functionOf(n))).toBe(true);
    expect([...whole.work.values()].reduce((sum, { profiles }) => sum + profiles, 0)).toBe(4500);
    for (const other of [
      functionsKind.merge(functionsKind.merge(c, a), b),
      functionsKind.mergeMany?.([b, c, a]),
    ])
      expect(functionsKind.encode(other!)).toEqual(functionsKind.encode(whole));
  });
});
