import {
  growingLines,
  growthSince,
  type LivesTogether,
  livesTogether,
  stopGapOf,
  unitCounts,
  whereGrown,
} from '../leaks/index.ts';
import type { Explained, FindingLine, Where } from '../model/finding.ts';
import type { Interval } from '../model/leak.ts';
import type { MemoryRole } from '../model/memory.ts';
import { unitKey } from '../model/unit-of-work.ts';
import { type EpochMs, SECOND_MS } from '../model/units.ts';
import { AROUND_THE_HEAP } from './explain.ts';
import { profilesOf } from './heap-profiles.ts';
import { ownedLine } from './line-owner.ts';
import type { LifeOfRole } from './lives/index.ts';
import { type Cohort, type LoadedService, livesIn } from './load-service.ts';

type Part = Pick<Explained, 'where' | 'lines' | 'stopGap'> & { together: NonNullable<Explained['together']> };

/** Lives whose parts and profiles are read: the newest. */
const MAX_LIVES = 20;

/** What stands beside a leak that short lives tell together: it has no onset, but each life has an age. */
export function explainLives(loaded: LoadedService, { role, lives, result }: Cohort): Part | undefined {
  const { slopeBytesPerHour, pool, suspects } = result;
  const isTogether = result.verdict === 'leak' && result.onset === null && pool?.isLeak === true;
  const told = isTogether && slopeBytesPerHour !== null ? livesTogether(lives, slopeBytesPerHour) : undefined;
  if (told === undefined || pool === null || slopeBytesPerHour === null) return undefined;
  const newest = lives.toSorted((a, b) => lastOf(b) - lastOf(a));
  const limit = newest.find((life) => life.limit !== undefined)?.limit;
  const suspected = new Set(suspects[0]?.units.map(unitKey));
  const counts = newest.slice(0, MAX_LIVES).flatMap(({ work }) => unitCounts(work));
  const served = (some: typeof counts) => some.reduce((sum, { total }) => sum + total, 0);
  const gap = stopGapOf({
    ...{ limit, floorStart: told.settledLevel, slopeBytesPerHour, suspect: suspects[0] },
    ownUnits: served(counts.filter(({ unit }) => suspected.has(unitKey(unit)))),
    allUnits: served(counts.filter(({ isPart }) => !isPart)),
  });
  const settled = newest.slice(0, MAX_LIVES).map((life) => ({ life, since: bornAt(life) + told.settledMs }));
  const where = AROUND_THE_HEAP.includes(role) ? whereLivesGrew(loaded, settled) : undefined;
  return {
    where: where ?? null,
    lines: where === undefined || where.place === 'heap' ? linesOfLives(loaded, settled) : [],
    stopGap: gap === undefined ? null : { ...gap, restartS: gap.restartS && fromBirth(gap.restartS, told) },
    together: {
      ...{ lives: pool.slopes.length, lifeMs: told.lifeMs, gain: told.gain },
      limitS: (limit === undefined ? undefined : told.ageAt(limit)) ?? null,
    },
  };
}

interface Settled {
  readonly life: LifeOfRole;
  /** From when on it had started up. */
  readonly since: EpochMs;
}

const lastOf = ({ times }: LifeOfRole): EpochMs => times.at(-1) as number;
const bornAt = ({ startedAt, times }: LifeOfRole): EpochMs => startedAt ?? (times[0] as number);

/** The room is that of a life that has started up. */
function fromBirth({ value, low, high }: Interval, { settledMs }: LivesTogether): Interval {
  const later = (seconds: number) => Math.min(Number.MAX_SAFE_INTEGER, seconds + settledMs / SECOND_MS);
  return { value: later(value), low: later(low), high: later(high) };
}

/** By the mean growth of each part over the lives that send it. */
function whereLivesGrew(loaded: LoadedService, settled: readonly Settled[]): Where | undefined {
  const grown = (role: MemoryRole): number | undefined => {
    const same = livesIn(loaded, role);
    const all = settled.flatMap(({ life, since }) => {
      const part = same.find(
        (one) => one.instance === life.instance && lastOf(one) >= since && bornAt(one) <= lastOf(life),
      );
      return (part && growthSince(part, since)) ?? [];
    });
    return all.length === 0 ? undefined : all.reduce((sum, one) => sum + one, 0) / all.length;
  };
  return whereGrown({
    heapUsed: grown('heap_used') ?? grown('heap_after_gc'),
    heapTotal: grown('heap_total'),
    external: grown('external'),
    rss: grown('rss'),
    container: grown('container_usage'),
    threads: grown('thread_count') ?? grown('goroutine_count'),
  });
}

/** Lives with profiles that a line needs, and the share of them, and of their growth, that it must be seen in. */
const MIN_PROFILED = 3;
const MOST = 0.5;
const LEAST_SHARE = 0.05;
const MAX_LINES = 5;

/** Lines that grow in most lives once they have started up. Per unit nothing is told: one life is too short for it. */
function linesOfLives(loaded: LoadedService, settled: readonly Settled[]): FindingLine[] {
  const profiled = settled.flatMap(({ life, since }) => {
    // Roll-ups leave out the sites of single snapshots.
    const snapshots = bornAt(life) < (loaded.exactFrom ?? loaded.from) ? undefined : profilesOf(loaded, life);
    if (snapshots === undefined) return [];
    const { times, totals, sites } = snapshots;
    // No kink is looked for: growth is asked for from the first of these snapshots on.
    const first = times.find((time) => time >= since) ?? since;
    const all = { times: Float64Array.from(times), values: Float64Array.from(totals) };
    const whole = growthSince(all, first);
    if (whole === undefined) return [];
    return [{ whole, lines: growingLines(sites, { times, values: totals }, first, undefined) }];
  });
  const whole = profiled.reduce((sum, one) => sum + one.whole, 0);
  if (profiled.length < MIN_PROFILED || !(whole > 0)) return [];
  const all = profiled.flatMap(({ whole: ofLife, lines }) => lines.map((line) => ({ ...line, ofLife })));
  const bySite = Map.groupBy(all, ({ site }) => JSON.stringify(site));
  return [...bySite.values()]
    .filter((same) => same.length >= MOST * profiled.length)
    .map((same) => ({
      ...ownedLine((same[0] as (typeof all)[number]).site),
      share: Math.min(1, same.reduce((sum, { share, ofLife }) => sum + share * ofLife, 0) / whole),
      bytesPerHour: same.reduce((sum, one) => sum + one.bytesPerHour, 0) / profiled.length,
      bytesPerUnit: null,
    }))
    .filter(({ share }) => share >= LEAST_SHARE)
    .toSorted((a, b) => b.share - a.share)
    .slice(0, MAX_LINES);
}
