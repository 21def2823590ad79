import type { LeakResult } from '../model/leak.ts';
import type { EpochMs } from '../model/units.ts';
import { DAY_MS } from '../model/units.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { scanKey, scansOf } from './keys.ts';
import { queryAll } from './pages.ts';

/** What a scan remembers of one cohort between looks, and its last result for pages that need no fresh one. */
export interface ScanRecord<Look> {
  readonly role: string;
  readonly version: string;
  readonly at: EpochMs;
  /** When there may be enough new evidence for another test. */
  readonly dueAt: EpochMs;
  readonly look: Look;
  readonly result: Omit<LeakResult, 'floorPoints'>;
  readonly instances: number;
  readonly lives: number;
  /** Floor of the fullest instance, at most 60 points, for sparklines. */
  readonly floor: readonly (readonly [number, number])[];
  readonly limitBytes: number | null;
  /** The largest reading that the look has seen. */
  readonly top: number;
}

const KEEP_DAYS = 30;

export async function readScan<Look>(
  records: RecordStore,
  project: string,
  service: string,
  role: string,
  version: string,
): Promise<ScanRecord<Look> | undefined> {
  const { pk, sk } = scanKey(project, service, role, version);
  return (await records.get(pk, sk))?.body as ScanRecord<Look> | undefined;
}

export async function listScans<Look>(
  records: RecordStore,
  project: string,
  service: string,
): Promise<readonly ScanRecord<Look>[]> {
  const { pk, from, to } = scansOf(project, service);
  return (await queryAll(records, pk, { from, to })).map((record) => record.body as ScanRecord<Look>);
}

export async function writeScan<Look>(
  records: RecordStore,
  project: string,
  service: string,
  scan: ScanRecord<Look>,
): Promise<void> {
  await records.put({
    ...scanKey(project, service, scan.role, scan.version),
    body: scan,
    expiresAt: scan.at + KEEP_DAYS * DAY_MS,
  });
}
