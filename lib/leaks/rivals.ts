import type { Hypothesis } from './hypotheses.ts';
import type { Column } from './least-squares.ts';

/** Time constants of a curve that levels off, as shares of the stretch; longer ones cannot be told from a line. */
const TIME_CONSTANTS = [1 / 24, 1 / 12, 1 / 6, 1 / 3];
/** Time constants with which a young process settles, as shares of the stretch. */
const SETTLING = [1 / 40, 1 / 20, 1 / 10];

/** Shapes that are no leak and may explain the same rise: a held jump, and a curve that levels off. */
export function shapeRivals<T>(times: Float64Array, cause: T): Hypothesis<T>[] {
  const last = times.at(-1)!;
  const span = Math.max(last - times[0]!, 1e-9);
  const step: Hypothesis<T> = {
    cause,
    since: (onset) => times.map((t) => (t > onset ? 1 : 0)),
    extra: 0,
  };
  const curves = TIME_CONSTANTS.map((share): Hypothesis<T> => {
    const constant = share * span;
    return {
      cause,
      since: (onset) => times.map((t) => (t > onset ? 1 - Math.exp((onset - t) / constant) : 0)),
      extra: 1,
    };
  });
  return [step, ...curves];
}

/** How the first seconds of a process may differ from the rest, either way; none when the stretch starts later. */
export function settlingColumns(times: Float64Array, beginsWithLife: boolean): Column[] {
  if (!beginsWithLife) return [];
  const first = times[0]!;
  const span = Math.max(times.at(-1)! - first, 1e-9);
  return SETTLING.map((share) => times.map((t) => Math.exp((first - t) / (share * span))));
}
