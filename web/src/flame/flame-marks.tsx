import { useMemo } from 'preact/hooks';
import { type Cell, GAP } from './layout.ts';
import type { FlameModel } from './model.ts';
import { type Shared, useShared } from './shared.ts';

interface MarksProps {
  readonly model: FlameModel;
  readonly cells: readonly Cell[];
  readonly lit: Shared<number | undefined>;
  readonly chosen: number | undefined;
  readonly width: number;
  readonly height: number;
  readonly rowHeight: number;
}

/** Outlines of what is chosen or pointed at. They lie over the picture: a hover paints nothing anew. */
export function FlameMarks({ model, cells, lit, chosen, width, height, rowHeight }: MarksProps) {
  const name = useShared(lit);
  const outline = useMemo(() => {
    if (name === undefined && chosen === undefined) return '';
    const isMarked = ({ kind, node }: Cell) =>
      kind === 'frame' && (node === chosen || model.name[node] === name);
    return outlineOf(cells.filter(isMarked), rowHeight);
  }, [model, cells, name, chosen, rowHeight]);
  return (
    <svg class="flame-marks" width={width} height={height} aria-hidden="true">
      <path d={outline} />
    </svg>
  );
}

/** One path about all of these bars. */
const outlineOf = (cells: readonly Cell[], rowHeight: number): string =>
  cells
    .map(({ x, row, width }) => {
      const [w, h] = [Math.max(width - GAP - 2, 1), rowHeight - GAP - 2];
      return `M${x + 1} ${row * rowHeight + 1}h${w}v${h}h${-w}z`;
    })
    .join('');
