import { ROOT, type SpanTable } from './span-table.ts';

/**
 * One reading of a trace, as far as it has been read: who is whose parent, and what each span's children are doing now.
 * Slot p + 1 belongs to span p, slot 0 to the root. All steps take constant time.
 */
export interface Reading {
  score: number;
  readonly parent: Int32Array;
  /** Children alive now, and the sum of their indices: with one alive it is that child. */
  readonly live: Int32Array;
  readonly liveSum: Float64Array;
  /** The most that were ever alive together. */
  readonly peak: Int32Array;
  /** When the last child ended, or the span's own start. */
  readonly lastEnd: Float64Array;
  /** The child that started last. */
  readonly youngest: Int32Array;
  /** The span began tightly after its parent's start or after the parent's last child: it is being awaited. */
  readonly awaited: Uint8Array;
}

export function emptyReading({ spans, start }: SpanTable): Reading {
  const n = spans.length;
  const lastEnd = new Float64Array(n + 1);
  lastEnd.set(start, 1);
  return {
    score: 0,
    parent: new Int32Array(n).fill(ROOT),
    live: new Int32Array(n + 1),
    liveSum: new Float64Array(n + 1),
    peak: new Int32Array(n + 1),
    lastEnd,
    youngest: new Int32Array(n + 1).fill(ROOT),
    awaited: new Uint8Array(n),
  };
}

export const copyOf = (reading: Reading): Reading => ({
  score: reading.score,
  parent: reading.parent.slice(),
  live: reading.live.slice(),
  liveSum: reading.liveSum.slice(),
  peak: reading.peak.slice(),
  lastEnd: reading.lastEnd.slice(),
  youngest: reading.youngest.slice(),
  awaited: reading.awaited.slice(),
});

/** `child` starts below `parent`. */
export function begin(
  reading: Reading,
  table: SpanTable,
  child: number,
  parent: number,
  tightMs: number,
): void {
  const slot = parent + 1;
  reading.parent[child] = parent;
  reading.awaited[child] = table.start[child]! - reading.lastEnd[slot]! <= tightMs ? 1 : 0;
  reading.live[slot] = reading.live[slot]! + 1;
  reading.liveSum[slot] = reading.liveSum[slot]! + child;
  reading.peak[slot] = Math.max(reading.peak[slot]!, reading.live[slot]!);
  reading.youngest[slot] = child;
}

export function finish(reading: Reading, table: SpanTable, child: number): void {
  const slot = reading.parent[child]! + 1;
  reading.live[slot] = reading.live[slot]! - 1;
  reading.liveSum[slot] = reading.liveSum[slot]! - child;
  reading.lastEnd[slot] = Math.max(reading.lastEnd[slot]!, table.end[child]!);
}

/** Deeper than this, a span is not looked for below another: bounds what a chain of a million spans costs. */
const MAX_DEPTH = 64;

/** How far `span` is below `ancestor`: 1 for a child, 0 when it is not below it. */
export function depthBelow({ parent }: Reading, span: number, ancestor: number): number {
  let at = span;
  for (let depth = 1; depth <= MAX_DEPTH; depth++) {
    at = parent[at]!;
    if (at === ancestor) return depth;
    if (at === ROOT) return 0;
  }
  return 0;
}
