import { useMemo, useRef, useState } from 'preact/hooks';
import { useWidth } from '../charts/use-width.ts';
import { useInFrame } from './after-frame.ts';
import { FlameMarks } from './flame-marks.tsx';
import { FlameTip, figuresOf, type Tip } from './flame-tip.tsx';
import { type Cell, layout } from './layout.ts';
import {
  type FlameModel,
  findNode,
  frameText,
  nodesOfHashes,
  pathHash,
  type SideName,
  widthsOf,
} from './model.ts';
import { foldedHead, neighbour } from './moves.ts';
import { type Shared, shared, useShared } from './shared.ts';
import { usePainter } from './use-painter.ts';

const COARSE = matchMedia('(pointer: coarse)').matches;
const ROW_PX = COARSE ? 24 : 22;
/** Rows that are shown before the graph scrolls in itself. */
export const ROWS_MAX = 34;
const GUESS_PX = 960;

/** A node of a picture, to be drawn before the URL names it. */
export interface Zoomed {
  readonly model: FlameModel;
  readonly node: number;
}

export interface FlameGraphProps {
  readonly model: FlameModel;
  /** The node of the URL. */
  readonly zoom: number;
  readonly ahead: Shared<Zoomed | undefined>;
  readonly setZoom: (node: number) => void;
  /** Escape. */
  readonly leave: () => void;
  /** Names that are searched for. */
  readonly hits: ReadonlySet<number> | undefined;
  /** The name that is pointed at, here or in the table. */
  readonly lit: Shared<number | undefined>;
  /** What widths go by in a comparison. */
  readonly side: SideName | undefined;
  readonly unit: string;
  readonly amount: (value: number) => string;
  readonly label: string;
  /** The root at the bottom, callers above it. */
  readonly upward?: boolean;
  readonly rowsMax?: number;
}

