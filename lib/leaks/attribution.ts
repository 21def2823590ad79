import type { Cleared, Interval, Onset, Suspect } from '../model/leak.ts';
import type { UnitOfWork } from '../model/unit-of-work.ts';
import {
  accumulatedSince,
  type Explained,
  explain,
  type Fits,
  type Hypothesis,
  type Problem,
} from './hypotheses.ts';
import { type Column, coefficientsOf, dot, effectOf, orthonormal, project } from './least-squares.ts';
import { pairOf } from './pairs.ts';
import { shapeRivals } from './rivals.ts';
import { shareOfRise } from './share-of-rise.ts';
import { medianStep } from './statistics.ts';
import type { UnitCounts } from './work-counts.ts';

/** Who makes it grow, and how sure that is. */
export interface Attribution {
  readonly suspects: readonly Suspect[];
  readonly cleared: readonly Cleared[];
  /** The rise along its best explanation, for the shape gates. */
  readonly lead: Lead | undefined;
  /** Every explanation that was fitted, for pooling over lives. */
  readonly scores: readonly Score[];
}

export interface Score {
  readonly cause: Suspect['cause'];
  readonly unit: UnitOfWork | undefined;
  readonly bic: number;
  readonly bytesPerUnit: Interval;
  readonly complete: boolean;
  readonly unitsSinceOnset: number;
  readonly share?: number;
}

export interface Lead {
  readonly cause: Cause;
  readonly onset: Onset;
  /** Accumulated work since the onset at each point, and the floor without in-flight memory. */
  readonly work: Column;
  readonly values: Column;
  readonly bytesPerUnit: Interval;
  /** BIC by which it beats shapes that are no leak, and by which it beats the clock. */
  readonly evidence: number;
  readonly overClock: number;
}

export type Cause =
  | { readonly kind: 'unit'; readonly unit: UnitCounts; readonly accumulated: Column }
  | {
      readonly kind: 'clock' | 'total-traffic' | 'connections';
      readonly accumulated: Column;
      /** Some of the traffic was sampled at a rate that nobody told. */
      readonly isPartial?: boolean;
    }
  | { readonly kind: 'shape' };

type Accumulating = Exclude<Cause, { kind: 'shape' }>;
type Explanation = Explained<Accumulating>;

/** Explanations within this much BIC of the best cannot be told from it. */
export const SAME_BIC = 6;
/** Counts that agree this well once total traffic is taken out are one for this purpose. */
const SAME_COUNTS = 0.98;
const CHI2_95 = 3.84;
const MAX_CLEARED = 50;
/** A unit is cleared when all that it may keep is less than this share of the rise. */
const CLEARED_SHARE = 0.1;

/** For the time of a point, the time up to which it shows work. */
export type Lag = (time: number) => number;

export const NOBODY: Attribution = { suspects: [], cleared: [], lead: undefined, scores: [] };

/** @param lags ways in which memory may follow the work: the time of the work that a point at a time may show */
export function attribute(
  problem: Problem,
  units: readonly UnitCounts[],
  lags: readonly Lag[],
  open?: Column,
): Attribution {
  const { times } = problem.points;
  const causes = causesOf(times, units, open);
  const atOnce = causes.map((c) => hypothesisOf(c, c.accumulated, times));
  const later = lags.map((lag) => causes.map((c) => hypothesisOf(c, lagged(c, times, units, lag), times)));
  const fits = explain<Cause>(problem, [atOnce, ...later], shapeRivals<Cause>(times, SHAPE));
  const explained = fits.explained.filter((e): e is Explanation => e.hypothesis.cause.kind !== 'shape');
  const rival = fits.explained.find((e) => e.hypothesis.cause.kind === 'shape');
  const best = explained[0];
  if (!best || best.coefficient <= 0) return NOBODY;
  const likelihoods = explained.map((e) => Math.exp((best.bic - e.bic) / 2));
  const sum = likelihoods.reduce((a, b) => a + b, 0);
  const near = explained.filter((e) => e.bic - best.bic <= SAME_BIC && e.coefficient > 0);
  const weights = new Map(explained.map((e, i) => [e, likelihoods[i]! / sum]));
  const pair = pairOf(best, problem, fits);
  return {
    suspects: pair ?? suspectsOf(near, weights, problem, causes),
    cleared: clearedOf(best, new Set([...near.map(causeOf), ...named(pair, causes)]), causes, problem, fits),
    lead: leadOf(best, explained, rival, problem, fits),
    scores: explained.map((e) => scoreOf(e, problem)),
  };
}

