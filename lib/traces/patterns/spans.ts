import type { Span } from '../../model/trace.ts';
import { descriptionGroup } from '../description-group.ts';
import type { SpanTree } from '../tree.ts';
import type { Pattern, PatternThresholds } from './thresholds.ts';

// Patterns of spans that have one parent. On wrong nesting they see nothing, or the wrong thing: give repaired trees.

const US_PER_MS = 1000;
const MAX_IDS = 50;

const msOf = ({ start, end }: Span) => (end - start) / US_PER_MS;
const longestMs = (spans: readonly Span[]) => spans.reduce((most, span) => Math.max(most, msOf(span)), 0);
const sumMs = (spans: readonly Span[]) => spans.reduce((sum, span) => sum + msOf(span), 0);
const groupOf = ({ op, description }: Span) => descriptionGroup(op, description);
const idsOf = (spans: readonly Span[]) => spans.slice(0, MAX_IDS).map(({ spanId }) => spanId);
const rounded = (ms: number) => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;

/** Statements that begin so, and drivers' names of their own steps: `pg-pool.connect`, Go's `sql.rows`, `PDO::commit`. */
const NO_QUERY =
  /^(connect|begin|commit|rollback|savepoint|release|set|show|ping)\b|^([\w-]+(\.|::))*(__construct|connect|ping|prepare|rows|reset_session|begin_?(tx|transaction)?|commit|rollback)$/i;
/** Queries of a database; not connects, transactions and key-value stores, which many requests do in numbers. */
const isQuery = ({ op, description }: Span) =>
  op.startsWith('db') && !op.startsWith('db.redis') && !NO_QUERY.test(description);
const isCall = ({ op }: Span) => op === 'http.client' || op.startsWith('http.client.');

/** All spans' patterns of one trace, in the order of the tree. Cost: O(spans). */
export const spanPatterns = (tree: SpanTree, thresholds: PatternThresholds): readonly Pattern[] =>
  [...patternsOf(tree, thresholds)].filter(({ kind }) => !thresholds.ignore.includes(kind));

function* patternsOf(tree: SpanTree, thresholds: PatternThresholds): Iterable<Pattern> {
  for (const children of tree.children) {
    if (children.length === 0) continue;
    const spans = children.map((child) => tree.nodes[child]!);
    const queries = spans.filter(isQuery);
    const calls = spans.filter(isCall);
    yield* nPlusOneDb(queries, thresholds);
    yield* nPlusOneHttp(calls, thresholds);
    yield* consecutiveDb(queries, tree, thresholds);
    yield* consecutiveHttp(calls, thresholds);
    yield* slowDb(queries, thresholds);
  }
}

/** Spans by what they do, in the order of their first. */
function byGroup(spans: readonly Span[]): ReadonlyMap<string, readonly Span[]> {
  const groups = new Map<string, Span[]>();
  for (const span of spans) {
    const group = groupOf(span);
    const list = groups.get(group);
    if (list === undefined) groups.set(group, [span]);
    else list.push(span);
  }
  return groups;
}

function* nPlusOneDb(queries: readonly Span[], { nPlusOneDb: limits }: PatternThresholds): Iterable<Pattern> {
  // Queries and firsts of groups are both in the order of their starts: one walk finds what came before each group.
  let before = 0;
  for (const [group, spans] of byGroup(queries)) {
    while (queries[before]!.start < spans[0]!.start) before += 1;
    const source = queries[before - 1];
    const ms = sumMs(spans);
    if (spans.length < limits.minCount || ms < limits.minTotalMs) continue;
    const after = source === undefined ? '' : `, after ${groupOf(source)}`;
    yield {
      kind: 'n-plus-one-db',
      subject: group,
      evidence: `${spans.length} queries of one form, ${rounded(ms)} together${after}`,
      spanIds: idsOf(spans),
      ms,
    };
  }
}

