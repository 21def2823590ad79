import { ALL_WORK, isUnit } from '../../flame/functions.ts';
import { extraTime, type Growth, growths, REGRESSION, type SideMoments } from '../../flame/regression.ts';
import { select } from '../../flame/select.ts';
import { seriesIn } from '../../flame/series.ts';
import { originsBetween } from '../../flame/shift.ts';
import type { FlameTree } from '../../flame/tree.ts';
import type { ServiceName } from '../../model/service.ts';
import { unitOfKey } from '../../model/unit-of-work.ts';
import { mergeAll } from '../../segments/kind.ts';
import {
  type FunctionsState,
  functionOfKey,
  functionsKind,
  type WorkOfFunctions,
  workKey,
  workOfKey,
} from '../../segments/kinds/functions.ts';
import type { JobContext } from '../context.ts';
import { isLong, loadFlame, type Side } from './flame-states.ts';

type Context = Pick<JobContext, 'reader'>;

export interface RegressionQuery {
  readonly project: string;
  readonly service: ServiceName;
}

const ROWS_MAX = 100;

type Sides = readonly [Side, Side];

/** What both sides have of one unit of work, transactions and stretches of time apart; or one side of one, the other of another. */
interface Compared {
  /** Of the right side. */
  readonly of: WorkOfFunctions;
  readonly units: readonly [left: string, right: string];
  readonly left: SideMoments;
  readonly right: SideMoments;
}

/**
 * Functions whose share of the time, or whose cost per transaction, grew from left to right: by range, version or unit. Each
 * is compared within its unit of work, so that more traffic on one endpoint is no regression of its functions; where the
 * sides name two units, one is compared with the other. Those that cost most time on the right side come first.
 *
 * @param options.repeated whether the same sides are asked about again and again as they grow
 * @returns compared: whether any unit has enough profiles on both sides
 */
export async function regressionsAnswer(
  context: Context,
  query: RegressionQuery,
  sides: Sides,
  { repeated = false }: { readonly repeated?: boolean } = {},
) {
  const [left, right] = await Promise.all(sides.map((side) => loadFunctions(context, query, side)));
  const compared = pairs(left!, right!, sides);
  const found = compared
    .flatMap((each) =>
      growths(each.left, each.right, {
        measures: each.of.basis === 'transaction' ? ['share', 'cost'] : ['share'],
        comparisons: compared.length * (repeated ? looksAt(each.right.profiles) : 1),
      }).map((growth) => ({ each, growth, extra: extraTime(growth, each.right) })),
    )
    .sort((a, b) => b.extra - a.extra); // of equal ones the larger growth stays first
  const isCompared = compared.some(
    (each) => Math.min(each.left.profiles, each.right.profiles) >= REGRESSION.minProfiles,
  );
  if (found.length === 0) return { rows: [], compared: isCompared };
  const trees = await Promise.all(sides.map((side) => treesOf(context, query, side)));
  const origins = new Map<string, ReturnType<typeof originsBetween>>();
  const rows = found.slice(0, ROWS_MAX).map(({ each, growth }) => {
    const pair = JSON.stringify(each.units);
    const [left, right] = each.units.map((unit, i) => trees[i]!(unit === ALL_WORK ? undefined : unit));
    const originOf = origins.get(pair) ?? originsBetween(left!, right!);
    origins.set(pair, originOf);
    return rowOf(each, growth, originOf);
  });
  return { rows, compared: isCompared };
}

/**
 * A release is looked at again while its profiles come in. Each doubling of them gets a part of the chance of a false claim,
 * 1 / (k + 1)(k + 2), which add up to one.
 */
function looksAt(profiles: number): number {
  const k = Math.max(0, Math.floor(Math.log2(Math.max(1, profiles / REGRESSION.minProfiles))));
  return (k + 1) * (k + 2);
}

async function loadFunctions({ reader }: Context, { project, service }: RegressionQuery, side: Side) {
  const { from, to } = side;
  const parts = await reader.range('functions', { project, service, from, to, coarse: isLong(side) });
  return (
    mergeAll(
      parts.map(({ state }) => state),
      functionsKind.merge,
    ) ?? functionsKind.empty()
  );
}

