import { listNamedServices } from '../../records/aliases.ts';
import type { JobContext } from '../context.ts';

/** What a page at rest asks for every few seconds. */
export async function statusAnswer(
  context: JobContext,
  project: string,
  scans: { readonly lastAt: number | null },
) {
  const services = await listNamedServices(context.records, project);
  const findings = await context.findings.list(project);
  const { visible, inFlight } = await context.uploads.depth();
  const lastSeen = services.map((service) => service.lastSeen);
  return {
    now: context.clock.now(),
    lastUploadAt: lastSeen.length === 0 ? null : Math.max(...lastSeen),
    pending: visible + inFlight,
    services: services.length,
    openFindings: findings.filter(({ state }) => state === 'firing').length,
    lastScanAt: scans.lastAt,
    unreadable: (context.reader.unreadable?.(project) ?? []).reduce((sum, { segments }) => sum + segments, 0),
  };
}
