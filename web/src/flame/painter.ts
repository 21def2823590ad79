import { profileAmount } from './amount.ts';
import { changeToken, kindToken } from './colours.ts';
import { labelOf } from './labels.ts';
import { type Cell, layout } from './layout.ts';
import { type FlameModel, KINDS, type SideName, widthsOf } from './model.ts';
import { type Painted, paint, type Theme, type Window } from './paint.ts';

/** All that a canvas shows. */
export interface Scene extends Window {
  readonly model: FlameModel;
  /** Of its amounts. */
  readonly unit: string;
  readonly theme: Theme;
  readonly zoom: number;
  readonly side: SideName | undefined;
  readonly expanded: ReadonlySet<number>;
  readonly hits: ReadonlySet<number> | undefined;
  /** The root at the bottom. */
  readonly upward: boolean;
}

const [APP, COLLECTOR] = [KINDS.indexOf('app'), KINDS.indexOf('collector')];

export function paintScene(canvas: OffscreenCanvas, scene: Scene): void {
  const { model, side } = scene;
  const { cells } = layout({ ...scene, value: widthsOf(model, side) });
  paint(canvas, scene.theme, scene, paintedOf(scene, cells));
}

function paintedOf({ model, unit, hits }: Scene, cells: readonly Cell[]): Painted {
  const amount = (value: number) => profileAmount(value, unit);
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

function tokenOf(model: FlameModel, cell: Cell): string {
  if (cell.kind === 'merged') return '--sunk-2';
  if (!model.sides) return kindToken(model, model.name[cell.node] as number);
  const [before, after] = model.sides;
  return changeToken(
    before.total[cell.node] as number,
    after.total[cell.node] as number,
    model.whole.total[0] as number,
  );
}
