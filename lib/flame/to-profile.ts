import type { Profile, SampleType } from '../model/profile.ts';
import type { EpochMs } from '../model/units.ts';
import type { FlameTree } from './tree.ts';

/** What the values of a tree are, and of when. */
export interface TreeOf {
  readonly sampleType: SampleType;
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** A tree as a profile with one sample per stack that has a value: for formats that other tools read. */
export function profileOf({ stacks, self }: FlameTree, { sampleType, from, to }: TreeOf): Profile {
  const leaves = Uint32Array.from(self.keys()).filter((node) => Number(self[node]) !== 0);
  const values =
    self instanceof Float64Array
      ? Float64Array.from(leaves, (node) => self[node]!)
      : BigInt64Array.from(leaves, (node) => self[node]!);
  return {
    format: 'flame',
    sampleTypes: [sampleType],
    defaultType: 0,
    start: from,
    durationNs: (to - from) * 1e6,
    frames: {
      strings: stacks.strings,
      name: stacks.frameName,
      file: stacks.frameFile,
      line: new Int32Array(stacks.frameName.length),
      inApp: stacks.inApp,
    },
    stacks: { parent: stacks.parent, frame: stacks.frame },
    samples: { stack: leaves, values: [values], unit: new Int32Array(leaves.length).fill(-1) },
    units: [],
    threads: [],
    labels: new Map(),
  };
}
