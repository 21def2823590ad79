import { type EpochMs, MINUTE_MS } from '../model/units.ts';
import { companionsOf, ranAtOnce } from './lives/companions.ts';
import type { LifeOfRole } from './lives/index.ts';
import { type HeapSnapshots, heapSnapshotsOf } from './lives/sites.ts';
import { type LoadedService, livesIn } from './load-service.ts';

/** A profile that was sent at the end of a process may come after its last reading. */
const LATE_MS = 2 * MINUTE_MS;

/**
 * The heap profiles of one life, whatever protocol brought them: its own, or those of the same process under another name.
 * Where a service has one process at a time and one sender of profiles, they belong together without a name. Those alone that
 * are kept as they were sent: roll-ups keep lows and highs of each site at times of its own, and 0 in between says nothing.
 */
export function profilesOf(loaded: LoadedService, life: LifeOfRole): HeapSnapshots | undefined {
  const { instances } = loaded.state;
  const own = instances.get(life.instance);
  const same = [...(own ? [own] : []), ...(companionsOf(loaded.state).get(life.instance) ?? [])];
  const [found] = same.flatMap(heapSnapshotsOf).filter(isOfBytes).toSorted(byLength);
  const told = found ?? theOnlyOne(loaded, life);
  return told && during(told, life, loaded.exactFrom ?? loaded.from);
}

const isOfBytes = ({ measure }: HeapSnapshots) => /bytes$/.test(measure);
const byLength = (a: HeapSnapshots, b: HeapSnapshots) => b.times.length - a.times.length;

function theOnlyOne(loaded: LoadedService, life: LifeOfRole): HeapSnapshots | undefined {
  const profiled = [...loaded.state.instances.values()].filter((one) => heapSnapshotsOf(one).some(isOfBytes));
  if (profiled.length !== 1) return undefined;
  const own = spanOf(life);
  const beside = livesIn(loaded, life.role)
    .filter(({ instance, times }) => instance !== life.instance || times[0] !== life.times[0])
    .filter((other) => ranAtOnce(spanOf(other), own));
  return beside.length === 0 ? heapSnapshotsOf(profiled[0]!).find(isOfBytes) : undefined;
}

const spanOf = ({ times }: LifeOfRole) => ({ first: times[0] as number, last: times.at(-1) as number });

function during(
  { measure, times, totals, sites }: HeapSnapshots,
  life: LifeOfRole,
  exactFrom: EpochMs,
): HeapSnapshots | undefined {
  const from = Math.max(exactFrom, life.startedAt ?? (life.times[0] as number));
  const to = (life.times.at(-1) as number) + LATE_MS;
  const inside = times.flatMap((time, i) => (time >= from && time <= to ? [i] : []));
  if (inside.length === 0) return undefined;
  const taken = (all: readonly number[]) => inside.map((i) => all[i] as number);
  return {
    measure,
    times: taken(times),
    totals: taken(totals),
    sites: sites.map(({ site, values }) => ({ site, times: taken(times), values: taken(values) })),
  };
}
