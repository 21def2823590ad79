import { ONE, quantileUs, type Sketch } from '../../model/sketch.ts';
import type { VersionLatency } from '../latency-history.ts';

const QUANTILES = { p50Ms: 0.5, p75Ms: 0.75, p95Ms: 0.95, p99Ms: 0.99 } as const;
const US_PER_MS = 1000;

/** p50, p75, p95 and p99 in ms. @param usAt a quantile in µs; null where nothing is known */
export const percentilesBy = <T extends number | null>(usAt: (q: number) => T) =>
  Object.fromEntries(
    Object.entries(QUANTILES).map(([name, q]) => {
      const us = usAt(q);
      return [name, us === null ? null : us / US_PER_MS];
    }),
  ) as { readonly [K in keyof typeof QUANTILES]: T };

export const percentilesOf = (sketch: Sketch) => percentilesBy((q) => quantileUs(sketch, q) ?? null);

/** What requests took by version, in the order of `versions`. */
export const versionFigures = (versions: readonly VersionLatency[]) =>
  versions.map(({ version, firstAt, latency: { sketch, count, failures } }) => ({
    version,
    firstAt,
    requests: count / ONE,
    failures: failures / ONE,
    ...percentilesBy((q) => quantileUs(sketch, q) ?? 0),
  }));
