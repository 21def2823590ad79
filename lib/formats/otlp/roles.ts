import type { SeriesRole } from '../../model/memory.ts';
import type { Attributes } from '../work/attributes.ts';
import {
  COLLECTION_ROWS,
  type CollectionRow,
  type Filter,
  LEVEL_ROWS,
  type LevelRow,
  WORK_ROWS,
  type WorkRow,
} from './role-table.ts';

/**
 * The form in which names are compared: lower case, dots for underscores and slashes, without the endings that Prometheus
 * exporters add for units and kinds.
 */
export function normalName(name: string): string {
  let normal = name.toLowerCase().replaceAll(/[_/-]/g, '.');
  while (SUFFIX.test(normal)) normal = normal.replace(SUFFIX, '');
  return normal;
}

const SUFFIX = /(?<=.)\.(bytes|total|ratio|seconds|milliseconds)$/;

export const levelRowsOf = (normal: string): readonly LevelRow[] => LEVELS.get(normal) ?? [];
export const collectionRowOf = (normal: string): CollectionRow | undefined => COLLECTIONS.get(normal);
export const workRowOf = (normal: string): WorkRow | undefined =>
  WORK.get(normal) ?? (/\.calls$/.test(normal) ? WORK.get('calls') : undefined); // the connector's namespace is free

/** The row of a metric that fits its name and a point's attributes. */
export const levelRowFor = (
  rows: readonly LevelRow[],
  name: string,
  attributes: Attributes,
): LevelRow | undefined =>
  rows.find(
    (row) =>
      (row.asSent === undefined || row.names.includes(name)) &&
      (row.where === undefined || fits(row.where, attributes)) &&
      (row.unless === undefined || !fits(row.unless, attributes)),
  );

export const collectionRoleOf = (
  row: CollectionRow,
  attributes: Attributes,
): 'gc_major' | 'gc_minor' | undefined => {
  if (row.keys.length === 0) return 'gc_major';
  const text = row.keys
    .map((key) => attributes.get(key))
    .filter((value) => value !== undefined)
    .join(' ');
  if (row.never?.test(text)) return undefined;
  if (row.minor?.test(text)) return 'gc_minor';
  return row.major?.test(text) ? 'gc_major' : undefined;
};

/** Counts by spans lose against every metric: spans are often sampled. */
const SPANS_PRECEDENCE = 1_000;
const UNKNOWN_PRECEDENCE = 2 * SPANS_PRECEDENCE;

/** Which of several metrics fills a role for one life: the lowest number wins, the others are left out. */
export const rolePrecedence = (role: SeriesRole | 'work', metric: string): number =>
  PRECEDENCE.get(`${role} ${normalName(metric)}`) ?? UNKNOWN_PRECEDENCE;

/**
 * The same for counters of work. Compare only counters whose units are of one kind: `http.server.duration` and
 * `rpc.server.duration` count different work, `http.server.duration` and `http.server.request.duration` the same.
 */
export const countPrecedence = (metric: string): number =>
  workRowOf(normalName(metric)) === undefined
    ? UNKNOWN_PRECEDENCE
    : Math.min(rolePrecedence('work', metric), SPANS_PRECEDENCE - 1);

function fits(filter: Filter, attributes: Attributes): boolean {
  for (const key of filter.keys) {
    const value = attributes.get(key);
    if (value === undefined) continue;
    return (
      filter.values === undefined ||
      filter.values.includes(String(value).toLowerCase()) ||
      filter.values.includes(String(value))
    );
  }
  return false;
}

const LEVELS = new Map<string, LevelRow[]>();
const COLLECTIONS = new Map<string, CollectionRow>();
const WORK = new Map<string, WorkRow>();
const PRECEDENCE = new Map<string, number>();

const rank = (role: string, normal: string) => {
  const key = `${role} ${normal}`;
  if (!PRECEDENCE.has(key)) PRECEDENCE.set(key, PRECEDENCE.size);
};

for (const row of LEVEL_ROWS) {
  for (const name of row.names) {
    const normal = normalName(name);
    LEVELS.set(normal, [...(LEVELS.get(normal) ?? []).filter((known) => known !== row), row]);
    rank(row.role, normal);
  }
}
for (const row of COLLECTION_ROWS) {
  for (const name of row.names) {
    COLLECTIONS.set(normalName(name), row);
    rank('gc_major', normalName(name));
    rank('gc_minor', normalName(name));
  }
}
for (const row of WORK_ROWS) {
  for (const name of row.names) {
    WORK.set(normalName(name), row);
    rank('work', normalName(name));
  }
}
