import type { Life } from '../model/leak.ts';
import { firstAtOrAfter, fitLine, type Points } from './statistics.ts';

/**
 * Whether a rise is only the load's: with the load in the regression little slope is left, and level and load go together.
 * A leak under a load cycle keeps its slope.
 */
export function isLoadProportional(points: Points, load: Life['load']): boolean {
  if (!load || load.times.length < 6 || points.times.length < 6) return false;
  const loads = loadAt(load, points.times);
  const plain = fitLine(points).slope;
  if (plain <= 0) return false;
  const byLoad = fitLine({ times: loads, values: points.values });
  const residualY = points.values.map(
    (v, i) => v - byLoad.level - byLoad.slope * (loads[i]! - byLoad.center),
  );
  const timeByLoad = fitLine({ times: loads, values: points.times });
  const residualT = points.times.map(
    (t, i) => t - timeByLoad.level - timeByLoad.slope * (loads[i]! - timeByLoad.center),
  );
  let cross = 0;
  let square = 0;
  for (let i = 0; i < residualT.length; i++) {
    cross += residualT[i]! * residualY[i]!;
    square += residualT[i]! * residualT[i]!;
  }
  const left = square > 0 ? cross / square : plain;
  return left < 0.4 * plain && correlation(loads, points.values) > 0.7;
}

/** Mean load since the point before, so that one reading of a noisy rate does not decide. */
function loadAt(load: NonNullable<Life['load']>, times: Float64Array): Float64Array {
  return times.map((time, i) => {
    const to = Math.min(load.times.length, firstAtOrAfter(load.times, time + 1e-6));
    const from = Math.min(to - 1, i === 0 ? to - 1 : firstAtOrAfter(load.times, times[i - 1]! + 1e-6));
    const slice = load.values.subarray(Math.max(0, from), Math.max(1, to));
    return slice.reduce((sum, v) => sum + v, 0) / slice.length;
  });
}

function correlation(a: Float64Array, b: Float64Array): number {
  const line = fitLine({ times: a, values: b });
  const explained = line.slope * line.slope * line.sxx;
  return Math.sign(line.slope) * Math.sqrt(explained / Math.max(explained + line.sse, Number.MIN_VALUE));
}
