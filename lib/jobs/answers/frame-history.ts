import { lastOfLives } from '../../flame/lives.ts';
import { select } from '../../flame/select.ts';
import { measureKey } from '../../flame/state.ts';
import { frameTotals } from '../../flame/top.ts';
import { type FlameTree, fileOf, nameOf, totalOf } from '../../flame/tree.ts';
import type { EpochMs } from '../../model/units.ts';
import { BEFORE_MS, type FlameContext, loadFlameSteps, withEarlier } from './flame-states.ts';
import { type FlameQuery, filtered, nothing, type Shaping, selectionOf, seriesOf } from './flamegraph.ts';

export interface FrameQuery extends FlameQuery {
  readonly name: string;
  readonly file: string;
}

/** Of what was measured in a step, the parts of a function: 0 … 1. */
export interface FramePoint {
  readonly t: EpochMs;
  readonly self: number;
  /** With what it calls. */
  readonly total: number;
}

/**
 * What a function takes of the whole over time, at the start of each step of ten minutes, or of an hour or a day in long ranges.
 * Steps in which nothing was measured, or nothing of the instance, have no point.
 *
 * @throws Fault('not-found') where no such profile lies in the range, Fault('invalid-input') as the graph does
 *
 * Cost: as the graph of the range, and one graph per step.
 */
export async function frameHistory(
  context: FlameContext,
  query: FrameQuery,
  shaping: Shaping,
): Promise<readonly FramePoint[]> {
  const { steps, before: near } = await loadFlameSteps(context, query);
  const states = { states: steps.map(({ state }) => state), before: near };
  const series = seriesOf(states, query);
  if (series === undefined) throw nothing(query);
  const selection = selectionOf(series, query);
  const key =
    series.temporality === 'cumulative' ? measureKey(series.measure, series.temporality) : undefined;
  let { before } = await withEarlier(context, query, states, series);
  const points: FramePoint[] = [];
  for (const { start, state } of steps) {
    // What a life counts goes on from its last upload, however many steps of the last six hours ago that was.
    if (key !== undefined) before = lastOfLives(before, key, start - BEFORE_MS);
    const tree = filtered(select({ states: [state], before }, selection).tree, shaping);
    const whole = Number(totalOf(tree));
    if (whole > 0) points.push({ t: start, ...partsOf(tree, query, whole) });
    if (key !== undefined) before = [...before, state];
  }
  return points;
}

function partsOf(tree: FlameTree, { name, file }: FrameQuery, whole: number) {
  const { stacks } = tree;
  const frame = stacks.frameName.findIndex(
    (_, frame) => nameOf(stacks, frame) === name && fileOf(stacks, frame) === file,
  );
  if (frame < 0) return { self: 0, total: 0 };
  const { self, total } = frameTotals(tree);
  return { self: Number(self[frame]) / whole, total: Number(total[frame]) / whole };
}
