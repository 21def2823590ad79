import { describe, expect, it } from 'vitest';
import { checkNesting } from '../../lib/traces/nesting/index.ts';
import { spanOf, traceOf } from './nesting-draw.ts';

const S = 1_000_000;
const at = (second: number, lengthS: number) => ({
  start: spanOf({}).start + second * S,
  end: spanOf({}).start + (second + lengthS) * S,
});

/** One request from `second` on, for a second. */
const request = (id: string, second: number) =>
  traceOf([], {
    traceId: id,
    root: spanOf({ spanId: `root-${id}`, parentSpanId: '', op: 'http.server', ...at(second, 1) }),
  });
/** Work that lost its context: a trace of its own, whose root nothing outside called. */
const piece = (id: string, second: number, description = 'SELECT 1') =>
  traceOf([], {
    traceId: id,
    root: spanOf({ spanId: id, parentSpanId: '', op: 'db', description, ...at(second, 0.1) }),
  });

describe('fragmented traces', () => {
  const requests = [0, 10, 20, 30].map((second) => request(`r${second}`, second));
  const pieces = [0, 10, 20, 30].flatMap((s) => [0.1, 0.3, 0.5].map((d) => piece(`p${s + d}`, s + d)));

  it('are a finding of their own, and are not merged', () => {
    const report = checkNesting([...requests, ...pieces]);
    expect(report.fragmented).toHaveLength(1);
    expect(report.fragmented[0]).toMatchObject({
      endpoint: '/orders',
      units: 4,
      fragmentedUnits: 4,
      fragments: 12,
    });
    expect(report.fragmented[0]!.example.fragments).toHaveLength(3);
    expect(report.traces.every(({ spans, verdict }) => spans.length === 0 && verdict === 'ok')).toBe(true);
  });

  it('also where the pieces came inside the trace without a parent', () => {
    const inside = requests.map((r, i) => ({
      ...r,
      spans: pieces.slice(3 * i, 3 * i + 3).map(({ root }) => root),
    }));
    expect(checkNesting(inside).fragmented).toHaveLength(1);
  });

  it('are not made of a background job that runs between requests too', () => {
    const everywhere = Array.from({ length: 140 }, (_, i) => piece(`b${i}`, i / 4, 'heartbeat'));
    expect(checkNesting([...requests, ...everywhere]).fragmented).toEqual([]);
  });

  it('are not guessed where two requests could hold the piece', () => {
    const beside = requests.map((r, i) => ({
      ...request(`x${i}`, i * 10),
      name: '/other',
      traceId: `x${r.traceId}`,
    }));
    expect(checkNesting([...requests, ...beside, ...pieces]).fragmented).toEqual([]);
  });
});
