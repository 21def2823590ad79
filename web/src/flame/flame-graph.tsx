import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useWidth } from '../charts/use-width.ts';
import { changeToken, kindToken } from './colours.ts';
import { type Cell, layout, runLength } from './layout.ts';
import { type FlameModel, frameText, KINDS, lineTo } from './model.ts';
import { paint, show } from './paint.ts';

const COARSE = matchMedia('(pointer: coarse)').matches;
const ROW_PX = COARSE ? 24 : 22;
/** Rows that are shown before the graph scrolls in itself. */
const ROWS_MAX = 34;
const GUESS_PX = 960;
const [APP, COLLECTOR] = [KINDS.indexOf('app'), KINDS.indexOf('collector')];

export interface FlameGraphProps {
  readonly model: FlameModel;
  readonly zoom: number;
  readonly setZoom: (node: number) => void;
  /** Names that are searched for. */
  readonly hits: ReadonlySet<number> | undefined;
  /** A name that is pointed at in the table. */
  readonly lit: number | undefined;
  readonly setLit: (name: number | undefined) => void;
  /** What widths go by in a comparison. */
  readonly side: 'after' | 'before' | undefined;
  readonly amount: (value: number) => string;
  readonly label: string;
}

/** Bars on a canvas, roots on top. Pointer and keys do the same; the table beside it holds the same figures. */
export function FlameGraph(props: FlameGraphProps) {
  const { model, zoom, setZoom, hits, lit, setLit, side, amount } = props;
  const [box, width] = useWidth(GUESS_PX);
  const canvas = useRef<HTMLCanvasElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const [expanded, setExpanded] = useState<ReadonlySet<number>>(new Set());
  const [chosen, setChosen] = useState<number | undefined>();
  const [tip, setTip] = useState<{ cell: Cell; x: number; y: number } | undefined>();
  const [spoken, setSpoken] = useState('');
  const value =
    side === undefined
      ? model.whole.total
      : (model.sides?.[side === 'after' ? 1 : 0].total ?? model.whole.total);
  const { cells, rows } = useMemo(
    () => layout({ model, zoom, width, value, expanded, hits }),
    [model, zoom, width, value, expanded, hits],
  );
  const height = Math.min(rows, ROWS_MAX) * ROW_PX;

  const byRow = useMemo(() => rowsOf(cells, rows), [cells, rows]);
  const byName = useMemo(() => namesOf(model, cells), [model, cells]);

  const picture = useRef<HTMLCanvasElement | undefined>(undefined);
  // Kept, since asking the element would lay the page out in the middle of drawing.
  const top = useRef(0);
  const view = () => ({ width, height, top: top.current, rowHeight: ROW_PX });
  const outline = useRef(() => {});
  outline.current = () => {
    if (!canvas.current || !picture.current) return;
    const marked = lit === undefined ? [] : (byName.get(lit) ?? []);
    const own = cells.find((cell) => cell.kind === 'frame' && cell.node === chosen);
    show(canvas.current, picture.current, view(), own ? [...marked, own] : marked);
  };
  const draw = useRef(() => {});
  draw.current = () => {
    if (!canvas.current) return;
    picture.current ??= document.createElement('canvas');
    const kindOf = (cell: Cell) =>
      cell.kind === 'frame' ? model.kinds[model.name[cell.node] as number] : undefined;
    const isHit = (cell: Cell) =>
      hits?.has(model.name[cell.node] as number) === true && cell.kind === 'frame';
    paint(picture.current, canvas.current, view(), {
      cells,
      token: (cell) => tokenOf(model, cell),
      label: (cell) => labelOf(model, cell, amount),
      isDim: (cell) => hits !== undefined && !isHit(cell) && cell.node !== 0,
      isStriped: (cell) => kindOf(cell) === COLLECTOR,
      isBold: (cell) => kindOf(cell) === APP,
    });
    outline.current();
  };
  // A hover draws outlines over the picture; only what changes bars draws them anew.
  useLayoutEffect(() => draw.current(), [cells, width, height, hits, model, amount]);
  useLayoutEffect(() => outline.current(), [lit, chosen]);
  useEffect(() => {
    const again = () => draw.current();
    const theme = new MutationObserver(again);
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', again);
    return () => {
      theme.disconnect();
      dark.removeEventListener('change', again);
    };
  }, []);

  const cellAt = (event: PointerEvent | MouseEvent): Cell | undefined => {
    const row = Math.floor((event.offsetY + top.current) / ROW_PX);
    return byRow[row]?.find(({ x, width }) => event.offsetX >= x && event.offsetX < x + width);
  };
  const open = (cell: Cell) => {
    if (cell.kind === 'run') setExpanded(new Set([...expanded, cell.node]));
    else if (cell.kind === 'frame') setZoom(cell.node);
    else setZoom(model.parent[cell.node] as number);
  };
  const choose = (node: number) => {
    setChosen(node);
    setSpoken(spokenOf(model, node, amount));
    const cell = cells.find((one) => one.node === node);
    if (cell && scroller.current) {
      const y = cell.row * ROW_PX;
      const { scrollTop } = scroller.current;
      if (y < scrollTop || y + ROW_PX > scrollTop + height)
        scroller.current.scrollTop = Math.max(0, y - height / 2);
      setTip({ cell, x: cell.x, y: y - scroller.current.scrollTop });
    }
  };
  const onKey = (event: KeyboardEvent) => {
    const from = chosen ?? zoom;
    const to = neighbour(model, from, event.key, value);
    if (to !== undefined) choose(foldedHead(model, to, expanded, hits));
    else if (event.key === 'Enter') {
      const cell = cells.find((one) => one.node === from);
      if (cell) open(cell);
    } else if (event.key === 'Escape') {
      setChosen(undefined);
      setTip(undefined);
      setZoom(0);
    } else if (event.key === 'c') void navigator.clipboard?.writeText(frameText(model, from));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="flame" ref={box}>
      <div
        class="flame-scroll"
        ref={scroller}
        style={{ height: `${height}px` }}
        onScroll={(event) => {
          top.current = event.currentTarget.scrollTop;
          draw.current();
        }}
      >
        <canvas
          ref={canvas}
          tabIndex={0}
          role="img"
          aria-label={`${props.label} The table beside it holds the same figures. Arrow keys move, Enter zooms, Escape zooms out, c copies the frame.`}
          style={{ height: `${height}px` }}
          data-cells={cells.length}
          onPointerMove={(event) => {
            if (event.pointerType !== 'mouse') return;
            const cell = cellAt(event);
            setTip(cell && { cell, x: event.offsetX, y: event.offsetY });
            setLit(cell?.kind === 'frame' ? model.name[cell.node] : undefined);
          }}
          onPointerLeave={() => {
            setTip(undefined);
            setLit(undefined);
          }}
          onClick={(event) => {
            const cell = cellAt(event);
            if (!cell) return;
            // By touch the first tap says what it is, the second one zooms.
            if (COARSE && cell.node !== chosen) choose(cell.node);
            else open(cell);
          }}
          onKeyDown={onKey}
          onBlur={() => setTip(undefined)}
        />
        <div style={{ height: `${rows * ROW_PX - height}px` }} />
      </div>
      {tip && <Tip model={model} cell={tip.cell} x={tip.x} y={tip.y} width={width} amount={amount} />}
      <span class="sr" aria-live="polite">
        {spoken}
      </span>
    </div>
  );
}

