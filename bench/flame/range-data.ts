import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { flameOf } from '../../lib/flame/from-profile.ts';
import { mapValues } from '../../lib/flame/merge.ts';
import type { FlameState } from '../../lib/flame/state.ts';
import { decodeProfile } from '../../lib/formats/profiles/index.ts';
import { type UploadId, uploadId } from '../../lib/model/ids.ts';
import type { Profile, SampleType } from '../../lib/model/profile.ts';
import { generate, random } from './generate.ts';

// What a fleet sends, no two profiles alike: each has a share of the stacks of one of bench/flame/generate.ts, drawn anew, with
// values around the real ones.

const DISTINCT = 100;
const SHARE_OF_STACKS = 0.7;
const HEAP: SampleType = { type: 'inuse_space', unit: 'bytes', temporality: 'level' };
const ALLOCATED: SampleType = { type: 'alloc_space', unit: 'bytes', temporality: 'cumulative' };

const draw = random(7);
const around = () => 1 + Math.floor(3 * draw());

/** Real-shaped profiles, decoded: what the others are drawn from. */
function seeds(): readonly Profile[] {
  const folder = mkdtempSync(join(tmpdir(), 'range-bench-seeds-'));
  try {
    generate(folder, DISTINCT, 1);
    return readdirSync(folder).map((name) => decodeProfile(new Uint8Array(readFileSync(join(folder, name)))));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
const SEEDS = seeds();

/** Some of the samples of a seed. @param types what their last value stands for, times a factor of each sample's own */
function drawn(seed: number, types: readonly SampleType[], factors: (type: number) => () => number): Profile {
  const profile = SEEDS[seed % DISTINCT]!;
  const { stack, unit, values } = profile.samples;
  const kept = Array.from(stack.keys()).filter(() => draw() < SHARE_OF_STACKS);
  const columns = types.map((_, type) => {
    const factor = factors(type);
    return Float64Array.from(kept, (i) => Number(values.at(-1)![i]) * factor());
  });
  return {
    ...profile,
    sampleTypes: types,
    defaultType: types.length - 1,
    samples: {
      stack: Uint32Array.from(kept, (i) => stack[i]!),
      unit: Int32Array.from(kept, (i) => unit[i]!),
      values: columns,
    },
  };
}

export const cpuProfile = (seed: number): Profile => {
  const cpu = SEEDS[seed % DISTINCT]!.sampleTypes.at(-1)!;
  return drawn(seed, [cpu], () => around);
};

export const heapProfile = (seed: number): Profile => drawn(seed, [HEAP], () => around);

/** An instance that lives for long, as it is in every hour: its heap goes up and down, what it allocated only adds up. */
export function longLife(seed: number): (hour: number) => Profile {
  const profile = drawn(seed, [HEAP, ALLOCATED], () => () => 1);
  const base = profile.samples.values[0] as Float64Array;
  return (hour) => ({
    ...profile,
    samples: {
      ...profile.samples,
      values: [base.map((value) => value * around()), base.map((value) => value * (hour + 1))],
    },
  });
}

let made = 0;
export const nextUpload = (): UploadId => {
  made += 1;
  // Ids are hashes: those of neighbours must not lie beside each other.
  const hash = Math.imul(made, 0x9e3779b1) >>> 0;
  return uploadId(hash.toString(16).padStart(8, '0') + made.toString(16).padStart(24, '0'));
};

export const stateOf = (
  profile: Profile,
  { time, instance = '', version = '1.0' }: { time: number; instance?: string; version?: string },
): FlameState =>
  flameOf(profile, {
    ...{ upload: nextUpload(), version, instance, time },
    ...{ lifeStart: null, scrub: (text: string) => text },
  });

/** The state of `times` as many uploads with the same profiles: values, counts and upload ids are the same. */
export function repeated(state: FlameState, times: number): FlameState {
  const scale = <C extends ArrayLike<number | bigint>>(column: C) =>
    Float64Array.from(column, (value) => Number(value) * times);
  return {
    ...state,
    sums: mapValues(state.sums, ({ at, values: column }) => ({ at, values: scale(column) })),
    lines: mapValues(state.lines, ({ at, self, total }) => ({ at, self: scale(self), total: scale(total) })),
    counts: mapValues(state.counts, (count) => ({
      profiles: count.profiles * times,
      durationMs: count.durationMs * times,
    })),
  };
}
