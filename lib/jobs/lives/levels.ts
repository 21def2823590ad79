import { rolePrecedence } from '../../formats/index.ts';
import { isCountRole, MEMORY_ROLES, type SeriesRole } from '../../model/memory.ts';
import type { InstanceState } from '../../segments/kinds/instance.ts';

/** One curve of an instance: a role as one metric tells it, its parts added up. */
export interface RoleSeries {
  readonly role: SeriesRole;
  readonly metric: string;
  /** The parts that were added, '' alone when the metric has none. */
  readonly parts: readonly string[];
  readonly times: readonly number[];
  readonly values: readonly number[];
  readonly conflict: boolean;
}

/**
 * Parts of a heap that live objects end up in. The floor is sought there: young spaces are enlarged by the runtime as it
 * likes, which looks like growth (a healthy Node heap went from 20 to 50 MB in 75 s that way).
 */
const OLD_GENERATION =
  /^(old_space|large_object_space|trusted_space|.*\bOld Gen(eration)?|.*\bTenured Gen|tenured(-\w+)?|balanced-old)$/i;

/** The curves of a role, best source first. `old`: add up the old generation alone where the metric has one. */
export function seriesOfRole(
  instance: InstanceState,
  role: SeriesRole,
  options: { readonly old?: boolean } = {},
): readonly RoleSeries[] {
  const metrics = new Map<string, string[]>();
  for (const key of instance.levels.keys()) {
    const [keyRole, metric] = JSON.parse(key) as [string, string, string];
    if (keyRole === role) metrics.set(metric, [...(metrics.get(metric) ?? []), key]);
  }
  return [...metrics]
    .sort(([a], [b]) => rolePrecedence(role, a) - rolePrecedence(role, b) || (a < b ? -1 : 1))
    .map(([metric, keys]) => addParts(instance, role, metric, chooseParts(keys, options.old === true)));
}

function chooseParts(keys: readonly string[], old: boolean): readonly string[] {
  const oldKeys = keys.filter((key) => OLD_GENERATION.test(partOf(key)));
  return old && oldKeys.length > 0 ? oldKeys : keys;
}
const partOf = (key: string) => (JSON.parse(key) as [string, string, string])[2];

function addParts(
  instance: InstanceState,
  role: SeriesRole,
  metric: string,
  keys: readonly string[],
): RoleSeries {
  const columns = keys.map((key) => instance.levels.get(key)).filter((column) => column !== undefined);
  const conflict = columns.some((column) => column.conflict);
  const facts = { role, metric, parts: keys.map(partOf), conflict };
  const [only] = columns;
  if (columns.length === 1 && only !== undefined) return { ...facts, times: only.times, values: only.values };
  const sums = new Map<number, { sum: number; parts: number }>();
  for (const { times, values } of columns) {
    for (const [i, time] of times.entries()) {
      const at = sums.get(time) ?? { sum: 0, parts: 0 };
      sums.set(time, { sum: at.sum + (values[i] as number), parts: at.parts + 1 });
    }
  }
  const all = [...sums].sort(([a], [b]) => a - b);
  const parts = all.map(([, at]) => at.parts);
  const kept = all.filter((_, i) => !hasFixedParts(role) || isWhole(parts, i));
  return { ...facts, times: kept.map(([time]) => time), values: kept.map(([, { sum }]) => sum) };
}

/** Spaces and pools are always all there. Counts by state (threads, handles) leave out the states that nobody is in. */
const hasFixedParts = (role: SeriesRole) => !COUNTED.has(role);
const COUNTED = new Set<SeriesRole>([...MEMORY_ROLES.filter(isCountRole), 'active_requests']);

/** Exports on either side that say how many parts are usual: another version may have more of them, or fewer. */
const NEIGHBOURS = 7;

/** An export that a Collector cut in two is here in part until its other half comes: a sum of half is a false low. */
const isWhole = (parts: readonly number[], at: number): boolean =>
  (parts[at] as number) >= commonest(parts.slice(Math.max(0, at - NEIGHBOURS), at + NEIGHBOURS + 1));

function commonest(counts: readonly number[]): number {
  const votes = new Map<number, number>();
  for (const count of counts) votes.set(count, (votes.get(count) ?? 0) + 1);
  return [...votes].sort(([a, x], [b, y]) => y - x || b - a)[0]?.[0] ?? 0;
}
