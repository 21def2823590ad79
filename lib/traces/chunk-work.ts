import type { Profile } from '../model/profile.ts';
import type { ServiceName } from '../model/service.ts';
import { type UnitOfWork, unitKey } from '../model/unit-of-work.ts';
import { type ForeignWork, foreignWork, type Sampled, threadKey } from './foreign.ts';
import type { TraceInput } from './read-traces.ts';
import { samplesByTrace } from './sampled.ts';
import { firstAt, type ThreadSamples } from './samples.ts';

const NS_PER_US = 1000;
/** Requests at once on one thread: of more nobody can tell who ran. */
const ALIVE_MAX = 200;
/** Of a request that took longer those that ran beside its beginning may have come long before it, and are not here. */
const LONG_US = 120e6;

/** A request whose thread a chunk has sampled. */
interface Run {
  readonly sampled: Sampled;
  readonly unit: string;
  readonly isAsked: boolean;
  /** Since when it is known what ran beside it, µs. */
  readonly from: number;
}

/**
 * What chunks of continuous profilers say of units of work: by chunk a profile of what the asked traces did in it, counted for
 * their units, and against none, which is where it counted as the chunk came. Its values add up to zero, so that what is
 * added to the chunk's changes no total, whichever join adds it.
 *
 * A sample stands until the next one of its thread, as in the chunk: one period beyond the request at most, which makes up for
 * the time before its first one. Of several requests at once, as on an event loop, a sample is that one's whose functions run
 * in it; where they tell nothing, each gets an equal part.
 *
 * A long request on a thread that works for others meanwhile counts from the first of those others on: what came before is nobody's.
 *
 * Cost: samples × units that have a request in work at once.
 */
export function workOfChunks(
  { traces, profiles, samplesOf = samplesByTrace(profiles), isAsked = () => true }: TraceInput,
  serviceOf: (chunk: Profile) => ServiceName,
): ReadonlyMap<Profile, Profile> {
  const services = new Map(
    profiles.filter(({ eventId }) => eventId === '').map(({ profile }) => [profile, serviceOf(profile)]),
  );
  if (services.size === 0) return new Map();
  const found = traces.map((trace) =>
    samplesOf(trace).filter(({ samples }) => services.get(samples.profile) === trace.service),
  );
  const fromOf = beginnings(found.flat());
  const runs = found.flatMap((all, index) =>
    all.map(
      (sampled): Run => ({
        sampled,
        unit: unitKey(sampled.trace.unit),
        isAsked: isAsked(index),
        from: fromOf(sampled),
      }),
    ),
  );
  const foreign = foreignWork(runs.map(({ sampled }) => sampled));
  const moved = new Map<Profile, Shares>();
  for (const [samples, members] of Map.groupBy(runs, ({ sampled }) => sampled.samples)) {
    if (!members.some((run) => run.isAsked)) continue;
    const shares = moved.get(samples.profile) ?? new Shares();
    moved.set(samples.profile, shares);
    share(samples, members, foreign, shares);
  }
  return new Map([...moved].map(([chunk, shares]) => [chunk, shares.of(chunk)]));
}

/** Since when it is known what ran beside a request, on its thread. */
function beginnings(all: readonly Sampled[]): (sampled: Sampled) => number {
  const isLong = ({ trace: { root } }: Sampled) => root.end - root.start > LONG_US;
  const starts = new Map(
    [...Map.groupBy(all, threadKey)].map(([thread, members]) => {
      const short = members.filter((one) => !isLong(one));
      return [thread, { timeUs: Float64Array.from(short, ({ trace }) => trace.root.start).sort() }];
    }),
  );
  return (sampled) => {
    const { start, end } = sampled.trace.root;
    const others = starts.get(threadKey(sampled))!;
    const first = others.timeUs[firstAt(others, start - LONG_US)] ?? end;
    return isLong(sampled) && first < end ? Math.max(start, first) : start;
  };
}

function share(samples: ThreadSamples, members: readonly Run[], foreign: ForeignWork, shares: Shares): void {
  const { profile, timeUs, periodUs, row, stack } = samples;
  const values = profile.samples.values[0];
  const inOrder = [...members].sort((a, b) => a.from - b.from);
  const ends = Float64Array.from(members, (run) => rootOf(run).end).sort();
  let [begun, ended] = [0, 0];
  let alive: Run[] = [];
  for (const [i, time] of timeUs.entries()) {
    for (; begun < inOrder.length && inOrder[begun]!.from <= time; begun += 1) alive.push(inOrder[begun]!);
    while (ended < ends.length && ends[ended]! <= time) ended += 1;
    if (begun - ended > ALIVE_MAX) continue;
    if (alive.length > begun - ended) alive = alive.filter((run) => rootOf(run).end > time);
    const value = Number(values?.[row[i]!] ?? 0);
    if (alive.length === 0 || value <= 0) continue;
    const running = alive.length === 1 ? alive : thoseRunning(alive, foreign, stack[i]!, time);
    for (const run of running) {
      const ns = Math.min(value, Math.round((rootOf(run).end - time + periodUs) * NS_PER_US));
      if (run.isAsked) shares.add(run, stack[i]!, Math.floor(ns / running.length));
    }
  }
}

const rootOf = ({ sampled }: Run) => sampled.trace.root;

/** Without those in whose place another one ran. */
function thoseRunning(
  alive: readonly Run[],
  foreign: ForeignWork,
  leaf: number,
  time: number,
): readonly Run[] {
  return [...Map.groupBy(alive, ({ unit }) => unit).values()].flatMap((ofUnit) => {
    const { sampled } = ofUnit[0]!;
    return foreign(sampled, sampled.readStack(leaf), time) === undefined ? ofUnit : [];
  });
}

/** Nanoseconds by unit and stack. */
class Shares {
  readonly #units = new Map<string, { readonly unit: UnitOfWork; readonly ns: Map<number, number> }>();

  add({ unit: key, sampled }: Run, stack: number, ns: number) {
    if (ns === 0) return;
    const known = this.#units.get(key) ?? { unit: sampled.trace.unit, ns: new Map<number, number>() };
    this.#units.set(key, known);
    known.ns.set(stack, (known.ns.get(stack) ?? 0) + ns);
  }

  of(chunk: Profile): Profile {
    const units = [...this.#units.values()];
    const rows = units.flatMap(({ ns }, unit) =>
      [...ns].flatMap(([stack, value]) => [
        { stack, unit, value },
        { stack, unit: -1, value: -value },
      ]),
    );
    return {
      ...chunk,
      units: units.map(({ unit }) => unit),
      samples: {
        stack: Uint32Array.from(rows, ({ stack }) => stack),
        unit: Int32Array.from(rows, ({ unit }) => unit),
        values: [Float64Array.from(rows, ({ value }) => value)],
      },
    };
  }
}
