import { isKnownLayer } from './layers.ts';
import type { Settings } from './settings.ts';
import type { SpanTable } from './span-table.ts';

/** Pairs `outer op, outer origin → inner op, inner origin`, as one deployment shows them. */
export interface LearnedLayers {
  /** Layers, whether or not the list has them. */
  readonly layers: ReadonlySet<string>;
  /** Pairs that are no layers here, though the list has them. */
  readonly chance: ReadonlySet<string>;
}

/** Whether a leaf may hold another span; both are indices of one table. */
export type LayerTest = (outer: number, inner: number) => boolean;

const sortOf = (table: SpanTable, i: number) => `${table.spans[i]!.op}\t${table.spans[i]!.origin}`;
const pairText = (outer: string, inner: string) => `${outer}\n${inner}`;

/** Leaves of one sort that hold a span of one other sort: at all, and such that begins within 2 ms. */
interface Held {
  readonly outer: string;
  readonly inner: string;
  inside: number;
  prompt: number;
}

/**
 * An instrumented client that is built on another one holds its span nearly every time, right from the start: of at
 * least `minLearned` leaves of one sort, 95 % hold a span of one other sort that begins within 2 ms and ends inside.
 * Concurrency nests leaves by chance, not 19 times in 20. And it nests such as are called elsewhere too: a listed pair that
 * few of its outer leaves hold comes from it where few of the inner ones lie so, or it is found the other way round. O(spans).
 */
export function learnLayers(tables: readonly SpanTable[], settings: Settings): LearnedLayers {
  const leaves = new Map<string, number>();
  const pairs = new Map<string, Held>();
  for (const table of tables) countPairs(table, leaves, pairs, settings);
  const layers = new Set<string>();
  const chance = new Set<string>();
  for (const [pair, { outer, inner, inside, prompt }] of pairs) {
    const total = leaves.get(outer)!;
    if (total < settings.minLearned) continue;
    if (prompt >= settings.minLearnedShare * total) layers.add(pair);
    if (inside >= settings.minLayerShare * total) continue;
    const reverse = pairs.get(pairText(inner, outer))?.inside ?? 0;
    const isReversed = reverse >= settings.minReverse && reverse >= settings.minReverseShare * inside;
    const isMostlyElsewhere = inside < settings.minLayerShare * (leaves.get(inner) ?? 0);
    if (isReversed || isMostlyElsewhere) chance.add(pair);
  }
  return { layers, chance };
}

function countPairs(
  table: SpanTable,
  leaves: Map<string, number>,
  pairs: Map<string, Held>,
  settings: Settings,
): void {
  const { parent, leaf, task, start, spans } = table;
  // A leaf with two such children is still one leaf that holds them.
  const counted = new Map<number, Set<Held>>();
  for (let i = 0; i < spans.length; i++) {
    if (leaf[i]) leaves.set(sortOf(table, i), (leaves.get(sortOf(table, i)) ?? 0) + 1);
    const p = parent[i]!;
    if (p < 0 || !leaf[p] || task[i] || !isInside(table, p, i, settings)) continue;
    const outer = sortOf(table, p);
    const inner = sortOf(table, i);
    if (inner === outer) continue;
    const text = pairText(outer, inner);
    const held = pairs.get(text) ?? { outer, inner, inside: 0, prompt: 0 };
    if (held.inside === 0) pairs.set(text, held);
    const ofLeaf = counted.get(p) ?? new Set();
    if (ofLeaf.has(held)) continue;
    counted.set(p, ofLeaf.add(held));
    held.inside += 1;
    if (start[i]! - start[p]! < settings.twinMs) held.prompt += 1;
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
    const isKnown = isKnownLayer(o.op, o.origin, i.op, i.origin);
    if (!isKnown && learned.layers.size === 0) return false;
    const pair = pairText(sortOf(table, outer), sortOf(table, inner));
    if (learned.layers.has(pair)) return true;
    if (!isKnown || learned.chance.has(pair)) return false;
    return (
      (i.origin !== 'manual' && i.origin !== '') ||
      (start[inner]! - start[outer]! < settings.twinMs && end[outer]! - end[inner]! < settings.twinMs)
    );
  };
}
