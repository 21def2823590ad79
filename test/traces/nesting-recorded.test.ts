// Recorded traces whose true parents are known: see test/fixtures/nesting.
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Labelled, readSet } from '../../bench/traces/labelled.ts';
import { checkNesting, type NestedTrace } from '../../lib/traces/nesting/index.ts';

const recorded = (name: string) =>
  readSet(fileURLToPath(new URL(`../fixtures/nesting/${name}.jsonl.gz`, import.meta.url)));

function rightShare(
  labelled: readonly Labelled[],
  nested: readonly NestedTrace[],
  of: 'parent' | 'reported',
) {
  let right = 0;
  let known = 0;
  for (const [t, { truth }] of labelled.entries()) {
    const { spans, trace, [of]: parent } = nested[t]!;
    for (const [i, { spanId }] of spans.entries()) {
      if (!truth.has(spanId)) continue;
      known++;
      if ((spans[parent[i]!]?.spanId ?? trace.root.spanId) === truth.get(spanId)) right++;
    }
  }
  return right / known;
}

const isWrong = ({ trace, truth }: Labelled) => {
  const sent = new Set(trace.spans.map(({ spanId }) => spanId));
  return trace.spans.some((s) => {
    const parent = sent.has(s.parentSpanId) ? s.parentSpanId : trace.root.spanId;
    return truth.has(s.spanId) && truth.get(s.spanId) !== parent;
  });
};

describe('recorded traces', () => {
  it.each([
    ['sentry-web-early', 0.98, 0.97],
    ['sentry-random-early-forget', 0.96, 0.8],
    ['otlp-python-shared', 0.98, 0.85], // few of each endpoint
  ])(
    '%s: finds at least %s of the wrong ones, none of the right ones, and repairs %s of the parents',
    (name, found, right) => {
      const labelled = recorded(name);
      const { traces, deployments } = checkNesting(labelled.map(({ trace }) => trace));
      const called = (wrong: boolean) =>
        traces.filter(({ verdict }, t) => verdict === 'misnested' && isWrong(labelled[t]!) === wrong).length;
      expect(called(true) / labelled.filter(isWrong).length).toBeGreaterThanOrEqual(found);
      expect(called(false)).toBe(0);
      expect(rightShare(labelled, traces, 'reported')).toBeLessThan(0.75);
      expect(rightShare(labelled, traces, 'parent')).toBeGreaterThanOrEqual(right);
      expect(deployments.map(({ verdict }) => verdict)).toEqual(['misnested']);
    },
  );

  it.each(['sentry-random-late', 'sentry-random-late-nospans-forget', 'otlp-node-nested', 'otlp-go-nested'])(
    '%s: scopes are apart, so nothing is misnested, whole or by single endpoints and traces',
    (name) => {
      const traces = recorded(name).map(({ trace }) => trace);
      const parts = [traces, ...Map.groupBy(traces, (t) => t.name).values()];
      if (traces[0]!.platform !== 'python') parts.push(...traces.map((t) => [t]));
      for (const part of parts)
        expect(checkNesting(part).traces.filter(({ verdict }) => verdict === 'misnested')).toEqual([]);
    },
  );

  it('right traces keep the parents that were sent', () => {
    const { traces } = checkNesting(recorded('sentry-random-late').map(({ trace }) => trace));
    for (const { spans, parent, trace } of traces)
      for (const [i, s] of spans.entries())
        expect(spans[parent[i]!]?.spanId ?? trace.root.spanId).toBe(s.parentSpanId);
  });
});
