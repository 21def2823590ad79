import { JUDGED_ROLES } from '../jobs/load-service.ts';
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
  /** Name of the file without what rotation adds to it. */
  readonly stem: string;
  readonly starts: Set<EpochMs>;
  from: EpochMs;
  to: EpochMs;
}

interface Run {
  readonly captures: Capture[];
  /** Those whose memory was read. */
  readonly processes: Map<string, Traced>;
}

/**
 * Which files are of one run, under the first of them that has memory: captures of other runs have services of the same
 * name, so that only those go together in which the same process goes on, its memory read at other times. Files without
 * memory (spans, limits) tell of every run of their services. All are one run when `together`, or where none has memory.
 */
export function runsOf(captures: readonly Capture[], together: boolean): Capture[] {
  const read = captures.map((capture): Run => ({ captures: [capture], processes: processesOf(capture) }));
  const withMemory = read.filter(({ processes }) => processes.size > 0);
  if (together || withMemory.length === 0) return captures.length === 0 ? [] : [merged(captures)];
  const runs: Run[] = [];
  for (const next of withMemory.toSorted((a, b) => beginOf(a) - beginOf(b))) {
    const run = runs.find((one) => goesOn(one.processes, next.processes));
    if (run === undefined) runs.push(next);
    else {
      run.captures.push(...next.captures);
      for (const [key, one] of next.processes) run.processes.set(key, joined(run.processes.get(key), one));
    }
  }
  const others = captures.filter((_, i) => read[i]!.processes.size === 0);
  return runs.map((run) => merged(run.captures, others));
}

/** The facts of all under the first of them; of `others` those that concern it. */
function merged(captures: readonly Capture[], others: readonly Capture[] = []): Capture {
  const first = captures.reduce((one, other) => (one.place < other.place ? one : other));
  const services = servicesOf(captures);
  const isOwn = (other: Capture) =>
    other.facts.some(({ machines }) => machines.length > 0) ||
    [...servicesOf([other])].some((service) => services.has(service));
  return { ...first, facts: [...captures, ...others.filter(isOwn)].flatMap(({ facts }) => facts) };
}

const servicesOf = (captures: readonly Capture[]) =>
  new Set(
    captures.flatMap(({ facts }) => facts.flatMap(({ reports }) => reports.map(({ service }) => service))),
  );

const beginOf = ({ processes }: Run) =>
  [...processes.values()].reduce((least, { from }) => Math.min(least, from), Infinity);

/** What a Collector's file exporter and logrotate add. */
const ROTATED =
  /-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}(?=\.)|(?<=\.[a-z]\w*)\.\d+(?=(\.(gz|zst))?$)|\.(gz|zst)$/g;

function processesOf({ file, facts }: Capture): Map<string, Traced> {
  const processes = new Map<string, Traced>();
  for (const { service, instance, levels, counts } of facts.flatMap(({ reports }) => reports)) {
    const { key, source, joins } = instance;
    const stem = file.replaceAll(ROTATED, '');
    const traced: Traced = { source, stem, starts: new Set(), from: Infinity, to: -Infinity };
    for (const { temporality, start } of counts) if (temporality === 'cumulative') traced.starts.add(start);
    for (const { role, time } of levels) {
      if (!JUDGED.has(role)) continue;
      traced.from = Math.min(traced.from, time);
      traced.to = Math.max(traced.to, time);
    }
    const name = JSON.stringify([service, key, joins.pid]);
    processes.set(name, joined(processes.get(name), traced));
  }
  return new Map([...processes].filter(([, { from }]) => Number.isFinite(from)));
}

const JUDGED: ReadonlySet<string> = new Set(JUDGED_ROLES);

function joined(one: Traced | undefined, other: Traced): Traced {
  if (one === undefined) return other;
  return {
    ...one,
    starts: new Set([...one.starts, ...other.starts]),
    from: Math.min(one.from, other.from),
    to: Math.max(one.to, other.to),
  };
}

/** Runs are put together in order of time. */
function goesOn(run: ReadonlyMap<string, Traced>, processes: ReadonlyMap<string, Traced>): boolean {
  return [...processes].some(([name, next]) => {
    const before = run.get(name);
    return before !== undefined && isSame(before, next) && before.to < next.from;
  });
}

/** Counters of one process began at one time. Without any, its name must be one that no other process has, or the file one. */
function isSame(one: Traced, other: Traced): boolean {
  if (one.starts.size > 0 && other.starts.size > 0)
    return [...one.starts].some((start) => other.starts.has(start));
  return one.stem === other.stem || (one.source !== 'none' && one.source !== 'host.name');
}
