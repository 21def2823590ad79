import { ROOT, type SpanTable, UNKNOWN } from './span-table.ts';

/**
 * The bug is one variable "current span" per request that all tasks write: a start stores the span found there and
 * takes its place, an end puts the stored one back. So a broken trace's parents follow from its times alone.
 */
export interface Replay {
  /** Spans whose reported parent is not the one that the variable would have held. */
  readonly differs: number;
  readonly compared: number;
}

export function replayOf(table: SpanTable): Replay {
  const { parent, foreign } = table;
  const events = eventsOf(table);
  const stored = new Int32Array(parent.length);
  let current = ROOT;
  let differs = 0;
  let compared = 0;
  for (const event of events) {
    const i = event >> 1;
    if (foreign[i]) continue;
    if ((event & 1) === END) {
      current = stored[i]!;
      continue;
    }
    if (parent[i] !== UNKNOWN) {
      compared++;
      if (parent[i] !== current) differs++;
    }
    stored[i] = current;
    current = i;
  }
  return { differs, compared };
}

const START = 0;
const END = 1;

/**
 * Starts and ends in the order of time, as 2 × span + (0 start, 1 end). At one instant ends come first, but a span that
 * starts there while its reported parent ends came before that end; and no span ends before it starts.
 */
export function eventsOf({ start, end, parent }: SpanTable): Int32Array {
  const n = start.length;
  const ends = Int32Array.from({ length: n }, (_, i) => i);
  // Of two that end together the later started one is the inner one.
  ends.sort((a, b) => end[a]! - end[b]! || b - a);
  const events = new Int32Array(2 * n);
  let at = 0;
  let s = 0;
  for (const e of ends) {
    while (s < n && (start[s]! < end[e]! || (start[s]! === end[e]! && (s <= e || parent[s] === e))))
      events[at++] = 2 * s++ + START;
    events[at++] = 2 * e + END;
  }
  return events;
}