function rowsOf(cells: readonly Cell[], rows: number): readonly (readonly Cell[])[] {
  const byRow: Cell[][] = Array.from({ length: rows }, () => []);
  for (const cell of cells) byRow[cell.row]?.push(cell);
  return byRow;
}

function namesOf(model: FlameModel, cells: readonly Cell[]): ReadonlyMap<number, readonly Cell[]> {
  const byName = new Map<number, Cell[]>();
  for (const cell of cells) {
    if (cell.kind !== 'frame') continue;
    const name = model.name[cell.node] as number;
    const same = byName.get(name);
    if (same) same.push(cell);
    else byName.set(name, [cell]);
  }
  return byName;
}

const tokenOf = (model: FlameModel, cell: Cell): string => {
  if (cell.kind === 'merged') return '--sunk-2';
  if (!model.sides) return cell.node === 0 ? '--d-eq' : kindToken(model, model.name[cell.node] as number);
  const [before, after] = model.sides;
  return changeToken(
    before.total[cell.node] as number,
    after.total[cell.node] as number,
    model.whole.total[0] as number,
  );
};

function labelOf(model: FlameModel, cell: Cell, amount: FlameGraphProps['amount']): string {
  if (cell.kind === 'run') return `⋯ ${cell.count} framework frames`;
  if (cell.kind === 'merged') return `${cell.count} frames`;
  const total = model.whole.total[cell.node] as number;
  const name = cell.node === 0 ? 'all' : (model.names[model.name[cell.node] as number] as string);
  if (model.sides) {
    const change = (model.sides[1].total[cell.node] as number) - (model.sides[0].total[cell.node] as number);
    return cell.width > 180 && change !== 0
      ? `${name}  ${change > 0 ? '+' : '−'}${amount(Math.abs(change))}`
      : name;
  }
  if (cell.node === 0) return `all  ${amount(total)}`;
  return cell.width > 220 ? `${name}  ${share(total, model.whole.total[0] as number)}` : name;
}

