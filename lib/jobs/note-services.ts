import { MACHINES } from '../model/partition.ts';
import { scrubVersion } from '../model/scrub.ts';
import type { UploadFacts } from '../model/telemetry.ts';
import { mergeService, noteService, type ServiceRecord, type Signal } from '../records/services.ts';
import type { JobContext } from './context.ts';
import type { Upload } from './raw-segment.ts';

type Facts = Pick<UploadFacts, 'reports' | 'profiles' | 'earliest' | 'latest'>;
type Seen = Omit<Upload, 'body'>;

/** Remembers the services of a batch, one write for each. */
export async function noteServices(
  context: Pick<JobContext, 'records'>,
  uploads: readonly { readonly upload: Seen; readonly facts: Facts }[],
): Promise<void> {
  const seen = new Map<string, { project: string; record: ServiceRecord }>();
  for (const { upload, facts } of uploads) {
    for (const record of servicesIn(upload, facts)) {
      const key = `${upload.project} ${record.service}`;
      const before = seen.get(key)?.record;
      seen.set(key, { project: upload.project, record: before ? mergeService(before, record) : record });
    }
  }
  for (const { project, record } of seen.values()) await noteService(context.records, project, record);
}

function servicesIn(
  { receivedAt }: Seen,
  { reports, profiles = [], earliest, latest }: Facts,
): ServiceRecord[] {
  const profiled = profiles.map(
    ({ service, instance, time }): ServiceRecord => ({
      service,
      firstSeen: receivedAt,
      lastSeen: receivedAt,
      firstData: earliest ?? receivedAt,
      lastData: latest ?? receivedAt,
      signals: { profiles: receivedAt },
      versions: instance.version === undefined ? {} : { [scrubVersion(instance.version)]: time },
    }),
  );
  const reported = reports
    .filter(({ service }) => service !== MACHINES)
    .map(({ service, instance, levels, counts, work }) => {
      const signals: Partial<Record<Signal, number>> = {};
      if (levels.length > 0) signals.memory = receivedAt;
      if (counts.some(({ role }) => role === 'work')) signals.counts = receivedAt;
      if (work.length > 0) signals.traces = receivedAt;
      const first = levels[0]?.time ?? counts[0]?.time ?? work[0]?.start ?? receivedAt;
      return {
        service,
        firstSeen: receivedAt,
        lastSeen: receivedAt,
        firstData: earliest ?? receivedAt,
        lastData: latest ?? receivedAt,
        signals,
        versions: instance.version === undefined ? {} : { [scrubVersion(instance.version)]: first },
      };
    });
  return [...reported, ...profiled];
}