function scoreOf(e: Explanation, { points }: Problem): Score {
  const cause = causeOf(e);
  const since = lastOf(accumulatedSince(cause.accumulated, points.times, e.onset));
  const share = shareOfRise(points, e.onset, e.coefficient * since);
  return {
    ...(share !== undefined && { share }),
    cause: cause.kind,
    unit: cause.kind === 'unit' ? cause.unit.unit : undefined,
    bic: e.bic,
    bytesPerUnit: intervalOf(e),
    complete: cause.kind === 'unit' ? cause.unit.complete : cause.isPartial !== true,
    unitsSinceOnset: since,
  };
}

const SHAPE: Cause = { kind: 'shape' };

function causesOf(
  times: Float64Array,
  units: readonly UnitCounts[],
  open: Column | undefined,
): Accumulating[] {
  const ofUnits = units.map((unit) => ({
    kind: 'unit' as const,
    unit,
    accumulated: times.map((t) => unit.at(t)),
  }));
  const clock = { kind: 'clock' as const, accumulated: times.map((t) => t - times[0]!) };
  const rivals: Accumulating[] = open ? [clock, { kind: 'connections', accumulated: open }] : [clock];
  const whole = ofUnits.filter(({ unit }) => !unit.isPart);
  if (whole.length < 2) return [...ofUnits, ...rivals];
  const total = times.map((_, i) => whole.reduce((all, h) => all + h.accumulated[i]!, 0));
  const isPartial = whole.some(({ unit }) => !unit.complete);
  return [...ofUnits, ...rivals, { kind: 'total-traffic', accumulated: total, isPartial }];
}

/** What had accumulated at an earlier time. */
function lagged(cause: Accumulating, times: Float64Array, units: readonly UnitCounts[], lag: Lag): Column {
  const seen = times.map(lag);
  if (cause.kind === 'clock') return seen.map((t) => t - seen[0]!);
  if (cause.kind === 'unit') return seen.map((t) => cause.unit.at(t));
  if (cause.kind === 'connections') return cause.accumulated;
  return seen.map((t) => units.reduce((sum, unit) => sum + (unit.isPart ? 0 : unit.at(t)), 0));
}

const hypothesisOf = (cause: Accumulating, accumulated: Column, times: Float64Array): Hypothesis<Cause> => ({
  cause,
  // What requests hold while they are open is no matter of when it began.
  since:
    cause.kind === 'connections' ? () => accumulated : (onset) => accumulatedSince(accumulated, times, onset),
  extra: 0,
});

const causeOf = (e: Explanation): Accumulating => e.hypothesis.cause;
const lastOf = (column: Column): number => column.at(-1) ?? 0;

const named = (pair: readonly Suspect[] | undefined, causes: readonly Accumulating[]): Accumulating[] =>
  causes.filter((c) => c.kind === 'unit' && pair?.some(({ units }) => units.includes(c.unit.unit)));

/** The best explanation and those that cannot be told from it; units that go together form one suspect. */
function suspectsOf(
  near: readonly Explanation[],
  weights: ReadonlyMap<Explanation, number>,
  problem: Problem,
  causes: readonly Accumulating[],
): Suspect[] {
  const suspects: { lead: Explanation; units: UnitOfWork[]; weight: number }[] = [];
  const total = causes.find((c) => c.kind === 'total-traffic')?.accumulated;
  for (const e of near) {
    const cause = causeOf(e);
    const weight = weights.get(e)!;
    const twin =
      cause.kind === 'unit' &&
      suspects.find(({ lead }) => {
        const other = causeOf(lead);
        return other.kind === 'unit' && goTogether(other.accumulated, cause.accumulated, total);
      });
    if (twin) {
      twin.units.push(cause.unit.unit);
      twin.weight += weight;
    } else suspects.push({ lead: e, units: cause.kind === 'unit' ? [cause.unit.unit] : [], weight });
  }
  return suspects.map(({ lead, units, weight }) => suspectOf(scoreOf(lead, problem), units, weight));
}

/** A score as people are told it: no bytes per unit of the clock, or of work that was counted in part. */
export function suspectOf(
  { cause, bytesPerUnit, complete, unitsSinceOnset, share }: Score,
  units: readonly UnitOfWork[],
  weight: number,
): Suspect {
  return {
    units,
    cause,
    bytesPerUnit: cause === 'clock' || !complete ? null : bytesPerUnit,
    weight,
    unitsSinceOnset: cause === 'clock' ? 0 : unitsSinceOnset,
    ...(share !== undefined && { share }),
  };
}

