import { MACHINES } from '../../model/partition.ts';
import type { ServiceName } from '../../model/service.ts';
import { HOUR_MS } from '../../model/units.ts';
import { type Alias, listAliases, listNamedServices } from '../../records/aliases.ts';
import type { ServiceRecord } from '../../records/services.ts';
import type { InstanceState } from '../../segments/kinds/instance.ts';
import type { JobContext } from '../context.ts';
import { valuesOfFact } from '../lives/facts.ts';

/** What a service sent last tells where it runs. */
const LOOK_MS = HOUR_MS;
/** Services that are looked at, those that were heard of last before others. */
const SERVICES_MAX = 200;
/** Services on one host that are few enough to be guessed at. */
const PAIR = 2;

export interface AliasProposal {
  readonly from: ServiceName;
  readonly to: ServiceName;
  /** What both were seen on. */
  readonly by: Place['by'];
  readonly id: string;
}
interface AliasesAnswer {
  readonly items: readonly Alias[];
  readonly proposals: readonly AliasProposal[];
  /** Services that no proposal could be made of: there are too many. */
  readonly notLookedAt: number;
}
interface Place {
  readonly by: 'pod-uid' | 'pod' | 'container' | 'process' | 'host';
  readonly id: string;
}

/** Aliases of a project, and pairs of names that look like one service: seen on one pod, container, process or host. */
export async function aliasesAnswer(
  context: Pick<JobContext, 'records' | 'reader'>,
  project: string,
): Promise<AliasesAnswer> {
  const items = await listAliases(context.records, project);
  const all = (await listNamedServices(context.records, project))
    .filter(({ service }) => service !== MACHINES)
    .sort((a, b) => b.lastSeen - a.lastSeen);
  const services = all.slice(0, SERVICES_MAX);
  const seen = new Map<
    string,
    { readonly place: Place; readonly services: Map<ServiceName, ServiceRecord> }
  >();
  for (const record of services) {
    for (const place of await placesOf(context, project, record)) {
      const key = `${place.by} ${place.id}`;
      const here = seen.get(key) ?? { place, services: new Map() };
      seen.set(key, here);
      here.services.set(record.service, record);
    }
  }
  const proposals = new Map<string, AliasProposal>();
  for (const { place, services: here } of seen.values()) {
    const pair = [...here.values()];
    if (pair.length !== PAIR || !(await looksAlike(pair, place))) continue;
    const [from, to] = [...pair].sort(byWeight).map(({ service }) => service) as [ServiceName, ServiceName];
    const key = `${from} ${to}`;
    if (!proposals.has(key)) proposals.set(key, { from, to, ...place });
  }
  return { items, proposals: [...proposals.values()], notLookedAt: all.length - services.length };
}

/**
 * Two services on one host are one only if neither sends what the other does; a pod, a container or a process is one service.
 */
async function looksAlike([one, other]: readonly ServiceRecord[], { by }: Place): Promise<boolean> {
  if (by !== 'host') return true;
  const signals = Object.keys(one?.signals ?? {});
  return signals.length > 0 && !Object.keys(other?.signals ?? {}).some((signal) => signals.includes(signal));
}

/** The name with memory stands, else the one with more signals, else the first. */
const weight = ({ signals }: ServiceRecord) =>
  (signals.memory === undefined ? 0 : 10) + Object.keys(signals).length;
const byWeight = (a: ServiceRecord, b: ServiceRecord) =>
  weight(a) - weight(b) || (a.service < b.service ? 1 : -1);

async function placesOf(
  { reader }: Pick<JobContext, 'reader'>,
  project: string,
  { service, lastData }: ServiceRecord,
): Promise<readonly Place[]> {
  const range = { project, service, from: lastData - LOOK_MS, to: lastData + 1 };
  const places = new Map<string, Place>();
  for (const { state } of await reader.range('instance', range)) {
    for (const instance of state.instances.values())
      for (const place of placesOfInstance(instance)) places.set(`${place.by} ${place.id}`, place);
  }
  return [...places.values()];
}

function placesOfInstance(instance: InstanceState): readonly Place[] {
  const first = (name: string) => valuesOfFact(instance, name)[0]?.value;
  const [host, pid] = [first('host'), first('pid')];
  const named = (['pod-uid', 'pod', 'container'] as const).flatMap((by): Place[] => {
    const id = first(by);
    return id === undefined ? [] : [{ by, id }];
  });
  if (host !== undefined && pid !== undefined) named.push({ by: 'process', id: `${host} ${pid}` });
  if (host !== undefined) named.push({ by: 'host', id: host });
  return named;
}
