import { readStrings, StringTable } from '../bytes.ts';
import { codec } from '../codec.ts';
import type { Kind } from '../kind.ts';
import {
  type LevelColumn,
  mapEach,
  mergeLevels,
  mergeMaps,
  readLevels,
  readMap,
  writeLevels,
  writeMap,
} from './columns.ts';
import { summariseLevels } from './summarise.ts';

/**
 * Limits, restarts and out-of-memory ends that arrive under a machine's own resource (a kubelet, a Docker daemon) and
 * name no service. They lie in the partitions of the service `MACHINES` and are joined to instances at read.
 */
export interface FactsState {
  /** `machineKey` → points of that fact. */
  readonly machines: ReadonlyMap<string, LevelColumn>;
}

export interface MachineKey {
  /** 'pod-uid', 'pod', 'container' or 'host', and its value. */
  readonly by: string;
  readonly id: string;
  readonly kind: string;
  readonly metric: string;
}
export const machineKey = (key: MachineKey) => JSON.stringify([key.by, key.id, key.kind, key.metric]);
export function machineOfKey(text: string): MachineKey {
  const [by, id, kind, metric] = JSON.parse(text) as [string, string, string, string];
  return { by, id, kind, metric };
}

export const factsKind: Kind<FactsState> = {
  name: 'facts',
  empty: () => ({ machines: new Map() }),
  merge: (a, b) => ({ machines: mergeMaps(a.machines, b.machines, mergeLevels) }),
  summarise: ({ machines }, stepMs) => ({
    machines: mapEach(machines, (column) => summariseLevels(column, stepMs)),
  }),
  ...codec(
    'facts',
    [{ read: (from) => ({ machines: readMap(from, readStrings(from), readLevels) }) }],
    (out, { machines }) => {
      const table = new StringTable(machines.keys());
      table.write(out);
      writeMap(out, machines, (text) => table.indexOf(text), writeLevels);
    },
  ),
};
