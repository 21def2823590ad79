import type { Life, Suspect } from '../model/leak.ts';
import { type UnitOfWork, unitKey } from '../model/unit-of-work.ts';
import { DAY_MS } from '../model/units.ts';
import { type Score, suspectOf } from './attribution.ts';
import { type Column, dot, effectOf, orthonormal, project } from './least-squares.ts';
import { believed } from './pool-suspects.ts';
import { clamp, firstAtOrAfter, median, type Points } from './statistics.ts';
import { type UnitCounts, unitCounts } from './work-counts.ts';

/** A life of a pool by age. */
export interface AgedLife {
  readonly life: Life;
  readonly points: Points; // times are ages
  readonly birth: number;
}

/** Ages at which lives are compared. */
const MAX_BINS = 16;
const MIN_BINS = 4;
/** Lives that end this little before the median one still count. */
const LIFE_SHARE = 0.97;
const MAX_LIVES = 200;
const MIN_LIVES = 5;
/** The busiest units of all lives are tested. */
const MAX_UNITS = 100;
/** BIC by which a unit must explain what lives differ in better than nothing does, besides two ln of their number. */
const MIN_EVIDENCE = 8;
/** Counts that agree this well in what lives differ in are one for this purpose. */
const SAME_COUNTS = 0.98;

/**
 * Which unit of work makes a pool of lives grow: at the same ages, lives that did more of it have grown more. What all lives
 * have in common at an age is taken out, and with it the warm-up, whatever its shape, and the clock; so are each life's own
 * level, a daily swing, and what goes with its present traffic. Empty where no unit, nor all of them together, explains what is left.
 *
 * Cost: some 50 ms for 160 lives with 12 units.
 *
 * @param perMs what the lives gain on the average
 */
export function unitsOfPool(given: readonly AgedLife[], lifeMs: number, perMs: number): Suspect[] {
  const newest = given.toSorted((a, b) => a.birth - b.birth).slice(-MAX_LIVES);
  const lives = newest.filter(({ points }) => points.times.at(-1)! >= LIFE_SHARE * lifeMs);
  const [from, to] = [lifeMs / 3, LIFE_SHARE * lifeMs];
  const lows = lives.map(({ points: { times } }) => firstAtOrAfter(times, to) - firstAtOrAfter(times, from));
  const bins = lives.length === 0 ? 0 : Math.min(MAX_BINS, Math.floor(median(lows) / 2));
  if (bins < MIN_BINS) return [];
  const rows = lives.flatMap((life) => rowOf(life, from, (to - from) / bins, bins) ?? []);
  if (rows.length < MIN_LIVES || rows.every(({ counts }) => counts.length === 0)) return [];
  const compare = comparison(rows);
  const scores = columnsOf(rows).flatMap((column) => compare(column) ?? []);
  const best = scores.toSorted((a, b) => a.bic - b.bic);
  const needed = MIN_EVIDENCE + 2 * Math.log(Math.max(1, scores.length));
  if (best[0] === undefined || best[0].bic > -needed) return [];
  const rise = perMs * (to - from) * rows.length;
  return grouped(best, rise);
}

interface Row {
  readonly values: Float64Array;
  readonly times: Float64Array;
  readonly counts: readonly UnitCounts[];
}

/** Mean low and mean time of each bin; undefined of a life without a low in one of them. */
function rowOf(
  { life, points, birth }: AgedLife,
  from: number,
  width: number,
  bins: number,
): Row | undefined {
  const values = new Float64Array(bins);
  const times = new Float64Array(bins);
  for (let b = 0; b < bins; b++) {
    const begin = firstAtOrAfter(points.times, from + b * width);
    const end = firstAtOrAfter(points.times, from + (b + 1) * width);
    if (end <= begin) return undefined;
    for (let i = begin; i < end; i++) {
      values[b]! += points.values[i]! / (end - begin);
      times[b]! += (birth + points.times[i]!) / (end - begin);
    }
  }
  return { values, times, counts: unitCounts(life.work).filter(({ isPart }) => !isPart) };
}

/** A unit's count in each life, or that of all units. */
interface Counted {
  readonly cause: 'unit' | 'total-traffic';
  readonly unit: UnitOfWork | undefined;
  readonly complete: boolean;
  readonly rows: readonly Float64Array[];
}

function columnsOf(rows: readonly Row[]): Counted[] {
  const units = new Map<string, { unit: UnitOfWork; total: number; of: Map<number, UnitCounts> }>();
  for (const [i, { counts }] of rows.entries())
    for (const one of counts) {
      const known = units.get(unitKey(one.unit)) ?? { unit: one.unit, total: 0, of: new Map() };
      known.total += one.total;
      known.of.set(i, one);
      units.set(unitKey(one.unit), known);
    }
  const busiest = [...units.values()].toSorted((a, b) => b.total - a.total).slice(0, MAX_UNITS);
  const columns = busiest.map(
    ({ unit, of }): Counted => ({
      ...{ cause: 'unit', unit, complete: [...of.values()].every(({ complete }) => complete) },
      rows: rows.map(({ times }, i) => {
        const counts = of.get(i);
        return times.map((t) => counts?.at(t) ?? 0);
      }),
    }),
  );
  if (columns.length < 2) return columns;
  return [...columns, { cause: 'total-traffic', unit: undefined, complete: true, rows: rows.map(totalOf) }];
}