/** Units that both sides have, of profiles that name units the units and not the whole; or the two that the sides name. */
function pairs(left: FunctionsState, right: FunctionsState, sides: Sides): Compared[] {
  const [a, b] = [momentsBy(left, sides[0]), momentsBy(right, sides[1])];
  if (isOfTwoUnits(sides)) return pairOfUnits(a, b);
  const keys = [...a.keys()].filter((key) => b.has(key));
  const hasUnits = keys.some((key) => workOfKey(key).basis === 'profile' && isUnit(workOfKey(key).unit));
  return keys.flatMap((key) => {
    const of = workOfKey(key);
    if (of.unit === '' || (hasUnits && of.unit === ALL_WORK)) return [];
    return [{ of, units: [of.unit, of.unit], left: a.get(key)!, right: b.get(key)! }];
  });
}

const isOfTwoUnits = ([{ unit: left }, { unit: right }]: Sides) =>
  left !== undefined && right !== undefined && left !== right;

/** Each side holds one unit, measured per transaction, by stretches of time or both: like is compared with like. */
function pairOfUnits(left: Moments, right: Moments): Compared[] {
  return [...right].flatMap(([key, moments]) => {
    const of = workOfKey(key);
    const [other] = [...left].filter(([one]) => workOfKey(one).basis === of.basis);
    if (other === undefined) return [];
    return [{ of, units: [workOfKey(other[0]).unit, of.unit], left: other[1], right: moments }];
  });
}

type Moments = ReadonlyMap<string, SideMoments>;

/** Sums of a side by work, versions together unless one is asked for. */
function momentsBy(state: FunctionsState, { version, unit }: Side): Moments {
  const fits = (of: WorkOfFunctions) =>
    (version === undefined || of.version === version) && (unit === undefined || of.unit === unit);
  const keyOf = (of: WorkOfFunctions) => workKey({ basis: of.basis, unit: of.unit, version: '' });
  const found = new Map<string, SideMoments & { functions: Map<string, FunctionSums> }>();
  for (const [key, { profiles, us, squares }] of state.work) {
    const of = workOfKey(key);
    if (!fits(of) || profiles === 0) continue;
    const before = found.get(keyOf(of)) ?? { profiles: 0, us: 0n, squares: 0n, functions: new Map() };
    found.set(keyOf(of), {
      ...before,
      profiles: before.profiles + profiles,
      us: before.us + us,
      squares: before.squares + squares,
    });
  }
  for (const [key, { totalUs, squares, products }] of state.functions) {
    const of = functionOfKey(key);
    const functions = fits(of) ? found.get(keyOf(of))?.functions : undefined;
    if (functions === undefined) continue;
    const name = JSON.stringify([of.name, of.file, of.inApp]);
    const before = functions.get(name) ?? { us: 0n, squares: 0n, products: 0n };
    functions.set(name, {
      us: before.us + totalUs,
      squares: before.squares + squares,
      products: before.products + products,
    });
  }
  return found;
}

type FunctionSums = SideMoments['functions'] extends ReadonlyMap<string, infer F> ? F : never;

const TIMES = ['wall', 'wall-time', 'cpu', 'cpu-time'];

/** Flame graphs of a side by unit. */
async function treesOf(
  context: Context,
  query: RegressionQuery,
  side: Side,
): Promise<(work: string | undefined) => FlameTree> {
  const states = await loadFlame(context, { ...query, ...side });
  const series = seriesIn(states.states)
    .filter(({ measure, temporality }) => temporality === 'delta' && TIMES.includes(measure.type))
    .sort((a, b) => TIMES.indexOf(a.measure.type) - TIMES.indexOf(b.measure.type))[0];
  const measure = series?.measure ?? { type: 'wall', unit: 'nanoseconds' };
  return (work) => select(states, { measure, temporality: 'delta', version: side.version, work }).tree;
}

function rowOf(
  { of: { basis, unit }, ...each }: Compared,
  { key, measure, left, right, change, dilutedBy }: Growth,
  originOf: ReturnType<typeof originsBetween>,
) {
  const [name, file, inApp] = nameOfKey(key);
  const [fromName, fromFile] = nameOfKey(dilutedBy ?? key);
  return {
    name,
    file,
    inApp,
    unit: isUnit(unit) ? unitOfKey(unit) : null,
    basis,
    measure,
    left,
    right,
    change,
    profiles: { left: each.left.profiles, right: each.right.profiles },
    origin:
      dilutedBy === undefined
        ? originOf({ name, file })
        : { kind: 'dilution' as const, from: { name: fromName, file: fromFile } },
  };
}

const nameOfKey = (key: string) => JSON.parse(key) as [name: string, file: string, inApp: number];
