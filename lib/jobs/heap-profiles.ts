import { MINUTE_MS } from '../model/units.ts';
import { companionsOf } from './lives/companions.ts';
import type { LifeOfRole } from './lives/index.ts';
import { type HeapSnapshots, heapSnapshotsOf } from './lives/sites.ts';
import { type LoadedService, livesIn } from './load-service.ts';

/** A profile that was sent at the end of a process may come after its last reading. */
const LATE_MS = 2 * MINUTE_MS;

/**
 * The heap profiles of one life, whatever protocol brought them: its own, or those of the same process under another name.
 * Where a service has one process and one sender of profiles, they belong together without a name.
 */
export function profilesOf(loaded: LoadedService, life: LifeOfRole): HeapSnapshots | undefined {
  const { instances } = loaded.state;
  const own = instances.get(life.instance);
  const same = [...(own ? [own] : []), ...(companionsOf(loaded.state).get(life.instance) ?? [])];
  const [found] = same.flatMap(heapSnapshotsOf).filter(isOfBytes).toSorted(byLength);
  const told = found ?? theOnlyOne(loaded, life);
  return told && during(told, life);
}

const isOfBytes = ({ measure }: HeapSnapshots) => /bytes$/.test(measure);
const byLength = (a: HeapSnapshots, b: HeapSnapshots) => b.times.length - a.times.length;

function theOnlyOne(loaded: LoadedService, life: LifeOfRole): HeapSnapshots | undefined {
  const profiled = [...loaded.state.instances.values()].filter((one) => heapSnapshotsOf(one).some(isOfBytes));
  const isOnly = profiled.length === 1 && livesIn(loaded, life.role).length === 1;
  return isOnly ? heapSnapshotsOf(profiled[0]!).find(isOfBytes) : undefined;
}

function during(
  { measure, times, totals, sites }: HeapSnapshots,
  life: LifeOfRole,
): HeapSnapshots | undefined {
  const from = life.startedAt ?? (life.times[0] as number);
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
