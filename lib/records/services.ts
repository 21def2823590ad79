import type { ServiceName } from '../model/service.ts';
import { type EpochMs, SECOND_MS } from '../model/units.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { serviceKey, servicesOf } from './keys.ts';
import { queryAll, update } from './pages.ts';

export type Signal = 'memory' | 'counts' | 'traces' | 'profiles' | 'deploys';

/** One service that has sent something: when, what, and which versions it called itself. */
export interface ServiceRecord {
  readonly service: ServiceName;
  readonly firstSeen: EpochMs;
  readonly lastSeen: EpochMs;
  /** Earliest time of its data: where pages that ask for no range begin. */
  readonly firstData: EpochMs;
  /** Latest time of its data, which lies behind lastSeen for uploads that come late. */
  readonly lastData: EpochMs;
  /** When each signal last came, by arrival. */
  readonly signals: Readonly<Partial<Record<Signal, EpochMs>>>;
  /** Version → when its data began, for releases that nobody reported. At most VERSIONS_MAX, the latest. */
  readonly versions: Readonly<Record<string, EpochMs>>;
}
const VERSIONS_MAX = 100;

export async function listServices(records: RecordStore, project: string): Promise<readonly ServiceRecord[]> {
  const { pk, from, to } = servicesOf(project);
  return (await queryAll(records, pk, { from, to })).map((record) => record.body as ServiceRecord);
}

export async function readService(records: RecordStore, project: string, service: string) {
  const { pk, sk } = serviceKey(project, service);
  return (await records.get(pk, sk))?.body as ServiceRecord | undefined;
}

/**
 * Last times are kept to some seconds. All batches of a service share its record: if each of them wrote it, it would be as hot
 * as a head that is not split. A partition begins with such an interval, so none is later than a last time tells.
 */
const INTERVAL_MS = 10 * SECOND_MS;

/** Adds what a batch saw of a service, where it is news. */
export async function noteService(records: RecordStore, project: string, seen: ServiceRecord): Promise<void> {
  await update<ServiceRecord>(records, serviceKey(project, seen.service), (before) => {
    if (before === undefined) return { body: seen };
    const body = mergeService(before, seen);
    return inIntervals(before) === inIntervals(body) ? undefined : { body };
  });
}

function inIntervals({ lastSeen, lastData, signals, ...rest }: ServiceRecord): string {
  const times = Object.entries({ lastSeen, lastData, ...signals });
  return JSON.stringify([rest, times.map(([name, at]) => [name, Math.floor(at / INTERVAL_MS)])]);
}

export function mergeService(a: ServiceRecord, b: ServiceRecord): ServiceRecord {
  const signals: Partial<Record<Signal, EpochMs>> = { ...a.signals };
  for (const [signal, at] of Object.entries(b.signals) as [Signal, EpochMs][]) {
    signals[signal] = Math.max(at, signals[signal] ?? 0);
  }
  const versions: Record<string, EpochMs> = { ...a.versions };
  for (const [version, at] of Object.entries(b.versions)) {
    versions[version] = Math.min(at, versions[version] ?? at);
  }
  const latest = Object.entries(versions)
    .sort(([, x], [, y]) => y - x)
    .slice(0, VERSIONS_MAX);
  return {
    service: a.service,
    firstSeen: Math.min(a.firstSeen, b.firstSeen),
    lastSeen: Math.max(a.lastSeen, b.lastSeen),
    firstData: Math.min(a.firstData, b.firstData),
    lastData: Math.max(a.lastData, b.lastData),
    signals,
    versions: Object.fromEntries(latest),
  };
}