/** Bars on a canvas, roots on top if not told otherwise. Pointer and keys do the same; the table beside it holds the same figures. */
export function FlameGraph(props: FlameGraphProps) {
  const { model, setZoom, hits, lit, side, unit, amount, upward = false, rowsMax = ROWS_MAX } = props;
  const ahead = useShared(props.ahead);
  const zoom = ahead?.model === model ? ahead.node : props.zoom;
  const [box, width] = useWidth(GUESS_PX);
  const scroller = useRef<HTMLDivElement>(null);
  const { expanded, expand, chosen, setChosen } = usePaths(model);
  const tip = useMemo(() => shared<Tip | undefined>(undefined), [model]); // a tip is of a bar of one picture
  const [spoken, setSpoken] = useState('');
  const value = widthsOf(model, side);
  const { cells, rows } = useMemo(
    () => layout({ model, zoom, width, value, expanded, hits, upward }),
    [model, zoom, width, value, expanded, hits, upward],
  );
  const height = Math.min(rows, rowsMax) * ROW_PX;
  const byRow = useMemo(() => Map.groupBy(cells, ({ row }) => row), [cells]);
  const view = { width, height, rowHeight: ROW_PX, tallest: rowsMax * ROW_PX };
  const painter = usePainter({ model, unit, zoom, side, expanded, hits, upward, ...view });
  const scrolled = useRef(0); // kept, since asking the element would lay the page out

  const point = useInFrame((to: Tip | undefined) => {
    tip.set(to);
    lit.set(to?.cell.kind === 'frame' ? model.name[to.cell.node] : undefined);
  });
  const cellAt = (event: PointerEvent | MouseEvent): Cell | undefined => {
    const row = Math.floor((event.offsetY + scrolled.current) / ROW_PX);
    return byRow.get(row)?.find(({ x, width }) => event.offsetX >= x && event.offsetX < x + width);
  };
  const open = (cell: Cell) => {
    point(undefined); // another bar will be there
    if (cell.kind === 'run') expand(cell.node);
    else if (cell.kind === 'frame') setZoom(cell.node);
    else setZoom(model.parent[cell.node] as number);
  };
  const choose = (node: number) => {
    setChosen(node);
    setSpoken(spokenOf(model, node, upward, amount));
    lit.set(model.name[node]);
    const cell = cells.find((one) => one.node === node);
    if (cell && scroller.current) {
      const y = cell.row * ROW_PX;
      const { scrollTop } = scroller.current;
      if (y < scrollTop || y + ROW_PX > scrollTop + height)
        scroller.current.scrollTop = Math.max(0, y - height / 2);
      tip.set({ cell, x: cell.x, y: y - scroller.current.scrollTop });
    }
  };
  const onKey = (event: KeyboardEvent) => {
    const from = chosen ?? zoom;
    const to = neighbour(model, from, upward ? (TURNED[event.key] ?? event.key) : event.key, value);
    if (to !== undefined) choose(foldedHead({ model, expanded, hits }, to));
    else if (event.key === 'Enter') {
      const cell = cells.find((one) => one.node === from);
      if (cell) open(cell);
    } else if (event.key === 'Escape') {
      setChosen(undefined);
      point(undefined);
      props.leave();
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
          scrolled.current = event.currentTarget.scrollTop;
          painter.scroll(scrolled.current);
        }}
      >
        <div class="flame-stage" style={{ height: `${height}px` }}>
          <canvas
            ref={painter.canvas}
            tabIndex={0}
            role="img"
            aria-label={`${props.label} The table beside it holds the same figures. Arrow keys move, Enter zooms, Escape zooms out, c copies the frame.`}
            data-cells={cells.length}
            onPointerMove={(event) => {
              if (event.pointerType !== 'mouse') return;
              const cell = cellAt(event);
              point(cell && { cell, x: event.offsetX, y: event.offsetY });
            }}
            onPointerLeave={() => point(undefined)}
            onClick={(event) => {
              const cell = cellAt(event);
              if (!cell) return;
              // By touch the first tap says what it is, the second one zooms.
              if (COARSE && cell.node !== chosen) choose(cell.node);
              else open(cell);
            }}
            onKeyDown={onKey}
            onBlur={() => point(undefined)}
          />
        </div>
        <FlameMarks {...{ model, cells, lit, chosen, width }} height={rows * ROW_PX} rowHeight={ROW_PX} />
        <div style={{ height: `${rows * ROW_PX - height}px` }} />
      </div>
      <FlameTip of={tip} rowHeight={ROW_PX} {...{ model, width, upward, amount }} />
      {painter.failed && (
        <p class="note">The graph could not be drawn; the table holds the same figures. Reload the page.</p>
      )}
      <span class="sr" aria-live="polite">
        {spoken}
      </span>
    </div>
  );
}

/** What the reader chose and unfolded, by path: the same frames in the picture of a later look, whatever came in between. */
function usePaths(model: FlameModel) {
  const [unfolded, setUnfolded] = useState<ReadonlySet<string>>(new Set());
  const [picked, setPicked] = useState<string | undefined>();
  const expanded = useMemo(() => nodesOfHashes(model, unfolded), [model, unfolded]);
  return {
    expanded,
    expand: (node: number) => setUnfolded(new Set([...unfolded, pathHash(model, node)])),
    chosen: useMemo(() => findNode(model, picked), [model, picked]),
    setChosen: (node: number | undefined) => setPicked(node === undefined ? node : pathHash(model, node)),
  };
}

/** Arrow keys go where bars are. */
const TURNED: Readonly<Record<string, string>> = { ArrowUp: 'ArrowDown', ArrowDown: 'ArrowUp' };

const spokenOf = (
  model: FlameModel,
  node: number,
  upward: boolean,
  amount: FlameGraphProps['amount'],
): string =>
  [
    frameText(model, node),
    ...figuresOf(upward).map((word) => `${word} ${amount(model.whole[word][node] as number)}`),
  ].join(', ');
