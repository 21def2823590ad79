import type { RecordStore } from '../ports/record-store.ts';
import type { PatternOverrides } from '../traces/patterns/thresholds.ts';
import { traceSettingsKey } from './keys.ts';
import { update } from './pages.ts';

/** What people set for the traces of one service, or of one of its units. */
export interface TraceSettings {
  /** T of the Apdex: requests up to it satisfy, up to four times it are tolerated. Default: 300 ms. */
  readonly apdexMs?: number | undefined;
  /** What is left out stays as it is by default. */
  readonly patterns?: PatternOverrides | undefined;
}
export interface ServiceTraceSettings extends TraceSettings {
  /** By `unitKey`; before those of the service. */
  readonly units: Readonly<Record<string, TraceSettings>>;
}

export async function readTraceSettings(
  records: RecordStore,
  project: string,
  service: string,
): Promise<ServiceTraceSettings> {
  const { pk, sk } = traceSettingsKey(project, service);
  return { units: {}, ...((await records.get(pk, sk))?.body as Partial<ServiceTraceSettings> | undefined) };
}

/** Replaces all of them. */
export async function writeTraceSettings(
  records: RecordStore,
  project: string,
  service: string,
  settings: ServiceTraceSettings,
): Promise<ServiceTraceSettings> {
  await update<ServiceTraceSettings>(records, traceSettingsKey(project, service), () => ({ body: settings }));
  return settings;
}
