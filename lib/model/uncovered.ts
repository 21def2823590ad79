export type Interval = readonly [from: number, to: number];

/** The parts of [from, to] that none of these covers. @param intervals in the order of their starts; empty ones cover nothing */
export function uncovered(from: number, to: number, intervals: Iterable<Interval>): Interval[] {
  const parts: Interval[] = [];
  let at = from;
  for (const [start, end] of intervals) {
    if (start >= to) break;
    if (end <= Math.max(at, start)) continue;
    if (start > at) parts.push([at, start]);
    at = end;
  }
  if (at < to) parts.push([at, to]);
  return parts;
}
