import type { RefObject } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Tip } from './flame-tip.tsx';
import type { Cell } from './layout.ts';

interface CanvasProps {
  readonly canvas: RefObject<HTMLCanvasElement | null>;
  readonly cells: readonly Cell[];
  readonly rowHeight: number;
  /** How far the graph is scrolled: kept, since asking the element would lay the page out. */
  readonly scrolled: { readonly current: number };
  readonly label: string;
  /** Nothing: the pointer left. */
  readonly point: (to: Tip | undefined) => void;
  readonly press: (cell: Cell) => void;
  readonly onKey: (event: KeyboardEvent) => void;
}

/** The canvas that the painter draws on, and the bars that lie under a pointer on it. */
export function FlameCanvas({ canvas, cells, rowHeight, scrolled, label, point, press, onKey }: CanvasProps) {
  const byRow = useMemo(() => Map.groupBy(cells, ({ row }) => row), [cells]);
  const cellAt = ({ offsetX, offsetY }: MouseEvent): Cell | undefined =>
    byRow
      .get(Math.floor((offsetY + scrolled.current) / rowHeight))
      ?.find(({ x, width }) => offsetX >= x && offsetX < x + width);
  return (
    <canvas
      ref={canvas}
      tabIndex={0}
      role="img"
      aria-label={`${label} The table beside it holds the same figures. Arrow keys move, Enter zooms, Escape zooms out, c copies the frame.`}
      data-cells={cells.length}
      data-widest-row={Math.max(...[...byRow.values()].map((row) => row.length))}
      onPointerMove={(event) => {
        if (event.pointerType !== 'mouse') return;
        const cell = cellAt(event);
        point(cell && { cell, x: event.offsetX, y: event.offsetY });
      }}
      onPointerLeave={() => point(undefined)}
      onClick={(event) => {
        const cell = cellAt(event);
        if (cell) press(cell);
      }}
      onKeyDown={onKey}
      onBlur={() => point(undefined)}
    />
  );
}
