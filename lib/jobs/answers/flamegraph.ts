import { focus, ignore } from '../../flame/filter.ts';
import { matchOf } from '../../flame/filter-text.ts';
import { invert } from '../../flame/invert.ts';
import { prune } from '../../flame/prune.ts';
import { type Selected, type Selection, type States, select } from '../../flame/select.ts';
import { type Series, seriesIn } from '../../flame/series.ts';
import { INSTANCES_MAX } from '../../flame/state.ts';
import { profileOf } from '../../flame/to-profile.ts';
import type { FlameTree } from '../../flame/tree.ts';
import { framesListed } from '../../flame/walk.ts';
import { encodedPieces } from '../../formats/profiles/index.ts';
import { Fault } from '../../model/fault.ts';
import { partitionStart } from '../../model/partition.ts';
import { type FlameContext, type FlameRange, loadFlame, type Side, withEarlier } from './flame-states.ts';

export interface FlameQuery extends FlameRange {
  /** `cpu`, or `cpu:nanoseconds` where two units of it come; default: the one that most people ask for. */
  readonly type?: string | undefined;
  readonly temporality?: string | undefined;
}

export interface Shaping {
  /** See `termsIn`. */
  readonly focus?: string | undefined;
  readonly ignore?: string | undefined;
  readonly inverted?: boolean | undefined;
}

export function seriesOf(
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
  context: FlameContext,
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

export const nothing = ({ service, type }: FlameQuery) =>
  new Fault(
    'not-found',
    `No profile of ${service}${type === undefined ? '' : ` of type "${type}"`} lies in this range`,
  );

function answerOf(states: States, series: Series, side: Side, shaping: Shaping): FlameAnswer {
  const selection = selectionOf(series, side);
  const selected = select(states, selection);
  const plain = filtered(selected.tree, shaping);
  return { states, selection, series, selected, plain, tree: shaping.inverted ? invert(plain) : plain };
}

/** @throws Fault('invalid-input') for one instance of what is added up over all of them */
export function selectionOf(
  { measure, temporality }: Series,
  { version, unit: work, instance }: Side,
): Selection {
  if (instance !== undefined && temporality === 'delta')
    throw new Fault(
      'invalid-input',
      `Cannot tell instances apart by ${measure.type}: what adds up is added up over all of them`,
    );
  return { measure, temporality, version, work, instance };
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

export function filtered(tree: FlameTree, { focus: wanted, ignore: unwanted }: Shaping): FlameTree {
  let result = tree;
  if (wanted) result = focus(result, matchOf(wanted));
  if (unwanted) result = ignore(result, matchOf(unwanted));
  return result;
}

export interface DiffAnswer {
  readonly series: Series;
  readonly left: Selected;
  readonly right: Selected;
  readonly trees: readonly [FlameTree, FlameTree];
}

/** Frames that a text may list: a gigabyte or so. The same graph as pprof is a hundredth of that. */
const LISTED_MAX = 50_000_000;

/**
 * The graph as a file that other tools open, in pieces, each made when it is asked for. Never turned: stacks begin at their
 * root in all of these formats, and those tools turn them themselves.
 *
 * @throws Fault('invalid-input') when text would be too long, since it lists every stack from its root
 */
export function exported(
  { series, plain: whole }: FlameAnswer,
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
  const { measure, temporality } = series;
  const profile = profileOf(tree, {
    sampleType: { ...measure, temporality },
    from: partitionStart(from),
    to,
  });
  return encodedPieces(profile, format, { name: measure.type });
}

/** Two graphs of one type: by range, version, unit or all of them. */
export async function flameDiffAnswer(
  context: FlameContext,
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
