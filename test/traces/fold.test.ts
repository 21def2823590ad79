// What a join counts must not depend on how traces are dealt out to minutes, as long as all of them bear witness.
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSet } from '../../bench/traces/labelled.ts';
import type { Trace } from '../../lib/model/trace.ts';
import { spansKind } from '../../lib/segments/kinds/spans.ts';
import { foldTraces } from '../../lib/traces/fold.ts';

const recorded = (name: string, count: number): Trace[] =>
  readSet(fileURLToPath(new URL(`../fixtures/nesting/${name}.jsonl.gz`, import.meta.url)))
    .slice(0, count)
    .map(({ trace }) => trace);

/** All in one partition. */
function folded(traces: readonly Trace[], isAsked: (index: number) => boolean = () => true) {
  const parts = foldTraces({ traces, profiles: [], isAsked }, () => 0);
  return parts.map(({ state }) => state).reduce(spansKind.merge, spansKind.empty());
}

describe('foldTraces()', () => {
  it.each(['sentry-random-late', 'otlp-go-nested'])(
    '%s: two halves that bear witness for each other add up to the whole',
    (name) => {
      const traces = recorded(name, 16);
      const whole = spansKind.encode(folded(traces));
      fc.assert(
        fc.property(fc.array(fc.boolean(), { minLength: 16, maxLength: 16 }), (first) => {
          const halves = [true, false].map((half) => folded(traces, (i) => first[i] === half));
          expect(spansKind.encode(spansKind.merge(halves[0]!, halves[1]!))).toEqual(whole);
        }),
        { seed: 20_310_508, numRuns: 6 },
      );
    },
  );

  it('judges a trace by its witnesses, and counts it alone', () => {
    const traces = recorded('sentry-web-early', 30);
    const sum = (state: ReturnType<typeof folded>) =>
      [...state.units.values()].reduce((total, unit) => total + unit.misnested, 0);
    const all = folded(traces);
    const one = traces.findIndex((_, i) => sum(folded(traces, (k) => k === i)) === 1);
    const alone = folded(traces, (k) => k === one);
    expect(sum(all)).toBeGreaterThan(20);
    expect([...alone.units.values()].map(({ requests, misnested }) => [requests, misnested])).toEqual([
      [1, 1],
    ]);
    expect([...alone.deployments.values()].map(({ traces: seen, misnested }) => [seen, misnested])).toEqual([
      [1, 1],
    ]);
  });

  it('weighs sampled requests by what they stand for, and counts those that were seen', () => {
    const traces = recorded('sentry-random-late', 4).map((trace) => ({ ...trace, weight: 10 }));
    const units = [...folded(traces).units.values()];
    const total = (of: (unit: (typeof units)[number]) => number) =>
      units.reduce((sum, unit) => sum + of(unit), 0);
    expect([total(({ requests }) => requests), total(({ weight }) => weight)]).toEqual([4, 40_000]);
  });
});