const share = (part: number, whole: number): string =>
  whole > 0 ? `${((100 * part) / whole).toFixed(1)}\u2009%` : '–';

const spokenOf = (model: FlameModel, node: number, amount: FlameGraphProps['amount']): string =>
  `${frameText(model, node)}, total ${amount(model.whole.total[node] as number)}, self ${amount(model.whole.self[node] as number)}`;

/** Where an arrow key leads. */
function neighbour(model: FlameModel, node: number, key: string, value: Float64Array): number | undefined {
  const first = model.child[model.childStart[node] as number];
  if (key === 'ArrowDown')
    return (model.childStart[node + 1] as number) > (model.childStart[node] as number) ? first : undefined;
  const up = model.parent[node] as number;
  if (key === 'ArrowUp') return up < 0 ? undefined : up;
  if ((key !== 'ArrowLeft' && key !== 'ArrowRight') || up < 0) return undefined;
  const siblings = [...model.child.subarray(model.childStart[up], model.childStart[up + 1])].filter(
    (one) => (value[one] as number) > 0,
  );
  return siblings[siblings.indexOf(node) + (key === 'ArrowRight' ? 1 : -1)];
}

/** The node whose bar a node lies in: the first of its run where that is folded. */
function foldedHead(
  model: FlameModel,
  node: number,
  expanded: ReadonlySet<number>,
  hits: ReadonlySet<number> | undefined,
): number {
  if (hits) return node;
  for (const step of lineTo(model, node)) {
    const length = runLength(model, step);
    if (length < 3 || expanded.has(step)) continue;
    let at = step;
    for (let i = 0; i < length; i += 1, at = model.child[model.childStart[at] as number] as number)
      if (at === node) return step;
  }
  return node;
}

const TIP_PX = 300;

function Tip({
  model,
  cell,
  x,
  y,
  width,
  amount,
}: {
  model: FlameModel;
  cell: Cell;
  x: number;
  y: number;
  width: number;
  amount: (value: number) => string;
}) {
  const name = model.name[cell.node] as number;
  const whole = model.whole.total[0] as number;
  const figures = (value: number) => (
    <dd>
      {amount(value)} · {share(value, whole)}
    </dd>
  );
  const left = Math.max(0, Math.min(x + 14, width - TIP_PX));
  return (
    <div class="tip flame-tip" style={{ transform: `translate(${left}px, ${y + ROW_PX}px)` }}>
      <b>
        {cell.kind === 'frame' ? (cell.node === 0 ? 'all' : model.names[name]) : labelOf(model, cell, amount)}
      </b>
      {cell.kind === 'frame' && model.files[name] && <div class="at">{model.files[name]}</div>}
      <dl>
        {model.sides && cell.kind !== 'merged' ? (
          <>
            <dt>before</dt>
            <dd>{amount(model.sides[0].total[cell.node] as number)}</dd>
            <dt>after</dt>
            <dd>{amount(model.sides[1].total[cell.node] as number)}</dd>
          </>
        ) : (
          cell.kind !== 'merged' && (
            <>
              <dt>total</dt>
              {figures(model.whole.total[cell.node] as number)}
              <dt>self</dt>
              {figures(model.whole.self[cell.node] as number)}
            </>
          )
        )}
        <dt>
          {cell.kind === 'frame'
            ? KINDS[model.kinds[name] as number]
            : cell.kind === 'run'
              ? 'click to unfold'
              : 'too narrow'}
        </dt>
        <dd />
      </dl>
    </div>
  );
}
