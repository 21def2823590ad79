/** Rows without a step back, [from, to), and their first and last time. */
interface Run {
  readonly from: number;
  readonly start: number;
  end: number;
}

/** An uptime begins again near nothing: within this share of the longest run. */
const LOW_SHARE = 0.1;
/** Rows in no order at all make runs of two; a process that is read so seldom has no curve. */
const LEAST_RUN = 4;

/**
 * How rows come into the order of time. Files end with their newest rows, begin with them, or are put together from pages,
 * the newest first: those are sorted. Where every run begins low and they lie over each other, the clock is the uptime of
 * processes that followed each other, and rows stay where they are.
 *
 * @returns rows: the row for each place, undefined where nothing moves; restarts: places where a clock begins again
 */
export function orderOf(times: Float64Array): { rows: Uint32Array | undefined; restarts: readonly number[] } {
  const runs = runsOf(times);
  if (runs.length < 2) return { rows: undefined, restarts: [] };
  if (isUptime(runs, times.length))
    return { rows: undefined, restarts: runs.slice(1).map(({ from }) => from) };
  // Rows without a time go last.
  const at = (i: number) => (Number.isNaN(times[i]) ? Number.POSITIVE_INFINITY : times[i]!);
  const rows = Uint32Array.from(times, (_, i) => i);
  rows.sort((a, b) => (at(a) === at(b) ? a - b : at(a) - at(b)));
  return { rows, restarts: [] };
}

function runsOf(times: Float64Array): Run[] {
  const runs: Run[] = [];
  for (const [i, time] of times.entries()) {
    if (Number.isNaN(time)) continue;
    const last = runs.at(-1);
    if (last && time >= last.end) last.end = time;
    else runs.push({ from: i, start: time, end: time });
  }
  return runs;
}

function isUptime(runs: readonly Run[], rows: number): boolean {
  if (runs.length * LEAST_RUN > rows) return false;
  const least = runs.reduce((low, { start }) => Math.min(low, start), Number.POSITIVE_INFINITY);
  const longest = runs.reduce((span, { start, end }) => Math.max(span, end - start), 0);
  const byStart = runs.toSorted((a, b) => a.start - b.start || a.end - b.end);
  const overlap = byStart.some(({ start }, i) => i > 0 && start < byStart[i - 1]!.end);
  return overlap && runs.every(({ start }) => start <= least + LOW_SHARE * longest);
}
