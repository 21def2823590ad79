import type { ApiGaps, ApiSuspects, ApiTrace } from '../../../lib/http/trace-schemas.ts';
import { causeText } from './causes.ts';
import { gapUs } from './model.ts';

// Where the time of a request goes, as one bar. Sums of own times may be longer than the request where work runs side by
// side: it is shared out, so that a bar is as long as the request.

export interface BudgetPart {
  readonly kind: 'spans' | 'gap' | 'rest';
  readonly name: string;
  readonly ms: number;
  /** The name is that of a function. */
  readonly isCode: boolean;
}
export interface Budget {
  readonly ms: number;
  readonly parts: readonly BudgetPart[];
}

/** By op, the first that fits; what is left is the team's own code and what runs it. */
const KINDS: readonly (readonly [name: string, op: RegExp])[] = [
  ['Cache', /^(cache|db\.redis|memcached?)(\.|$)/],
  ['Database', /^db(\.|$)/],
  ['Calls', /^(http\.client|rpc|grpc)(\.|$)/],
  ['Queues', /^(queue|message)(\.|$)/],
  ['Rendering', /^(template|view\.render|ui|serialize)(\.|$)/],
];
const ORDER = ['Calls', 'Database', 'Cache', 'Queues', 'Rendering'];
const US_PER_MS = 1000;
/** A gap with a cause that takes less of a bar than this stands among the others. */
const NAMED_SHARE = 0.1;

interface Sums {
  readonly ms: number;
  readonly spans: readonly { readonly op: string; readonly ms: number }[];
  readonly gaps: readonly { readonly ms: number; readonly cause: Cause | undefined }[];
}
type Cause = Pick<ApiTrace['gaps'][number]['causes'][number], 'kind' | 'frame'>;

/** Of a unit's requests, on average. Undefined without requests. */
export function meanBudget({ requests, totalMs, spans }: ApiSuspects, { gaps }: ApiGaps): Budget | undefined {
  if (requests <= 0) return undefined;
  return budgetOf({
    ms: totalMs / requests,
    spans: spans.map(({ op, self }) => ({ op, ms: self.sumMs / requests })),
    gaps: gaps.map(({ sumMs, causes }) => ({ ms: sumMs / requests, cause: causes[0] })),
  });
}

/** Of one request. */
export function traceBudget({ durationUs, spans, gaps }: ApiTrace): Budget {
  const sumUs = gaps.reduce((sum, gap) => sum + gap.durationUs, 0);
  // Gaps of spans that ran side by side may lie over one another.
  const once = sumUs === 0 ? 1 : gapUs(gaps) / sumUs;
  return budgetOf({
    ms: durationUs / US_PER_MS,
    spans: spans.slice(1).map(({ op, selfUs }) => ({ op, ms: selfUs / US_PER_MS })),
    gaps: gaps.map((gap) => ({ ms: (gap.durationUs * once) / US_PER_MS, cause: gap.causes[0] })),
  });
}

function budgetOf({ ms, spans, gaps }: Sums): Budget {
  const byKind = new Map<string, number>();
  for (const span of spans) {
    const kind = KINDS.find(([, op]) => op.test(span.op))?.[0];
    if (kind !== undefined) byKind.set(kind, (byKind.get(kind) ?? 0) + span.ms);
  }
  const told = [
    ...ORDER.flatMap((name): BudgetPart[] => {
      const sum = byKind.get(name) ?? 0;
      return sum > 0 ? [{ kind: 'spans', name, ms: sum, isCode: false }] : [];
    }),
    ...gapParts(gaps, ms),
  ];
  const sum = told.reduce((all, part) => all + part.ms, 0);
  const scale = sum > ms ? ms / sum : 1;
  const parts = told.map((part) => ({ ...part, ms: part.ms * scale }));
  const rest = ms - sum * scale;
  return {
    ms,
    parts: rest > ms * 1e-6 ? [...parts, { kind: 'rest', name: 'Own code', ms: rest, isCode: false }] : parts,
  };
}

/** The largest gaps by what ran in them, and the others as one. */
function gapParts(gaps: Sums['gaps'], ms: number): BudgetPart[] {
  const byName = new Map<string, BudgetPart>();
  for (const gap of gaps) {
    const text = gap.cause && causeText(gap.cause.kind, gap.cause.frame);
    const isNamed = text !== undefined && gap.ms >= NAMED_SHARE * ms;
    const name = isNamed ? text.name : 'gaps';
    const before = byName.get(name)?.ms ?? 0;
    byName.set(name, { kind: 'gap', name, ms: before + gap.ms, isCode: isNamed && text.isCode });
  }
  return [...byName.values()].sort(
    (a, b) => Number(a.name === 'gaps') - Number(b.name === 'gaps') || b.ms - a.ms,
  );
}