const totalOf = ({ times, counts }: Row): Float64Array =>
  times.map((t) => counts.reduce((sum, one) => sum + one.at(t), 0));

type Compared = Score & { readonly column: Column };

/** How each count explains what lives differ in; BIC is beside that of no explanation. */
function comparison(rows: readonly Row[]): (counted: Counted) => Compared | undefined {
  const values = rows.map((row) => row.values);
  const rho = correlationWithin(differences(values));
  const own = (of: readonly Float64Array[]) => flat(differences(of.map((row) => whitened(row, rho))));
  const swings = [DAY_MS, DAY_MS / 2].flatMap((period) => [
    rows.map(({ times }) => times.map((t) => Math.sin((2 * Math.PI * t) / period))),
    rows.map(({ times }) => times.map((t) => Math.cos((2 * Math.PI * t) / period))),
  ]);
  const present = rows.map((row) => rateOf(totalOf(row)));
  const base = orthonormal([present, ...swings].map(own));
  const y = project(own(values), base);
  const yy = dot(y, y);
  const freedom = (rows.length - 1) * (rows[0]!.values.length - 2) - base.length;
  return ({ cause, unit, complete, rows: counts }) => {
    const column = project(own(counts), base);
    const { coefficient, sxx, sse } = effectOf(column, y, yy);
    if (!(sxx > 0 && coefficient > 0)) return undefined;
    const error = 1.96 * Math.sqrt(sse / freedom / sxx);
    return {
      ...{ cause, unit, complete, column },
      bic: freedom * Math.log(Math.max(sse, 1e-300) / yy) + Math.log(freedom),
      bytesPerUnit: { value: coefficient, low: Math.max(0, coefficient - error), high: coefficient + error },
      unitsSinceOnset: counts.reduce((sum, row) => sum + row.at(-1)! - row[0]!, 0),
    };
  };
}

/** Rows without what each has on the average, and without what all have at an age. */
function differences(rows: readonly Float64Array[]): Float64Array[] {
  const bins = rows[0]!.length;
  const levels = rows.map((row) => row.reduce((sum, v) => sum + v / bins, 0));
  const ages = new Float64Array(bins);
  for (const [i, row] of rows.entries())
    for (let b = 0; b < bins; b++) ages[b]! += (row[b]! - levels[i]!) / rows.length;
  return rows.map((row, i) => row.map((v, b) => v - levels[i]! - ages[b]!));
}

/** Lag-1 correlation; each row's own level was taken off, which makes neighbours look less alike. */
function correlationWithin(rows: readonly Float64Array[]): number {
  let [cross, square] = [0, 0];
  for (const row of rows) {
    square += dot(row, row);
    cross += dot(row.subarray(1), row.subarray(0, -1));
  }
  return clamp(square > 0 ? cross / square + 2 / rows[0]!.length : 0, 0, 0.95);
}

const whitened = (row: Float64Array, rho: number): Float64Array =>
  row.subarray(1).map((v, b) => v - rho * row[b]!);

/** What was done since the bin before; the first has none, and takes the second's. */
const rateOf = (counts: Float64Array): Float64Array =>
  counts.map((_, b) => counts[Math.max(1, b)]! - counts[Math.max(1, b) - 1]!);

function flat(rows: readonly Float64Array[]): Column {
  const width = rows[0]!.length;
  const all = new Float64Array(rows.length * width);
  for (const [i, row] of rows.entries()) all.set(row, i * width);
  return all;
}

/** Those that cannot be told from the best; units whose counts go together are one suspect. */
function grouped(sorted: readonly Compared[], rise: number): Suspect[] {
  const groups: { lead: Compared; units: UnitOfWork[]; weight: number }[] = [];
  for (const { one, weight } of believed(sorted)) {
    const twin = one.unit && groups.find(({ lead }) => lead.unit && goTogether(lead.column, one.column));
    if (twin && one.unit) {
      twin.units.push(one.unit);
      twin.weight += weight;
    } else groups.push({ lead: one, units: one.unit ? [one.unit] : [], weight });
  }
  return groups.map(({ lead, units, weight }) => {
    const share = clamp((lead.bytesPerUnit.value * lead.unitsSinceOnset) / Math.max(rise, 1), 0, 1);
    return suspectOf({ ...lead, share }, units, weight);
  });
}

const goTogether = (a: Column, b: Column): boolean =>
  dot(a, b) > SAME_COUNTS * Math.sqrt(dot(a, a) * dot(b, b));
