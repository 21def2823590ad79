import { type Death, unitCounts } from '../leaks/index.ts';
import type { PostMortem } from '../model/finding.ts';
import type { LeakResult } from '../model/leak.ts';
import { profilesOf } from './heap-profiles.ts';
import { ownedLine } from './line-owner.ts';
import { type LifeOfRole, medianStep } from './lives/index.ts';
import type { LoadedService } from './load-service.ts';

/** Readings before the end whose work counts as the last. */
const LAST_STEPS = 2;
const MAX_UNITS = 3;
const MAX_LINES = 3;

/** What is known of one death: its reason, the growth before it, the work in flight, and the last heap beside a flat one. */
export function postMortemOf(
  loaded: LoadedService | undefined,
  life: LifeOfRole,
  result: LeakResult | undefined,
  death: Death,
): PostMortem {
  const last = life.times.at(-1) as number;
  const counts = unitCounts(life.work).filter(({ isPart }) => !isPart);
  const step = medianStep([...life.times]);
  return {
    instance: life.instance,
    version: life.version ?? '',
    at: death.time,
    cause: death.cause,
    lastBytes: death.lastValue ?? null,
    shareOfLimit: death.shareOfLimit ?? null,
    lifeMs: last - (life.startedAt ?? (life.times[0] as number)),
    growth: growthOf(life, result),
    unitsServed: Math.round(counts.reduce((sum, { total }) => sum + total, 0)),
    inFlight: inFlightAt(life, last - LAST_STEPS * step),
    lastWork: counts
      .map((one) => ({ unit: one.unit, count: Math.round(one.at(last) - one.at(last - LAST_STEPS * step)) }))
      .filter(({ count }) => count > 0)
      .toSorted((a, b) => b.count - a.count)
      .slice(0, MAX_UNITS),
    heap: loaded ? heapOf(loaded, life, result) : null,
  };
}

/** Since the onset where one was found; else since the least reading of the life. */
function growthOf({ times, values }: LifeOfRole, result: LeakResult | undefined): PostMortem['growth'] {
  if (result?.verdict === 'leak' && result.onset && result.floor)
    return { bytes: result.floor.end - result.floor.start, since: result.onset.t, isFloor: true };
  const least = values.indexOf(values.reduce((a, b) => Math.min(a, b)));
  const bytes = (values.at(-1) as number) - (values[least] as number);
  return bytes > 0 ? { bytes, since: times[least] as number, isFloor: false } : null;
}

/** Requests in flight at the last reading of them, unless that is old. */
function inFlightAt({ load }: LifeOfRole, notBefore: number): number | null {
  const at = load?.times.at(-1);
  return load === undefined || at === undefined || at < notBefore ? null : (load.values.at(-1) ?? null);
}

/** The last heap profile beside the last one from before the growth, or else the first. */
function heapOf(loaded: LoadedService, life: LifeOfRole, result: LeakResult | undefined): PostMortem['heap'] {
  const snapshots = profilesOf(loaded, life);
  if (snapshots === undefined || snapshots.times.length < 2) return null;
  const { times, totals, sites } = snapshots;
  const last = times.length - 1;
  const flat = Math.min(
    last - 1,
    Math.max(
      0,
      times.findLastIndex((time) => time <= (result?.onset?.t ?? times[0]!)),
    ),
  );
  const lines = sites
    .map(({ site, values }) => ({
      ...ownedLine(site),
      bytes: values[last] ?? 0,
      grewBytes: (values[last] ?? 0) - (values[flat] ?? 0),
    }))
    .filter(({ grewBytes }) => grewBytes > 0)
    .toSorted((a, b) => b.grewBytes - a.grewBytes)
    .slice(0, MAX_LINES);
  return {
    at: times[last]!,
    baselineAt: times[flat]!,
    grewBytes: (totals[last] ?? 0) - (totals[flat] ?? 0),
    lines,
  };
}
