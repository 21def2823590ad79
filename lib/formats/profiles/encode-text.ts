import { NO_STACK, type Profile } from '../../model/profile.ts';

// Folded stacks and speedscope: one value type at a time, or all of them as profiles of one file.

/** Stacks with the sums of one value type, in the order of their first sample; zeros are left out. */
export function* foldedLines(profile: Profile, type = profile.defaultType): Generator<string> {
  const { samples } = profile;
  const column = samples.values[type];
  const sums = new Map<number, number | bigint>();
  for (let i = 0; column !== undefined && i < column.length; i += 1) {
    const stack = samples.stack[i]!;
    const value = column[i]!;
    const before = sums.get(stack);
    // Values of one column are of one kind.
    sums.set(stack, before === undefined ? value : (before as number) + (value as number));
  }
  for (const [stack, sum] of sums) {
    if (Number(sum) === 0) continue;
    const names = framesOf(profile, stack).map((frame) => foldedName(profile, frame));
    yield `${names.join(';') || NO_STACK} ${sum}\n`;
  }
}

/** Separators of the format are not allowed in names. */
const foldedName = ({ frames }: Profile, frame: number): string =>
  frames.strings[frames.name[frame]!]!.replaceAll(';', ':').replaceAll(/[\r\n\t]+/g, ' ');

/** Root first. */
function framesOf({ stacks }: Profile, stack: number): number[] {
  const path: number[] = [];
  for (let node = stack; node !== 0; node = stacks.parent[node]!) path.push(stacks.frame[node]!);
  return path.reverse();
}

/** Files that say this hold one profile per value type, of the same samples; others one per thread. */
export const OWN_EXPORTER = 'tidemark';

const SPEEDSCOPE_UNITS = new Set(['nanoseconds', 'microseconds', 'milliseconds', 'seconds', 'bytes']);

/**
 * Every value type as a profile of its own with the same samples, the default one first and open. speedscope refuses
 * weights below zero: they become zero. Weights are written with all their digits; readers that know doubles alone round.
 */
export function* speedscopeTexts(profile: Profile, name = 'profile'): Generator<string> {
  const { frames, sampleTypes, defaultType } = profile;
  const order = sampleTypes
    .map((_, i) => i)
    .sort((a, b) => Number(b === defaultType) - Number(a === defaultType));
  const head = {
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    exporter: OWN_EXPORTER,
    name,
    activeProfileIndex: 0,
    shared: {
      frames: Array.from(frames.name, (nameIndex, i) => ({
        name: frames.strings[nameIndex]!,
        ...(frames.file[i] === 0 ? {} : { file: frames.strings[frames.file[i]!]! }),
        ...(frames.line[i]! > 0 ? { line: frames.line[i]! } : {}),
      })),
    },
  };
  yield `${JSON.stringify(head).slice(0, -1)},"profiles":[`;
  for (const [i, type] of order.entries()) {
    if (i > 0) yield ',';
    yield* speedscopeProfile(profile, type);
  }
  yield ']}';
}

function* speedscopeProfile(profile: Profile, type: number): Generator<string> {
  const { sampleTypes, samples } = profile;
  const { type: name, unit } = sampleTypes[type]!;
  const column: Iterable<number | bigint> = samples.values[type]!;
  const weights = Array.from(column, (value) => (value > 0 ? value : 0));
  let sum = 0n;
  for (const weight of weights) sum += BigInt(weight);
  const head = {
    type: 'sampled',
    name,
    unit: SPEEDSCOPE_UNITS.has(unit) ? unit : 'none',
    startValue: 0,
  };
  yield `${JSON.stringify(head).slice(0, -1)},"endValue":${sum},"samples":[`;
  yield* listed(samples.stack, (stack) => `[${framesOf(profile, stack)}]`);
  yield '],"weights":[';
  yield* listed(weights, String); // with all digits: a number of JSON has no bound
  yield ']}';
}

function* listed<T>(items: Iterable<T>, textOf: (item: T) => string): Generator<string> {
  let comma = '';
  for (const item of items) {
    yield comma + textOf(item);
    comma = ',';
  }
}
