import type { Profile, SampleType } from '../../model/profile.ts';
import { createProfileBuilder, type ProfileBuilder, ROOT } from './builder.ts';
import { OWN_EXPORTER } from './encode-text.ts';
import { guessInApp } from './in-app.ts';
import { type JsonObject, jsonReader, lineNumber, parseJson } from './json.ts';
import { MAX_DEPTH, tooMany } from './limits.ts';
import { NS_PER_UNIT } from './nanoseconds.ts';
import { temporalityOf } from './temporality.ts';
import { wholeWeights } from './value-column.ts';

// https://www.speedscope.app/file-format-schema.json: several profiles over one list of frames, each a list of stacks
// with weights (`sampled`) or of frames that open and close (`evented`).

const reader = jsonReader('speedscope profile');
const read = {
  ...reader,
  /** A weight or a time; beyond 2^53 as it stands in the file. */
  number: (value: unknown, path: string): number | bigint =>
    typeof value === 'bigint' ? value : reader.number(value, path),
};

/** One of the file's profiles. */
interface Part {
  readonly profile: JsonObject;
  readonly path: string;
  readonly thread: number;
}

/** Profiles in another unit than the first one's are left out: their weights do not add up with its. */
export function decodeSpeedscope(bytes: Uint8Array): Profile {
  const file = parseJson(bytes, 'speedscope profile', { isExact: true });
  const all = read
    .array(file.profiles, 'profiles')
    .map((profile, i) => read.object(profile, `profiles[${i}]`));
  if (file.exporter === OWN_EXPORTER && all.every((profile) => isLike(profile, all[0]!)))
    return decodeOwn(file, all);
  const unit = read.text(all[0]?.unit) || 'none';
  const builder = createProfileBuilder(1);
  const frames = sharedFrames(file, builder);
  const parts = all.flatMap((profile, i): Part[] =>
    profile.unit === all[0]?.unit
      ? [{ profile, path: `profiles[${i}]`, thread: builder.thread(String(i), read.text(profile.name)) }]
      : [],
  );
  const perUnit = Object.hasOwn(NS_PER_UNIT, unit) ? NS_PER_UNIT[unit] : undefined;
  const scale = perUnit !== undefined && parts.some(({ profile }) => hasFractions(profile)) ? perUnit : 1;
  for (const part of parts) {
    const weigh = weigher(part.profile, scale);
    if (part.profile.type === 'sampled') addSampled(part, weigh, frames, builder);
    else if (part.profile.type === 'evented') addEvented(part, weigh, frames, builder);
    else throw read.fault(`${part.path}.type`, '"sampled" or "evented"');
  }
  return builder.finish({
    format: 'speedscope',
    sampleTypes: [sampleTypeOf(unit, scale)],
    durationNs: durationNs(parts, perUnit),
    ...(parts.length < all.length && {
      notes: [
        `${all.length - parts.length} of its ${all.length} profiles are in another unit than ${unit}, and left out`,
      ],
    }),
  });
}

/** Sampled, and with as many samples. */
const isLike = (profile: JsonObject, first: JsonObject) =>
  profile.type === 'sampled' &&
  Array.isArray(profile.samples) &&
  profile.samples.length === (first.samples as readonly unknown[]).length;

/** What `speedscopeTexts` wrote: its profiles are the value types of the same samples. */
function decodeOwn(file: JsonObject, all: readonly JsonObject[]): Profile {
  const builder = createProfileBuilder(all.length);
  const frames = sharedFrames(file, builder);
  const stackOf = stackReader(frames, builder);
  const weights = all.map((profile, i) => read.array(profile.weights, `profiles[${i}].weights`));
  for (const [i, stack] of read.array(all[0]?.samples, 'profiles[0].samples').entries()) {
    builder.sample(stackOf(stack, `profiles[0].samples[${i}]`));
    for (const [j, column] of weights.entries()) {
      const weight = read.number(column[i], `profiles[${j}].weights[${i}]`);
      builder.value(j, typeof weight === 'bigint' ? weight : Math.round(weight));
    }
  }
  const sampleTypes = all.map(({ name, unit }): SampleType => {
    const type = read.text(name) || 'samples';
    return {
      type,
      unit: unit === 'none' ? 'count' : read.text(unit),
      temporality: temporalityOf(type, false),
    };
  });
  return builder.finish({ format: 'speedscope', sampleTypes, defaultType: 0 });
}

function sampleTypeOf(unit: string, scale: number): SampleType {
  const type = Object.hasOwn(NS_PER_UNIT, unit) ? 'wall' : unit === 'bytes' ? 'space' : 'samples';
  return scale === 1
    ? { type, unit, temporality: 'delta' }
    : { type, unit: 'nanoseconds', temporality: 'delta', sentUnit: unit };
}

