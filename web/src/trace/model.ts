import type { ApiTrace, ApiTraceSpan } from '../../../lib/http/trace-schemas.ts';
import { cutCycles } from '../../../lib/model/cycles.ts';
import { type Interval, uncovered } from '../../../lib/model/uncovered.ts';

// A trace as rows: spans under their parents, and the time inside a span that no child covers as a row of its own.

export type Nesting = 'repaired' | 'reported';
export type ApiTraceGap = ApiTrace['gaps'][number];

export interface SpanRow {
  readonly kind: 'span';
  readonly id: string;
  readonly depth: number;
  readonly span: ApiTraceSpan;
  /** Row under which it stands; undefined for the root. */
  readonly parent: string | undefined;
  /** Stretches that no child covers, µs since the trace's start. */
  readonly self: readonly Interval[];
  /** Where the sender put it, if that is another place than this. */
  readonly movedFrom: ApiTraceSpan | undefined;
  readonly ambiguous: boolean;
  readonly children: number;
}
export interface GapRow {
  readonly kind: 'gap';
  readonly id: string;
  readonly depth: number;
  readonly gap: ApiTraceGap;
  readonly parent: string;
}
export type Row = SpanRow | GapRow;

/** How a gap is named in a URL: the span whose time it is, and its length, since a span may have several. */
export const gapName = (spanId: string, durationUs: number): string => `${spanId}:${Math.round(durationUs)}`;

export const gapId = ({ spanId, durationUs }: ApiTraceGap): string => gapName(spanId, durationUs);

/** What a span is called in sentences and tables; the root bears the transaction's name. */
export function spanName(trace: ApiTrace, span: ApiTraceSpan): string {
  if (span.spanId === trace.spans[0]?.spanId) return trace.transaction;
  return span.description === '' ? span.op : `${span.op} ${span.description}`;
}
/** The part of the name that is read first. */
export const spanTitle = (span: ApiTraceSpan): string => span.description || span.op;

/** Everything that rows are made of, by span id. A parent that is not here, and a circle of parents, end at the root. */
function treeOf(trace: ApiTrace, nesting: Nesting) {
  const byId = new Map(trace.spans.map((span) => [span.spanId, span]));
  const root = trace.spans[0]?.spanId ?? '';
  const rest = [...byId.values()].filter(({ spanId }) => spanId !== root);
  const index = new Map(rest.map(({ spanId }, i) => [spanId, i]));
  const nameOf = (span: ApiTraceSpan) => (nesting === 'repaired' ? span.parent : span.reportedParent);
  const parents = cutCycles(Int32Array.from(rest, (span) => index.get(nameOf(span)) ?? -1));
  const parentOf = ({ spanId }: ApiTraceSpan) => rest[parents[index.get(spanId) ?? -1] ?? -1]?.spanId ?? root;
  const children = Map.groupBy(rest, parentOf);
  for (const list of children.values())
    list.sort((a, b) => a.startUs - b.startUs || b.durationUs - a.durationUs);
  return { byId, root, children };
}

/** Rows from top to bottom; what lies under a folded span is left out. Every span is there once, whatever was sent. */
export function rowsOf(trace: ApiTrace, nesting: Nesting, folded: ReadonlySet<string> = new Set()): Row[] {
  const { byId, root, children } = treeOf(trace, nesting);
  const ambiguous = new Set(trace.ambiguous.flatMap(({ spanIds }) => spanIds));
  const gaps = Map.groupBy(trace.gaps, ({ spanId }) => spanId);
  const rows: Row[] = [];
  const first = byId.get(root);
  // A stack of our own: a chain of spans may be deeper than calls may go.
  const todo: (SpanRow | GapRow)[] = [];
  const spanRow = (span: ApiTraceSpan, depth: number, parent: string | undefined): SpanRow => {
    const { spanId, reportedParent } = span;
    const below = children.get(spanId) ?? [];
    const wasElsewhere = spanId !== root && span.parent !== reportedParent;
    return {
      kind: 'span',
      id: spanId,
      depth,
      span,
      parent,
      self: uncovered(...intervalOf(span), below.map(intervalOf)),
      movedFrom: wasElsewhere ? byId.get(reportedParent) : undefined,
      ambiguous: ambiguous.has(spanId),
      children: below.length,
    };
  };
  if (first) todo.push(spanRow(first, 0, undefined));
  while (todo.length > 0) {
    const row = todo.pop() as Row;
    rows.push(row);
    if (row.kind === 'gap' || folded.has(row.id)) continue;
    const depth = row.depth + 1;
    const below: Row[] = [
      ...(children.get(row.id) ?? []).map((span) => spanRow(span, depth, row.id)),
      ...(gaps.get(row.id) ?? [])
        .filter((gap) => nesting === 'repaired' || isUncovered(gap, row))
        .map((gap): GapRow => ({ kind: 'gap', id: gapId(gap), depth, gap, parent: row.id })),
    ];
    below.sort((a, b) => startOf(a) - startOf(b));
    todo.push(...below.reverse());
  }
  return rows;
}

/** Whether it is a gap under these children too: gaps are found under the repaired parents. Times are rounded by parts. */
const isUncovered = ({ startUs, durationUs }: ApiTraceGap, { self }: SpanRow) =>
  self.some(([from, to]) => from <= startUs + 2 && startUs + durationUs <= to + 2);

const intervalOf = ({ startUs, durationUs }: ApiTraceSpan): Interval => [startUs, startUs + durationUs];
const startOf = (row: Row) => (row.kind === 'span' ? row.span.startUs : row.gap.startUs);

/** Time that no span accounts for: gaps of different spans may lie over one another. */
export function gapUs(gaps: readonly ApiTraceGap[]): number {
  let [sum, until] = [0, Number.NEGATIVE_INFINITY];
  for (const { startUs, durationUs } of [...gaps].sort((a, b) => a.startUs - b.startUs)) {
    const end = startUs + durationUs;
    sum += Math.max(0, end - Math.max(startUs, until));
    until = Math.max(until, end);
  }
  return sum;
}

export const largestGap = (gaps: readonly ApiTraceGap[]): ApiTraceGap | undefined =>
  [...gaps].sort((a, b) => b.durationUs - a.durationUs)[0];

/** The gap that a URL names: of that span the one whose length is nearest. */
export function findGap(gaps: readonly ApiTraceGap[], name: string | null): ApiTraceGap | undefined {
  const [spanId = '', us = ''] = (name ?? '').split(':');
  const length = Number(us);
  return gaps
    .filter((gap) => gap.spanId === spanId)
    .sort((a, b) => Math.abs(a.durationUs - length) - Math.abs(b.durationUs - length))[0];
}
