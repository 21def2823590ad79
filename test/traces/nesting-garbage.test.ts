// Whatever arrives: an answer, once per span, without a loop.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Span, Trace } from '../../lib/model/trace.ts';
import { checkNesting } from '../../lib/traces/nesting/index.ts';
import { repairEndpoint } from '../../lib/traces/nesting/repair.ts';
import { DEFAULTS } from '../../lib/traces/nesting/settings.ts';
import { Keys, tableOf } from '../../lib/traces/nesting/span-table.ts';
import { spanOf, traceOf } from './nesting-draw.ts';

const EPOCH = spanOf({}).start;
/** Few ids, so that they repeat, name themselves, and make cycles. */
const id = fc.constantFrom('root', 'a', 'b', 'c', 'd', 'e', 'f', 'g', '', 'gone');
const span: fc.Arbitrary<Span> = fc
  .record({
    spanId: id.filter((s) => s !== ''),
    parentSpanId: id,
    op: fc.constantFrom('db', 'http.client', 'function', 'cache.get', 'db.redis', ''),
    description: fc.constantFrom('x', 'y 1', 'y 2', "SELECT 'a'"),
    origin: fc.constantFrom('manual', 'auto.db.redis', 'auto.function.asyncio', ''),
    threadId: fc.constantFrom('1', '2', ''),
    startMs: fc.integer({ min: -5, max: 40 }),
    lengthUs: fc.constantFrom(0, 1, 300, 1500, 2500, 20_000, 500_000),
  })
  .map(({ startMs, lengthUs, ...rest }) => {
    const start = EPOCH + startMs * 1000;
    return spanOf({ ...rest, start, end: start + lengthUs });
  });
const trace: fc.Arbitrary<Trace> = fc
  .tuple(
    fc.array(span, { maxLength: 14 }),
    fc.constantFrom('python', 'node', ''),
    fc.constantFrom('/a', '/b'),
  )
  .map(([spans, platform, name]) => traceOf(spans, { platform, name }));

/** Steps from a span to the root; more than there are spans is a cycle. */
function depthOf(parent: Int32Array, i: number): number {
  let depth = 0;
  for (let at = i; at >= 0 && depth <= parent.length; at = parent[at]!) depth++;
  return depth;
}

describe('checkNesting of garbage', () => {
  it('answers each span once, with a parent in the trace and no cycle', () => {
    fc.assert(
      fc.property(fc.array(trace, { maxLength: 8 }), (traces) => {
        const report = checkNesting(traces);
        expect(report.traces).toHaveLength(traces.length);
        for (const { spans, parent, reported } of report.traces) {
          expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
          expect([parent.length, reported.length]).toEqual([spans.length, spans.length]);
          for (let i = 0; i < parent.length; i++)
            expect(depthOf(parent, i)).toBeLessThanOrEqual(parent.length);
        }
      }),
    );
  });

  it('repairs whatever it is given: parents start no later than their children', () => {
    fc.assert(
      fc.property(fc.array(trace, { minLength: 1, maxLength: 4 }), (traces) => {
        const keys = new Keys();
        const tables = traces.map((t) => tableOf(t, keys));
        const repairs = repairEndpoint(
          tables.map((table) => ({ table, isLayer: () => false })),
          DEFAULTS,
        );
        for (const [t, { parent, certainty }] of repairs.entries())
          for (let i = 0; i < parent.length; i++) {
            expect(parent[i]).toBeLessThan(i);
            if (parent[i]! >= 0)
              expect(tables[t]!.start[parent[i]!]).toBeLessThanOrEqual(tables[t]!.start[i]!);
            expect(certainty[i]).toBeGreaterThanOrEqual(0);
            expect(certainty[i]).toBeLessThanOrEqual(1);
          }
      }),
    );
  });

  it('gives the same answer whatever the order in which one process’s traces come', () => {
    fc.assert(
      fc.property(fc.array(trace, { minLength: 2, maxLength: 6 }), (traces) => {
        const forward = checkNesting(traces).traces.map(({ verdict }) => verdict);
        const backward = checkNesting(traces.toReversed()).traces.map(({ verdict }) => verdict);
        expect(backward.toReversed()).toEqual(forward);
      }),
    );
  });

  it('ignores where a trace lies in time', () => {
    fc.assert(
      fc.property(fc.array(trace, { maxLength: 5 }), fc.integer({ min: 0, max: 1e6 }), (traces, seconds) => {
        const shift = <T extends Span>(s: T): T => ({
          ...s,
          start: s.start + seconds * 1e6,
          end: s.end + seconds * 1e6,
        });
        const moved = traces.map((t) => ({ ...t, root: shift(t.root), spans: t.spans.map(shift) }));
        expect(checkNesting(moved).traces.map(({ edges }) => edges)).toEqual(
          checkNesting(traces).traces.map(({ edges }) => edges),
        );
      }),
    );
  });

  it('reads a long trace in which hundreds of spans are alive at once', () => {
    const n = 6000;
    const ends = (i: number) => EPOCH + i * 1000 + ((i * 7919) % 997) * 400 + 3000;
    const spans = Array.from({ length: n }, (_, i) =>
      spanOf({
        spanId: `s${i}`,
        parentSpanId: i === 0 ? 'root' : `s${i - 1}`,
        description: `step ${i}`,
        start: EPOCH + i * 1000,
        end: ends(i),
      }),
    );
    const keys = new Keys();
    const [repair] = repairEndpoint(
      [{ table: tableOf(traceOf(spans), keys), isLayer: () => false }],
      DEFAULTS,
    );
    expect(repair!.parent).toHaveLength(n);
  });
});
