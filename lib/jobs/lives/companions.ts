import { MEMORY_ROLES } from '../../model/memory.ts';
import type { InstanceState, InstancesState } from '../../segments/kinds/instance.ts';
import { valuesOfFact } from './facts.ts';

/**
 * For each instance that sends memory, the others that are the same process under the names of other protocols: its
 * transactions by Sentry, its heap profiles by Pyroscope. Matched by pod, container, or host (and pid, where both tell it).
 * A host in a container is the pod's name, or the first 12 digits of the container's id: that is what SDKs read there.
 */
export function companionsOf(state: InstancesState): ReadonlyMap<string, readonly InstanceState[]> {
  const known = remembered.get(state);
  if (known !== undefined) return known;
  const processes = [...state.instances].filter(([, one]) => sendsMemory(one)).map(processOf);
  const byName = indexOf(processes);
  const found = new Map<string, InstanceState[]>();
  for (const [, other] of state.instances) {
    if (sendsMemory(other)) continue;
    for (const { key } of matching(other, byName)) found.set(key, [...(found.get(key) ?? []), other]);
  }
  remembered.set(state, found);
  return found;
}
const remembered = new WeakMap<InstancesState, ReadonlyMap<string, readonly InstanceState[]>>();

/** How many processes there are, one that is heard by several protocols counted once. */
export const processesIn = (state: InstancesState): number =>
  state.instances.size - new Set([...companionsOf(state).values()].flat()).size;

interface Process {
  readonly key: string;
  readonly instance: InstanceState;
  readonly first: number;
  readonly last: number;
}

const ROLES: ReadonlySet<string> = new Set(MEMORY_ROLES);
const sendsMemory = ({ levels }: InstanceState) =>
  [...levels.keys()].some((key) => ROLES.has((JSON.parse(key) as [string])[0]));

function processOf([key, instance]: readonly [string, InstanceState]): Process {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { times } of instance.levels.values()) {
    first = Math.min(first, times[0] ?? first);
    last = Math.max(last, times.at(-1) ?? last);
  }
  return { key, instance, first, last };
}

/** Facts that name a process or what it runs in, the surest first. */
const NAMES = ['pod-uid', 'container', 'pod', 'host'] as const;
const SHORT_ID = 12;

function indexOf(processes: readonly Process[]): ReadonlyMap<string, readonly Process[]> {
  const index = new Map<string, Process[]>();
  const add = (name: string, one: Process) => {
    const all = index.get(name) ?? [];
    if (!all.includes(one)) index.set(name, [...all, one]);
  };
  for (const one of processes) {
    for (const name of NAMES) for (const value of factsOf(one.instance, name)) add(`${name} ${value}`, one);
    for (const pod of factsOf(one.instance, 'pod')) add(`host ${pod.slice(pod.indexOf('/') + 1)}`, one);
    for (const id of factsOf(one.instance, 'container')) add(`host ${id.slice(0, SHORT_ID)}`, one);
  }
  return index;
}

const factsOf = (instance: InstanceState, name: string) =>
  valuesOfFact(instance, name).map(({ value }) => value);

/** Processes that may be this one by its surest name; none where two of them ran at once, and only guesses would tell. */
function matching(other: InstanceState, byName: ReadonlyMap<string, readonly Process[]>): readonly Process[] {
  const pids = new Set(factsOf(other, 'pid'));
  for (const name of NAMES) {
    const named = new Set(factsOf(other, name).flatMap((value) => byName.get(`${name} ${value}`) ?? []));
    if (named.size === 0) continue;
    const same = [...named].filter(({ instance }) => {
      const own = factsOf(instance, 'pid');
      return pids.size === 0 || own.length === 0 || own.some((pid) => pids.has(pid));
    });
    return same.filter((one) => !same.some((two) => two !== one && ranAtOnce(one, two)));
  }
  return [];
}

/** One process that follows the other may be heard for a moment beside it. */
const OVERLAP_SHARE = 0.1;

/** Whether two processes ran at the same time, and did not only follow each other. */
export function ranAtOnce(a: Pick<Process, 'first' | 'last'>, b: Pick<Process, 'first' | 'last'>): boolean {
  const together = Math.min(a.last, b.last) - Math.max(a.first, b.first);
  const shorter = Math.min(a.last - a.first, b.last - b.first);
  return together >= 0 && together >= OVERLAP_SHARE * shorter;
}
