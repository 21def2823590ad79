import { exampleUploads, functionName, linesByFunction } from '../../flame/details.ts';
import { align, type DiffRow, diffOf } from '../../flame/diff.ts';
import {
  doubleFlamebearer,
  flamebearer,
  type JsonInteger,
  type PictureUnits,
  rendered,
  toJson,
} from '../../flame/flamebearer.ts';
import { prune, pruneSides } from '../../flame/prune.ts';
import type { Selected } from '../../flame/select.ts';
import type { Series } from '../../flame/series.ts';
import { type TopRow, topOf } from '../../flame/top.ts';
import { type FlameTree, totalOf } from '../../flame/tree.ts';
import { partitionStart } from '../../model/partition.ts';
import type { EpochMs } from '../../model/units.ts';
import type { Side } from './flame-states.ts';
import type { DiffAnswer, FlameAnswer } from './flamegraph.ts';

// Graphs as the API sends them.

export function pyroscopeUnits({ measure }: Pick<Series, 'measure'>): PictureUnits {
  if (measure.unit === 'nanoseconds') return { units: 'samples', sampleRate: 1e9 };
  if (/(_objects|^objects|goroutines?|samples|count)$/.test(measure.type))
    return { units: 'objects', sampleRate: 100 };
  return { units: measure.unit === 'count' ? 'objects' : measure.unit, sampleRate: 100 };
}

/**
 * What goes with a single view when it is asked for: per bar an upload that shows it (the smallest id of those kept), and
 * the lines of the functions in the table.
 */
export function detailsOf({ states, selection, plain, tree }: FlameAnswer, maxNodes: number) {
  const pruned = prune(tree, maxNodes);
  const examples = exampleUploads(states.states, selection, plain, pruned, tree !== plain);
  const uploads = [...new Set(examples.filter((one) => one !== undefined))].sort();
  const places = new Map(uploads.map((upload, place) => [upload, place]));
  const lines = linesByFunction(states.states, selection);
  return {
    examples: {
      uploads,
      levels: flamebearer(pruned).nodes.map((level) =>
        level.map((node) => (examples[node] === undefined ? -1 : places.get(examples[node])!)),
      ),
    },
    functionLines: topOf(tree, 'self', TOP_ROWS).map(({ name, file }) => ({
      name,
      file,
      lines: [...(lines.get(functionName(name, file)) ?? [])]
        .sort(([a], [b]) => a - b)
        .map(([line, { self, total }]) => ({ line, self: toJson(self), total: toJson(total) })),
    })),
  };
}

/** Pyroscope's answer of /render, and beside it what its format has no place for. */
export function singleView({ series, selected, tree }: FlameAnswer, query: Side, maxNodes: number) {
  return {
    ...rendered('single', flamebearer(prune(tree, maxNodes)), series.measure.type, pyroscopeUnits(series)),
    ...aboutOf(series, selected, tree, query),
  };
}

export function doubleView(answer: DiffAnswer, sides: readonly [Side, Side], maxNodes: number) {
  const { series, left, right, trees } = answer;
  const drawn = doubleFlamebearer(pruneSides(align(...trees), maxNodes));
  return {
    ...rendered('double', drawn, series.measure.type, pyroscopeUnits(series)),
    leftTicks: drawn.leftTicks,
    rightTicks: drawn.rightTicks,
    left: aboutOf(series, left, trees[0], sides[0]),
    right: aboutOf(series, right, trees[1], sides[1]),
    changed: diffOf(...trees, 'share', TOP_ROWS).map(jsonDiff),
  };
}

/** Rows of the tables beside a graph. */
const TOP_ROWS = 200;

export interface About {
  readonly type: {
    readonly type: string;
    readonly unit: string;
    readonly temporality: Series['temporality'];
  };
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly total: JsonInteger;
  readonly profiles: number;
  readonly durationMs: number;
  readonly instances: number;
  readonly shownInstances: number;
  readonly newInstances: number;
  readonly top: readonly JsonTop[];
}
type JsonTop = Omit<TopRow, 'self' | 'total' | 'frame'> & {
  readonly self: JsonInteger;
  readonly total: JsonInteger;
};

function aboutOf(series: Series, selected: Selected, tree: FlameTree, { from, to }: Side): About {
  const { buckets, instances, keptInstances, newInstances, profiles, durationMs } = selected;
  const each = Math.max(1, buckets);
  return {
    type: { ...series.measure, temporality: series.temporality },
    from: partitionStart(from),
    to,
    total: toJson(totalOf(tree)),
    profiles,
    durationMs,
    instances: Math.round(instances / each),
    shownInstances: Math.round(keptInstances / each),
    newInstances,
    top: topOf(tree, 'self', TOP_ROWS).map(({ frame: _, self, total, ...row }) => ({
      ...row,
      self: toJson(self),
      total: toJson(total),
    })),
  };
}

const jsonDiff = ({ left, right, ...row }: DiffRow) => ({
  ...row,
  left: { self: toJson(left.self), total: toJson(left.total) },
  right: { self: toJson(right.self), total: toJson(right.total) },
});
