/** Rows without a step back, [from, to), and their first and last time. */
interface Run {
  readonly from: number;
  readonly start: number;
  end: number;
}

/** An uptime begins again near nothing: within this share of where the one before it ended. */
const LOW_SHARE = 0.1;
/** Rows in no order at all make runs of two; a process that is read so seldom has no curve. */
const LEAST_RUN = 4;

/**
 * How rows come into the order of time. Files end with their newest rows, begin with them, or are put together from pages,
 * the newest first: those are sorted. Where each run begins near nothing after the one before it, the clock is the uptime
 * of processes that followed each other, and rows stay where they are.
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
  if (runs.length * LEAST_RUN > rows || runs[1]!.from < LEAST_RUN) return false;
  return runs.slice(1).every((next, i) => isRestart(runs[i]!, next));
}

function isRestart(before: Run, next: Run): boolean {
  const isPageBefore = next.end <= before.start && next.end >= (1 - LOW_SHARE) * before.start;
  return Math.abs(next.start) <= LOW_SHARE * before.end && !isPageBefore;
}
