import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useWidth } from '../charts/use-width.ts';
import { changeToken, kindToken } from './colours.ts';
import { FlameTip, labelOf } from './flame-tip.tsx';
import { type Cell, layout } from './layout.ts';
import { type FlameModel, frameText, KINDS } from './model.ts';
import { foldedHead, neighbour } from './moves.ts';
import { outlineOf, type Painted, paint, type Theme, themeOf, type Window } from './paint.ts';

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
  const byRow = useMemo(() => Map.groupBy(cells, ({ row }) => row), [cells]);
  const painted = useMemo(() => paintedOf(model, cells, hits, amount), [model, cells, hits, amount]);
  const [canvas, scrolled] = usePainting(painted, { width, height, rowHeight: ROW_PX });
  // Outlines lie over the picture: a hover draws nothing anew.
  const outline = useMemo(
    () =>
      lit === undefined && chosen === undefined
        ? ''
        : outlineOf(
            cells.filter(
              ({ kind, node }) => kind === 'frame' && (node === chosen || model.name[node] === lit),
            ),
            ROW_PX,
          ),
    [model, cells, lit, chosen],
  );

  const cellAt = (event: PointerEvent | MouseEvent): Cell | undefined => {
    const row = Math.floor((event.offsetY + scrolled.current) / ROW_PX);
    return byRow.get(row)?.find(({ x, width }) => event.offsetX >= x && event.offsetX < x + width);
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
        onScroll={(event) => scrolled.to(event.currentTarget.scrollTop)}
      >
        <div class="flame-stage" style={{ height: `${height}px` }}>
          <canvas
            ref={canvas}
            tabIndex={0}
            role="img"
            aria-label={`${props.label} The table beside it holds the same figures. Arrow keys move, Enter zooms, Escape zooms out, c copies the frame.`}
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
        </div>
        <svg class="flame-marks" width={width} height={rows * ROW_PX} aria-hidden="true">
          <path d={outline} />
        </svg>
        <div style={{ height: `${rows * ROW_PX - height}px` }} />
      </div>
      {tip && (
        <FlameTip
          model={model}
          cell={tip.cell}
          x={tip.x}
          y={tip.y}
          width={width}
          rowHeight={ROW_PX}
          amount={amount}
        />
      )}
      <span class="sr" aria-live="polite">
        {spoken}
      </span>
    </div>
  );
}

/** Keeps a canvas painted: again when what it shows changes, when it is scrolled, and when the theme does. */
function usePainting(painted: Painted, { width, height, rowHeight }: Omit<Window, 'top'>) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useRef<Theme | undefined>(undefined);
  const draw = useRef(() => {});
  // Kept, since asking the element would lay the page out in the middle of drawing.
  const scrolled = useRef({
    current: 0,
    to(top: number) {
      this.current = top;
      draw.current();
    },
  }).current;
  draw.current = () => {
    if (!canvas.current) return;
    theme.current ??= themeOf(canvas.current);
    paint(canvas.current, theme.current, { width, height, top: scrolled.current, rowHeight }, painted);
  };
  useLayoutEffect(() => draw.current(), [painted, width, height]);
  useEffect(() => {
    const again = () => {
      theme.current = undefined;
      draw.current();
    };
    const chosen = new MutationObserver(again);
    chosen.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', again);
    return () => {
      chosen.disconnect();
      dark.removeEventListener('change', again);
    };
  }, []);
  return [canvas, scrolled] as const;
}

function paintedOf(
  model: FlameModel,
  cells: readonly Cell[],
  hits: ReadonlySet<number> | undefined,
  amount: FlameGraphProps['amount'],
): Painted {
  const kindOf = ({ kind, node }: Cell) =>
    kind === 'frame' ? model.kinds[model.name[node] as number] : undefined;
  const isHit = ({ kind, node }: Cell) => hits?.has(model.name[node] as number) === true && kind === 'frame';
  return {
    cells,
    token: (cell) => tokenOf(model, cell),
    label: (cell) => labelOf(model, cell, amount),
    isDim: (cell) => hits !== undefined && !isHit(cell) && cell.node !== 0,
    isStriped: (cell) => kindOf(cell) === COLLECTOR,
    isBold: (cell) => kindOf(cell) === APP,
  };
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

const spokenOf = (model: FlameModel, node: number, amount: FlameGraphProps['amount']): string =>
  `${frameText(model, node)}, total ${amount(model.whole.total[node] as number)}, self ${amount(model.whole.self[node] as number)}`;
