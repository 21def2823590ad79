import { isKnownLayer } from './layers.ts';
import type { Settings } from './settings.ts';
import type { SpanTable } from './span-table.ts';

/** Pairs `outer op, outer origin → inner op, inner origin` that a deployment shows to be layers. */
export type LearnedLayers = ReadonlySet<string>;

/** Whether a leaf may hold another span; both are indices of one table. */
export type LayerTest = (outer: number, inner: number) => boolean;

const sortOf = (table: SpanTable, i: number) => `${table.spans[i]!.op}\t${table.spans[i]!.origin}`;
const NEVER = '';

/**
 * An instrumented client that is built on another one holds its span nearly every time, right from the start: of at
 * least `minLearned` leaves of one sort, 95 % hold a span of one other sort that begins within 2 ms and ends inside.
 * Concurrency nests leaves by chance, not 19 times in 20. O(spans).
 */
export function learnLayers(tables: readonly SpanTable[], settings: Settings): LearnedLayers {
  const leaves = new Map<string, number>();
  const pairs = new Map<string, number>();
  for (const table of tables) countPairs(table, leaves, pairs, settings);
  const learned = new Set<string>();
  for (const [pair, count] of pairs) {
    const total = leaves.get(pair.slice(0, pair.indexOf('\n')))!;
    if (total >= settings.minLearned && count >= settings.minLearnedShare * total) learned.add(pair);
  }
  return learned;
}

function countPairs(
  table: SpanTable,
  leaves: Map<string, number>,
  pairs: Map<string, number>,
  settings: Settings,
): void {
  const { parent, leaf, task, start, spans } = table;
  const counted = new Map<number, string>();
  for (let i = 0; i < spans.length; i++) {
    if (leaf[i]) leaves.set(sortOf(table, i), (leaves.get(sortOf(table, i)) ?? 0) + 1);
    const p = parent[i]!;
    if (p < 0 || !leaf[p] || task[i] || !isInside(table, p, i, settings)) continue;
    const outer = sortOf(table, p);
    const inner = sortOf(table, i);
    if (inner === outer || start[i]! - start[p]! >= settings.twinMs) continue;
    const pair = `${outer}\n${inner}`;
    // A leaf with two such children is still one leaf that holds them.
    if ((counted.get(p) ?? NEVER) === pair) continue;
    counted.set(p, pair);
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
}

const isInside = ({ start, end }: SpanTable, outer: number, inner: number, settings: Settings): boolean =>
  start[inner]! >= start[outer]! && end[inner]! <= end[outer]! + settings.insideMs;

/**
 * Whether a leaf may hold another span. A listed pair must come from an instrumentation, or be as tight as one:
 * spans by hand are named `cache` and `db` around all sorts of things.
 */
export function layerTest(table: SpanTable, learned: LearnedLayers, settings: Settings): LayerTest {
  const { spans, start, end } = table;
  return (outer, inner) => {
    if (!isInside(table, outer, inner, settings)) return false;
    const o = spans[outer]!;
    const i = spans[inner]!;
    if (learned.size > 0 && learned.has(`${sortOf(table, outer)}\n${sortOf(table, inner)}`)) return true;
    if (!isKnownLayer(o.op, o.origin, i.op, i.origin)) return false;
    return (
      (i.origin !== 'manual' && i.origin !== '') ||
      (start[inner]! - start[outer]! < settings.twinMs && end[outer]! - end[inner]! < settings.twinMs)
    );
  };
}
