import type { TracesResult, TransactionResult } from '../traces/analyze.ts';
import type { Quantiles } from '../traces/quantile.ts';
import type { TraceResult } from '../traces/read-traces.ts';
import type { SuspectSpan } from '../traces/suspects.ts';

const US_PER_MS = 1000;

/** The shape of `trace check --json`: times in ms, of gaps since the transaction's start. */
export function traceDocument({ nesting, traces, transactions }: TracesResult): object {
  return {
    traces: traces.map((trace) => {
      const deployment = nesting.deployments[trace.nested.deployment];
      const isWrong = trace.nested.verdict !== 'ok';
      return {
        ...traceOf(trace),
        cause: isWrong ? (deployment?.cause ?? null) : null,
        fix: isWrong && deployment !== undefined && deployment.fix !== '' ? deployment.fix : null,
        gaps: trace.gaps.map((gap) => gapOf(trace, gap)),
        patterns: trace.patterns,
      };
    }),
    transactions: transactions.map(transactionOf),
    deployments: nesting.deployments.map(
      ({ id, verdict, misnested, detached, cause, reason, fix, endpoints }) => ({
        ...id,
        verdict,
        misnested,
        detached,
        cause: cause ?? null,
        reason,
        fix: fix === '' ? null : fix,
        endpoints,
      }),
    ),
    fragmented: nesting.fragmented,
  };
}

const traceOf = ({ nested }: TraceResult) => ({
  traceId: nested.trace.traceId,
  transaction: nested.trace.name,
  verdict: nested.verdict,
  edges: nested.edges,
  ambiguous: nested.ambiguous,
});

function gapOf({ tree }: TraceResult, { gap, tally }: TraceResult['gaps'][number]) {
  const idOf = (node: number) => (node === -1 ? null : tree.nodes[node]!.spanId);
  const durationUs = gap.end - gap.start;
  return {
    parentSpan: idOf(gap.parent),
    afterSpan: idOf(gap.after),
    beforeSpan: idOf(gap.before),
    startMs: rounded((gap.start - tree.nodes[0]!.start) / US_PER_MS),
    durationMs: rounded(durationUs / US_PER_MS),
    coverage: rounded(Math.min(1, tally.explainedUs / durationUs)),
    explained: tally.causes().map(({ kind, frame, ms }) => ({ kind, frame, ms: rounded(ms) })),
  };
}

function transactionOf(transaction: TransactionResult) {
  const { service, unit, name, count, failures, misnested, profiled, duration } = transaction;
  const { p50, p75, p95, p99 } = duration;
  const ms = { p50Ms: p50, p75Ms: p75, p95Ms: p95, p99Ms: p99 };
  return {
    name,
    service,
    unit,
    count,
    failures,
    failureRate: rounded(failures / count),
    misnested,
    profiled,
    ...roundedAll(ms),
    apdex: rounded(transaction.apdex),
    suspectSpans: transaction.suspects.map(suspectOf),
    gaps: transaction.gaps.map(({ ms: each, causes, ...gap }) => ({
      ...gap,
      ...quantilesOf('', each),
      totalMs: rounded(gap.totalMs),
      explained: causes.map(({ kind, frame, ms: causeMs }) => ({ kind, frame, ms: rounded(causeMs) })),
    })),
    functions: transaction.functions.map(({ total, ...one }) => ({
      ...one,
      totalMs: rounded(total.sum),
      ...quantilesOf('', total),
    })),
    patterns: transaction.patterns,
    versions: transaction.versions,
    shift: transaction.shift ?? null,
  };
}

const suspectOf = ({ self, total, op, group, share, ...rest }: SuspectSpan) => ({
  op,
  description: group,
  ...rest,
  share: rounded(share),
  selfMs: rounded(self.sum),
  totalMs: rounded(total.sum),
  ...quantilesOf('self', self),
  ...quantilesOf('total', total),
});

/** `selfP95Ms`, or `p95Ms` without a prefix. */
const quantilesOf = (prefix: string, { p50, p75, p95, p99 }: Quantiles) =>
  Object.fromEntries(
    Object.entries({ p50, p75, p95, p99 }).map(([name, ms]) => [
      `${prefix === '' ? name : prefix + name.toUpperCase()}Ms`,
      rounded(ms),
    ]),
  );

const roundedAll = (values: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, rounded(value)]));

/** Microseconds are what spans have; more digits say nothing. */
const rounded = (value: number) => Math.round(value * 1000) / 1000;
