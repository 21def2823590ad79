import { SECOND_MS } from '../model/units.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { believed } from './believed.ts';
import { settingsKey } from './keys.ts';
import { update } from './pages.ts';

/** What people set for one service. */
export interface ServiceSettings {
  /** Memory limit in bytes where the sender tells none. */
  readonly limitBytes: number | null;
  /** Into how many shards new partitions of a hot service are split; those that are there keep theirs. */
  readonly shards: number;
  /** Changes to the usual alert rules, by the name of the rule. */
  readonly rules: Readonly<Record<string, RuleOverride>>;
}
/** What is left out stays as the rule has it. */
export interface RuleOverride {
  readonly threshold?: number | undefined;
  readonly forMs?: number | undefined;
  readonly off?: boolean | undefined;
}
const DEFAULTS: ServiceSettings = { limitBytes: null, shards: 1, rules: {} };

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

const CACHE_MS = 30 * SECOND_MS;

/** How many shards a new partition of a service gets; believed for 30 s, as every commit asks. */
export function shardsSetting(records: RecordStore, clock: Clock) {
  const remember = believed<number>(clock, CACHE_MS);
  return (project: string, service: string): Promise<number> =>
    remember(`${project} ${service}`, async () => (await readSettings(records, project, service)).shards);
}
