import type { Profile } from '../../model/profile.ts';
import { createProfileBuilder, type ProfileBuilder, ROOT } from './builder.ts';
import { guessInApp } from './in-app.ts';
import { isObject, type JsonObject, jsonReader, lineNumber, parseJson } from './json.ts';
import { MAX_DEPTH, tooMany } from './limits.ts';
import { unitOfLabel } from './work-unit.ts';

// Payloads of Sentry's envelope items `profile` (version 1, of a transaction) and `profile_chunk` (version 2, continuous).
// https://develop.sentry.dev/sdk/telemetry/profiles/sample-format-v1/ and …-v2/. Both are lists of samples of stacks;
// a sample stands until the next one of its thread, the last one of a thread counts nothing.

const read = jsonReader('Sentry profile');
const NS_PER_MS = 1e6;
const NS_PER_S = 1e9;

/** @throws Fault('invalid-input') when samples, stacks and frames do not fit together */
export function decodeSentry(bytes: Uint8Array): Profile {
  const file = parseJson(bytes, 'Sentry profile');
  const profile = read.object(file.profile, 'profile');
  const isChunk = isChunkPayload(file);
  const builder = createProfileBuilder(1);
  const samples = readSamples(profile, isChunk);
  const startMs = isChunk ? null : epochMs(file.timestamp);
  addSamples(samples, {
    builder,
    stackOf: stackReader(profile, builder),
    threadOf: threadReader(profile, builder),
    unitOf: isChunk ? () => -1 : unitReader(file, builder),
    // Times of chunks are since 1970, those of version 1 since the profile began.
    baseMs: isChunk ? 0 : (startMs ?? Number.NaN),
  });
  const span = spanOf(samples);
  return builder.finish({
    format: isChunk ? 'sentry-v2-chunk' : 'sentry-v1',
    sampleTypes: [{ type: 'wall', unit: 'nanoseconds', temporality: 'delta' }],
    start: isChunk && span !== undefined ? span.first / NS_PER_MS : startMs,
    durationNs: span === undefined ? null : span.last - span.first,
    labels: labelsOf(file),
  });
}

const isChunkPayload = (file: JsonObject) =>
  read.id(file.version) === '2' || typeof file.profiler_id === 'string' || typeof file.chunk_id === 'string';

interface Sample {
  readonly stack: number;
  readonly thread: string;
  readonly timeNs: number;
}

function readSamples(profile: JsonObject, isChunk: boolean): Sample[] {
  return read.array(profile.samples, 'profile.samples').map((item, i) => {
    const path = `profile.samples[${i}]`;
    const sample = read.object(item, path);
    // SDKs write integers as strings, because JSON numbers end at 2^53.
    const time = isChunk ? sample.timestamp : sample.elapsed_since_start_ns;
    const number =
      typeof time === 'number' || (typeof time === 'string' && time !== '') ? Number(time) : Number.NaN;
    if (!Number.isFinite(number))
      throw read.fault(`${path}.${isChunk ? 'timestamp' : 'elapsed_since_start_ns'}`, 'a number');
    return {
      stack: read.number(sample.stack_id, `${path}.stack_id`),
      thread: read.id(sample.thread_id),
      timeNs: Math.round(isChunk ? number * NS_PER_S : number),
    };
  });
}

interface Readers {
  readonly builder: ProfileBuilder;
  readonly stackOf: (index: number) => number;
  readonly threadOf: (id: string) => number;
  readonly unitOf: (sample: Sample) => number;
  readonly baseMs: number;
}

function addSamples(samples: readonly Sample[], readers: Readers): void {
  const next = nextOfThread(samples);
  for (const [i, sample] of samples.entries()) {
    readers.builder.sample(readers.stackOf(sample.stack), {
      unit: readers.unitOf(sample),
      thread: readers.threadOf(sample.thread),
      time: readers.baseMs + sample.timeNs / NS_PER_MS,
    });
    readers.builder.value(0, next[i]! - sample.timeNs);
  }
}

/** Time of the next sample of the same thread, its own time for the last one. SDKs do not promise any order. */
function nextOfThread(samples: readonly Sample[]): Float64Array {
  const next = Float64Array.from(samples, (sample) => sample.timeNs);
  const order = samples.map((_, i) => i).sort((a, b) => samples[a]!.timeNs - samples[b]!.timeNs);
  const last = new Map<string, number>();
  for (const i of order) {
    const before = last.get(samples[i]!.thread);
    if (before !== undefined) next[before] = samples[i]!.timeNs;
    last.set(samples[i]!.thread, i);
  }
  return next;
}

function spanOf(samples: readonly Sample[]): { first: number; last: number } | undefined {
  if (samples.length === 0) return undefined;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const { timeNs } of samples) {
    if (timeNs < first) first = timeNs;
    if (timeNs > last) last = timeNs;
  }
  return { first, last };
}

