import type { Life, Suspect } from '../model/leak.ts';
import { firstAtOrAfter, fitLine, type Points } from './statistics.ts';

/** Both sides are averaged over the same blocks: a load that is noisier than the memory would else explain too little. */
const BLOCKS = 40;
const MIN_BLOCKS = 8;
const MAX_SLOPE_LEFT = 0.4;
const MIN_CORRELATION = 0.7;

/**
 * Whether a rise is only the load's: with the load in the regression little slope is left, and level and load go
 * together. A leak under a load cycle keeps its slope.
 *
 * @param readings single readings of the stretch, not a floor: that one looks at other moments than the load
 */
export function isLoadProportional(readings: Points, load: Life['load']): boolean {
  if (!load || load.times.length === 0 || readings.times.length === 0) return false;
  const blocks = blocksOf(readings, load);
  if (blocks.times.length < MIN_BLOCKS) return false;
  const { times, values, loads } = blocks;
  const plain = fitLine({ times, values }).slope;
  if (plain <= 0) return false;
  const byLoad = fitLine({ times: loads, values });
  const timeByLoad = fitLine({ times: loads, values: times });
  let cross = 0;
  let square = 0;
  for (const [i, x] of loads.entries()) {
    const value = values[i]! - byLoad.level - byLoad.slope * (x - byLoad.center);
    const time = times[i]! - timeByLoad.level - timeByLoad.slope * (x - timeByLoad.center);
    cross += time * value;
    square += time * time;
  }
  const left = square > 0 ? cross / square : plain;
  const explained = byLoad.slope ** 2 * byLoad.sxx;
  const correlation =
    Math.sign(byLoad.slope) * Math.sqrt(explained / Math.max(explained + byLoad.sse, 1e-300));
  return left < MAX_SLOPE_LEFT * plain && correlation > MIN_CORRELATION;
}

/** What each open request holds, as the suspect that it is. */
export function heldByLoad(readings: Points, load: Life['load']): Suspect | undefined {
  if (!load || load.times.length === 0 || readings.times.length === 0) return undefined;
  const { values, loads } = blocksOf(readings, load);
  if (loads.length < MIN_BLOCKS) return undefined;
  const line = fitLine({ times: loads, values });
  const error = 1.96 * Math.sqrt(line.sse / Math.max(1, line.n - 2) / Math.max(line.sxx, 1e-300));
  return {
    units: [],
    cause: 'connections',
    bytesPerUnit: { value: line.slope, low: Math.max(0, line.slope - error), high: line.slope + error },
    weight: 1,
    unitsSinceOnset: Math.round(Math.max(0, loads.at(-1)! - loads[0]!)),
  };
}

function blocksOf({ times, values }: Points, load: NonNullable<Life['load']>) {
  const out: { time: number; value: number; load: number }[] = [];
  const start = times[0]!;
  const width = (times.at(-1)! - start) / BLOCKS;
  for (let b = 0; b < BLOCKS; b++) {
    const from = start + b * width;
    const to = b === BLOCKS - 1 ? times.at(-1)! + 1 : from + width;
    const value = meanWithin(times, values, from, to);
    const mean = meanWithin(load.times, load.values, from, to);
    if (value === undefined || mean === undefined) continue;
    out.push({ time: from + width / 2, value, load: mean });
  }
  return {
    times: Float64Array.from(out, ({ time }) => time),
    values: Float64Array.from(out, ({ value }) => value),
    loads: Float64Array.from(out, (block) => block.load),
  };
}

function meanWithin(times: Float64Array, values: Float64Array, from: number, to: number): number | undefined {
  const slice = values.subarray(firstAtOrAfter(times, from), firstAtOrAfter(times, to));
  return slice.length === 0 ? undefined : slice.reduce((sum, v) => sum + v, 0) / slice.length;
}
