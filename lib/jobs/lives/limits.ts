import type { MemoryRole } from '../../model/memory.ts';
import type { LevelColumn } from '../../segments/kinds/columns.ts';
import { type FactsState, type MachineKey, machineOfKey } from '../../segments/kinds/facts.ts';
import type { InstanceState } from '../../segments/kinds/instance.ts';
import { factIn, valuesOfFact } from './facts.ts';
import { seriesOfRole } from './levels.ts';

/** Which fact of an instance is which name of a machine. */
const MACHINE_NAMES = { 'pod-uid': 'pod-uid', pod: 'pod', container: 'container', host: 'host' } as const;

export interface MachineValue {
  readonly kind: string;
  readonly time: number;
  readonly value: number;
}

/** What machines said about this instance in [from, to], told by any name that both know. */
export function machineValues(
  instance: InstanceState,
  facts: FactsState,
  from: number,
  to: number,
): readonly MachineValue[] {
  const found: MachineValue[] = [];
  for (const [text, { times, values }] of facts.machines) {
    const { by, id, kind } = machineOfKey(text);
    const fact = MACHINE_NAMES[by as keyof typeof MACHINE_NAMES];
    if (fact === undefined || factIn(instance, fact, from, to) !== id) continue;
    for (const [i, time] of times.entries()) {
      if (time >= from && time <= to) found.push({ kind, time, value: values[i] as number });
    }
  }
  return found.sort((a, b) => a.time - b.time);
}

/** All that machines ever said about this instance, told by any name that it ever had. */
export function machineSeries(instance: InstanceState, { machines }: FactsState) {
  return [...machines].flatMap(([text, column]): (MachineKey & { column: LevelColumn })[] => {
    const key = machineOfKey(text);
    const fact = MACHINE_NAMES[key.by as keyof typeof MACHINE_NAMES];
    const isOwn = fact !== undefined && valuesOfFact(instance, fact).some(({ value }) => value === key.id);
    return isOwn ? [{ ...key, column }] : [];
  });
}

const HEAP_ROLES: readonly MemoryRole[] = ['heap_used', 'heap_total', 'heap_after_gc'];
const PROCESS_ROLES: readonly MemoryRole[] = [
  'rss',
  'container_usage',
  'container_cached',
  'external',
  'non_heap',
  ...HEAP_ROLES,
];

/** The bound of a role: its own, else the container's, else what people set. The last known value counts. */
export function limitOf(
  role: MemoryRole,
  instance: InstanceState,
  machines: readonly MachineValue[],
  setting: number | null,
  to: number,
): number | undefined {
  const own = HEAP_ROLES.includes(role) ? lastOf(instance, 'heap_limit', to) : undefined;
  if (own !== undefined) return own;
  if (role === 'host_usage') return lastOf(instance, 'host_limit', to);
  if (!PROCESS_ROLES.includes(role)) return undefined;
  const container = lastOf(instance, 'container_limit', to) ?? machines.findLast(isContainerLimit)?.value;
  return container ?? setting ?? undefined;
}

/** Beyond any memory there is: cgroups write "no limit" as a number just below 2^63, cAdvisor as that or as 0. */
const NO_LIMIT_BYTES = 2 ** 50;
const isLimit = (value: number) => value > 0 && value < NO_LIMIT_BYTES;
const isContainerLimit = ({ kind, value }: MachineValue) => kind === 'container_limit' && isLimit(value);

function lastOf(instance: InstanceState, role: 'heap_limit' | 'container_limit' | 'host_limit', to: number) {
  for (const { times, values } of seriesOfRole(instance, role)) {
    const at = times.findLastIndex((time) => time <= to);
    const value = values[at];
    if (value !== undefined && isLimit(value)) return value;
  }
  return undefined;
}
