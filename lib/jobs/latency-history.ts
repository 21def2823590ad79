import type { ServiceName } from '../model/service.ts';
import { ONE } from '../model/sketch.ts';
import type { EpochMs } from '../model/units.ts';
import { mergeAll } from '../segments/kind.ts';
import { latencyOfKey, mergeLatency, noLatency, type UnitLatency } from '../segments/kinds/latency.ts';
import type { JobContext } from './context.ts';
import { isCoarse } from './load-service.ts';

/** What the requests of one unit and version took in one bucket of time. */
export interface LatencyPart {
  readonly start: EpochMs;
  readonly version: string;
  readonly latency: UnitLatency;
}
interface LatencyQuery {
  readonly project: string;
  readonly service: ServiceName;
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** `unitKey` → its parts, oldest first. */
export async function latencyByUnit(
  { reader }: Pick<JobContext, 'reader'>,
  query: LatencyQuery,
): Promise<ReadonlyMap<string, readonly LatencyPart[]>> {
  const parts = await reader.range('latency', { ...query, coarse: isCoarse(query.from, query.to) });
  const all = parts.flatMap(({ start, state }) =>
    [...state.units].map(([key, latency]) => ({ ...latencyOfKey(key), start, latency })),
  );
  return Map.groupBy(all, ({ unit }) => unit);
}

export const sumOfLatency = (parts: readonly LatencyPart[]): UnitLatency =>
  mergeAll(
    parts.map(({ latency }) => latency),
    mergeLatency,
  ) ?? noLatency;

export interface VersionLatency {
  readonly version: string;
  readonly firstAt: EpochMs;
  readonly latency: UnitLatency;
}

/** Releases count up, whatever the number of digits: 1.9 came before 1.10. */
const { compare } = new Intl.Collator('en', { numeric: true });

/**
 * In the order in which they were first seen; those that began in one bucket by their names.
 *
 * @param parts of one unit, oldest first
 */
export const versionsOf = (parts: readonly LatencyPart[]): readonly VersionLatency[] =>
  [...Map.groupBy(parts, ({ version }) => version)]
    .map(([version, same]) => ({
      version,
      firstAt: (same[0] as LatencyPart).start,
      latency: sumOfLatency(same),
    }))
    .sort((a, b) => a.firstAt - b.firstAt || compare(a.version, b.version));

/** All versions together, by bucket of time, oldest first. */
export const windowsOf = (parts: readonly LatencyPart[]) =>
  [...Map.groupBy(parts, ({ start }) => start)].map(([start, same]) => ({
    start,
    latency: sumOfLatency(same),
  }));

/** How many requests were seen of those that they stand for: a sampled one is one witness, whatever its weight. */
export const seenShare = ({ requests, weight }: { readonly requests: number; readonly weight: number }) =>
  weight > 0 ? Math.min(1, (requests * ONE) / weight) : 1;
