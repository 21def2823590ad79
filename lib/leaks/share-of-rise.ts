import { clamp, firstAfter, median, type Points } from './statistics.ts';

/** Points at either end of the rise whose middle is taken: single ones hold noise. */
const ENDS = 5;

/**
 * Share of the rise since an onset that a fit explains, 0 to 1; undefined when nothing has risen.
 *
 * @param fitted by how much the fit rises from the onset to the last point
 */
export function shareOfRise({ times, values }: Points, onset: number, fitted: number): number | undefined {
  const at = Math.max(1, firstAfter(times, onset));
  const before = median(values.subarray(Math.max(0, at - ENDS), at));
  const rise = median(values.subarray(-ENDS)) - before;
  return rise > 0 ? clamp(fitted / rise, 0, 1) : undefined;
}
