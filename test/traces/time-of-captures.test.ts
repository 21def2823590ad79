import { describe, expect, it } from 'vitest';
import { quantileUs, sketchOf } from '../../lib/model/sketch.ts';
import { analyzeTraces, type TracesResult } from '../../lib/traces/analyze.ts';
import { compareLatency } from '../../lib/traces/latency-shift.ts';
import { quantileOfSorted } from '../../lib/traces/quantile.ts';
import { capturedTraces, truthOf } from './captures.ts';

// The two cases of Sentry's post on profiling, from real programs that measured themselves.

const transaction = (result: TracesResult, name: string) =>
  result.transactions.find(({ unit }) => unit.name === name)!;
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe('prefetch_related in Django', () => {
  const result = analyzeTraces(capturedTraces('sentry-django-prefetch'));
  const { perRequest } = truthOf<{
    perRequest: { path: string; queries: [number, number, string][] }[];
  }>('sentry-django-prefetch');
  const gaps = transaction(result, 'GET /users').gaps;
  /** Milliseconds of Python between two queries of all requests. */
  const between = (first: number) =>
    sum(
      perRequest
        .filter(({ path }) => path === '/users')
        .map(({ queries }) => (queries[first + 1]![0] - queries[first]![1]) * 1000),
    );

  it('ranks the gaps between the queries by what they cost', () => {
    expect(gaps[0]!.after).toContain('FROM "app_projectteam"');
    expect(gaps[0]!.before).toContain('FROM "app_project"');
    expect(gaps[1]!.before).toContain('FROM "app_projectteam"');
    expect(gaps[0]!.frequency).toBe(1);
  });

  it('explains them to 15 % of what the program measured', () => {
    for (const [i, first] of [2, 1].entries()) {
      const truth = between(first);
      expect(Math.abs(gaps[i]!.causes[0]!.ms - truth) / truth).toBeLessThan(0.15);
      expect(gaps[i]!.coverage).toBeGreaterThan(0.6);
    }
  });

  it('names the work of prefetch_related_objects and who called it', () => {
    const [cause] = gaps[0]!.causes;
    expect(cause!.kind).toBe('library');
    expect(cause!.frame).toContain('prefetch_related_objects');
    expect(cause!.frame).toContain('called from users');
    expect(cause!.callers[0]).toBe('users');
  });

  it('finds nothing of the kind after the fix', () => {
    expect(transaction(result, 'GET /users/joined').gaps).toEqual([]);
  });
});

describe('dates parsed by dateutil', () => {
  const before = capturedTraces('sentry-dateparse-before');
  const after = capturedTraces('sentry-dateparse-after');
  const slow = transaction(analyzeTraces(before), 'GET series');
  interface Truth {
    readonly perRequest: { zerofillMs: number; smoothMs: number; totalMs: number; points: number }[];
  }
  const truth = truthOf<Truth>('sentry-dateparse-before').perRequest;
  const truthAfter = truthOf<Truth>('sentry-dateparse-after').perRequest;

  it('explains zerofill to 15 % of what the program measured', () => {
    const gap = slow.gaps.find(({ within }) => within.includes('transform_results'))!;
    const parsing = gap.causes.filter(({ callers }) => callers.includes('parse_datetime'));
    const measured = sum(truth.filter(({ points }) => points === 4000).map(({ zerofillMs }) => zerofillMs));
    expect(Math.abs(sum(parsing.map(({ ms }) => ms)) - measured) / measured).toBeLessThan(0.15);
    expect(parsing[0]!.frame).toMatch(/dateutil.*called from parse_datetime ← zerofill/);
  });

  it('adds up zerofill and smooth to 15 % of what the program measured, before the fix, and smooth after it', () => {
    const runs = [
      [slow, 'zerofill', sum(truth.map(({ zerofillMs }) => zerofillMs))],
      [slow, 'smooth', sum(truth.map(({ smoothMs }) => smoothMs))],
      [
        transaction(analyzeTraces(after), 'GET series'),
        'smooth',
        sum(truthAfter.map(({ smoothMs }) => smoothMs)),
      ],
    ] as const;
    for (const [{ functions }, name, measured] of runs) {
      const explained = functions.find((one) => one.name === name)!.total.sum;
      expect(Math.abs(explained - measured) / measured).toBeLessThan(0.15);
    }
  });

  it('explains the one gap that smooth makes to 15 %', () => {
    const gap = slow.gaps.find(({ within }) => within.includes('smooth'))!;
    const measured = sum(truth.map(({ smoothMs }) => smoothMs).filter((ms) => ms >= 20));
    expect(gap.causes.map(({ kind, callers }) => [kind, callers[0]])).toEqual([['app', 'smooth']]);
    expect(Math.abs(gap.causes[0]!.ms - measured) / measured).toBeLessThan(0.15);
  });

  it('says that zerofill is usually fast, sometimes slow, and smooth is not', () => {
    const spread = (name: string) => slow.functions.find((one) => one.name === name)?.spread;
    expect(spread('zerofill')).toBe('usually fast, sometimes slow');
    expect(spread('smooth')).toBe('steady');
    expect(spread('series')).toBe('steady');
  });

  it('says by how much the p95 fell with the fix, within 5 points', () => {
    const both = analyzeTraces({
      traces: [...before.traces, ...after.traces],
      profiles: [...before.profiles, ...after.profiles],
    });
    const { shift, versions } = transaction(both, 'GET series');
    const p95 = (requests: Truth['perRequest']) =>
      quantileOfSorted(
        requests.map(({ totalMs }) => totalMs).sort((a, b) => a - b),
        0.95,
      );
    const change = p95(truthAfter) / p95(truth) - 1;
    expect(versions.map(({ version }) => version)).toEqual(['1.4.2', '1.4.3']);
    expect(shift!.p95.verdict).toBe('improvement');
    expect(shift!.p95.change).toBeGreaterThan(change - 0.05);
    expect(shift!.p95.change).toBeLessThan(change + 0.05);
  });

  it('sees no change within one version', () => {
    const us = before.traces.map(({ root }) => root.end - root.start);
    const side = (rest: number) => {
      const half = us.filter((_, i) => i % 2 === rest);
      return { sketch: sketchOf(half.map((value) => [value, 1000] as const)), requests: half.length };
    };
    expect(quantileUs(side(0).sketch, 0.95)).toBeGreaterThan(0);
    expect(compareLatency(side(0), side(1)).verdict).toBe('no-change');
  });
});
