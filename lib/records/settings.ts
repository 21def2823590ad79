import type { RecordStore } from '../ports/record-store.ts';
import { settingsKey } from './keys.ts';
import { update } from './pages.ts';

/** What people set for one service. */
export interface ServiceSettings {
  /** Memory limit in bytes where the sender tells none. */
  readonly limitBytes: number | null;
  /** Changes to the usual alert rules, by the name of the rule. */
  readonly rules: Readonly<Record<string, RuleOverride>>;
}
/** What is left out stays as the rule has it. */
export interface RuleOverride {
  readonly threshold?: number | undefined;
  readonly forMs?: number | undefined;
  readonly off?: boolean | undefined;
}
const DEFAULTS: ServiceSettings = { limitBytes: null, rules: {} };

export async function readSettings(
  records: RecordStore,
  project: string,
  service: string,
): Promise<ServiceSettings> {
  const { pk, sk } = settingsKey(project, service);
  return { ...DEFAULTS, ...((await records.get(pk, sk))?.body as Partial<ServiceSettings> | undefined) };
}

export async function changeSettings(
  records: RecordStore,
  project: string,
  service: string,
  change: Partial<ServiceSettings>,
): Promise<ServiceSettings> {
  const changed = await update<ServiceSettings>(records, settingsKey(project, service), (before) => ({
    body: { ...DEFAULTS, ...before, ...change },
  }));
  return changed ?? DEFAULTS;
}
