import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ApiTrace, ApiTraceSpan } from '../../lib/http/trace-schemas.ts';
import { uncovered } from '../../lib/model/uncovered.ts';
import { meanBudget, traceBudget } from '../../web/src/trace/budget.ts';
import { causeText, ownCaller } from '../../web/src/trace/causes.ts';
import { findGap, gapId, gapUs, type Row, rowsOf } from '../../web/src/trace/model.ts';
import { GAPS, SUSPECTS } from '../browser/fixture-trace-sums.ts';
import { TRACES } from '../browser/fixture-traces.ts';

const [TRACE] = TRACES as [ApiTrace];

/** A tree as text: two blanks for each level, `~` for gaps, `<` for what was moved. */
const drawn = (rows: readonly Row[]) =>
  rows.map((row) =>
    row.kind === 'gap'
      ? `${'  '.repeat(row.depth)}~ ${row.gap.durationUs / 1000}`
      : `${'  '.repeat(row.depth)}${row.span.description}${row.movedFrom ? ` < ${row.movedFrom.description}` : ''}`,
  );

describe('rows of a waterfall', () => {
  it('stand under the repaired parents, gaps between them in time', () => {
    expect(drawn(rowsOf(TRACE, 'repaired'))).toEqual([
      'GET /checkout',
      '  SessionMiddleware',
      '    session:*',
      '    checkout.views.checkout',
      '      SELECT * FROM cart WHERE id = ?',
      '      GET pricing/quote < GET inventory/stock',
      '      GET inventory/stock',
      '      GET shipping/rates < GET pricing/quote',
      '      SELECT * FROM recommendation < GET shipping/rates',
      '      GET loyalty/points < SELECT * FROM recommendation',
      '      ~ 410',
      '      SELECT * FROM address',
      '      POST payments/intents',
      '      POST risk/score < POST payments/intents',
      '      ~ 76',
      '      checkout.html',
      '    session:*',
    ]);
  });

  it('stand under the parents that were sent', () => {
    const lines = drawn(rowsOf(TRACE, 'reported'));
    expect(lines).toContain('              GET loyalty/points < SELECT * FROM recommendation');
    expect(lines.filter((line) => !line.includes('~'))).toHaveLength(15);
  });

  it('show no gap that a child covers where it was sent', () => {
    const sent = (id: string, parent: string, from: number, to: number): ApiTraceSpan => ({
      ...TRACE.spans[0]!,
      ...{ spanId: id, description: id, parent: id === 'root' ? '' : 'root', reportedParent: parent },
      ...{ startUs: from * 1000, durationUs: (to - from) * 1000 },
    });
    const spans = [sent('root', '', 0, 100), sent('a', 'root', 0, 90), sent('b', 'a', 20, 30)];
    const gapOf = (spanId: string, from: number, to: number) => ({
      ...TRACE.gaps[0]!,
      ...{ spanId, startUs: from * 1000 + 1, durationUs: (to - from) * 1000 },
    });
    // Repaired, b stands beside a; as sent it covers a part of a's time.
    const trace = { ...TRACE, spans, gaps: [gapOf('a', 0, 90), gapOf('root', 90, 100)] };
    expect(drawn(rowsOf(trace, 'repaired'))).toEqual(['root', '  a', '    ~ 90', '  b < a', '  ~ 10']);
    expect(drawn(rowsOf(trace, 'reported'))).toEqual(['root', '  a', '    b < a', '  ~ 10']);
  });

  it('leave out what is folded', () => {
    const root = TRACE.spans[0]!.spanId;
    expect(drawn(rowsOf(TRACE, 'repaired', new Set([root])))).toEqual(['GET /checkout']);
  });

  it('hold every span once, whatever parents are sent: circles, strangers, itself', () => {
    const parents = fc.array(fc.integer({ min: -1, max: 12 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(parents, (of) => {
        const spans = of.map(
          (parent, i): ApiTraceSpan => ({
            ...TRACE.spans[0]!,
            spanId: `s${i}`,
            reportedParent: parent < 0 ? '' : `s${parent}`,
            parent: i === 0 ? '' : `s${parent}`,
          }),
        );
        for (const nesting of ['repaired', 'reported'] as const) {
          const rows = rowsOf({ ...TRACE, spans, gaps: [] }, nesting);
          expect(rows.map(({ id }) => id).sort()).toEqual(spans.map(({ spanId }) => spanId).sort());
          expect(rows[0]?.id).toBe('s0');
        }
      }),
    );
  });

  it('have a chain of ten thousand spans', () => {
    const spans = Array.from(
      { length: 10_000 },
      (_, i): ApiTraceSpan => ({
        ...TRACE.spans[0]!,
        spanId: `s${i}`,
        parent: i === 0 ? '' : `s${i - 1}`,
        reportedParent: '',
      }),
    );
    expect(rowsOf({ ...TRACE, spans, gaps: [] }, 'repaired').at(-1)?.depth).toBe(9999);
  });
});

describe('uncovered()', () => {
  it('is what no child covers, be they side by side, within each other, longer than their parent or of no length', () => {
    const children = [
      [10, 30],
      [20, 40],
      [22, 25],
      [50, 50],
      [60, 70],
      [95, 200],
      [300, 400],
    ] as const;
    expect(uncovered(0, 100, children)).toEqual([
      [0, 10],
      [40, 60],
      [70, 95],
    ]);
    expect(uncovered(0, 10, [])).toEqual([[0, 10]]);
    expect(uncovered(5, 9, [[0, 20]])).toEqual([]);
  });
});

describe('gaps', () => {
  it('count time once where they lie over one another', () => {
    const [gap] = TRACE.gaps as [ApiTrace['gaps'][number]];
    expect(gapUs(TRACE.gaps)).toBe(486_000);
    expect(gapUs([gap, { ...gap, startUs: gap.startUs + 10_000, durationUs: 20_000 }])).toBe(410_000);
  });
  it('are found by span and nearest length, or not at all', () => {
    const [first, second] = TRACE.gaps as [ApiTrace['gaps'][number], ApiTrace['gaps'][number]];
    expect(findGap(TRACE.gaps, gapId(second))).toBe(second);
    expect(findGap(TRACE.gaps, `${first.spanId}:400000`)).toBe(first);
    expect(findGap(TRACE.gaps, 'nobody:1')).toBeUndefined();
    expect(findGap(TRACE.gaps, null)).toBeUndefined();
  });
});

describe('words for causes', () => {
  it.each([
    [
      'library',
      'prefetch_related_objects › from_db (db/base.py), called from list_orders ← view (shop/views.py)',
      ['from_db', 'db/base.py, called by list_orders, shop/views.py, for view', true],
    ],
    ['app', 'zerofill ← parse (billing/dates.py)', ['zerofill', 'billing/dates.py, for parse', true]],
    [
      'library',
      'manager.<locals>.Related.get_queryset (django/db/models/fields/related_descr',
      ['Related.get_queryset', 'django/db/models/fields/related_descr', true],
    ],
    ['app', '3 smaller places', ['3 smaller places', '', true]],
    ['waiting', 'nothing to instrument in this process', ['waiting', 'nothing to instrument', false]],
    ['waiting', 'fetch (shop/api.py)', ['waiting', 'in fetch (shop/api.py)', false]],
    ['gc', 'garbage collection', ['garbage collection', '', false]],
    [
      'foreign',
      'blocked by GET /export: export_orders (export/api.py)',
      ["another request's work", 'GET /export held the loop in export_orders (export/api.py)', false],
    ],
  ] as const)('%s: %s', (kind, frame, [name, rest, isCode]) => {
    expect(causeText(kind, frame)).toEqual({ name, rest, isCode });
  });
  it('name the nearest function of the team’s own', () => {
    expect(ownCaller('library', 'get (a.py), called from product ← cart (b.py)')).toBe('product');
    expect(ownCaller('app', 'zerofill ← parse (b.py)')).toBe('zerofill');
    expect(ownCaller('waiting', 'nothing to instrument in this process')).toBe('');
  });
});

describe('where the time of a request goes', () => {
  const told = (budget: ReturnType<typeof traceBudget>) =>
    budget.parts.map(({ name, ms }) => `${name} ${Math.round(ms)}`);
  const sum = (budget: ReturnType<typeof traceBudget>) => budget.parts.reduce((all, { ms }) => all + ms, 0);

  it('adds up to the request, gaps named by what ran in them, the small ones together', () => {
    const sequential: ApiTrace = {
      ...TRACE,
      spans: TRACE.spans.filter(({ op }) => !op.startsWith('http.client')),
    };
    const budget = traceBudget(sequential);
    expect(told(budget)).toEqual([
      'Database 185',
      'Cache 23',
      'Rendering 80',
      'from_db 410',
      'gaps 76',
      'Own code 466',
    ]);
    expect(sum(budget)).toBeCloseTo(1240);
  });

  it('shares out what ran side by side', () => {
    const budget = traceBudget(TRACE);
    expect(sum(budget)).toBeCloseTo(1240);
    expect(told(budget)).toContain('Calls 746');
    expect(budget.parts.some(({ kind }) => kind === 'rest')).toBe(false);
  });

  it('is an average over requests, and nothing without any', () => {
    const budget = meanBudget(SUSPECTS, GAPS)!;
    expect(budget.ms).toBeCloseTo(SUSPECTS.totalMs / SUSPECTS.requests);
    expect(sum(budget)).toBeCloseTo(budget.ms);
    expect(meanBudget({ ...SUSPECTS, requests: 0 }, GAPS)).toBeUndefined();
  });
});
