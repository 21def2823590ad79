import type { Span, Trace } from '../../model/trace.ts';
import { isLeafOp, sameness, TASK_ORIGIN, UPLOAD_THREAD } from './span-kinds.ts';

/** Parent of a span that hangs off the transaction itself. */
export const ROOT = -1;
/** The reported parent is not in the trace: unfinished, filtered, or over the SDK's limit. */
export const UNKNOWN = -2;

/** The spans of one trace by column, in the order of their starts. Times are ms after the root's start. */
export interface SpanTable {
  readonly trace: Trace;
  readonly spans: readonly Span[];
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly rootEnd: number;
  /** Index of the reported parent, ROOT or UNKNOWN. May form cycles: never walk it without a bound. */
  readonly parent: Int32Array;
  /** Same number: same op and same description but for literals. */
  readonly key: Int32Array;
  readonly leaf: Uint8Array;
  /** Spans that sentry-python puts around asyncio tasks. */
  readonly task: Uint8Array;
  /** The SDK's own upload: no part of the program. */
  readonly foreign: Uint8Array;
  /** Span ids that came more than once: all but the first are left out above. */
  readonly repeatedIds: number;
}

/** Numbers for texts, shared by the traces of one check so that keys can be compared across traces. */
export class Keys {
  readonly #numbers = new Map<string, number>();
  readonly #raw = new Map<string, Map<string, number>>();

  of(op: string, description: string): number {
    const ofOp = this.#raw.get(op) ?? new Map<string, number>();
    if (ofOp.size === 0) this.#raw.set(op, ofOp);
    const known = ofOp.get(description);
    if (known !== undefined) return known;
    const text = sameness(op, description);
    const number = this.#numbers.get(text) ?? this.#numbers.size;
    this.#numbers.set(text, number);
    // Descriptions with ids in them are new each time: the memory of raw texts is bounded, that of forms is not.
    if (ofOp.size < MAX_RAW_PER_OP) ofOp.set(description, number);
    return number;
  }
}
const MAX_RAW_PER_OP = 2000;
const US_PER_MS = 1000;

export function tableOf(trace: Trace, keys: Keys): SpanTable {
  const { spans, index, repeatedIds } = firstOfEachId(trace);
  const n = spans.length;
  const table = {
    trace,
    spans,
    start: new Float64Array(n),
    end: new Float64Array(n),
    rootEnd: (trace.root.end - trace.root.start) / US_PER_MS,
    parent: new Int32Array(n),
    key: new Int32Array(n),
    leaf: new Uint8Array(n),
    task: new Uint8Array(n),
    foreign: new Uint8Array(n),
    repeatedIds,
  };
  for (let i = 0; i < n; i++) {
    const span = spans[i]!;
    table.start[i] = (span.start - trace.root.start) / US_PER_MS;
    table.end[i] = (span.end - trace.root.start) / US_PER_MS;
    table.parent[i] = parentIndex(span, trace, index);
    table.key[i] = keys.of(span.op, span.description);
    table.leaf[i] = isLeafOp(span.op) ? 1 : 0;
    table.task[i] = span.origin === TASK_ORIGIN ? 1 : 0;
    table.foreign[i] = span.threadName === UPLOAD_THREAD ? 1 : 0;
  }
  return table;
}

/** Resent batches repeat spans; a repeated id would be a child of itself or two children in one. */
function firstOfEachId(trace: Trace) {
  const seen = new Set([trace.root.spanId]);
  const spans: Span[] = [];
  for (const span of trace.spans) {
    if (seen.has(span.spanId)) continue;
    seen.add(span.spanId);
    spans.push(span);
  }
  // Stable: spans that start in the same microsecond keep the order they were sent in, which is that of their starts.
  spans.sort((a, b) => a.start - b.start);
  const index = new Map(spans.map((span, i) => [span.spanId, i]));
  return { spans, index, repeatedIds: trace.spans.length - spans.length };
}

function parentIndex(span: Span, trace: Trace, index: ReadonlyMap<string, number>): number {
  if (span.parentSpanId === trace.root.spanId) return ROOT;
  const parent = index.get(span.parentSpanId);
  return parent === undefined || span.parentSpanId === span.spanId ? UNKNOWN : parent;
}
