import { invalidInput } from '../../model/fault.ts';
import { ByteReader, ByteWriter, readStrings, StringTable } from '../bytes.ts';
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
  codecVersion: 1,
  empty: () => ({ machines: new Map() }),
  merge: (a, b) => ({ machines: mergeMaps(a.machines, b.machines, mergeLevels) }),
  summarise: ({ machines }, stepMs) => ({
    machines: mapEach(machines, (column) => summariseLevels(column, stepMs)),
  }),
  encode(state) {
    const out = new ByteWriter();
    const table = new StringTable(state.machines.keys());
    table.write(out);
    writeMap(out, state.machines, (text) => table.indexOf(text), writeLevels);
    return out.finish();
  },
  decode(bytes, codecVersion) {
    if (codecVersion !== 1)
      throw invalidInput(`Cannot decode facts section: version ${codecVersion}, know 1`);
    const from = new ByteReader(bytes);
    const machines = readMap(from, readStrings(from), readLevels);
    if (!from.done) throw invalidInput('Cannot decode facts section: bytes are left over');
    return { machines };
  },
};