/** Correlation of two counts' own histories, after total traffic. */
function goTogether(a: Column, b: Column, total: Column | undefined): boolean {
  const ones = new Float64Array(a.length).fill(1);
  const base = orthonormal(total ? [ones, total] : [ones]);
  const x = project(a.slice(), base);
  const y = project(b.slice(), base);
  return dot(x, y) > SAME_COUNTS * Math.sqrt(dot(x, x) * dot(y, y));
}

/** All values that, with their best onset, are not significantly worse: the onset's uncertainty is part of it. */
function intervalOf(e: Explanation): Interval {
  const bound = boundOf(e);
  let low = e.coefficient;
  let high = e.coefficient;
  for (const { sse, coefficient, sxx } of e.profile) {
    if (sse > bound || !(sxx > 0)) continue;
    const half = Math.sqrt((bound - sse) / sxx);
    low = Math.min(low, coefficient - half);
    high = Math.max(high, coefficient + half);
  }
  return { value: e.coefficient, low: Math.max(0, low), high };
}

const boundOf = (e: Explanation): number => e.sse * (1 + CHI2_95 / e.freedom);

function leadOf(
  best: Explanation,
  explained: readonly Explanation[],
  rival: Explained<Cause> | undefined,
  problem: Problem,
  fits: Fits<Cause>,
): Lead {
  const bound = boundOf(best);
  const step = medianStep(problem.points.times);
  const near = best.profile.filter((place) => place.sse <= bound).map((place) => place.time);
  const clock = explained.find((e) => causeOf(e).kind === 'clock');
  const work = best.hypothesis.since(best.onset);
  return {
    cause: causeOf(best),
    onset: { t: best.onset, low: Math.min(...near) - step, high: Math.max(...near) + step },
    work,
    values: withoutSides(problem, best, work, fits),
    bytesPerUnit: intervalOf(best),
    evidence: rival ? rival.bic - best.bic : 0,
    overClock: clock ? clock.bic - best.bic : Number.POSITIVE_INFINITY,
  };
}

/** The floor as it would be if nothing ran, and without settling: coefficients from the joint fit. */
function withoutSides({ points }: Problem, best: Explanation, work: Column, fits: Fits<Cause>): Column {
  if (best.beside.length === 0) return points.values;
  const ones = new Float64Array(points.times.length).fill(1);
  const coefficients = coefficientsOf(points.values, [ones, work, ...best.beside], fits.whiten).slice(2);
  return points.values.map((v, i) => best.beside.reduce((left, c, k) => left - coefficients[k]! * c[i]!, v));
}

/** Units that, beside the lead, explain next to nothing of the rise; busiest first. */
function clearedOf(
  best: Explanation,
  suspected: ReadonlySet<Cause>,
  causes: readonly Accumulating[],
  problem: Problem,
  fits: Fits<Cause>,
): Cleared[] {
  const { points } = problem;
  const ones = new Float64Array(points.times.length).fill(1);
  const lead = best.hypothesis.since(best.onset);
  const rise = best.coefficient * lastOf(lead);
  const base = orthonormal([ones, lead, ...best.beside].map((c) => fits.whiten.apply(c)));
  const y = project(fits.whiten.apply(points.values), base);
  const yy = dot(y, y);
  const cleared: Cleared[] = [];
  for (const cause of causes) {
    if (cause.kind !== 'unit' || suspected.has(cause)) continue;
    const own = accumulatedSince(cause.accumulated, points.times, best.onset);
    const units = lastOf(own);
    const { coefficient, sxx, sse } = effectOf(project(fits.whiten.apply(own), base), y, yy);
    if (!(sxx > 0) || units <= 0) continue;
    const error = 1.96 * Math.sqrt(sse / Math.max(2, best.freedom - 1) / sxx);
    const high = Math.max(0, coefficient + error);
    if (high * units > CLEARED_SHARE * rise) continue;
    cleared.push({
      unit: cause.unit.unit,
      bytesPerUnit: { value: coefficient, low: coefficient - error, high: coefficient + error },
      unitsSinceOnset: units,
      reason: `Explains at most ${Math.ceil((100 * high * units) / rise)} % of the rise`,
    });
  }
  return cleared.toSorted((a, b) => b.unitsSinceOnset - a.unitsSinceOnset).slice(0, MAX_CLEARED);
}
