import { exampleUploads, functionName, linesByFunction } from '../../flame/details.ts';
import { align, type DiffRow, diffOf } from '../../flame/diff.ts';
import { focus, ignore } from '../../flame/filter.ts';
import {
  doubleFlamebearer,
  flamebearer,
  type JsonInteger,
  type PictureUnits,
  rendered,
  toJson,
} from '../../flame/flamebearer.ts';
import { foldedChunks } from '../../flame/folded.ts';
import { invert } from '../../flame/invert.ts';
import { hasUnknownLives } from '../../flame/lives.ts';
import { prune, pruneSides } from '../../flame/prune.ts';
import { type Selected, type Selection, type States, select } from '../../flame/select.ts';
import { type Series, seriesIn } from '../../flame/series.ts';
import { INSTANCES_MAX, measureKey } from '../../flame/state.ts';
import { profileOf } from '../../flame/to-profile.ts';
import { type TopRow, topOf } from '../../flame/top.ts';
import { type FlameTree, totalOf } from '../../flame/tree.ts';
import { framesListed } from '../../flame/walk.ts';
import { encodedPieces } from '../../formats/profiles/index.ts';
import { Fault } from '../../model/fault.ts';
import { PARTITION_MS, partitionStart } from '../../model/partition.ts';
import type { ServiceName } from '../../model/service.ts';
import { type UnitOfWork, unitOfKey } from '../../model/unit-of-work.ts';
import type { EpochMs } from '../../model/units.ts';
import type { JobContext } from '../context.ts';

type Context = Pick<JobContext, 'reader'>;

export interface Side {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly version?: string | undefined;
  /** `unitKey`. */
  readonly unit?: string | undefined;
  /** Of levels and cumulative values alone, and for at most a day. */
  readonly instance?: string | undefined;
}

export interface FlameQuery extends Side {
  readonly project: string;
  readonly service: ServiceName;
  /** `cpu`, or `cpu:nanoseconds` where two units of it come; default: the one that most people ask for. */
  readonly type?: string | undefined;
  readonly temporality?: string | undefined;
}

export interface Shaping {
  /** Part of a function's name or file. */
  readonly focus?: string | undefined;
  readonly ignore?: string | undefined;
  readonly inverted?: boolean | undefined;
}

/** Steps of long ranges come from roll-ups. */
const COARSE_FROM_MS = 6 * 60 * 60 * 1000;

/** Roll-ups hold levels of all instances together: of one the steps of ten minutes are read. */
const INSTANCE_MS = 24 * 60 * 60 * 1000;

/** How seldom a sender may send what it counted since it began, and still be counted from its last upload before a range. */
export const BEFORE_MS = 6 * 60 * 60 * 1000;

/** The states of a range, and of the bucket before it. */
export async function loadFlame({ reader }: Context, query: Omit<FlameQuery, 'type'>): Promise<States> {
  const { project, service, from, to, instance } = query;
  const first = partitionStart(from);
  if (instance !== undefined && to - from > INSTANCE_MS)
    throw new Fault(
      'invalid-input',
      'Cannot tell instances apart over more than a day: ask for a shorter range',
    );
  const coarse = instance === undefined && to - from >= COARSE_FROM_MS;
  const load = async (range: { readonly from: EpochMs; readonly to: EpochMs; readonly coarse: boolean }) =>
    (await reader.range('flame', { project, service, ...range })).map(({ state }) => state);
  const [states, before] = await Promise.all([
    load({ from: first, to, coarse }),
    load({ from: first - PARTITION_MS, to: first, coarse: false }),
  ]);
  return { states, before };
}

/**
 * The same with six hours before the range, where they are needed: of cumulative values, when a life in the range was not
 * seen in the bucket before it. Few services send so seldom, and an instance that is new asks for them too.
 */
export async function withEarlier(
  { reader }: Context,
  { project, service, from }: Pick<FlameQuery, 'project' | 'service' | 'from'>,
  { states, before }: States,
  { measure, temporality }: Pick<Series, 'measure' | 'temporality'>,
): Promise<States> {
  if (temporality !== 'cumulative') return { states, before };
  if (!hasUnknownLives(states, before, measureKey(measure, temporality))) return { states, before };
  const first = partitionStart(from);
  const range = { from: first - BEFORE_MS, to: first - PARTITION_MS, coarse: true };
  const far = await reader.range('flame', { project, service, ...range });
  return { states, before: [...far.map(({ state }) => state), ...before] };
}

function seriesOf(
  states: States,
  { type, temporality }: Pick<FlameQuery, 'type' | 'temporality'>,
): Series | undefined {
  const [name, unit] = (type ?? '').split(':');
  return seriesIn(states.states).find(
    (series) =>
      (!name || series.measure.type === name) &&
      (!unit || series.measure.unit === unit) &&
      (!temporality || series.temporality === temporality),
  );
}

/** One graph and where it comes from. */
export interface FlameAnswer {
  readonly states: States;
  readonly selection: Selection;
  readonly series: Series;
  readonly selected: Selected;
  /** Filtered as asked for, and not turned. */
  readonly plain: FlameTree;
  /** As asked for: filtered and turned, not pruned. */
  readonly tree: FlameTree;
}

/**
 * The flame graph of one type in a range, with exact totals. Ranges are widened to whole steps of 10 minutes, in which
 * profiles are added up. @throws Fault('not-found') when the service has sent no such profile in it
 */
