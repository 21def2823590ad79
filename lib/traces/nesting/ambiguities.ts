import type { Repair } from './repair.ts';
import type { SpanTable } from './span-table.ts';

/** Spans that could as well hang off one another of these parents: the times don't tell. */
export interface Ambiguity {
  readonly spanIds: readonly string[];
  /** Possible parents, by the likeliest reading of the rest. */
  readonly parentIds: readonly string[];
}

/** Spans of uncertain parents, put together by the parents that they have in common. */
export function ambiguitiesOf({ spans, trace }: SpanTable, { rivals }: Repair): Ambiguity[] {
  const idOf = (p: number) => spans[p]?.spanId ?? trace.root.spanId;
  const groups = Map.groupBy(rivals.entries(), ([, parents]) => parents.toSorted((a, b) => a - b).join(' '));
  return [...groups.values()].map((members) => ({
    spanIds: members.map(([span]) => idOf(span)),
    parentIds: members[0]![1].map(idOf),
  }));
}