function stackReader(profile: JsonObject, builder: ProfileBuilder): (index: number) => number {
  const stacks = read.array(profile.stacks, 'profile.stacks');
  const frames = read.array(profile.frames, 'profile.frames').map((item, i) => readFrame(item, i, builder));
  const known: (number | undefined)[] = [];
  return (index) => {
    const place = read.index(index, stacks.length, 'a stack_id');
    const node = known[place];
    if (node !== undefined) return node;
    const stack = read.array(stacks[place], `profile.stacks[${place}]`);
    if (stack.length > MAX_DEPTH) throw tooMany('frames in a stack', MAX_DEPTH);
    // The leaf comes first.
    let at = ROOT;
    for (let i = stack.length - 1; i >= 0; i -= 1) {
      at = builder.node(at, frames[read.index(stack[i], frames.length, `profile.stacks[${place}]`)]!);
    }
    known[place] = at;
    return at;
  };
}

/** File names are relative to the app where the SDK knows how, and so the same on every machine. */
function readFrame(item: unknown, i: number, builder: ProfileBuilder): number {
  const frame = read.object(item, `profile.frames[${i}]`);
  const name = read.text(frame.function) || read.text(frame.instruction_addr) || '(anonymous)';
  const path = read.text(frame.abs_path);
  const file = read.text(frame.filename) || path || read.text(frame.module);
  const inApp = typeof frame.in_app === 'boolean' ? Number(frame.in_app) : guessInApp(name, path || file);
  return builder.frame(builder.string(name), builder.string(file), lineNumber(frame.lineno), inApp);
}

function threadReader(profile: JsonObject, builder: ProfileBuilder): (id: string) => number {
  const metadata = isObject(profile.thread_metadata) ? profile.thread_metadata : {};
  return (id) => {
    const entry = Object.hasOwn(metadata, id) ? metadata[id] : undefined;
    return builder.thread(id, isObject(entry) ? read.text(entry.name) : '');
  };
}

/** A profile is of one transaction; old SDKs sent a list. */
const MAX_TRANSACTIONS = 100;

/** The transaction owns the samples of its thread; what other threads did meanwhile is not its work. */
function unitReader(file: JsonObject, builder: ProfileBuilder): (sample: Sample) => number {
  const listed = isObject(file.transaction)
    ? [file.transaction]
    : read.list(file.transactions, 'transactions');
  if (listed.length > MAX_TRANSACTIONS) throw tooMany('transactions', MAX_TRANSACTIONS);
  const owners = listed.filter(isObject).flatMap((transaction) => {
    const name = read.text(transaction.name);
    if (name === '') return [];
    const { active_thread_id: thread, relative_start_ns: start, relative_end_ns: end } = transaction;
    return [
      {
        unit: builder.unit(unitOfLabel(name)),
        thread: thread === undefined || thread === null ? undefined : read.id(thread),
        startNs: listed.length > 1 ? Number(read.id(start) || 0) : Number.NEGATIVE_INFINITY,
        endNs:
          listed.length > 1 ? Number(read.id(end) || Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY,
      },
    ];
  });
  return ({ thread, timeNs }) =>
    owners.find(
      (owner) =>
        (owner.thread === undefined || owner.thread === thread) &&
        timeNs >= owner.startNs &&
        timeNs <= owner.endNs,
    )?.unit ?? -1;
}

/** ISO 8601 with more digits than Date keeps, or seconds since 1970. */
function epochMs(value: unknown): number | null {
  if (typeof value === 'number' && Number.isFinite(value)) return value * 1000;
  if (typeof value !== 'string') return null;
  const ms = Date.parse(value);
  if (Number.isNaN(ms)) return null;
  const digits = /\.\d{3}(\d+)/.exec(value)?.[1];
  return digits === undefined ? ms : ms + Number(`0.${digits}`);
}

const LABELS = ['release', 'environment', 'platform', 'event_id', 'profiler_id', 'chunk_id'];

/** As sent; ids join a profile with its transaction. */
function labelsOf(file: JsonObject): Map<string, string> {
  const labels = new Map<string, string>();
  for (const key of LABELS) if (read.text(file[key]) !== '') labels.set(key, read.text(file[key]));
  const transaction = isObject(file.transaction)
    ? file.transaction
    : read.list(file.transactions, 'transactions')[0];
  if (!isObject(transaction)) return labels;
  for (const [key, label] of [
    ['name', 'transaction'],
    ['id', 'transaction_id'],
    ['trace_id', 'trace_id'],
  ] as const) {
    if (read.text(transaction[key]) !== '') labels.set(label, read.text(transaction[key]));
  }
  return labels;
}
