import type { Cell } from './layout.ts';

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
  /** Of what can be seen; the canvas may be taller. */
  readonly height: number;
  /** Pixels scrolled away above. */
  readonly top: number;
  readonly rowHeight: number;
}

/** What the page looks like: read once, since asking for a style lays out what has changed meanwhile. */
export interface Theme {
  readonly colour: (token: string) => string;
  readonly family: string;
}

export function themeOf(element: HTMLElement): Theme {
  const style = getComputedStyle(element);
  const colours = new Map<string, string>();
  const colour = (token: string) => {
    const found = colours.get(token) ?? style.getPropertyValue(token).trim();
    colours.set(token, found);
    return found;
  };
  return { colour, family: style.fontFamily };
}

const GAP = 1;
const PAD = 6;
const MIN_TEXT_PX = 30;
const FONT_PX = 12;
const STRIPE_PX = 6;

/** Draws the rows that can be seen. Ground by ground and font by font: changing either costs more than drawing. */
export function paint(canvas: HTMLCanvasElement, theme: Theme, view: Window, what: Painted): void {
  const g = cleared(canvas, view);
  if (!g) return;
  const seen = what.cells.filter(({ row }) => {
    const y = row * view.rowHeight - view.top;
    return y + view.rowHeight >= 0 && y <= view.height;
  });
  paintGrounds(g, theme, view, what, seen);
  g.textBaseline = 'middle';
  g.fillStyle = theme.colour('--f-text');
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

function cleared(canvas: HTMLCanvasElement, view: Window): CanvasRenderingContext2D | null {
  const g = canvas.getContext('2d');
  if (!g) return null;
  const ratio = devicePixelRatio || 1;
  const [w, h] = [Math.round(view.width * ratio), Math.round(view.height * ratio)];
  // It only grows in height: a new size is a new bitmap.
  if (canvas.width !== w || canvas.height < h) {
    canvas.width = w;
    canvas.height = Math.max(h, canvas.height);
    canvas.style.height = `${canvas.height / ratio}px`;
  }
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, view.width, canvas.height);
  return g;
}

function paintGrounds(
  g: CanvasRenderingContext2D,
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
      g.fillStyle = theme.colour(token);
      for (const cell of group) fill(cell);
      const striped = group.filter(what.isStriped);
      if (striped.length === 0) continue;
      g.globalAlpha = 0.22 * strength;
      g.fillStyle = stripes(g, theme.colour('--ink')) ?? 'transparent';
      for (const cell of striped) fill(cell);
    }
  }
}

function stripes(g: CanvasRenderingContext2D, ink: string): CanvasPattern | null {
  const ratio = devicePixelRatio || 1;
  const tile = document.createElement('canvas');
  tile.width = tile.height = Math.round(STRIPE_PX * ratio);
  const on = tile.getContext('2d');
  if (!on) return null;
  const size = tile.width;
  on.strokeStyle = ink;
  on.lineWidth = ratio;
  on.beginPath();
  // Three lines, so that corners of neighbouring tiles meet.
  for (const shift of [-size, 0, size]) {
    on.moveTo(shift, size);
    on.lineTo(shift + size, 0);
  }
  on.stroke();
  const pattern = g.createPattern(tile, 'repeat');
  pattern?.setTransform(new DOMMatrix([1 / ratio, 0, 0, 1 / ratio, 0, 0]));
  return pattern;
}

/** Widths of texts, plain and bold: measured once, since measuring costs more than drawing. */
const measured = [new Map<string, number>(), new Map<string, number>()] as const;
const MEASURED_MAX = 20_000;

function widthOf(g: CanvasRenderingContext2D, isBold: boolean, text: string): number {
  const known = measured[isBold ? 1 : 0];
  let width = known.get(text);
  if (width !== undefined) return width;
  if (known.size > MEASURED_MAX) known.clear();
  width = g.measureText(text).width;
  known.set(text, width);
  return width;
}

/** The text cut to what fits, found from its share of the whole width: exact enough, and one measure per name. */
function fitted(g: CanvasRenderingContext2D, isBold: boolean, text: string, room: number): string {
  const width = widthOf(g, isBold, text);
  if (width <= room) return text;
  const chars = Math.floor((text.length * room) / width) - 1;
  return chars < 2 ? '' : `${text.slice(0, chars)}…`;
}

/** One path about all of these bars. */
export const outlineOf = (cells: readonly Cell[], rowHeight: number): string =>
  cells
    .map(({ x, row, width }) => {
      const [w, h] = [Math.max(width - GAP - 2, 1), rowHeight - GAP - 2];
      return `M${x + 1} ${row * rowHeight + 1}h${w}v${h}h${-w}z`;
    })
    .join('');
