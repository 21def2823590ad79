import type { ForeignWork } from './foreign.ts';
import type { Run } from './gap-groups.ts';
import { type Quantiles, quantilesOf } from './quantile.ts';
import { eachWithin } from './samples.ts';

/** One of the team's own functions over the requests of a transaction: milliseconds per request, callees included. */
export interface FunctionSpread {
  readonly name: string;
  readonly file: string;
  /** Requests whose time in it is known; most of them without it at all, when it is seldom called. */
  readonly requests: number;
  /** Requests in which it was seen. */
  readonly seen: number;
  readonly total: Quantiles & { readonly sum: number };
  readonly spread: 'steady' | 'usually fast, sometimes slow';
}

export const SPREAD_LIMITS = {
  /** Known requests: fewer say nothing about "usually". */
  minRequests: 10,
  slowMs: 50,
  /** How many times slower the slow ones are than the usual ones. */
  ratio: 4,
  /** Below it, fast is fast. */
  fastFloorMs: 5,
  /** A function that is on the stack all the time is the endpoint itself: of that the latency speaks. */
  maxShare: 0.8,
} as const;

const MAX_FUNCTIONS = 100;
const US_PER_MS = 1000;

interface Gathered {
  readonly name: string;
  readonly file: string;
  readonly msOf: Map<number, number>;
}

/**
 * Functions by the time that requests spend in them, the largest sum first.
 *
 * A request without a profile counts when it was too short for one: SDKs send none below two samples, and then no
 * function of it can have taken longer. Left out are those that were not profiled for another reason.
 */
export function functionSpreads(runs: readonly Run[], foreign: ForeignWork): readonly FunctionSpread[] {
  const functions = new Map<string, Gathered>();
  const durations = runs.map(({ tree }) => (tree.nodes[0]!.end - tree.nodes[0]!.start) / US_PER_MS);
  const isKnown = knownRuns(runs);
  const known: number[] = [];
  for (const [r, run] of runs.entries()) {
    for (const [key, ms] of msInFunctions(run, foreign)) {
      const [name = '', file = ''] = key.split('\n');
      const one = functions.get(key) ?? { name, file, msOf: new Map<number, number>() };
      one.msOf.set(r, ms);
      functions.set(key, one);
    }
    if (isKnown(run)) known.push(r);
  }
  return [...functions.values()]
    .map((one) => finish(one, known, durations))
    .sort((a, b) => b.total.sum - a.total.sum || (a.name < b.name ? -1 : 1))
    .slice(0, MAX_FUNCTIONS);
}

/** Whether the time that a request of these spent in functions is known: profiled, or too short to be. */
export function knownRuns(runs: readonly Run[]): (run: Run) => boolean {
  let periodUs = 0;
  for (const { sampled } of runs)
    for (const { samples } of sampled) periodUs = Math.max(periodUs, samples.periodUs);
  const shortUs = 2 * periodUs + SPREAD_LIMITS.fastFloorMs * US_PER_MS;
  return ({ tree, sampled }) => sampled.length > 0 || tree.nodes[0]!.end - tree.nodes[0]!.start <= shortUs;
}

/** Milliseconds of one request in each of the team's own functions, `name\nfile`. */
export function msInFunctions({ tree, sampled }: Run, foreign: ForeignWork): ReadonlyMap<string, number> {
  const ms = new Map<string, number>();
  const { start, end } = tree.nodes[0]!;
  for (const run of sampled) {
    eachWithin(run.samples, start, end, (stack, us, i) => {
      const reading = run.readStack(stack);
      if (reading.own.length === 0 || foreign(run, reading, run.samples.timeUs[i]!) !== undefined) return;
      for (const key of new Set(reading.own)) ms.set(key, (ms.get(key) ?? 0) + us / US_PER_MS);
    });
  }
  return ms;
}

function finish(
  { name, file, msOf }: Gathered,
  known: readonly number[],
  durations: readonly number[],
): FunctionSpread {
  const values = known.map((r) => msOf.get(r) ?? 0);
  const total = { ...quantilesOf(values), sum: values.reduce((sum, ms) => sum + ms, 0) };
  return {
    name,
    file,
    requests: known.length,
    seen: msOf.size,
    total,
    spread: spreadOf({
      p50: total.p50,
      p95: total.p95,
      requests: known.length,
      slowShare: slowShareOf(total.p95, msOf, known, durations),
    }),
  };
}

/**
 * Whether a function is fast as a rule and slow at times. Milliseconds per request.
 *
 * @param slowShare share of the slow requests' duration that is its own
 */
export function spreadOf({
  p50,
  p95,
  requests,
  slowShare,
}: {
  readonly p50: number;
  readonly p95: number;
  readonly requests: number;
  readonly slowShare: number;
}): FunctionSpread['spread'] {
  const { minRequests, slowMs, ratio, fastFloorMs, maxShare } = SPREAD_LIMITS;
  if (requests < minRequests || p95 < slowMs || p95 < ratio * Math.max(p50, fastFloorMs)) return 'steady';
  return slowShare > maxShare ? 'steady' : 'usually fast, sometimes slow';
}

/** Of the requests that spent half a p95 or more in it. */
function slowShareOf(
  p95: number,
  msOf: ReadonlyMap<number, number>,
  known: readonly number[],
  durations: readonly number[],
): number {
  const slow = known.filter((r) => (msOf.get(r) ?? 0) >= p95 / 2);
  const sum = slow.reduce((total, r) => total + (msOf.get(r) ?? 0) / durations[r]!, 0);
  return slow.length === 0 ? 0 : sum / slow.length;
}
