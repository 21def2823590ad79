import type { ServiceName } from '../model/service.ts';
import type { EpochMs } from '../model/units.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { deployKey, deploysBetween } from './keys.ts';
import { queryAll } from './pages.ts';

export interface DeployRecord {
  readonly service: ServiceName;
  readonly version: string;
  readonly at: EpochMs;
  readonly url: string | null;
  readonly commit: string | null;
}

/** The same version at the same second is the same deploy: a repeated report changes nothing. */
export async function putDeploy(records: RecordStore, project: string, deploy: DeployRecord): Promise<void> {
  await records.put({ ...deployKey(project, deploy.service, deploy.at, deploy.version), body: deploy });
}

export async function listDeploys(
  records: RecordStore,
  project: string,
  service: ServiceName,
  from: EpochMs,
  to: EpochMs,
): Promise<readonly DeployRecord[]> {
  const range = deploysBetween(project, service, from, to);
  return (await queryAll(records, range.pk, range)).map((record) => record.body as DeployRecord);
}
