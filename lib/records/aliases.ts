import { Fault } from '../model/fault.ts';
import type { ServiceName } from '../model/service.ts';
import { type EpochMs, SECOND_MS } from '../model/units.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { aliasesOf, aliasKey } from './keys.ts';
import { queryAll } from './pages.ts';
import { listServices, mergeService, readService, type ServiceRecord } from './services.ts';

/** One service under two names: what is stored under `from` is read as part of `to`. */
export interface Alias {
  readonly from: ServiceName;
  readonly to: ServiceName;
  readonly at: EpochMs;
}

const ALIASES_MAX = 1000;

export async function listAliases(records: RecordStore, project: string): Promise<readonly Alias[]> {
  const { pk, from, to } = aliasesOf(project);
  return (await queryAll(records, pk, { from, to }, ALIASES_MAX)).map(({ body }) => body as Alias);
}

/**
 * Names are joined at read, so that an alias holds at once for all that was ever stored, and can be taken back.
 * @throws Fault('invalid-input' | 'conflict') for names that cannot be one: chains would mean something else after each change
 */
export async function addAlias(records: RecordStore, project: string, alias: Alias): Promise<void> {
  const { from, to } = alias;
  if (from === to) throw new Fault('invalid-input', `Cannot alias "${from}" to itself`);
  if ((await readService(records, project, to)) === undefined)
    throw new Fault('invalid-input', `Cannot alias to "${to}": nothing was received from it`);
  const known = await listAliases(records, project);
  if (known.length >= ALIASES_MAX)
    throw new Fault('conflict', `Cannot alias "${from}": ${ALIASES_MAX} aliases are the most`);
  const beyond = known.find((one) => one.from === to);
  if (beyond) throw new Fault('conflict', `Cannot alias to "${to}": it is an alias of "${beyond.to}" itself`);
  const below = known.find((one) => one.to === from);
  if (below) throw new Fault('conflict', `Cannot alias "${from}": "${below.from}" is an alias of it`);
  await records.put({ ...aliasKey(project, from), body: alias });
}

/** False when there is none. */
export async function removeAlias(records: RecordStore, project: string, from: string): Promise<boolean> {
  const { pk, sk } = aliasKey(project, from);
  if ((await records.get(pk, sk)) === undefined) return false;
  await records.delete(pk, sk);
  return true;
}

const CACHE_MS = 30 * SECOND_MS;
const CACHE_MAX = 10_000;

/** Every name under which data of a service is stored, its own first; believed for 30 s. */
export function namesOfServices(records: RecordStore, clock: Clock) {
  const known = new Map<string, { readonly aliases: readonly Alias[]; readonly readAt: number }>();
  return async (project: string, service: ServiceName): Promise<readonly ServiceName[]> => {
    const before = known.get(project);
    const isFresh = before !== undefined && Math.abs(clock.now() - before.readAt) < CACHE_MS;
    const aliases = isFresh ? before.aliases : await listAliases(records, project);
    if (!isFresh) {
      if (known.size >= CACHE_MAX) known.clear();
      known.set(project, { aliases, readAt: clock.now() });
    }
    return [service, ...aliases.filter(({ to }) => to === service).map(({ from }) => from)];
  };
}

/** The services of a project as people know them: what came under an alias belongs to the service that it stands for. */
export async function listNamedServices(
  records: RecordStore,
  project: string,
): Promise<readonly ServiceRecord[]> {
  const services = await listServices(records, project);
  const targets = new Map((await listAliases(records, project)).map(({ from, to }) => [from, to]));
  if (targets.size === 0) return services;
  const merged = new Map<ServiceName, ServiceRecord>();
  for (const record of services) {
    const service = targets.get(record.service) ?? record.service;
    const before = merged.get(service);
    const named = { ...record, service };
    merged.set(service, before === undefined ? named : mergeService(before, named));
  }
  return [...merged.values()];
}
