import { align } from '../../flame/diff.ts';
import { doubleFlamebearer, envelope, flamebearer } from '../../flame/flamebearer.ts';
import { prune, pruneSides } from '../../flame/prune.ts';
import type { Measure } from '../../flame/state.ts';
import { type EpochMs, SECOND_MS } from '../../model/units.ts';
import { pyroscopeUnits } from './flame-views.ts';
import { type PyroscopeContext, pyroscopePoints, pyroscopeTree, type SeriesQuery } from './pyroscope.ts';

// The two answers of Pyroscope that its own pages and older data sources read: /render and /render-diff.

export type MeasureQuery = SeriesQuery & { readonly measure: Measure };

const TIMELINE_POINTS = 150;

export async function renderSingle(context: PyroscopeContext, query: MeasureQuery, maxNodes: number) {
  const tree = await pyroscopeTree(context, query);
  const stepMs = Math.max(SECOND_MS, Math.ceil((query.to - query.from) / TIMELINE_POINTS));
  const [series] = await pyroscopePoints(context, { ...query, stepMs, groupBy: [] });
  const { measure } = query;
  const picture = flamebearer(prune(tree, maxNodes)).flamebearer;
  return {
    ...envelope('single', picture, measure.type, pyroscopeUnits({ measure })),
    timeline: timelineOf(series?.points ?? []),
  };
}

export async function renderDouble(
  context: PyroscopeContext,
  sides: readonly [MeasureQuery, MeasureQuery],
  maxNodes: number,
) {
  const [left, right] = await Promise.all(sides.map((side) => pyroscopeTree(context, side)));
  const drawn = doubleFlamebearer(pruneSides(align(left!, right!), maxNodes));
  const { measure } = sides[0];
  return {
    ...envelope('double', drawn.flamebearer, measure.type, pyroscopeUnits({ measure })),
    leftTicks: drawn.leftTicks,
    rightTicks: drawn.rightTicks,
  };
}

const ONE_STEP_MS = 600 * SECOND_MS;

/** Samples at even distances, 0 where nothing came. */
function timelineOf(points: readonly { readonly value: number; readonly timestamp: EpochMs }[]) {
  const [first] = points;
  if (first === undefined) return null;
  const gaps = points.slice(1).map(({ timestamp }, i) => timestamp - points[i]!.timestamp);
  const stepMs = gaps.length === 0 ? ONE_STEP_MS : Math.min(...gaps);
  const valueAt = new Map(points.map(({ timestamp, value }) => [timestamp, value]));
  const count = Math.floor((points.at(-1)!.timestamp - first.timestamp) / stepMs) + 1;
  return {
    startTime: first.timestamp / SECOND_MS,
    samples: Array.from({ length: count }, (_, i) => valueAt.get(first.timestamp + i * stepMs) ?? 0),
    durationDelta: stepMs / SECOND_MS,
    watermarks: null,
  };
}
