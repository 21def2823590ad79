import type { Replay } from './replay.ts';
import type { Settings } from './settings.ts';
import type { Marks } from './signals.ts';
import type { SpanTable } from './span-table.ts';

/**
 * Whether a trace shows that each task had a current span of its own: then whatever crosses in it is fire-and-forget
 * or late binding, not the one shared variable.
 *
 * Under one shared variable two children of one parent are never alive together (induction over the first such pair),
 * so one such pair, longer than an error of the clock, is the proof. It needs no origin and so holds for OTLP too.
 */
export type Apart = 'task-span' | 'overlap' | 'parents' | undefined;

export function apartBy(table: SpanTable, marks: Marks, replay: () => Replay, settings: Settings): Apart {
  if (table.task.includes(1)) return 'task-span';
  if (siblingsOverlap(table, settings)) return 'overlap';
  if (marks.crossings === 0 || marks.orphans > 0) return undefined;
  const { differs, compared } = replay();
  return differs >= settings.minReplayDiffers && differs >= settings.minReplayDiffersShare * compared
    ? 'parents'
    : undefined;
}

/** By the reported id, which may name a span that is not in the trace: its children are siblings all the same. */
function siblingsOverlap({ spans, start, end, foreign }: SpanTable, settings: Settings): boolean {
  const until = new Map<string, number>();
  for (let i = 0; i < spans.length; i++) {
    const id = spans[i]!.parentSpanId;
    if (foreign[i] || id === '') continue;
    const latest = until.get(id) ?? Number.NEGATIVE_INFINITY;
    if (Math.min(latest, end[i]!) - start[i]! > settings.overlapMs) return true;
    if (end[i]! > latest) until.set(id, end[i]!);
  }
  return false;
}