export async function flameAnswer(
  context: Context,
  query: FlameQuery,
  shaping: Shaping,
): Promise<FlameAnswer> {
  const states = await loadFlame(context, query);
  const series = seriesOf(states, query);
  if (series === undefined) throw nothing(query);
  const answer = answerOf(await withEarlier(context, query, states, series), series, query, shaping);
  checkKept(answer.selected, query);
  return answer;
}

const nothing = ({ service, type }: FlameQuery) =>
  new Fault(
    'not-found',
    `No profile of ${service}${type === undefined ? '' : ` of type "${type}"`} lies in this range`,
  );

function answerOf(states: States, series: Series, side: Side, shaping: Shaping): FlameAnswer {
  const { measure, temporality } = series;
  const { version, unit: work, instance } = side;
  if (instance !== undefined && temporality === 'delta')
    throw new Fault(
      'invalid-input',
      `Cannot tell instances apart by ${measure.type}: what adds up is added up over all of them`,
    );
  const selection = { measure, temporality, version, work, instance };
  const selected = select(states, selection);
  const plain = filtered(selected.tree, shaping);
  return { states, selection, series, selected, plain, tree: shaping.inverted ? invert(plain) : plain };
}

/** @throws Fault('not-found') when there is nothing of the instance that is asked for */
function checkKept({ instances, keptInstances }: Selected, { instance }: Side): void {
  if (instance === undefined || keptInstances > 0) return;
  throw new Fault(
    'not-found',
    instances === 0
      ? `No such profile of instance "${instance}" lies in this range`
      : `The stacks of instance "${instance}" are not kept: of many instances those of ${INSTANCES_MAX} are`,
  );
}

function filtered(tree: FlameTree, { focus: wanted, ignore: unwanted }: Shaping): FlameTree {
  let result = tree;
  if (wanted) result = focus(result, contains(wanted));
  if (unwanted) result = ignore(result, contains(unwanted));
  return result;
}

const contains = (part: string) => (name: string, file: string) => name.includes(part) || file.includes(part);

export interface DiffAnswer {
  readonly series: Series;
  readonly left: Selected;
  readonly right: Selected;
  readonly trees: readonly [FlameTree, FlameTree];
}

/** Frames that a text may list: a gigabyte or so. The same graph as pprof is a hundredth of that. */
const LISTED_MAX = 50_000_000;

/**
 * The graph as a file that other tools open, in pieces, each made when it is asked for.
 *
 * @throws Fault('invalid-input') when text would be too long, since it lists every stack from its root
 */
export function exported(
  { series, tree: whole }: FlameAnswer,
  format: 'pprof' | 'speedscope' | 'folded',
  { from, to }: Side,
  maxNodes: number,
): Iterable<Uint8Array> {
  const tree = whole.self.length > maxNodes ? prune(whole, maxNodes) : whole;
  if (format !== 'pprof' && framesListed(tree.stacks.parent, tree.self) > LISTED_MAX)
    throw new Fault(
      'invalid-input',
      `This graph is too large for ${format}: ask for fewer nodes (maxNodes=100000), or for pprof`,
    );
  if (format === 'folded') return encoded(foldedChunks(tree));
  const { measure, temporality } = series;
  const profile = profileOf(tree, {
    sampleType: { ...measure, temporality },
    from: partitionStart(from),
    to,
  });
  return encodedPieces(profile, format, { name: measure.type });
}

function* encoded(texts: Iterable<string>): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  for (const text of texts) yield encoder.encode(text);
}

/** Two graphs of one type: by range, version, unit or all of them. */
export async function flameDiffAnswer(
  context: Context,
  query: Omit<FlameQuery, keyof Side>,
  sides: readonly [Side, Side],
  shaping: Shaping,
): Promise<DiffAnswer> {
  const asked = sides.map((side) => ({ ...query, ...side }));
  const near = await Promise.all(asked.map((one) => loadFlame(context, one)));
  const series = seriesOf(near[1]!, query) ?? seriesOf(near[0]!, query);
  if (series === undefined) throw nothing({ ...query, ...sides[1] });
  const [left, right] = await Promise.all(
    near.map((states, i) => withEarlier(context, asked[i]!, states, series)),
  );
  const answers = [
    answerOf(left!, series, sides[0], shaping),
    answerOf(right!, series, sides[1], shaping),
  ] as const;
  // Instances come and go with a deploy: of one that is on one side alone the other is empty.
  const isThere = answers.some(({ selected }) => selected.keptInstances > 0);
  for (const [i, { selected }] of answers.entries())
    if (selected.instances > 0 || !isThere) checkKept(selected, sides[i]!);
  return {
    series,
    left: answers[0].selected,
    right: answers[1].selected,
    trees: [answers[0].tree, answers[1].tree],
  };
}

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

/** What a service sends, for the menus of a view. */
export async function profileTypesAnswer(
  context: Context,
  project: string,
  service: ServiceName,
  from: EpochMs,
  to: EpochMs,
) {
  const { states } = await loadFlame(context, { project, service, from, to });
  return seriesIn(states).map(({ measure, temporality, versions, works, instances, profiles }) => ({
    type: measure.type,
    unit: measure.unit,
    temporality,
    profiles,
    versions,
    instances,
    units: works.filter((work) => work !== '').map((work): UnitOfWork => unitOfKey(work)),
  }));
}