function* nPlusOneHttp(
  calls: readonly Span[],
  { nPlusOneHttp: limits }: PatternThresholds,
): Iterable<Pattern> {
  for (const [group, spans] of byGroup(calls)) {
    const near = spans.filter(
      (span, i) =>
        i === 0 ||
        (span.start - spans[i - 1]!.start) / US_PER_MS <= limits.maxStartGapMs ||
        (span.start - spans[i - 1]!.end) / US_PER_MS <= limits.maxStartGapMs,
    );
    const ms = sumMs(near);
    if (near.length < limits.minCount || ms < limits.minTotalMs) continue;
    yield {
      kind: 'n-plus-one-http',
      subject: group,
      evidence: `${near.length} calls of one form, ${rounded(ms)} together`,
      spanIds: idsOf(near),
      ms,
    };
  }
}

/** A query without a condition cannot have waited for the one before it. */
const isIndependent = ({ description }: Span) =>
  /^\s*select\b/i.test(description) && !/\bwhere\b|%s|\$\d|\?|:\w/i.test(description);

/** Queries one after the other that could run at once. What would be saved: all independent ones but the longest. */
function* consecutiveDb(
  queries: readonly Span[],
  tree: SpanTree,
  { consecutiveDb: limits }: PatternThresholds,
): Iterable<Pattern> {
  for (const row of rows(queries, Number.POSITIVE_INFINITY)) {
    const independent = row.slice(1).filter((span) => isIndependent(span) && msOf(span) > limits.minMs);
    if (independent.length === 0 || new Set(row.map(groupOf)).size < 2) continue;
    const others = sumMs(row) - sumMs(independent);
    const longest = Math.max(others, longestMs(independent));
    const saved = sumMs(row) - longest;
    const whole = msOf(tree.nodes[0]!);
    if (saved < limits.minSavedMs || saved < limits.minSavedShare * whole) continue;
    yield {
      kind: 'consecutive-db',
      subject: groupOf(independent[0]!),
      evidence: `${row.length} queries in a row, ${independent.length} of which could run beside the others: ${rounded(saved)} less`,
      spanIds: idsOf(row),
      ms: sumMs(row),
    };
  }
}

function* consecutiveHttp(
  calls: readonly Span[],
  { consecutiveHttp: limits }: PatternThresholds,
): Iterable<Pattern> {
  const slow = calls.filter((span) => msOf(span) >= limits.minMs);
  for (const row of rows(slow, limits.maxGapMs)) {
    const saved = sumMs(row) - longestMs(row);
    if (row.length < limits.minCount || saved < limits.minSavedMs) continue;
    yield {
      kind: 'consecutive-http',
      subject: groupOf(row[0]!),
      evidence: `${row.length} calls in a row, ${rounded(sumMs(row))} together; at once they would take ${rounded(sumMs(row) - saved)}`,
      spanIds: idsOf(row),
      ms: sumMs(row),
    };
  }
}

function* slowDb(queries: readonly Span[], { slowDb: limits }: PatternThresholds): Iterable<Pattern> {
  for (const [group, spans] of byGroup(queries)) {
    const slow = spans.filter((span) => msOf(span) >= limits.minMs);
    if (slow.length === 0) continue;
    const ms = sumMs(slow);
    yield {
      kind: 'slow-db',
      subject: group,
      evidence: `${rounded(longestMs(slow))} for one query`,
      spanIds: idsOf(slow),
      ms,
    };
  }
}

/** Runs of spans that do not overlap, with at most `maxGapMs` between them. */
function rows(spans: readonly Span[], maxGapMs: number): readonly (readonly Span[])[] {
  const found: Span[][] = [];
  let row: Span[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const span of spans) {
    const gapMs = (span.start - end) / US_PER_MS;
    if (row.length > 0 && (gapMs < 0 || gapMs > maxGapMs)) {
      found.push(row);
      row = [];
    }
    row.push(span);
    end = Math.max(end, span.end);
  }
  if (row.length > 0) found.push(row);
  return found.filter(({ length }) => length > 1);
}
