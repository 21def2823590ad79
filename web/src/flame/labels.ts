import { THIN_SPACE } from '../../../lib/model/format-number.ts';
import type { Cell } from './layout.ts';
import { type FlameModel, nameAt } from './model.ts';

/** What stands in a bar. */
export function labelOf(model: FlameModel, cell: Cell, amount: (value: number) => string): string {
  if (cell.kind === 'run') return `⋯ ${cell.count} framework frames`;
  if (cell.kind === 'merged') return `${cell.count} frames`;
  const total = model.whole.total[cell.node] as number;
  const name = nameAt(model, cell.node);
  if (model.sides) {
    const change = (model.sides[1].total[cell.node] as number) - (model.sides[0].total[cell.node] as number);
    return cell.width > 180 && change !== 0
      ? `${name}  ${change > 0 ? '+' : '−'}${amount(Math.abs(change))}`
      : name;
  }
  if (cell.node === 0) return `${name}  ${amount(total)}`;
  return cell.width > 220 ? `${name}  ${share(total, model.whole.total[0] as number)}` : name;
}

export const share = (part: number, whole: number): string =>
  whole > 0 ? `${((100 * part) / whole).toFixed(1)}${THIN_SPACE}%` : '–';
