import type { Seen } from '../../segments/kinds/columns.ts';
import { countOfKey, type InstanceState } from '../../segments/kinds/instance.ts';
import { valuesOfFact } from './facts.ts';

/** Where the processes behind one identity begin and end. */
export interface Restarts {
  /** Times at which a new process is seen for the first time, ascending; the first life is not among them. */
  readonly cuts: readonly number[];
  /** Two processes at once under one name: no curve of theirs means anything. */
  readonly mixedWriters: boolean;
}

/** Half of the counters must begin anew: one that does may be one attribute set that came back. */
const SHARE_OF_COUNTERS = 0.5;
/**
 * Moments at which counters return to an older start before two writers are assumed: one may be a late upload of a dead
 * process, which tells of all its counters at once.
 */
const RETURNS_MIN = 3;

/**
 * Strongest first: another pid; an uptime that falls; most cumulative counters beginning anew at once. A later sign
 * within one interval of an earlier one is the same restart.
 */
export function findRestarts(instance: InstanceState, intervalMs: number): Restarts {
  const pids = valuesOfFact(instance, 'pid').sort((a, b) => a.seen.first - b.seen.first);
  const byPid = pids.slice(1).map(({ seen }) => seen.first);
  const resets = counterResets(instance);
  const signs = [...byPid, ...uptimeFalls(instance), ...resets.times].sort((a, b) => a - b);
  const cuts: number[] = [];
  for (const time of signs) {
    if (cuts.length === 0 || time - (cuts.at(-1) as number) > 2 * intervalMs) cuts.push(time);
  }
  const seen = pids.map((pid) => pid.seen);
  // Of a pid only its first and last moment are known, and containers use the same few again: 7, 8, 7 follow each other
  // where their counters do.
  const isFollowed = resets.times.length > 0;
  return { cuts, mixedWriters: resets.alternating || (!isFollowed && overlapping(seen, intervalMs)) };
}

/** Processes that follow each other do not overlap by more than the exports at the moment of the change. */
function overlapping(seen: readonly Seen[], intervalMs: number): boolean {
  return seen.some((one, i) => {
    const next = seen[i + 1];
    return next !== undefined && one.last - next.first > 3 * intervalMs;
  });
}

function uptimeFalls(instance: InstanceState): number[] {
  const falls: number[] = [];
  for (const [key, { times, values }] of instance.levels) {
    if (!key.startsWith('["uptime_s"')) continue;
    for (let i = 1; i < times.length; i += 1) {
      if ((values[i] as number) < (values[i - 1] as number)) falls.push(times[i] as number);
    }
  }
  return falls;
}

interface Resets {
  readonly times: readonly number[];
  readonly alternating: boolean;
}

function counterResets(instance: InstanceState): Resets {
  const votes = new Map<number, number>();
  let counters = 0;
  const returns = new Set<number>();
  for (const [key, { times, starts, cells, width }] of instance.counts) {
    if (countOfKey(key).temporality !== 'cumulative' || times.length < 2) continue;
    counters += 1;
    let newest = starts[0] as number;
    for (let i = 1; i < times.length; i += 1) {
      const start = starts[i] as number;
      const isSame = start === starts[i - 1];
      const [older, before, count] = [i - 2, i - 1, i].map((at) => cells[at * width] ?? 0) as [
        number,
        number,
        number,
      ];
      const fell = isSame && count < before;
      // Workers that were forked share a start: what falls is taken back at once.
      const isBack = isSame ? starts[i - 2] === start && before < older && count >= older : start < newest;
      if (isBack) returns.add(times[i] as number);
      // A start inside of what was already seen is a process that began since; one before it, an older attribute set.
      if (start > newest || fell) votes.set(times[i] as number, (votes.get(times[i] as number) ?? 0) + 1);
      newest = Math.max(newest, start);
    }
  }
  const times = [...votes]
    .filter(([, count]) => count >= Math.max(1, counters * SHARE_OF_COUNTERS))
    .map(([at]) => at);
  return { times, alternating: returns.size >= RETURNS_MIN };
}
