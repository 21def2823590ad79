import { growingLines } from '../leaks/index.ts';
import type { GrowingPart } from '../model/finding.ts';
import { isCountRole, type MemoryRole } from '../model/memory.ts';
import type { EpochMs } from '../model/units.ts';
import type { LevelColumn } from '../segments/kinds/columns.ts';
import type { LifeOfRole } from './lives/index.ts';
import type { LoadedService } from './load-service.ts';

/**
 * Which of the things that are counted apart grew since the onset: types of objects, states of threads, kinds of handles.
 * Of a heap, the types of its objects; of a role that counts, its own parts. Each is regressed on the same counts as the
 * floor. Empty where nothing is counted apart. From what is kept as it was sent: roll-ups keep lows and highs of each part at
 * times of its own, which cannot be added up.
 */
export function growingParts(
  loaded: LoadedService,
  life: LifeOfRole,
  countAt: ((time: number) => number) | undefined,
  onset: EpochMs,
): GrowingPart[] {
  const role: MemoryRole = isCountRole(life.role) ? life.role : 'object_count';
  const parts = partsOf(loaded, life, role);
  if (parts.length === 0) return [];
  return growingLines(parts, togetherOf(parts), onset, countAt).map(
    ({ site, share, bytesPerHour, bytesPerUnit }) => ({
      ...{ role, part: site, share, perHour: bytesPerHour, perUnit: bytesPerUnit },
    }),
  );
}

interface Part {
  readonly site: string;
  readonly times: readonly number[];
  readonly values: readonly number[];
}

/** The parts of the metric that has most of them, within the life. */
function partsOf(
  { state, from, exactFrom = from }: LoadedService,
  life: LifeOfRole,
  role: MemoryRole,
): Part[] {
  const metrics = new Map<string, Part[]>();
  for (const [key, column] of state.instances.get(life.instance)?.levels ?? []) {
    const [keyRole, metric, part] = JSON.parse(key) as [string, string, string];
    if (keyRole !== role || part === '') continue;
    metrics.set(metric, [...(metrics.get(metric) ?? []), { site: part, ...during(column, life, exactFrom) }]);
  }
  return [...metrics.values()].toSorted((a, b) => b.length - a.length)[0] ?? [];
}

function during({ times, values }: LevelColumn, life: LifeOfRole, exactFrom: EpochMs) {
  const [from, to] = [Math.max(exactFrom, life.times[0] as number), life.times.at(-1) as number];
  const inside = times.flatMap((time, i) => (time >= from && time <= to ? [i] : []));
  return { times: inside.map((i) => times[i] as number), values: inside.map((i) => values[i] as number) };
}

/** All parts together, at the times at which any was told. */
function togetherOf(parts: readonly Part[]) {
  const sums = new Map<number, number>();
  for (const { times, values } of parts)
    for (const [i, time] of times.entries()) sums.set(time, (sums.get(time) ?? 0) + (values[i] as number));
  const sorted = [...sums].sort(([a], [b]) => a - b);
  return { times: sorted.map(([time]) => time), values: sorted.map(([, sum]) => sum) };
}
