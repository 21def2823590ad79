import { type Cell, GAP } from './layout.ts';

export interface Painted {
  readonly cells: readonly Cell[];
  /** Token of the ground of a cell. */
  readonly token: (cell: Cell) => string;
  readonly label: (cell: Cell) => string;
  readonly isDim: (cell: Cell) => boolean;
  readonly isStriped: (cell: Cell) => boolean;
  readonly isBold: (cell: Cell) => boolean;
}

export interface Window {
  readonly width: number;
  /** Of what can be seen. */
  readonly height: number;
  /** Pixels scrolled away above. */
  readonly top: number;
  readonly rowHeight: number;
  /** Height that it never exceeds: that of the bitmap, since a new size would be a new bitmap. */
  readonly tallest: number;
  /** Device pixels per pixel. */
  readonly ratio: number;
}

/** What the page looks like, as its style says. */
export interface Theme {
  /** By token. */
  readonly colours: Readonly<Record<string, string>>;
  readonly family: string;
}

const PAD = 6;
const MIN_TEXT_PX = 30;
const FONT_PX = 12;
const STRIPE_PX = 6;

/** Draws the rows that can be seen. Ground by ground and font by font: changing either costs more than drawing. */
export function paint(canvas: OffscreenCanvas, theme: Theme, view: Window, what: Painted): void {
  const g = cleared(canvas, view);
  if (!g) return;
  const seen = what.cells.filter(({ row }) => {
    const y = row * view.rowHeight - view.top;
    return y + view.rowHeight >= 0 && y <= view.height;
  });
  paintGrounds(g, theme, view, what, seen);
  g.textBaseline = 'middle';
  g.fillStyle = theme.colours['--f-text'] ?? 'currentColor';
  const named = seen.filter(({ width }) => width >= MIN_TEXT_PX);
  for (const isBold of [false, true]) {
    g.font = `${isBold ? 500 : 400} ${FONT_PX}px ${theme.family}`;
    for (const cell of named) {
      if (what.isBold(cell) !== isBold) continue;
      g.globalAlpha = what.isDim(cell) ? 0.55 : 1;
      const text = fitted(g, isBold, what.label(cell), cell.width - 2 * PAD);
      g.fillText(text, cell.x + PAD, (cell.row + 0.5) * view.rowHeight - view.top);
    }
  }
  g.globalAlpha = 1;
}

function cleared(canvas: OffscreenCanvas, view: Window): OffscreenCanvasRenderingContext2D | null {
  const g = canvas.getContext('2d');
  if (!g) return null;
  const { ratio, width, tallest } = view;
  const [w, h] = [Math.round(width * ratio), Math.round(tallest * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, width, tallest);
  return g;
}

function paintGrounds(
  g: OffscreenCanvasRenderingContext2D,
  theme: Theme,
  view: Window,
  what: Painted,
  cells: readonly Cell[],
) {
  const fill = ({ x, row, width }: Cell) => {
    const y = row * view.rowHeight - view.top;
    g.fillRect(x, y, Math.max(width - GAP, 0.6), view.rowHeight - GAP);
  };
  const strengths = Map.groupBy(cells, (cell) => (what.isDim(cell) ? 0.35 : cell.above ? 0.55 : 1));
  for (const [strength, alike] of strengths) {
    for (const [token, group] of Map.groupBy(alike, what.token)) {
      g.globalAlpha = strength;
      g.fillStyle = theme.colours[token] ?? 'transparent';
      for (const cell of group) fill(cell);
      const striped = group.filter(what.isStriped);
      if (striped.length === 0) continue;
      g.globalAlpha = 0.22 * strength;
      g.strokeStyle = theme.colours['--ink'] ?? 'transparent';
      g.stroke(stripes(striped, view));
    }
  }
}

/** Diagonals as one path, each cut to its bar: a pattern would have to be fetched from the page's thread. */
function stripes(cells: readonly Cell[], { rowHeight, top: scrolled }: Window): Path2D {
  const path = new Path2D();
  for (const { x: left, row, width } of cells) {
    const [top, right] = [row * rowHeight - scrolled, left + width - GAP];
    const bottom = top + rowHeight - GAP;
    // Along a diagonal x + y stays the same.
    for (let sum = Math.ceil((left + top) / STRIPE_PX) * STRIPE_PX; sum < right + bottom; sum += STRIPE_PX) {
      const [from, to] = [Math.max(left, sum - bottom), Math.min(right, sum - top)];
      path.moveTo(from, sum - from);
      path.lineTo(to, sum - to);
    }
  }
  return path;
}

/** Widths of texts, plain and bold: measured once, since measuring costs more than drawing. */
const measured = [new Map<string, number>(), new Map<string, number>()] as const;
const MEASURED_MAX = 20_000;

function widthOf(g: OffscreenCanvasRenderingContext2D, isBold: boolean, text: string): number {
  const known = measured[isBold ? 1 : 0];
  let width = known.get(text);
  if (width !== undefined) return width;
  if (known.size > MEASURED_MAX) known.clear();
  width = g.measureText(text).width;
  known.set(text, width);
  return width;
}

/** The text cut to what fits, found from its share of the whole width: exact enough, and one measure per name. */
function fitted(g: OffscreenCanvasRenderingContext2D, isBold: boolean, text: string, room: number): string {
  const width = widthOf(g, isBold, text);
  if (width <= room) return text;
  const chars = Math.floor((text.length * room) / width) - 1;
  return chars < 2 ? '' : `${text.slice(0, chars)}…`;
}
