import { invalidInput } from '../../model/fault.ts';
import type { Profile } from '../../model/profile.ts';
import { createProfileBuilder, ROOT } from './builder.ts';
import { inNanoseconds } from './nanoseconds.ts';

/**
 * Several profiles as one, times of different units in nanoseconds: samples of the same stack, unit of work and thread add up, whatever format they came from. Values
 * of levels add up too: that is the sum over instances; over time only the last one of an instance is wanted.
 *
 * @throws Fault('invalid-input') when they measure different things
 */
export function combineProfiles(given: readonly Profile[]): Profile {
  const profiles = inOneUnit(given);
  const first = profiles[0];
  if (first === undefined) throw invalidInput('Cannot merge: no profiles');
  for (const profile of profiles) checkTypes(first, profile);
  const builder = createProfileBuilder(first.sampleTypes.length);
  const rows = new Map<
    string,
    { stack: number; unit: number; thread: number; values: (number | bigint)[] }
  >();
  for (const profile of profiles) {
    const nodes = mapNodes(profile, builder);
    const units = profile.units.map((unit) => builder.unit(unit));
    const threads = profile.threads.map((name) => builder.thread(name, name));
    const { samples } = profile;
    for (let i = 0; i < samples.stack.length; i += 1) {
      const stack = nodes[samples.stack[i]!]!;
      const unit = units[samples.unit[i]!] ?? -1;
      const thread = threads[samples.thread?.[i] ?? -1] ?? -1;
      const key = `${stack} ${unit} ${thread}`;
      const values = samples.values.map((column) => column[i]!);
      const row = rows.get(key);
      if (row === undefined) rows.set(key, { stack, unit, thread, values });
      else for (const [j, value] of values.entries()) row.values[j] = add(row.values[j]!, value);
    }
  }
  for (const { stack, unit, thread, values } of rows.values()) {
    builder.sample(stack, { unit, thread });
    for (const [j, value] of values.entries()) builder.value(j, value);
  }
  return builder.finish({ format: first.format, ...combinedFacts(first, profiles) });
}

/** As they are where their units agree, else times in nanoseconds. */
export const inOneUnit = (profiles: readonly Profile[]): readonly Profile[] =>
  new Set(profiles.map(typeWords)).size > 1 ? profiles.map(inNanoseconds) : profiles;

function combinedFacts(first: Profile, profiles: readonly Profile[]) {
  const starts = profiles.flatMap(({ start }) => (start === null ? [] : [start]));
  const durations = profiles.flatMap(({ durationNs }) => (durationNs === null ? [] : [durationNs]));
  return {
    sampleTypes: first.sampleTypes,
    defaultType: first.defaultType,
    start: starts.length === 0 ? null : starts.reduce((first, start) => (start < first ? start : first)),
    durationNs: durations.length === 0 ? null : durations.reduce((sum, duration) => sum + duration, 0),
    labels: new Map(
      [...first.labels].filter(([key, value]) => profiles.every((p) => p.labels.get(key) === value)),
    ),
  };
}

const add = (a: number | bigint, b: number | bigint): number | bigint => {
  if (typeof a === 'number' && typeof b === 'number' && Number.isSafeInteger(a + b)) return a + b;
  return BigInt(a) + BigInt(b);
};

function checkTypes(first: Profile, other: Profile): void {
  if (typeWords(first) === typeWords(other)) return;
  throw invalidInput(
    `Cannot merge profiles with different sample types: ${typeWords(first)} and ${typeWords(other)}`,
  );
}

const typeWords = ({ sampleTypes }: Profile) =>
  sampleTypes.map(({ type, unit }) => `${type}/${unit}`).join(', ');

/** Place of each node in the merged tree. */
function mapNodes(
  { stacks, frames }: Profile,
  builder: ReturnType<typeof createProfileBuilder>,
): Uint32Array {
  const strings = frames.strings.map((text) => builder.string(text));
  const frameOf = Array.from(frames.name, (name, i) =>
    builder.frame(strings[name]!, strings[frames.file[i]!]!, frames.line[i]!, frames.inApp[i]!),
  );
  const nodes = new Uint32Array(stacks.parent.length);
  nodes[0] = ROOT;
  for (let node = 1; node < nodes.length; node += 1) {
    nodes[node] = builder.node(nodes[stacks.parent[node]!]!, frameOf[stacks.frame[node]!]!);
  }
  return nodes;
}
