import { type Site, siteOfKey } from '../../flame/sites.ts';
import type { LevelColumn } from '../../segments/kinds/columns.ts';
import { type InstanceState, levelKey } from '../../segments/kinds/instance.ts';

/** Role under which an instance keeps what its heap profiles say; never a role of memory, and judged by nobody as one. */
export const SITE_ROLE = 'allocation_site';
/** The sum over all sites of a snapshot, also over those that were too small to keep. */
export const ALL_SITES = '';

/** `measure` of sites as they are kept: `inuse_space:bytes`. */
export const siteMeasure = ({ type, unit }: { readonly type: string; readonly unit: string }) =>
  `${type}:${unit}`;
export const siteLevelKey = (measure: string, part: string) => levelKey(SITE_ROLE, measure, part);

/** What is live at one allocation site, snapshot by snapshot. */
export interface SiteSeries {
  readonly site: Site;
  /** Whole ms, ascending: the times of the instance's snapshots. */
  readonly times: readonly number[];
  /** Bytes (or goroutines); 0 in a snapshot in which the site was not, or not among the largest. */
  readonly values: readonly number[];
}

export interface HeapSnapshots {
  /** `inuse_space:bytes`, `goroutine:count`, … */
  readonly measure: string;
  readonly times: readonly number[];
  readonly totals: readonly number[];
  /** The largest of the last snapshot first. */
  readonly sites: readonly SiteSeries[];
}

/**
 * What the heap profiles of one instance say about where its live bytes were allocated, by measure.
 *
 * @param instance as loaded in exact steps (`loadService` up to three days): roll-ups keep lows and highs of each site at
 *   times of its own, where 0 for "not there" would be wrong
 */
export function heapSnapshotsOf(instance: InstanceState): HeapSnapshots[] {
  const measures = new Map<string, Map<string, LevelColumn>>();
  for (const [key, column] of instance.levels) {
    const [role, measure, part] = JSON.parse(key) as [string, string, string];
    if (role !== SITE_ROLE) continue;
    const sites = measures.get(measure) ?? new Map<string, LevelColumn>();
    measures.set(measure, sites.set(part, column));
  }
  return [...measures].flatMap(([measure, columns]) => {
    const totals = columns.get(ALL_SITES);
    if (totals === undefined) return [];
    columns.delete(ALL_SITES);
    const sites = [...columns].map(([part, column]) => seriesOf(part, column, totals.times));
    sites.sort((a, b) => (b.values.at(-1) ?? 0) - (a.values.at(-1) ?? 0));
    return [{ measure, times: totals.times, totals: totals.values, sites }];
  });
}

function seriesOf(part: string, column: LevelColumn, times: readonly number[]): SiteSeries {
  const valueAt = new Map(column.times.map((time, i) => [time, column.values[i] as number]));
  return { site: siteOfKey(part), times, values: times.map((time) => valueAt.get(time) ?? 0) };
}
