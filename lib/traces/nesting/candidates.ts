import type { LayerTest } from './learned-layers.ts';
import type { Settings } from './settings.ts';
import { ROOT, type SpanTable } from './span-table.ts';

/**
 * The spans that could be a span's parent: alive at its start, not ended before it, and no leaf unless the pair is a
 * layer; the root always. Of very many the latest started are weighed.
 */
export function candidateFinder(table: SpanTable, isLayer: LayerTest, settings: Settings) {
  const { end, leaf } = table;
  const open = new OpenSpans(table.spans.length);
  const openLeaves = new OpenSpans(table.spans.length);
  return {
    of(child: number): number[] {
      const fits = end[child]! - settings.insideMs;
      const found = [ROOT];
      open.latest(settings.maxCandidates, (span) => {
        if (end[span]! >= fits) found.push(span);
      });
      openLeaves.latest(settings.maxCandidates, (span) => {
        if (end[span]! >= fits && isLayer(span, child)) found.push(span);
      });
      return found;
    },
    open: (span: number) => (leaf[span] ? openLeaves : open).add(span),
    close: (span: number) => (leaf[span] ? openLeaves : open).remove(span),
  };
}

const NOBODY = -1;

/** Spans that have started and not ended, latest first: a doubly linked list in two arrays. */
class OpenSpans {
  #head = NOBODY;
  readonly #older: Int32Array;
  readonly #newer: Int32Array;

  constructor(size: number) {
    this.#older = new Int32Array(size).fill(NOBODY);
    this.#newer = new Int32Array(size).fill(NOBODY);
  }

  add(span: number): void {
    this.#older[span] = this.#head;
    if (this.#head !== NOBODY) this.#newer[this.#head] = span;
    this.#head = span;
  }

  remove(span: number): void {
    const older = this.#older[span]!;
    const newer = this.#newer[span]!;
    if (newer === NOBODY) this.#head = older;
    else this.#older[newer] = older;
    if (older !== NOBODY) this.#newer[older] = newer;
  }

  latest(most: number, visit: (span: number) => void): void {
    let left = most;
    for (let at = this.#head; at !== NOBODY && left > 0; at = this.#older[at]!, left--) visit(at);
  }
}
