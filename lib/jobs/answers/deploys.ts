import type { ServiceName } from '../../model/service.ts';
import { type EpochMs, MINUTE_MS } from '../../model/units.ts';
import type { RecordStore } from '../../ports/record-store.ts';
import { listDeploys } from '../../records/deploys.ts';
import { readService } from '../../records/services.ts';

/** A reported deploy and the first data of its version are one release when they lie this close. */
const SAME_RELEASE_MS = 30 * MINUTE_MS;

/** Releases in a range: those that were reported, and versions that nobody reported from when their data began. */
export async function deploysOf(
  { records }: { readonly records: RecordStore },
  project: string,
  service: ServiceName,
  from: EpochMs,
  to: EpochMs,
) {
  const reported = await listDeploys(records, project, service, from, to);
  const seen = (await readService(records, project, service))?.versions ?? {};
  const observed = Object.entries(seen)
    .filter(
      ([version, at]) => at >= from && at <= to && !reported.some((deploy) => isSame(deploy, version, at)),
    )
    .map(([version, at]) => ({ service, version, at, url: null, commit: null, source: 'observed' as const }));
  return [...reported.map((deploy) => ({ ...deploy, source: 'reported' as const })), ...observed].sort(
    (a, b) => a.at - b.at,
  );
}

const isSame = (deploy: { version: string; at: number }, version: string, at: number) =>
  deploy.version === version && Math.abs(deploy.at - at) <= SAME_RELEASE_MS;
