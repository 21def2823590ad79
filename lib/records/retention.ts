import { SECOND_MS } from '../model/units.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { believed } from './believed.ts';
import { projectSettingsKey } from './keys.ts';
import { update } from './pages.ts';

/** How long what a project sent is kept, in days; null: as the installation says. */
export interface RetentionSetting {
  /** Raw uploads, partitions and ledger. */
  readonly retentionDays: number | null;
  readonly rollUpDays: number | null;
}
export interface Retention {
  readonly retentionDays: number;
  readonly rollUpDays: number;
}
const UNSET: RetentionSetting = { retentionDays: null, rollUpDays: null };

export async function readRetention(records: RecordStore, project: string): Promise<RetentionSetting> {
  const { pk, sk } = projectSettingsKey(project);
  return { ...UNSET, ...((await records.get(pk, sk))?.body as Partial<RetentionSetting> | undefined) };
}

export async function changeRetention(
  records: RecordStore,
  project: string,
  change: { readonly [Name in keyof RetentionSetting]?: RetentionSetting[Name] | undefined },
): Promise<RetentionSetting> {
  const changed = await update<RetentionSetting>(records, projectSettingsKey(project), (before) => {
    const { retentionDays = before?.retentionDays ?? null, rollUpDays = before?.rollUpDays ?? null } = change;
    return { body: { ...before, retentionDays, rollUpDays } };
  });
  return changed ?? UNSET;
}

const CACHE_MS = 30 * SECOND_MS;

/** What holds for a project; believed for 30 s. `least`: roll-ups could not be rebuilt from what lives shorter. */
export function retentionOf(
  records: RecordStore,
  clock: Clock,
  usual: Retention,
  least: number,
): (project: string) => Promise<Retention> {
  const remember = believed<Retention>(clock, CACHE_MS);
  return (project) =>
    remember(project, async () => {
      const own = await readRetention(records, project);
      const retentionDays = Math.max(least, own.retentionDays ?? usual.retentionDays);
      return {
        retentionDays,
        rollUpDays: Math.max(retentionDays, own.rollUpDays ?? usual.rollUpDays),
      };
    });
}
