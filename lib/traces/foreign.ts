import type { Trace } from '../model/trace.ts';
import { unitKey } from '../model/unit-of-work.ts';
import { eachWithin, type ThreadSamples } from './samples.ts';
import type { StackReading } from './stack-reading.ts';

// On an event loop a thread's samples show whatever runs, and while a request waits, that is other requests' work. Whose
// a function is, is learned: it is seen while its endpoint has a request in work, always, and others only by chance.

export interface Sampled {
  readonly trace: Trace;
  readonly samples: ThreadSamples;
  readonly readStack: (leaf: number) => StackReading;
}

/** @returns the unit whose request runs in `reading`, when that is another than the trace's own; else undefined */
export type ForeignWork = (run: Sampled, reading: StackReading, timeUs: number) => string | undefined;

const OWNER_SHARE = 0.98;
const OTHERS_SHARE = 0.8;
const MIN_SAMPLES = 3;
/** Requests at once whose units are looked at for one sample. */
const MAX_ALIVE = 200;

interface Group {
  readonly runs: Sampled[];
  readonly alive: (timeUs: number, except: Trace | undefined) => ReadonlySet<string>;
  readonly owners: ReadonlyMap<string, string>;
}

/**
 * Learns from all sampled requests of one thread which functions belong to which unit.
 *
 * Cost: samples × requests alive at once. Two requests of one unit cannot be told apart.
 */
export function foreignWork(runs: readonly Sampled[]): ForeignWork {
  const byThread = new Map<string, Sampled[]>();
  for (const run of runs) {
    const key = threadKey(run);
    const list = byThread.get(key);
    if (list === undefined) byThread.set(key, [run]);
    else list.push(run);
  }
  const groups = new Map<string, Group>();
  for (const [key, members] of byThread) {
    // Without a second unit there is nobody else to blame.
    if (new Set(members.map(({ trace }) => unitKey(trace.unit))).size > 1) groups.set(key, groupOf(members));
  }
  return (run, reading, timeUs) => {
    const group = groups.get(threadKey(run));
    if (group === undefined) return undefined;
    const mine = unitKey(run.trace.unit);
    for (const frame of reading.own) {
      const owner = group.owners.get(frame);
      if (owner === mine) return undefined;
      if (owner !== undefined && group.alive(timeUs, run.trace).has(owner)) return owner;
    }
    return undefined;
  };
}

export const threadKey = ({ trace, samples }: Sampled) =>
  JSON.stringify([trace.service, trace.host, trace.process, samples.threadId || samples.threadName]);

function groupOf(runs: Sampled[]): Group {
  const alive = aliveAt(runs.map(({ trace }) => trace));
  const counts = new Map<string, { all: number; byUnit: Map<string, number> }>();
  const seen = new Set<number>();
  for (const { trace, samples, readStack } of runs) {
    eachWithin(samples, trace.root.start, trace.root.end, (stack, _, i) => {
      const time = samples.timeUs[i]!;
      // Overlapping requests have profiles of the same moments.
      if (seen.has(time)) return;
      seen.add(time);
      const units = alive(time, undefined);
      for (const frame of new Set(readStack(stack).own)) {
        const count = counts.get(frame) ?? { all: 0, byUnit: new Map<string, number>() };
        count.all += 1;
        for (const unit of units) count.byUnit.set(unit, (count.byUnit.get(unit) ?? 0) + 1);
        counts.set(frame, count);
      }
    });
  }
  const owners = new Map<string, string>();
  for (const [frame, { all, byUnit }] of counts) {
    const [first, second] = [...byUnit].sort((a, b) => b[1] - a[1]);
    if (first === undefined || all < MIN_SAMPLES || first[1] < OWNER_SHARE * all) continue;
    if (second === undefined || second[1] <= OTHERS_SHARE * all) owners.set(frame, first[0]);
  }
  return { runs, alive, owners };
}

/** Units that have a request in work at a time. */
function aliveAt(traces: readonly Trace[]) {
  const order = [...traces].sort((a, b) => a.root.start - b.root.start);
  const starts = order.map(({ root }) => root.start);
  let longest = 0;
  for (const { root } of order) longest = Math.max(longest, root.end - root.start);
  return (timeUs: number, except: Trace | undefined): ReadonlySet<string> => {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle]! <= timeUs) low = middle + 1;
      else high = middle;
    }
    const units = new Set<string>();
    let looked = 0;
    for (let i = low - 1; i >= 0 && starts[i]! >= timeUs - longest && looked < MAX_ALIVE; i -= 1) {
      looked += 1;
      const trace = order[i]!;
      if (trace !== except && trace.root.end > timeUs) units.add(unitKey(trace.unit));
    }
    return units;
  };
}
