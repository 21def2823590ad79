import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ApiTrace } from '../../../lib/http/trace-schemas.ts';
import { useKeys } from '../keys.ts';
import { type Nesting, type Row, rowsOf } from './model.ts';
import { useRowWindow } from './row-window.ts';
import { Axis, RowView } from './waterfall-row.tsx';

const VIRTUAL_FROM = 300;
const NONE: ReadonlySet<string> = new Set();

/** Spans and gaps over time. Arrows move and fold, enter chooses; one row is in the tab order. */
export function Waterfall({
  trace,
  nesting,
  chosen,
  choose,
}: {
  trace: ApiTrace;
  nesting: Nesting;
  chosen: string | undefined;
  choose: (row: Row) => void;
}) {
  const [folded, setFolded] = useState(NONE);
  const [at, setAt] = useState<string | undefined>(undefined);
  const rows = useMemo(() => rowsOf(trace, nesting, folded), [trace, nesting, folded]);
  const box = useRef<HTMLDivElement>(null);
  const moved = useRef(false);
  const found = rows.findIndex(({ id }) => id === (at ?? chosen));
  const index = Math.max(0, found);
  const { from, to, rowPx, virtual } = useRowWindow(box, rows.length, VIRTUAL_FROM);
  // What has the focus stays in the document, wherever the page is scrolled to.
  const shown = rows.map((row, i) => ({ row, i })).filter(({ i }) => (i >= from && i < to) || i === index);

  // With the drawing, not after it: an effect that waits runs when the next key was pressed already, and takes its move
  // for the one before.
  useLayoutEffect(() => {
    if (!moved.current) return;
    moved.current = false;
    const row = box.current?.querySelector<HTMLElement>('[tabindex="0"]');
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: 'nearest' });
  });
  const move = (to: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, to))];
    if (!row) return;
    moved.current = true;
    setAt(row.id);
  };
  const fold = (id: string, on: boolean) => {
    const next = new Set(folded);
    if (on) next.add(id);
    else next.delete(id);
    setFolded(next);
  };
  const row = rows[index];
  const isOpen = row?.kind === 'span' && row.children > 0 && !folded.has(row.id);
  const actions: Record<string, () => void> = {
    ArrowDown: () => move(index + 1),
    ArrowUp: () => move(index - 1),
    Home: () => move(0),
    End: () => move(rows.length - 1),
    ArrowLeft: () => {
      if (row && isOpen) fold(row.id, true);
      else move(rows.findIndex(({ id }) => id === row?.parent));
    },
    ArrowRight: () => {
      if (row && folded.has(row.id)) fold(row.id, false);
      else if (isOpen) move(index + 1);
    },
    Enter: () => row && choose(row),
    ' ': () => row && choose(row),
  };
  // The page's keys for rows mean these rows.
  useKeys({ j: () => move(found < 0 && at === undefined ? 0 : index + 1), k: () => move(index - 1) });
  const top = (i: number) => (virtual ? { position: 'absolute', top: `${i * rowPx}px` } : {});
  return (
    <div class="wf">
      <Axis durationUs={trace.durationUs} />
      <div
        ref={box}
        role="tree"
        aria-label={`Spans, ${nesting === 'repaired' ? 'nesting repaired' : 'as reported'}`}
        class={virtual ? 'virtual' : ''}
        style={virtual ? { height: `${rows.length * rowPx}px` } : {}}
        onKeyDown={(event) => {
          const action = actions[event.key];
          if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
          event.preventDefault();
          action();
        }}
      >
        {shown.map(({ row: one, i }) => (
          <RowView
            key={one.id}
            row={one}
            trace={trace}
            nesting={nesting}
            place={top(i)}
            chosen={one.id === chosen}
            inTabOrder={i === index}
            folded={folded.has(one.id)}
            choose={() => {
              setAt(one.id);
              choose(one);
            }}
          />
        ))}
      </div>
    </div>
  );
}
