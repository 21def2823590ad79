import type { Site } from '../flame/sites.ts';
import {
  busyBesideIdle,
  comparedCounts,
  compareReleases,
  type GrowingLine,
  type Growths,
  growingLines,
  growthSince,
  stopGapOf,
  type UnitCounts,
  unitCounts,
  whereGrown,
} from '../leaks/index.ts';
import type { Explained, FindingLine } from '../model/finding.ts';
import type { LeakResult } from '../model/leak.ts';
import type { MemoryRole } from '../model/memory.ts';
import { unitKey } from '../model/unit-of-work.ts';
import type { EpochMs } from '../model/units.ts';
import { growingParts } from './growing-parts.ts';
import { profilesOf } from './heap-profiles.ts';
import { ownedLine } from './line-owner.ts';
import type { LifeOfRole } from './lives/index.ts';
import { type Cohort, type LoadedService, livesIn } from './load-service.ts';

/** What stands beside the suspects of a leak: where it grew, which lines allocate it, what to do until it is fixed. */
export function explainLeak(loaded: LoadedService, life: LifeOfRole | undefined, cohort: Cohort): Explained {
  const { role, version, lives, result } = cohort;
  const onset = result.onset?.t;
  const releases = compareReleases(livesIn(loaded, role), {
    version,
    suspect: result.suspects[0],
    perHour: result.slopeBytesPerHour,
  });
  if (life === undefined || onset === undefined) return { ...NOTHING_EXPLAINED, releases };
  const where = AROUND_THE_HEAP.includes(life.role) ? whereGrown(growthsOf(loaded, life, onset)) : undefined;
  const counts = unitCounts(life.work);
  const suspect = result.suspects[0];
  const byLoad = busyBesideIdle(lives, suspect?.units[0] && unitKey(suspect.units[0]));
  const sinceOnset = (some: readonly UnitCounts[]) =>
    some.reduce((sum, unit) => sum + unit.at(Number.POSITIVE_INFINITY) - unit.at(onset), 0);
  const suspected = new Set(suspect?.units.map(unitKey));
  return {
    where: where ?? null,
    // A line of the heap says nothing about what grew beside it.
    lines: where === undefined || where.place === 'heap' ? linesOfAny(loaded, life, cohort, onset) : [],
    stopGap:
      stopGapOf({
        limit: life.limit,
        floorStart: result.floor?.start,
        slopeBytesPerHour: result.slopeBytesPerHour,
        suspect,
        // Of this one life: the suspect's own count is of all lives that grow.
        ownUnits: sinceOnset(counts.filter(({ unit }) => suspected.has(unitKey(unit)))),
        allUnits: sinceOnset(counts.filter(({ isPart }) => !isPart)),
      }) ?? null,
    compared: comparedCounts(life, onset),
    parts: growingParts(loaded, life, suspectCounts(life, result), onset),
    releases,
    ...(byLoad === undefined ? {} : { byLoad }),
  };
}

export const NOTHING_EXPLAINED: Explained = { where: null, lines: [], stopGap: null, compared: [] };
/** Roles in which growth of the heap shows as well. */
export const AROUND_THE_HEAP: readonly MemoryRole[] = ['rss', 'container_usage'];

function growthsOf(loaded: LoadedService, { instance }: LifeOfRole, onset: EpochMs): Growths {
  const grown = (role: MemoryRole) => {
    const life = livesIn(loaded, role).findLast((one) => one.instance === instance);
    return life && growthSince(life, onset);
  };
  return {
    heapUsed: grown('heap_used') ?? grown('heap_after_gc'),
    heapTotal: grown('heap_total'),
    external: grown('external'),
    rss: grown('rss'),
    container: grown('container_usage'),
    threads: grown('thread_count') ?? grown('goroutine_count'),
  };
}

/** Finished units of the suspect at a time; undefined when none is named or counted. */
function suspectCounts(life: LifeOfRole, { suspects }: LeakResult): ((time: number) => number) | undefined {
  const unit = suspects[0]?.units[0];
  const counts = unit && unitCounts(life.work).find((one) => unitKey(one.unit) === unitKey(unit));
  return counts && ((time) => counts.at(time));
}

/** Processes beside the speaker whose profiles are read. */
const MAX_OTHERS = 5;

/** Of the life that speaks, or where it has no profiles, of another one that grows: profilers run on few of many instances. */
function linesOfAny(
  loaded: LoadedService,
  speaker: LifeOfRole,
  { lives, result }: Cohort,
  onset: EpochMs,
): FindingLine[] {
  const others = lives.flatMap((life, i) => {
    const own = result.perLife[i];
    return life !== speaker && own?.verdict === 'leak' && own.onset ? [{ life, since: own.onset.t }] : [];
  });
  const own = linesOf(loaded, speaker, result, onset);
  if (own.length > 0) return own;
  const newestFirst = others.toSorted(
    (a, b) => (b.life.times.at(-1) as number) - (a.life.times.at(-1) as number),
  );
  let profiled = 0;
  for (const { life, since } of newestFirst) {
    const hasProfiles = profilesOf(loaded, life) !== undefined;
    const lines = hasProfiles ? linesOf(loaded, life, result, since) : [];
    profiled += Number(hasProfiles);
    if (lines.length > 0 || profiled >= MAX_OTHERS) return lines;
  }
  return [];
}

/** Lines from the heap profiles of the process, whatever protocol brought them. */
function linesOf(loaded: LoadedService, life: LifeOfRole, result: LeakResult, onset: EpochMs): FindingLine[] {
  const snapshots = profilesOf(loaded, life);
  if (snapshots === undefined) return [];
  const counts = suspectCounts(life, result);
  const totals = { times: snapshots.times, values: snapshots.totals };
  return growingLines(snapshots.sites, totals, onset, counts).map(lineAnswer);
}

const lineAnswer = ({ site, ...growth }: GrowingLine<Site>): FindingLine => ({
  ...ownedLine(site),
  ...growth,
});
