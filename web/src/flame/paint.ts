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
  readonly height: number;
  /** Pixels scrolled away above. */
  readonly top: number;
  readonly rowHeight: number;
}

const GAP = 1;
const PAD = 6;
const MIN_TEXT_PX = 30;
const FONT_PX = 12;
const STRIPE_PX = 6;

/** Widths of texts by font: measured once, since measuring costs more than drawing. */
const measured = new Map<string, number>();
const MEASURED_MAX = 20_000;

function widthOf(g: CanvasRenderingContext2D, text: string): number {
  const key = `${g.font}\n${text}`;
  const known = measured.get(key);
  if (known !== undefined) return known;
  if (measured.size > MEASURED_MAX) measured.clear();
  const { width } = g.measureText(text);
  measured.set(key, width);
  return width;
}

function cleared(canvas: HTMLCanvasElement, view: Window): CanvasRenderingContext2D | null {
  const g = canvas.getContext('2d');
  if (!g) return null;
  const ratio = devicePixelRatio || 1;
  const [w, h] = [Math.round(view.width * ratio), Math.round(view.height * ratio)];
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, view.width, view.height);
  return g;
}

/** Shows the picture with outlines about some cells: all that a hover costs. */
export function show(
  canvas: HTMLCanvasElement,
  picture: HTMLCanvasElement,
  view: Window,
  outlined: readonly Cell[],
): void {
  const g = cleared(canvas, view);
  if (!g) return;
  g.drawImage(picture, 0, 0, view.width, view.height);
  if (outlined.length === 0) return;
  g.strokeStyle = getComputedStyle(canvas).getPropertyValue('--ink').trim();
  g.lineWidth = 2;
  for (const cell of outlined) {
    const y = cell.row * view.rowHeight - view.top;
    const width = Math.max(cell.width - GAP - 2, 1);
    g.strokeRect(cell.x + 1, y + 1, width, view.rowHeight - GAP - 2);
  }
}

/** Draws the rows that can be seen, with the colours that hold for an element of the page. */
export function paint(canvas: HTMLCanvasElement, of: HTMLElement, view: Window, what: Painted): void {
  const g = cleared(canvas, view);
  if (!g) return;
  g.textBaseline = 'middle';
  const style = getComputedStyle(of);
  const colours = new Map<string, string>();
  const colour = (token: string) => {
    let found = colours.get(token);
    if (found === undefined) {
      found = style.getPropertyValue(token).trim();
      colours.set(token, found);
    }
    return found;
  };
  const fonts = {
    plain: `400 ${FONT_PX}px ${style.fontFamily}`,
    bold: `500 ${FONT_PX}px ${style.fontFamily}`,
  };
  for (const cell of what.cells) {
    const y = cell.row * view.rowHeight - view.top;
    if (y + view.rowHeight < 0 || y > view.height) continue;
    const width = Math.max(cell.width - GAP, 0.6);
    g.globalAlpha = what.isDim(cell) ? 0.35 : cell.above ? 0.55 : 1;
    g.fillStyle = colour(what.token(cell));
    g.fillRect(cell.x, y, width, view.rowHeight - GAP);
    if (what.isStriped(cell)) stripes(g, cell.x, y, width, view.rowHeight - GAP, colour('--ink'));
    g.globalAlpha = what.isDim(cell) ? 0.55 : 1;
    if (cell.width < MIN_TEXT_PX) continue;
    g.fillStyle = colour('--f-text');
    g.font = what.isBold(cell) ? fonts.bold : fonts.plain;
    g.fillText(fitted(g, what.label(cell), cell.width - 2 * PAD), cell.x + PAD, y + view.rowHeight / 2);
  }
  g.globalAlpha = 1;
}

function stripes(
  g: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
  ink: string,
) {
  const before = g.globalAlpha;
  g.save();
  g.beginPath();
  g.rect(x, y, width, height);
  g.clip();
  g.globalAlpha = 0.22 * before;
  g.strokeStyle = ink;
  g.lineWidth = 1;
  g.beginPath();
  for (let at = -height; at < width; at += STRIPE_PX) {
    g.moveTo(x + at, y + height);
    g.lineTo(x + at + height, y);
  }
  g.stroke();
  g.restore();
}

/** The text cut to what fits, found from its share of the whole width: exact enough, and one measure per name. */
function fitted(g: CanvasRenderingContext2D, text: string, room: number): string {
  const width = widthOf(g, text);
  if (width <= room) return text;
  const chars = Math.floor((text.length * room) / width) - 1;
  return chars < 2 ? '' : `${text.slice(0, chars)}…`;
}
