import { ALL_WORK } from '../../flame/functions.ts';
import type { ServiceName } from '../../model/service.ts';
import { ONE, quantileUs, type Sketch } from '../../model/sketch.ts';
import { type UnitOfWork, unitOfKey } from '../../model/unit-of-work.ts';
import type { EpochMs } from '../../model/units.ts';
import { mergeAll } from '../../segments/kind.ts';
import {
  type Basis,
  type FunctionExample,
  type FunctionOfWork,
  type FunctionSpread,
  type FunctionsState,
  functionKey,
  functionOfKey,
  functionsKind,
  type LookedAt,
  mergeLookedAt,
  mergeSpreads,
  type WorkOfFunctions,
  workKey,
  workOfKey,
} from '../../segments/kinds/functions.ts';
import type { JobContext } from '../context.ts';
import { isLong } from './flame-states.ts';

export interface FunctionsQuery {
  readonly project: string;
  readonly service: ServiceName;
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** `unitKey`; default: all units of transactions, each by itself, and whole profiles of stretches of time. */
  readonly unit?: string | undefined;
  /** Default: all versions together. */
  readonly version?: string | undefined;
  /** Libraries too. */
  readonly all?: boolean;
}

/** When a function is told as usually fast, sometimes slow. The same limits as of functions in traces. */
export const SPREAD = {
  /** Pieces of work whose time is known: fewer say nothing about "usually". */
  minKnown: 10,
  slowMs: 50,
  /** How many times slower the slow ones are than the usual ones. */
  ratio: 4,
  /** Below it, fast is fast. */
  fastFloorMs: 5,
  /** A function that is on the stack all the time is the endpoint itself: of that the latency speaks. */
  maxShare: 0.8,
} as const;

const FUNCTIONS_MAX = 200;
const US_PER_MS = 1000;
const QUANTILES = { p50Ms: 0.5, p75Ms: 0.75, p95Ms: 0.95, p99Ms: 0.99 } as const;

/** Functions with the spread of their time over pieces of work, the largest sum first. */
export async function functionsAnswer({ reader }: Pick<JobContext, 'reader'>, query: FunctionsQuery) {
  const { project, service, from, to } = query;
  const parts = await reader.range('functions', { project, service, from, to, coarse: isLong(query) });
  const all = mergeAll(
    parts.map(({ state }) => state),
    functionsKind.merge,
  );
  const { work, functions } = chosen(all ?? functionsKind.empty(), query);
  return [...functions]
    .map(([key, spread]) => {
      const of = functionOfKey(key);
      return rowOf({ of, spread, known: knownOf(work.get(workKey(of))), rangeMs: to - from });
    })
    .filter(({ inApp }) => query.all === true || inApp !== 0)
    .sort((a, b) => b.total.sumMs - a.total.sumMs || (a.name < b.name ? -1 : 1))
    .slice(0, FUNCTIONS_MAX);
}

/** What the query asks for, versions put together. */
function chosen({ work, functions }: FunctionsState, { unit, version }: FunctionsQuery): FunctionsState {
  const fits = (of: WorkOfFunctions) =>
    (unit === undefined ? of.basis === 'transaction' || of.unit === ALL_WORK : of.unit === unit) &&
    (version === undefined || of.version === version);
  const looked = new Map<string, LookedAt>();
  for (const [key, value] of work) {
    const of = workOfKey(key);
    if (fits(of)) add(looked, workKey({ ...of, version: '' }), value, mergeLookedAt);
  }
  const spreads = new Map<string, FunctionSpread>();
  for (const [key, value] of functions) {
    const of = functionOfKey(key);
    if (fits(of)) add(spreads, functionKey({ ...of, version: '' }), value, mergeSpreads);
  }
  return { work: looked, functions: spreads };
}

function add<V>(map: Map<string, V>, key: string, value: V, merge: (a: V, b: V) => V) {
  const before = map.get(key);
  map.set(key, before === undefined ? value : merge(before, value));
}

/**
 * Pieces of work whose time in functions is known: profiled, or too short for anything to be slow. Where only a share of
 * the longer ones is profiled, the same share of the short ones counts, or those would look too usual.
 */
function knownOf(looked: LookedAt | undefined): number {
  if (looked === undefined) return 0;
  const { profiles, short, unprofiled } = looked;
  return profiles + Math.round((short * profiles) / Math.max(1, profiles + unprofiled));
}

interface Row {
  readonly of: FunctionOfWork;
  readonly spread: FunctionSpread;
  readonly known: number;
  readonly rangeMs: number;
}

function rowOf({ of, spread, known, rangeMs }: Row) {
  const seen = spread.seen / ONE;
  const times = (sketch: Sketch, sumUs: bigint) => ({
    ...quantilesOf(sketch, seen, Math.max(known, seen)),
    sumMs: Number(sumUs) / US_PER_MS,
  });
  const total = times(spread.total, spread.totalUs);
  return {
    name: of.name,
    file: of.file,
    inApp: of.inApp,
    unit: of.unit === '' || of.unit === ALL_WORK ? null : (unitOfKey(of.unit) satisfies UnitOfWork),
    basis: of.basis satisfies Basis,
    known: Math.max(known, seen),
    seen,
    perSecond: (seen * 1000) / Math.max(1, rangeMs),
    total,
    self: times(spread.self, spread.selfUs),
    spread: spreadOf(of.basis, total, known, spread.worst),
    examples: [
      ...new Map([...spread.worst, ...spread.examples].map((one) => [keyOf(one), one])).values(),
    ].map(exampleOf),
  };
}

const keyOf = ({ upload, traceId, time }: FunctionExample) => `${upload} ${traceId} ${time}`;
const exampleOf = ({ upload, traceId, time, us, ofUs }: FunctionExample) => ({
  upload,
  traceId: traceId === '' ? null : traceId,
  at: time,
  ms: us / US_PER_MS,
  ofMs: ofUs / US_PER_MS,
});

type Percentiles = { [K in keyof typeof QUANTILES]: number };

/** Percentiles over all known pieces of work: in those that the sketch does not have the function took nothing. */
function quantilesOf(sketch: Sketch, seen: number, known: number): Percentiles {
  const zeros = known - seen;
  const entries = Object.entries(QUANTILES).map(([name, q]) => {
    const rank = q * known;
    const us = rank <= zeros ? 0 : (quantileUs(sketch, (rank - zeros) / Math.max(1, seen)) ?? 0);
    return [name, us / US_PER_MS];
  });
  return Object.fromEntries(entries) as Percentiles;
}

/** Of profiles of a stretch of time nothing can be said: they hold many calls, and lengths of their own. */
function spreadOf(
  basis: Basis,
  { p50Ms, p95Ms }: Percentiles,
  known: number,
  worst: readonly FunctionExample[],
): 'steady' | 'usually fast, sometimes slow' {
  const { minKnown, slowMs, ratio, fastFloorMs, maxShare } = SPREAD;
  if (basis !== 'transaction' || known < minKnown || p95Ms < slowMs) return 'steady';
  if (p95Ms < ratio * Math.max(p50Ms, fastFloorMs)) return 'steady';
  const share =
    worst.reduce((sum, { us, ofUs }) => sum + us / Math.max(1, ofUs), 0) / Math.max(1, worst.length);
  return share > maxShare ? 'steady' : 'usually fast, sometimes slow';
}
