import { descriptionGroup } from './description-group.ts';
import type { KeptSamples } from './kept-samples.ts';
import { bounded, CAUSE_MAX, named } from './names.ts';
import type { TraceResult } from './read-traces.ts';

/** A trace that is kept as an example: names without values, times relative to its start. */
export interface RetainedTrace {
  readonly traceId: string;
  /** As sent. */
  readonly transaction: string;
  readonly unit: { readonly kind: string; readonly name: string };
  readonly version: string;
  readonly host: string;
  readonly platform: string;
  readonly sdk: string;
  readonly source: string;
  /** Epoch ms. */
  readonly start: number;
  readonly durationUs: number;
  readonly failed: boolean;
  readonly status: string;
  readonly verdict: 'ok' | 'hint' | 'misnested';
  readonly detached: boolean;
  /** Key of its deployment in the same state. */
  readonly deployment: string;
  readonly profiled: boolean;
  /** The root first, then all others in the order of their starts. */
  readonly spans: readonly RetainedSpan[];
  /** Spans that were sent and are not here. */
  readonly leftOut: number;
  readonly gaps: readonly RetainedGap[];
  readonly ambiguous: readonly {
    readonly spanIds: readonly string[];
    readonly parentIds: readonly string[];
  }[];
  readonly patterns: readonly {
    readonly kind: string;
    readonly subject: string;
    readonly evidence: string;
    readonly spanIds: readonly string[];
    readonly ms: number;
  }[];
  /** What its thread ran; [] without a profile. Absent in what was stored before samples were kept. */
  readonly samples?: readonly KeptSamples[];
}

export interface RetainedSpan {
  readonly spanId: string;
  /** As sent; '' when none was. */
  readonly reportedParent: string;
  /** The parent to use: repaired in misnested traces. '' for the root. */
  readonly parent: string;
  readonly op: string;
  readonly description: string;
  readonly origin: string;
  readonly status: string;
  /** Since the trace's start. */
  readonly startUs: number;
  readonly durationUs: number;
  readonly selfUs: number;
  /** Self time under the parents that were sent. */
  readonly reportedSelfUs: number;
  readonly signals: readonly string[];
  /** Of a repaired parent, 0..1; 1 where nothing was repaired. */
  readonly certainty: number;
}

export interface RetainedGap {
  readonly spanId: string;
  readonly afterSpan: string | null;
  readonly beforeSpan: string | null;
  readonly startUs: number;
  readonly durationUs: number;
  readonly coverage: number;
  readonly causes: readonly { readonly kind: string; readonly frame: string; readonly us: number }[];
}

const MAX_SPANS = 400;
const MAX_LIST = 20;
const PERCENT = 100;

/** What to keep of a trace. @param facts.reportedSelf self times under the parents that were sent, by span id */
export function retainedTrace(
  { nested, tree, gaps, patterns }: TraceResult,
  facts: {
    readonly deployment: string;
    readonly samples: readonly KeptSamples[];
    readonly reportedSelf: ReadonlyMap<string, number>;
  },
): RetainedTrace {
  const { trace, edges } = nested;
  const { root } = trace;
  const marked = new Map(edges.map((edge) => [edge.spanId, edge]));
  const idOf = (node: number) => (node === -1 ? null : tree.nodes[node]!.spanId);
  const spans = tree.nodes.slice(0, MAX_SPANS).map((span, i): RetainedSpan => {
    const edge = i === 0 ? undefined : marked.get(span.spanId);
    return {
      spanId: span.spanId,
      reportedParent: span.parentSpanId,
      parent: i === 0 ? '' : idOf(tree.parent[i]!)!,
      op: named(span.op),
      description: bounded(descriptionGroup(span.op, span.description)),
      origin: bounded(span.origin),
      status: bounded(span.status),
      startUs: Math.round(span.start - root.start),
      durationUs: Math.round(span.end - span.start),
      selfUs: Math.round(tree.selfUs[i]!),
      reportedSelfUs: Math.round(facts.reportedSelf.get(span.spanId) ?? 0),
      signals: edge?.signals ?? [],
      certainty: Math.round((edge?.certainty ?? 1) * PERCENT) / PERCENT,
    };
  });
  return {
    traceId: trace.traceId,
    transaction: named(trace.name),
    unit: { kind: trace.unit.kind, name: named(trace.unit.name) },
    version: bounded(trace.version),
    host: bounded(trace.host),
    platform: bounded(trace.platform),
    sdk: bounded(`${trace.sdk.name} ${trace.sdk.version}`.trim()),
    source: trace.source,
    start: Math.round(root.start / 1000),
    durationUs: Math.round(root.end - root.start),
    failed: trace.failed,
    status: bounded(root.status),
    verdict: nested.verdict,
    detached: nested.detached,
    deployment: facts.deployment,
    profiled: facts.samples.length > 0,
    spans,
    leftOut: trace.droppedSpans + tree.nodes.length - spans.length,
    gaps: gaps.slice(0, MAX_LIST).map(({ gap, tally }) => ({
      spanId: idOf(gap.parent)!,
      afterSpan: idOf(gap.after),
      beforeSpan: idOf(gap.before),
      startUs: Math.round(gap.start - root.start),
      durationUs: Math.round(gap.end - gap.start),
      coverage: Math.round(Math.min(1, tally.explainedUs / (gap.end - gap.start)) * PERCENT) / PERCENT,
      causes: tally
        .causes()
        .map(({ kind, frame, ms }) => ({ kind, frame: named(frame, CAUSE_MAX), us: Math.round(ms * 1000) })),
    })),
    ambiguous: nested.ambiguous.slice(0, MAX_LIST).map(({ spanIds, parentIds }) => ({
      spanIds: spanIds.slice(0, MAX_LIST),
      parentIds: parentIds.slice(0, MAX_LIST),
    })),
    patterns: patterns.slice(0, MAX_LIST).map(({ kind, subject, evidence, spanIds, ms }) => ({
      kind,
      subject: bounded(subject),
      evidence: bounded(evidence),
      spanIds: spanIds.slice(0, MAX_LIST),
      ms: Math.round(ms * PERCENT) / PERCENT,
    })),
    samples: facts.samples,
  };
}
