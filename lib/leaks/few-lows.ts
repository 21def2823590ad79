import type { Life } from '../model/leak.ts';
import { studentQuantile } from '../model/student.ts';
import { type Attribution, type Score, suspectOf } from './attribution.ts';
import { believed } from './pool-suspects.ts';
import { fitLine, type Points } from './statistics.ts';
import type { UnitCounts } from './work-counts.ts';

/** With fewer points three parameters fit anything. */
const MIN_LOWS = 5;

/**
 * Who makes it grow, by a handful of values that are exact: what a collector said it had left. Go tells that with its
 * next goal, at each collection and so a few times a minute, while what it has mapped follows no work at all (measured on
 * a leak of 57 kB per request: six values name the route and 65 kB; 79 readings of mapped memory another one, and 105 kB).
 *
 * So few points bear a straight line and no search: no onset, no lag, no pair, no side column. Explanations are weighed
 * by their likelihood with the noise integrated out, which is honest where six points would bear any certainty.
 *
 * @returns undefined when there are too few values, or nothing rises with them
 */
export function attributeFew(life: Life, units: readonly UnitCounts[]): Attribution | undefined {
  const lows = life.collected;
  if (!lows || lows.times.length < MIN_LOWS || units.length === 0) return undefined;
  const scores = scoresOf(lows, units);
  if (scores.length === 0) return undefined;
  const suspects = believed(scores).map(({ one, weight }) =>
    suspectOf(one, one.unit ? [one.unit] : [], weight),
  );
  return { suspects, cleared: [], lead: undefined, scores };
}

/** Every unit as a whole, their sum and the clock, the best first; those that would give memory back are left out. */
function scoresOf(lows: Points, units: readonly UnitCounts[]): Score[] {
  // The value shows at the export after the collection: half a step earlier is the best guess of when it ran.
  const half = Math.max(...units.map(({ stepMs }) => stepMs), 0) / 2;
  const times = lows.times.map((t) => t - half);
  const whole = units.filter(({ isPart }) => !isPart);
  const scores = whole.map((unit) => ({
    ...lineOf(
      times.map((t) => unit.at(t)),
      lows.values,
    ),
    cause: 'unit' as const,
    unit: unit.unit,
    complete: unit.complete,
  }));
  const total = times.map((t) => whole.reduce((all, unit) => all + unit.at(t), 0));
  const rivals = [
    { ...lineOf(times, lows.values), cause: 'clock' as const, unit: undefined, complete: true },
    ...(whole.length < 2
      ? []
      : [
          {
            ...{ ...lineOf(total, lows.values), cause: 'total-traffic' as const, unit: undefined },
            complete: whole.every(({ complete }) => complete),
          },
        ]),
  ];
  return [...scores, ...rivals]
    .filter(({ bytesPerUnit: { value } }) => value > 0)
    .toSorted((a, b) => a.bic - b.bic);
}

/** The line through the values, its slope with the 95 % interval of Student's t. */
function lineOf(x: Float64Array, y: Float64Array): Pick<Score, 'bic' | 'bytesPerUnit' | 'unitsSinceOnset'> {
  const n = x.length;
  const { slope, sxx, sse } = fitLine({ times: x, values: y });
  // Of a line that explains all, some is left: nothing is that sure.
  const left = Math.max(sse, (sse + slope * slope * sxx) * 1e-9, 1e-300);
  const error = studentQuantile(0.025, n - 2) * Math.sqrt(left / (n - 2) / sxx);
  return {
    bic: (n - 2) * Math.log(left / n),
    bytesPerUnit: { value: slope, low: Math.max(0, slope - error), high: slope + error },
    unitsSinceOnset: x.at(-1)! - x[0]!,
  };
}
