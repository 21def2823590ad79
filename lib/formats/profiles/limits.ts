import { Fault } from '../../model/fault.ts';

// What one profile may cost. Inside these bounds it decodes to some hundred megabytes, whatever its bytes say.

/** Unpacked. The door has a limit of its own; this one is for files. */
export const MAX_PROFILE_BYTES = 256 * 1024 * 1024;
/** Profiles repeat themselves: real ones pack up to 60 times, zeros 1,000 times. */
export const MAX_PROFILE_RATIO = 500;
export const MAX_SAMPLES = 1_000_000;
/** Distinct stacks of one profile. */
export const MAX_STACKS = 500_000;
/** Nodes of the prefix tree over those stacks: memory is bounded by it, 12 bytes each. */
export const MAX_NODES = 16_000_000;
/** Lines that V8's ticks tell of, about. Functions of further nodes keep the line where they begin. */
export const MAX_LINE_TICKS = 500_000;
/** Units of work of one profile. Samples of further ones count to none of them. */
export const MAX_UNITS = 2_000;
/** Frames of one stack: the 2,048 that async-profiler records at most by default, and those that others put around them. */
export const MAX_DEPTH = 2_048 + 64;
/** Bytes, or UTF-16 code units where a format is text. What is longer is cut, not refused. */
export const MAX_STRING_LENGTH = 64 * 1024;
export const MAX_SAMPLE_TYPES = 256;
export const MAX_LABELS_PER_SAMPLE = 1_024;
/** Nesting of JSON. V8's trees nest two levels per frame and have a bound of their own. */
export const MAX_JSON_DEPTH = 64;
export const MAX_TREE_JSON_DEPTH = 2 * MAX_DEPTH + 16;
/** Objects, arrays and members of JSON: `{}` is two bytes on the wire and about 60 in memory. */
export const MAX_JSON_CONTAINERS = 6_000_000;
export const MAX_JSON_VALUES = 24_000_000;

/** @param what in the plural, as a sentence goes on: `samples` */
export const tooMany = (what: string, limit: number) =>
  new Fault('too-large', `Cannot decode profile: more than ${limit.toLocaleString('en')} ${what}`);

/** Strings over the limit are cut, never inside a surrogate pair. */
export function clip(text: string): string {
  if (text.length <= MAX_STRING_LENGTH) return text;
  return text.slice(0, MAX_STRING_LENGTH).toWellFormed();
}
