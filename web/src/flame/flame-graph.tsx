import { useMemo, useRef, useState } from 'preact/hooks';
import { useWidth } from '../charts/use-width.ts';
import { useInFrame } from './after-frame.ts';
import { FlameCanvas } from './flame-canvas.tsx';
import { FlameMarks } from './flame-marks.tsx';
import { FlameTip, type Tip } from './flame-tip.tsx';
import { type Cell, layout } from './layout.ts';
import { type FlameModel, findNode, nodesOfHashes, pathHash, type SideName, widthsOf } from './model.ts';
import { type Shared, shared, useShared } from './shared.ts';
import { useFlameKeys } from './use-flame-keys.ts';
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
  const scrolled = useRef(0);
  const { expanded, expand, chosen, setChosen } = usePaths(model);
  const tip = useMemo(() => shared<Tip | undefined>(undefined), [model]); // a tip is of a bar of one picture
  const value = widthsOf(model, side);
  const drawn = { model, zoom, width, value, expanded, hits, upward };
  const { cells, rows } = useMemo(() => layout(drawn), Object.values(drawn));
  const height = Math.min(rows, rowsMax) * ROW_PX;
  const view = { width, height, rowHeight: ROW_PX, tallest: rowsMax * ROW_PX };
  const painter = usePainter({ model, unit, zoom, side, expanded, hits, upward, ...view });

  const point = useInFrame((to: Tip | undefined) => {
    tip.set(to);
    lit.set(to?.cell.kind === 'frame' ? model.name[to.cell.node] : undefined);
  });
  const unpoint = () => point(undefined);
  const open = (cell: Cell) => {
    unpoint(); // another bar will be there
    if (cell.kind === 'run') expand(cell.node);
    else if (cell.kind === 'frame') setZoom(cell.node);
    else setZoom(model.parent[cell.node] as number);
  };
  const { spoken, choose, onKey } = useFlameKeys({
    ...drawn,
    ...{ cells, chosen, setChosen, lit, tip, scroller, height, rowHeight: ROW_PX, amount },
    ...{ open, unpoint, leave: props.leave },
  });
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
          <FlameCanvas
            {...{ cells, scrolled, point, onKey, canvas: painter.canvas, label: props.label }}
            rowHeight={ROW_PX}
            // By touch the first tap says what it is, the second one zooms.
            press={(cell) => (COARSE && cell.node !== chosen ? choose(cell.node) : open(cell))}
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
