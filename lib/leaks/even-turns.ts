import { lag1, median } from './statistics.ts';

// Several writers at even waits look like one process whose work comes round with the readings. What tells them: one process
// has one history, so that all its readings rise and fall together, and its work drifts against the clock of the readings.

/** One row for each round: the reading of each place in it. */
type Rounds = readonly (readonly number[])[];

/** Fewer rounds tell no histories apart. */
const LEAST_ROUNDS = 24;
/** Lag-1 correlation, from round to round, of what one history leaves. */
const OWN_WAYS = 0.5;
/** The same of the lowest place alone. */
const LOWEST_WANDERS = 0.3;
/** A drift must leave at least this share of the squares that fixed places leave. */
const DRIFT_LEAVES = 0.75;
/** A drift of up to so many places in each round still lets levels stay apart from one round to the next. */
const FASTEST_DRIFT = 0.2;
/** From this drift on most levels are seen at two places or more, so that finer ones than a place may be told apart. */
const SEEN_TWICE = 2;
const PARTS = 3;

/**
 * Whether readings whose levels come round, so many to a round, are those of as many writers.
 *
 * Cost: some ms for 2,000 readings, and nothing where levels do not come round.
 *
 * @param round time of a whole round
 */
export function areWriters(
  readings: { times: Float64Array; values: Float64Array },
  writers: number,
  round: number,
): boolean {
  const raw = roundsOf(readings, writers, round);
  if (raw.length < LEAST_ROUNDS || !lowestWanders(raw)) return false;
  const rounds = raw.map((row) => {
    const middle = median(row);
    return row.map((value) => value - middle);
  });
  return goOwnWays(rounds) && !drifts(rounds);
}

/** The whole rounds; a reading that is missing leaves its round out. */
function roundsOf(
  { times, values }: { times: Float64Array; values: Float64Array },
  writers: number,
  round: number,
): Rounds {
  const rounds = new Map<number, number[]>();
  let place = 0;
  for (let i = 0; i < times.length; i++) {
    if (i > 0) place += Math.max(1, Math.round(((times[i]! - times[i - 1]!) * writers) / round));
    const number = Math.floor(place / writers);
    rounds.set(number, [...(rounds.get(number) ?? []), values[i]!]);
  }
  return [...rounds.values()].filter(({ length }) => length === writers);
}

/**
 * Whether the lowest place has a history of its own, as every writer has. Stages of a job may differ in size from round to
 * round, each in its own way; what the process holds between two jobs does not.
 */
function lowestWanders(rounds: Rounds): boolean {
  const places = rounds[0]!.map((_, place) => rounds.map((row) => row[place]!));
  const lowest = places.toSorted((a, b) => median(a) - median(b))[0]!;
  const moved = byDrift(lowest);
  return lag1(Float64Array.from(lowest, (value, m) => value - moved[m]!)) > LOWEST_WANDERS;
}

/**
 * Whether places move from round to round in ways that no one history explains: a level that all have in common, work that
 * is larger or smaller now, and a straight move or one jump of each place, as work makes that drifts by less than a reading.
 */
function goOwnWays(rounds: Rounds): boolean {
  const places = rounds[0]!.map((_, place) => rounds.map((row) => row[place]!));
  const steps = places.map(byDrift);
  const left = places.map((own, place) => own.map((value, m) => value - steps[place]![m]!));
  for (const m of rounds.keys()) {
    const line = lineThrough(
      steps.map((step) => step[m]!),
      left.map((own) => own[m]!),
    );
    for (const [place, own] of left.entries()) own[m] = own[m]! - line(steps[place]![m]!);
  }
  const squares = left.map((own) => own.reduce((sum, v) => sum + v * v, 0));
  const all = squares.reduce((sum, v) => sum + v, 0);
  const together = left.reduce((sum, own, i) => sum + squares[i]! * lag1(Float64Array.from(own)), 0);
  return together > OWN_WAYS * all;
}

function lineThrough(x: readonly number[], y: readonly number[]): (at: number) => number {
  const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  const sxx = x.reduce((sum, v) => sum + (v - mx) ** 2, 0);
  const slope = sxx > 0 ? x.reduce((sum, v, i) => sum + (v - mx) * (y[i]! - my), 0) / sxx : 0;
  return (at) => my + slope * (at - mx);
}

/** What drift makes of a level, whichever leaves less: it moves straight, or jumps once. */
function byDrift(values: readonly number[]): number[] {
  const straight = lineThrough([...values.keys()], values);
  const [line, step] = [values.map((_, m) => straight(m)), bestStep(values)];
  const left = (fit: readonly number[]) => fit.reduce((sum, v, m) => sum + (values[m]! - v) ** 2, 0);
  return left(line) < left(step) ? line : step;
}

/** The two levels, one after the other, that leave the least squares. */
function bestStep(values: readonly number[]): number[] {
  const n = values.length;
  const total = values.reduce((sum, v) => sum + v, 0);
  let [at, most, before, sum] = [0, Number.NEGATIVE_INFINITY, 0, 0];
  for (let i = 1; i < n; i++) {
    sum += values[i - 1]!;
    const explained = (sum * sum) / i + (total - sum) ** 2 / (n - i);
    if (explained > most) [at, most, before] = [i, explained, sum];
  }
  return values.map((_, i) => (i < at ? before / at : (total - before) / (n - at)));
}

/** Whether the levels move on from place to place, as those of work that comes round a little sooner or later than the readings. */
function drifts(rounds: Rounds): boolean {
  const sums = sumsOf(rounds);
  const bound = DRIFT_LEAVES * leftBy(sums, 0, 0, 1);
  const most = Math.max(1, FASTEST_DRIFT * rounds.length);
  for (let drift = 0.5; drift <= most; drift += 0.5)
    for (const begin of [0, 0.25, 0.5, 0.75])
      for (const parts of drift < SEEN_TWICE ? [1] : [1, PARTS])
        if (leftBy(sums, drift, begin, parts) < bound || leftBy(sums, -drift, begin, parts) < bound)
          return true;
  return false;
}

/** Sums and squares of each place over all rounds before one. */
interface Sums {
  readonly sums: readonly Float64Array[];
  readonly squares: number;
  readonly rounds: number;
}

function sumsOf(rounds: Rounds): Sums {
  const sums = rounds[0]!.map((_, place) => {
    const own = new Float64Array(rounds.length + 1);
    for (const [m, row] of rounds.entries()) own[m + 1] = own[m]! + row[place]!;
    return own;
  });
  const squares = rounds.reduce((sum, row) => row.reduce((all, v) => all + v * v, sum), 0);
  return { sums, squares, rounds: rounds.length };
}

/** Squares that levels leave which move on by so many places in all: between two moves they stand. */
function leftBy({ sums, squares, rounds }: Sums, drift: number, begin: number, parts: number): number {
  const n = sums.length;
  const levels = n * parts;
  const totals = new Float64Array(levels);
  const counted = new Float64Array(levels);
  let from = 0;
  for (let moved = 0; from < rounds; moved++) {
    const until = drift === 0 ? rounds : ((moved + 1 - begin) / (parts * Math.abs(drift))) * rounds;
    const to = Math.min(rounds, Math.ceil(until));
    for (let place = 0; place < n; place++) {
      const level = (((place * parts + Math.sign(drift) * moved) % levels) + levels) % levels;
      totals[level]! += sums[place]![to]! - sums[place]![from]!;
      counted[level]! += to - from;
    }
    from = to;
  }
  return totals.reduce(
    (left, total, level) => left - (total * total) / Math.max(1, counted[level]!),
    squares,
  );
}
