import type { ApiGap, ApiTrace } from '../../../lib/http/trace-schemas.ts';
import { type ApiTraceGap, spanName } from './model.ts';

/** What a gap lies between, in the words by which it is added up over requests. */
export function sidesOf(trace: ApiTrace, gap: ApiTraceGap) {
  const named = (id: string | null) => {
    const span = trace.spans.find(({ spanId }) => spanId === id);
    return span ? spanName(trace, span) : null;
  };
  return { within: named(gap.spanId), after: named(gap.afterSpan), before: named(gap.beforeSpan) };
}

/** The same gap over many requests. */
export function sameGap(gaps: readonly ApiGap[], trace: ApiTrace, gap: ApiTraceGap): ApiGap | undefined {
  const { within, after, before } = sidesOf(trace, gap);
  return gaps.find(
    (one) => isSame(one.within, within) && isSame(one.after, after) && isSame(one.before, before),
  );
}

/** Sums cut names here, a trace its description: it may be the longer one. */
const NAME_MAX = 300;
const isSame = (inSum: string | null, inTrace: string | null): boolean =>
  inSum === null || inTrace === null ? inSum === inTrace : inSum === inTrace.slice(0, NAME_MAX);
