import type { UnitOfWork } from './unit-of-work.ts';
import type { EpochMs } from './units.ts';

// One decoded profile, whatever format it came in: tables by column, so that a million samples cost no million objects.

/**
 * How values of several profiles become one: deltas add up; of levels the last of an instance counts and instances add
 * up; cumulative values are differenced within a life first.
 */
export type Temporality = 'delta' | 'level' | 'cumulative';

export interface SampleType {
  readonly type: string; // cpu, wall, samples, inuse_space, alloc_objects, …
  readonly unit: string; // nanoseconds, bytes, count, …
  readonly temporality: Temporality;
  /** The file's own unit where values were brought into another one, `unit`, in which they are whole. */
  readonly sentUnit?: string;
}

/** Exact integers: a Float64Array while every value and the column's sum of magnitudes stay within 2^53, else bigint. */
export type ValueColumn = Float64Array | BigInt64Array;

/** Frames by index. `strings[0]` is '' and stands for "not known". */
export interface FrameTable {
  readonly strings: readonly string[];
  /** Index into strings. */
  readonly name: Uint32Array;
  /** Index into strings. */
  readonly file: Uint32Array;
  /** The line that was running, 0: not known. Two lines of one function are two frames here; trees put them together. */
  readonly line: Int32Array;
  /** 1: the team's own code, 0: a library or the runtime, −1: the format does not tell. */
  readonly inApp: Int8Array;
}

/** Stands for a stack without frames in text, where an empty line would say nothing. */
export const NO_STACK = '(no stack)';

/** Stacks as a prefix tree: node 0 is the root without a frame, and parent[i] < i. A stack is its leaf's node. */
export interface StackTable {
  readonly parent: Uint32Array;
  readonly frame: Uint32Array;
}

/**
 * Where in its function a stack's leaf was, where a format tells it apart from the line of the frame: how often it was found at
 * each line. Entries of one stack follow each other.
 */
export interface LineTicks {
  readonly stack: Uint32Array;
  readonly line: Int32Array;
  readonly ticks: Float64Array;
}

/** Samples as sent, by index. */
export interface SampleTable {
  readonly stack: Uint32Array;
  /** One column per sample type. */
  readonly values: readonly ValueColumn[];
  /** Index into Profile.units, −1: the sample names no unit of work. */
  readonly unit: Int32Array;
  /** Epoch ms (with fractions) of each sample where the format has it: gaps of a trace are explained by it. */
  readonly time?: Float64Array;
  /** Index into Profile.threads where the format tells threads apart. */
  readonly thread?: Int32Array;
}

export interface Profile {
  /** pprof, v8-cpuprofile, v8-heapprofile, folded, lines, speedscope, sentry-v1, sentry-v2-chunk, otlp-profiles. */
  readonly format: string;
  readonly sampleTypes: readonly SampleType[];
  /** The type that a reader sees first. */
  readonly defaultType: number;
  readonly start: EpochMs | null;
  readonly durationNs: number | null;
  readonly frames: FrameTable;
  readonly stacks: StackTable;
  /** Of V8, whose frames have the line where their function begins. */
  readonly lineTicks?: LineTicks;
  readonly samples: SampleTable;
  /** Samples of the file, where those of one stack are one row of `samples`. */
  readonly sampleCount?: number;
  readonly units: readonly UnitOfWork[];
  /** Names of threads, '' where unnamed. */
  readonly threads: readonly string[];
  /** Labels that hold for the whole profile: service, version, span id, … as sent. */
  readonly labels: ReadonlyMap<string, string>;
  /** What of the file is not in here, as sentences for its reader. */
  readonly notes?: readonly string[];
}
