import type { InstanceSource, UploadFacts } from '../model/telemetry.ts';
import type { EpochMs } from '../model/units.ts';

/** What an OTLP file says, and its place among the files. */
export interface Capture {
  readonly file: string;
  readonly place: number;
  readonly facts: readonly UploadFacts[];
}

/** What a file tells of one process: under which sort of name, when its counters began, and when its memory was read. */
interface Traced {
  readonly source: InstanceSource;
  readonly starts: Set<EpochMs>;
  from: EpochMs;
  to: EpochMs;
}

interface Run {
  readonly captures: Capture[];
  readonly processes: Map<string, Traced>;
}

/**
 * Which files are of one run, under the first of them: captures of other runs have services of the same name, so that only
 * those go together in which the same process goes on, its memory read at other times. All of them when `together`.
 */
export function runsOf(captures: readonly Capture[], together: boolean): Capture[] {
  const runs: Run[] = [];
  for (const capture of captures) {
    const processes = processesOf(capture);
    const run = runs.find((one) => together || goesOn(one.processes, processes));
    if (run === undefined) runs.push({ captures: [capture], processes });
    else {
      run.captures.push(capture);
      for (const [key, one] of processes) run.processes.set(key, joined(run.processes.get(key), one));
    }
  }
  return runs.map(({ captures: all }) => ({ ...all[0]!, facts: all.flatMap(({ facts }) => facts) }));
}

function processesOf({ facts }: Capture): Map<string, Traced> {
  const processes = new Map<string, Traced>();
  for (const { service, instance, levels, counts } of facts.flatMap(({ reports }) => reports)) {
    const { key, source, joins } = instance;
    const traced: Traced = { source, starts: new Set(), from: Infinity, to: -Infinity };
    for (const { temporality, start } of counts) if (temporality === 'cumulative') traced.starts.add(start);
    for (const { time } of levels) {
      traced.from = Math.min(traced.from, time);
      traced.to = Math.max(traced.to, time);
    }
    const name = JSON.stringify([service, key, joins.pid]);
    processes.set(name, joined(processes.get(name), traced));
  }
  return processes;
}

function joined(one: Traced | undefined, other: Traced): Traced {
  if (one === undefined) return other;
  return {
    source: one.source,
    starts: new Set([...one.starts, ...other.starts]),
    from: Math.min(one.from, other.from),
    to: Math.max(one.to, other.to),
  };
}

function goesOn(run: ReadonlyMap<string, Traced>, processes: ReadonlyMap<string, Traced>): boolean {
  return [...processes].some(([name, next]) => {
    const before = run.get(name);
    return before !== undefined && isSame(before, next) && (before.to < next.from || next.to < before.from);
  });
}

/** Counters of one process began at one time. Without any, its name must be one that no other process has. */
function isSame(one: Traced, other: Traced): boolean {
  if (one.starts.size > 0 && other.starts.size > 0)
    return [...one.starts].some((start) => other.starts.has(start));
  return one.source !== 'none' && one.source !== 'host.name';
}
