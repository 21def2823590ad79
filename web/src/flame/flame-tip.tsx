import { labelOf, share } from './labels.ts';
import type { Cell } from './layout.ts';
import { type FlameModel, KINDS, nameAt } from './model.ts';
import { type Shared, useShared } from './shared.ts';

const TIP_PX = 300;

/** A bar that is told of. */
export interface Tip {
  readonly cell: Cell;
  /** Of the pointer, within the graph. */
  readonly x: number;
  readonly y: number;
}

interface TipProps {
  readonly model: FlameModel;
  readonly of: Shared<Tip | undefined>;
  /** Of the graph. */
  readonly width: number;
  readonly rowHeight: number;
  /** Bars are callers: what they take by themselves lies elsewhere. */
  readonly upward: boolean;
  readonly amount: (value: number) => string;
}

/** What a bar is and how much: one per graph, beside the pointer or under what a key chose. */
export function FlameTip({ model, of, width, rowHeight, upward, amount }: TipProps) {
  const tip = useShared(of);
  if (!tip) return null;
  const { cell, x, y } = tip;
  const name = model.name[cell.node] as number;
  const left = Math.max(0, Math.min(x + 14, width - TIP_PX));
  return (
    <div class="tip flame-tip" style={{ transform: `translate(${left}px, ${y + rowHeight}px)` }}>
      <b>{cell.kind === 'frame' ? nameAt(model, cell.node) : labelOf(model, cell, amount)}</b>
      {cell.kind === 'frame' && model.files[name] && <div class="at">{model.files[name]}</div>}
      <dl>
        {cell.kind !== 'merged' && <Figures {...{ model, upward, amount }} node={cell.node} />}
        <dt>{wordOf(model, cell)}</dt>
        <dd />
      </dl>
    </div>
  );
}

function Figures({
  model,
  node,
  upward,
  amount,
}: Pick<TipProps, 'model' | 'upward' | 'amount'> & { node: number }) {
  const { whole, sides } = model;
  const rows = sides
    ? [
        ['before', amount(sides[0].total[node] as number)],
        ['after', amount(sides[1].total[node] as number)],
      ]
    : figuresOf(upward).map((word) => {
        const value = whole[word][node] as number;
        return [word, `${amount(value)} · ${share(value, whole.total[0] as number)}`];
      });
  return rows.flatMap(([word, text]) => [<dt key={word}>{word}</dt>, <dd key={`${word} value`}>{text}</dd>]);
}

/** What is told of a bar: a caller of a function is drawn with what goes through it alone. */
export const figuresOf = (upward: boolean): readonly ('total' | 'self')[] =>
  upward ? ['total'] : ['total', 'self'];

function wordOf(model: FlameModel, { kind, node }: Cell): string | undefined {
  if (kind === 'frame') return KINDS[model.kinds[model.name[node] as number] as number];
  return kind === 'run' ? 'click to unfold' : 'too narrow';
}
