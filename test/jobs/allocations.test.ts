import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocatedIn } from '../../lib/formats/otlp/allocated.ts';
import { summaryOf } from '../../lib/jobs/answers/allocations.ts';
import { fold } from '../../lib/jobs/fold.ts';
import { unitKey } from '../../lib/model/unit-of-work.ts';
import { mergeAll } from '../../lib/segments/kind.ts';
import { allocationsKind } from '../../lib/segments/kinds/allocations.ts';
import { idOf } from '../segments/states.ts';
import { factsOf, NOON, ORDERS, report, span } from './facts.ts';

const MINUTE = 60_000;

/** What is stored of requests that allocated so many bytes, in one upload or in one each. */
function stored(bytes: readonly number[], together = true, weight = 1) {
  const spans = bytes.map((each, i) =>
    span({
      ...{ weight, spanId: String(i), start: NOON + i * 100 },
      allocated: { bytes: each, top: [{ file: 'cart.py', bytes: Math.max(1, each) }] },
    }),
  );
  const uploads = together ? [spans] : spans.map((one) => [one]);
  const states = uploads.flatMap((work, i) =>
    fold({
      ...{ project: 'p', uploadId: idOf(i), from: NOON - MINUTE, to: NOON + MINUTE },
      facts: factsOf([report({ work })]),
    }).parts.flatMap(({ sections }) => sections.allocations ?? []),
  );
  return mergeAll(states, allocationsKind.merge);
}
const unitOf = (state: ReturnType<typeof stored>) => state!.units.get(unitKey(ORDERS));

describe('what requests say that they allocated', () => {
  it('is read from the span, with its largest allocators', () => {
    const attributes = new Map<string, string | number | boolean>([
      ['memory.allocated_bytes', '12345'],
      ['memory.top_allocator.0.file', 'app/cart.py:0'],
      ['memory.top_allocator.0.size_bytes', 9000],
      ['memory.top_allocator.2.file', 'x.py'],
      ['memory.top_allocator.2.size_bytes', -5],
      ['memory.top_allocator.3.file', 'no size'],
    ]);
    expect(allocatedIn(attributes)).toEqual({ bytes: 12_345, top: [{ file: 'app/cart.py', bytes: 9000 }] });
    for (const odd of ['', 'much', true, Number.NaN, 1e300])
      expect(allocatedIn(new Map([['memory.allocated_bytes', odd]]))).toBeUndefined();
  });

  it('has a middle and a mean that one large request does not move, with its sign', () => {
    const usual = [-2000, 500, 800, 800, 1000, 1000, 1000, 1200, 1500, 5_000_000];
    const { requests, medianBytes, trimmedMeanBytes, top } = summaryOf(unitOf(stored(usual))!);
    expect(requests).toBe(10);
    expect(medianBytes / 1000).toBeCloseTo(1, 1);
    expect(trimmedMeanBytes / 975).toBeCloseTo(1, 1);
    expect(top).toMatchObject([{ file: 'cart.py', requests: 10 }]);
    expect(summaryOf(unitOf(stored([-700, -900, -800]))!).medianBytes / -800).toBeCloseTo(1, 1);
  });

  it('is weighted by sampling, and is the same however the uploads were cut', () => {
    expect(summaryOf(unitOf(stored([1000], true, 20))!).requests).toBe(20);
    const bytes = fc.array(fc.integer({ min: -1e9, max: 1e9 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(bytes, (some) => {
        const whole = unitOf(stored(some))!;
        expect(allocationsKind.encode(stored(some, false)!)).toEqual(allocationsKind.encode(stored(some)!));
        const { medianBytes } = summaryOf(whole);
        expect(medianBytes).toBeGreaterThanOrEqual(1.02 * Math.min(...some, 0) - 1);
        expect(medianBytes).toBeLessThanOrEqual(1.02 * Math.max(...some, 0) + 1);
      }),
      { numRuns: 50 },
    );
  });

  it('is not there where no span says it', () => {
    const facts = factsOf([report({ work: [span()] })]);
    const { parts } = fold({
      project: 'p',
      uploadId: idOf(1),
      from: NOON - MINUTE,
      to: NOON + MINUTE,
      facts,
    });
    expect(parts[0]!.sections.allocations).toBeUndefined();
  });
});
