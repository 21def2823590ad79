import type { LayerTest } from './learned-layers.ts';
import type { Settings } from './settings.ts';
import { isMiddleware, isStreamedPart } from './span-kinds.ts';
import type { SpanTable } from './span-table.ts';

/** Why an edge between a child and its reported parent can't be, or hardly can be, what the program did. */
export type Signal = 'dead-parent' | 'outliving-child' | 'leaf-in-leaf' | 'same-tick-twin' | 'orphan';

/** Bits of `Marks.bits`. */
export const DEAD = 1;
export const OUTLIVES = 2;
export const LEAF = 4;
export const TWIN = 8;
export const ORPHAN = 16;

const NAMES: readonly (readonly [bit: number, signal: Signal])[] = [
  [DEAD, 'dead-parent'],
  [OUTLIVES, 'outliving-child'],
  [LEAF, 'leaf-in-leaf'],
  [TWIN, 'same-tick-twin'],
  [ORPHAN, 'orphan'],
];

export const signalsOf = (bits: number): Signal[] =>
  NAMES.filter(([bit]) => (bits & bit) !== 0).map(([, signal]) => signal);

/** Marks of one trace's edges, by child. */
export interface Marks {
  readonly bits: Uint8Array;
  /** Edges with DEAD or OUTLIVES between spans of one thread: what one shared variable does. */
  readonly crossings: number;
  /** Edges with any mark but ORPHAN. */
  readonly marked: number;
  readonly orphans: number;
}

/** O(spans). */
export function marksOf(table: SpanTable, isLayer: LayerTest, settings: Settings): Marks {
  const n = table.spans.length;
  const bits = new Uint8Array(n);
  let crossings = 0;
  for (let i = 0; i < n; i++) {
    const p = table.parent[i]!;
    if (p < 0 || table.foreign[i] || table.foreign[p]) {
      if (p < -1 && !table.foreign[i]) bits[i] = ORPHAN;
      continue;
    }
    const crossing = crossingOf(table, i, p, settings);
    if (crossing === DEAD || (crossing === OUTLIVES && sameThread(table, i, p))) crossings++;
    bits[i] = crossing;
    if (table.leaf[p] && !table.task[i] && !isLayer(p, i)) bits[i] = crossing | LEAF;
  }
  if (crossings > 0) markTwins(table, bits, settings);
  return { bits, crossings, ...counts(bits) };
}

function counts(bits: Uint8Array) {
  let marked = 0;
  let orphans = 0;
  for (const b of bits) {
    if (b & ~ORPHAN) marked++;
    if (b & ORPHAN) orphans++;
  }
  return { marked, orphans };
}

function crossingOf(table: SpanTable, child: number, parent: number, settings: Settings): number {
  const { start, end, task } = table;
  const isDead = start[child]! >= end[parent]! + settings.deadMs;
  const outlives = end[child]! > end[parent]! + settings.outliveMs && !task[child];
  if ((!isDead && !outlives) || isLateSend(table, child, parent)) return 0;
  return isDead ? DEAD : OUTLIVES;
}

/** A body is streamed after the handler or middleware around it has ended. */
function isLateSend({ spans }: SpanTable, child: number, parent: number): boolean {
  const { op, description } = spans[child]!;
  return isStreamedPart(op, description) || (isMiddleware(spans[parent]!.op) && isMiddleware(op));
}

/** Work handed to another thread may end when it likes; on one thread of an event loop it can't without crossing. */
const sameThread = ({ spans }: SpanTable, a: number, b: number): boolean =>
  spans[a]!.threadId === spans[b]!.threadId || spans[a]!.threadId === '' || spans[b]!.threadId === '';

/** `gather` over one function. Alone it may be recursion or a thin wrapper, so it counts beside crossings only. */
function markTwins({ parent, key, start }: SpanTable, bits: Uint8Array, settings: Settings): void {
  for (let i = 0; i < bits.length; i++) {
    const p = parent[i]!;
    if (p < 0 || key[p] !== key[i]) continue;
    if (Math.abs(start[i]! - start[p]!) < settings.twinMs) bits[i] = bits[i]! | TWIN;
  }
}
