import type { ServiceName } from '../../model/service.ts';
import { entriesOf, ONE } from '../../model/sketch.ts';
import type { EpochMs } from '../../model/units.ts';
import { mergeAll } from '../../segments/kind.ts';
import { allocationsKind, type UnitAllocations } from '../../segments/kinds/allocations.ts';
import type { JobContext } from '../context.ts';
import { isCoarse } from '../load-service.ts';

const TOP = 5;
/** Each end of the requests that the trimmed mean leaves out: one that fills a cache says nothing of the others. */
const TRIMMED = 0.1;

/** What the requests of each unit said that they allocated, by `unitKey`. */
export async function allocationsByUnit(
  { reader }: Pick<JobContext, 'reader'>,
  project: string,
  service: ServiceName,
  from: EpochMs,
  to: EpochMs,
) {
  const parts = await reader.range('allocations', { project, service, from, to, coarse: isCoarse(from, to) });
  const state = mergeAll(
    parts.map((part) => part.state),
    allocationsKind.merge,
  );
  return new Map([...(state?.units ?? [])].map(([unit, all]) => [unit, summaryOf(all)]));
}

/** Net bytes per request: the middle one, and the mean without the tenth at each end. Both within 1 %. */
export function summaryOf({ grown, shrunk, top }: UnitAllocations) {
  const ascending = [
    ...entriesOf(shrunk)
      .map(([bytes, weight]) => [-bytes, weight] as const)
      .toReversed(),
    ...entriesOf(grown),
  ];
  const whole = ascending.reduce((sum, [, weight]) => sum + weight, 0);
  return {
    requests: whole / ONE,
    medianBytes: Math.round(meanBetween(ascending, whole / 2, whole / 2)),
    trimmedMeanBytes: Math.round(meanBetween(ascending, TRIMMED * whole, (1 - TRIMMED) * whole)),
    top: [...top]
      .map(([file, { requests, bytes }]) => ({
        file,
        requests: requests / ONE,
        bytesPerRequest: Math.round(Number(bytes) / Math.max(1, requests)),
      }))
      .toSorted((a, b) => b.bytesPerRequest * b.requests - a.bytesPerRequest * a.requests)
      .slice(0, TOP),
  };
}

/** Mean of what lies between two places in the order of weights; the value at the place when they are one. */
function meanBetween(ascending: readonly (readonly [number, number])[], from: number, to: number): number {
  let [seen, sum, taken] = [0, 0, 0];
  for (const [value, weight] of ascending) {
    const [begin, end] = [seen, seen + weight];
    seen = end;
    if (from === to && from < end) return value;
    const inside = Math.min(end, to) - Math.max(begin, from);
    if (inside <= 0) continue;
    sum += value * inside;
    taken += inside;
  }
  return taken > 0 ? sum / taken : 0;
}
