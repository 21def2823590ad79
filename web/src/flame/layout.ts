import { type FlameModel, KINDS, lineTo } from './model.ts';

/** Bars are drawn with so much room beside and under them, px. */
export const GAP = 1;

/** One bar to draw. */
export interface Cell {
  /** The node; of a run or a merged bar its first. */
  readonly node: number;
  readonly row: number;
  readonly x: number;
  readonly width: number;
  /** `run`: frames with one child each, drawn as one. `merged`: neighbours too narrow to be seen. */
  readonly kind: 'frame' | 'run' | 'merged';
  /** Frames that it stands for. */
  readonly count: number;
  /** Above the frame that was zoomed to. */
  readonly above: boolean;
}

export interface LayoutInput {
  readonly model: FlameModel;
  readonly zoom: number;
  /** CSS pixels. */
  readonly width: number;
  /** What widths go by: the picture, or one side of a comparison. */
  readonly value: Float64Array;
  /** First nodes of runs that are drawn frame by frame. */
  readonly expanded: ReadonlySet<number>;
  /** Names that are searched for: runs that hold one are drawn frame by frame. */
  readonly hits: ReadonlySet<number> | undefined;
  /** The root at the bottom, as callers are drawn. */
  readonly upward?: boolean;
}

export interface Layout {
  readonly cells: readonly Cell[];
  readonly rows: number;
}

/** What decides whether a run is folded. */
export type Folding = Pick<LayoutInput, 'model' | 'expanded' | 'hits'>;

const MIN_PX = 1;
/** Shorter runs are as easily read as folded. */
const MIN_RUN = 3;
const APP = KINDS.indexOf('app');

/**
 * Bars of the chosen part, rows counted from the top. No bar is narrower than a pixel, so that there are never more of them
 * than pixels. O(bars drawn).
 */
export function layout(input: LayoutInput): Layout {
  const { model, zoom, width } = input;
  const cells: Cell[] = [];
  let row = 0;
  const line = lineTo(model, zoom).slice(0, -1);
  for (let i = 0; i < line.length; ) {
    const node = line[i] as number;
    const run = Math.min(foldedRun(input, node), line.length - i);
    cells.push({ node, row, x: 0, width, kind: run > 1 ? 'run' : 'frame', count: run, above: true });
    i += run;
    row += 1;
  }
  const todo: Place[] = [{ node: zoom, x: 0, row, width }];
  let rows = row + 1;
  for (let place = todo.pop(); place !== undefined; place = todo.pop()) {
    const { node, x, row: at } = place;
    const run = node === zoom ? 1 : foldedRun(input, node);
    const last = run > 1 ? runEnd(model, node, run) : node;
    cells.push({
      node,
      row: at,
      x,
      width: place.width,
      kind: run > 1 ? 'run' : 'frame',
      count: run,
      above: false,
    });
    rows = Math.max(rows, at + 1);
    if (placeChildren(input, { ...place, node: last, row: at + 1 }, cells, todo))
      rows = Math.max(rows, at + 2);
  }
  if (!input.upward) return { cells, rows };
  return { cells: cells.map((cell) => ({ ...cell, row: rows - 1 - cell.row })), rows };
}

interface Place {
  readonly node: number;
  readonly x: number;
  readonly row: number;
  readonly width: number;
}

/** Queues the children that can be seen; the others become one bar. True when anything lies in the row. */
function placeChildren(
  { model, value }: LayoutInput,
  { node, x, row, width: room }: Place,
  cells: Cell[],
  todo: Place[],
): boolean {
  const unit = room / wholeOf(model, node, value);
  let left = x;
  let narrow = 0;
  let first = -1;
  let count = 0;
  for (let i = model.childStart[node] as number; i < (model.childStart[node + 1] as number); i += 1) {
    const child = model.child[i] as number;
    const width = (value[child] as number) * unit;
    if (width >= MIN_PX) {
      todo.push({ node: child, x: left, row, width });
      left += width;
    } else if (width > 0) {
      if (first < 0) first = child;
      narrow += width;
      count += 1;
    }
  }
  // Narrow ones come last whatever their order: widths by one side leave large nodes of the other with nothing.
  if (narrow < MIN_PX) return left > x;
  cells.push({ node: first, row, x: left, width: narrow, kind: 'merged', count, above: false });
  return true;
}

/** What the width of a bar stands for: its value, or what its children have where others below it are less than nothing. */
function wholeOf({ childStart, child }: FlameModel, node: number, value: Float64Array): number {
  let above = 0;
  for (let i = childStart[node] as number; i < (childStart[node + 1] as number); i += 1)
    above += Math.max(0, value[child[i] as number] as number);
  return Math.max(value[node] as number, above) || 1;
}

/** How many frames from this one on are drawn as one bar: 1 when it is no run, or an open one. */
export function foldedRun({ model, expanded, hits }: Folding, node: number): number {
  if (expanded.has(node)) return 1;
  const length = runLength(model, node);
  if (length < MIN_RUN) return 1;
  if (!hits) return length;
  for (let at = node, i = 0; i < length; i += 1, at = onlyChild(model, at)) {
    if (hits.has(model.name[at] as number)) return 1;
  }
  return length;
}

/** Frames of others' code from here on of which each only calls the next. */
function runLength(model: FlameModel, node: number): number {
  if (node === 0 || isInRun(model, model.parent[node] as number)) return 1;
  let length = 0;
  let at = node;
  while (isInRun(model, at)) {
    length += 1;
    at = onlyChild(model, at);
  }
  return length;
}

const isInRun = (model: FlameModel, node: number): boolean =>
  node > 0 &&
  model.kinds[model.name[node] as number] !== APP &&
  (model.childStart[node + 1] as number) - (model.childStart[node] as number) === 1 &&
  (model.whole.self[node] as number) === 0;

const onlyChild = (model: FlameModel, node: number): number =>
  model.child[model.childStart[node] as number] as number;

function runEnd(model: FlameModel, node: number, length: number): number {
  let at = node;
  for (let i = 1; i < length; i += 1) at = onlyChild(model, at);
  return at;
}
