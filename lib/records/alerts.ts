import type { RecordStore } from '../ports/record-store.ts';
import { alertsKey } from './keys.ts';

/** Where the alert rules of a service stand between two scans. */
export interface AlertsRecord<Alert> {
  /** Time of the last evaluation. */
  readonly evaluatedTo: number;
  /** Alerts that are pending or firing, by the name of their rule. */
  readonly alerts: Readonly<Record<string, readonly Alert[]>>;
}

export async function readAlerts<Alert>(
  records: RecordStore,
  project: string,
  service: string,
): Promise<AlertsRecord<Alert> | undefined> {
  const { pk, sk } = alertsKey(project, service);
  return (await records.get(pk, sk))?.body as AlertsRecord<Alert> | undefined;
}

export const writeAlerts = async <Alert>(
  records: RecordStore,
  project: string,
  service: string,
  body: AlertsRecord<Alert>,
): Promise<void> => void (await records.put({ ...alertsKey(project, service), body }));