function sharedFrames(file: JsonObject, builder: ProfileBuilder): number[] {
  const shared = read.object(file.shared, 'shared');
  return read.array(shared.frames, 'shared.frames').map((item, i) => {
    const frame = read.object(item, `shared.frames[${i}]`);
    const name = read.text(frame.name);
    const path = read.text(frame.file);
    return builder.frame(
      builder.string(name),
      builder.string(path),
      lineNumber(frame.line),
      guessInApp(name, path),
    );
  });
}

function hasFractions(profile: JsonObject): boolean {
  const isFraction = (value: unknown) => typeof value === 'number' && !Number.isInteger(value);
  if (Array.isArray(profile.weights)) return profile.weights.some(isFraction);
  return (
    Array.isArray(profile.events) &&
    profile.events.some((event) => isFraction((event as JsonObject | null)?.at))
  );
}

type Weigh = (weight: number | bigint) => number | bigint;

/** Weights of one profile as they are kept: whole ones to the digit, of others the boundaries between them rounded. */
function weigher(profile: JsonObject, scale: number): Weigh {
  const whole = wholeWeights(scale);
  if (hasFractions(profile)) return (weight) => whole(Number(weight));
  return (weight) => {
    const product = Number(weight) * scale;
    return Number.isSafeInteger(product) ? product : BigInt(weight) * BigInt(scale);
  };
}

/** Stacks begin at the root. */
function stackReader(frames: readonly number[], builder: ProfileBuilder) {
  return (sample: unknown, path: string): number => {
    const stack = read.array(sample, path);
    if (stack.length > MAX_DEPTH) throw tooMany('frames in a stack', MAX_DEPTH);
    let node = ROOT;
    for (const index of stack) node = builder.node(node, frames[read.index(index, frames.length, path)]!);
    return node;
  };
}

function addSampled(
  { profile, path, thread }: Part,
  weigh: Weigh,
  frames: readonly number[],
  builder: ProfileBuilder,
) {
  const samples = read.array(profile.samples, `${path}.samples`);
  const weights = read.array(profile.weights, `${path}.weights`);
  if (weights.length !== samples.length) throw read.fault(`${path}.weights`, 'as many as samples');
  const stackOf = stackReader(frames, builder);
  for (const [i, sample] of samples.entries()) {
    builder.sample(stackOf(sample, `${path}.samples[${i}]`), { thread });
    builder.value(0, weigh(read.number(weights[i], `${path}.weights[${i}]`)));
  }
}

/** A sample is the time between two events during which something was open. */
function addEvented(
  { profile, path, thread }: Part,
  weigh: Weigh,
  frames: readonly number[],
  builder: ProfileBuilder,
) {
  const open: number[] = [];
  const nodes: number[] = [ROOT];
  let before: number | bigint = Number.NEGATIVE_INFINITY;
  for (const [i, item] of read.array(profile.events, `${path}.events`).entries()) {
    const where = `${path}.events[${i}]`;
    const event = read.object(item, where);
    const at = read.number(event.at, `${where}.at`);
    const frame = read.index(event.frame, frames.length, `${where}.frame`);
    if (at < before) throw read.fault(`${where}.at`, 'at least that of the event before');
    if (open.length > 0 && at > before) {
      builder.sample(nodes[open.length]!, { thread });
      builder.value(0, weigh(difference(at, before)));
    }
    if (event.type === 'O') {
      nodes[open.length + 1] = builder.node(nodes[open.length]!, frames[frame]!);
      open.push(frame);
    } else if (event.type !== 'C') throw read.fault(`${where}.type`, '"O" or "C"');
    else if (open.pop() !== frame) throw read.fault(where, 'the end of the frame that was opened last');
    before = at;
  }
  if (open.length > 0) throw read.fault(`${path}.events`, `complete: ${open.length} frames are left open`);
}

/** Exact between times beyond 2^53, as nanoseconds since 1970 are. */
function difference(at: number | bigint, before: number | bigint): number | bigint {
  if (typeof at === 'number' && typeof before === 'number') return at - before;
  return whole(at) - whole(before);
}
const whole = (value: number | bigint) => BigInt(typeof value === 'number' ? Math.round(value) : value);

const isNumber = (value: unknown): value is number | bigint =>
  typeof value === 'bigint' || Number.isFinite(value);

function durationNs(parts: readonly Part[], perUnit: number | undefined): number | null {
  if (perUnit === undefined) return null;
  // By a loop: a file may hold more profiles than a call takes arguments.
  let longest = 0;
  for (const { profile } of parts) {
    const { startValue, endValue } = profile;
    if (isNumber(startValue) && isNumber(endValue))
      longest = Math.max(longest, Number(difference(endValue, startValue)));
  }
  return longest > 0 ? Math.round(longest * perUnit) : null;
}
