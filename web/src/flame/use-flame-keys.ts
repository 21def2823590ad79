import type { RefObject } from 'preact';
import { useState } from 'preact/hooks';
import { figuresOf, type Tip } from './flame-tip.tsx';
import type { Cell, LayoutInput } from './layout.ts';
import { type FlameModel, frameText } from './model.ts';
import { foldedHead, neighbour } from './moves.ts';
import type { Shared } from './shared.ts';

/** What keys move over, and what they change. */
interface FlameKeys extends LayoutInput {
  readonly upward: boolean;
  readonly cells: readonly Cell[];
  /** The node that was chosen last. */
  readonly chosen: number | undefined;
  readonly setChosen: (node: number | undefined) => void;
  readonly lit: Shared<number | undefined>;
  readonly tip: Shared<Tip | undefined>;
  readonly scroller: RefObject<HTMLElement | null>;
  /** Of what is seen of the graph, px. */
  readonly height: number;
  readonly rowHeight: number;
  readonly amount: (value: number) => string;
  readonly open: (cell: Cell) => void;
  /** Nothing is pointed at any more. */
  readonly unpoint: () => void;
  /** Escape. */
  readonly leave: () => void;
}

/** Arrow keys go where bars are. */
const TURNED: Readonly<Record<string, string>> = { ArrowUp: 'ArrowDown', ArrowDown: 'ArrowUp' };

/** Choosing a frame without a pointer: it is outlined, told, spoken and brought into view. */
export function useFlameKeys(keys: FlameKeys) {
  const { model, zoom, cells, upward, chosen, setChosen, height, rowHeight } = keys;
  const [spoken, setSpoken] = useState('');
  const cellOf = (node: number) => cells.find((one) => one.node === node);
  const choose = (node: number) => {
    setChosen(node);
    setSpoken(spokenOf(model, node, upward, keys.amount));
    keys.lit.set(model.name[node]);
    const cell = cellOf(node);
    const scroller = keys.scroller.current;
    if (!cell || !scroller) return;
    const y = cell.row * rowHeight;
    const isSeen = y >= scroller.scrollTop && y + rowHeight <= scroller.scrollTop + height;
    if (!isSeen) scroller.scrollTop = Math.max(0, y - height / 2);
    keys.tip.set({ cell, x: cell.x, y: y - scroller.scrollTop });
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return; // the browser's own
    const from = chosen ?? zoom;
    const to = neighbour(model, from, upward ? (TURNED[event.key] ?? event.key) : event.key, keys.value);
    if (to !== undefined) choose(foldedHead(keys, to));
    else if (event.key === 'Enter') {
      const cell = cellOf(from);
      if (cell) keys.open(cell);
    } else if (event.key === 'Escape') {
      setChosen(undefined);
      keys.unpoint();
      keys.leave();
    } else if (event.key === 'c') void navigator.clipboard?.writeText(frameText(model, from));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return { spoken, choose, onKey };
}

const spokenOf = (
  model: FlameModel,
  node: number,
  upward: boolean,
  amount: (value: number) => string,
): string =>
  [
    frameText(model, node),
    ...figuresOf(upward).map((word) => `${word} ${amount(model.whole[word][node] as number)}`),
  ].join(', ');
