import { outlineJson } from './json.ts';
import { decodeText, textEncoding } from './text.ts';

export const PROFILE_FORMATS = [
  'pprof',
  'v8-cpuprofile',
  'v8-heapprofile',
  'folded',
  'lines',
  'speedscope',
  'sentry',
  'jfr',
  'go-debug-text',
] as const;
export type ProfileFormat = (typeof PROFILE_FORMATS)[number];

/**
 * The format of a file by its content alone. A file that is cut or damaged further on is still claimed: its decoder
 * says what is wrong with it. Cheap, never throws.
 *
 * @param bytes not compressed
 */
export function detectProfile(bytes: Uint8Array): ProfileFormat | 'not-mine' {
  if (bytes.length === 0) return 'not-mine';
  if (startsWith(bytes, 'FLR\0')) return 'jfr';
  const first = firstSign(bytes);
  if (bytes[first] === 0x7b) return detectJson(bytes);
  if (bytes[first] === 0x5b) return 'not-mine'; // an array: Chrome traces and others
  if (isPprof(bytes)) return 'pprof';
  return detectText(bytes);
}

const startsWith = (bytes: Uint8Array, text: string) =>
  Array.from(text).every((char, i) => bytes[i] === char.charCodeAt(0));

/** After a byte order mark and white space. */
function firstSign(bytes: Uint8Array): number {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (at < bytes.length && (bytes[at] === 0x20 || (bytes[at]! >= 0x09 && bytes[at]! <= 0x0d))) at += 1;
  return at;
}

const HEAD_BYTES = 64 * 1024;

function detectJson(bytes: Uint8Array): ProfileFormat | 'not-mine' {
  const keys = new Set(outlineJson(bytes).keys);
  const has = (...names: string[]) => names.some((name) => keys.has(name));
  const head = () => new TextDecoder().decode(bytes.subarray(0, HEAD_BYTES));
  if (has('shared') && has('profiles')) return 'speedscope';
  if (has('$schema') && head().includes('speedscope')) return 'speedscope';
  if (
    has('profile') &&
    has('profiler_id', 'chunk_id', 'transaction', 'transactions', 'event_id', 'version', 'platform')
  ) {
    return 'sentry';
  }
  if (has('nodes') && (has('timeDeltas', 'startTime', 'endTime') || head().includes('"callFrame"')))
    return 'v8-cpuprofile';
  if (!has('head')) return 'not-mine';
  if (has('startTime', 'timestamps', 'typeId') || head().includes('"hitCount"')) return 'v8-cpuprofile';
  return head().includes('"selfSize"') || head().includes('"callFrame"') ? 'v8-heapprofile' : 'not-mine';
}

/** Wire type by field of pprof's Profile; comments come packed or one by one. */
const WIRE_TYPES: readonly (readonly number[])[] = [
  [],
  [2],
  [2],
  [2],
  [2],
  [2],
  [2],
  [0],
  [0],
  [0],
  [0],
  [2],
  [0],
  [0, 2],
  [0],
  [0],
];
/** Of random bytes or of another protobuf, three fields in a row hardly ever fit. */
const ENOUGH_FIELDS = 3;

/** Walks the first fields. A file that ends inside a field is pprof all the same, if what came before it was. */
function isPprof(bytes: Uint8Array): boolean {
  let at = 0;
  for (let count = 0; count < ENOUGH_FIELDS; count += 1) {
    if (at >= bytes.length) return count > 0;
    const tag = bytes[at]!;
    const field = tag >> 3;
    if (field < 1 || field > 15 || !WIRE_TYPES[field]!.includes(tag & 7)) return false;
    const end = endOfField(bytes, at + 1, tag & 7);
    if (end === undefined) return false;
    if ((tag & 7) === 2 && !isMember(bytes, field, end.start, end.end)) return false;
    at = end.end;
  }
  return true;
}

function endOfField(
  bytes: Uint8Array,
  from: number,
  wireType: number,
): { start: number; end: number } | undefined {
  let value = 0;
  for (let i = 0; i < 10; i += 1) {
    const byte = bytes[from + i];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) {
      const start = from + i + 1;
      return { start, end: wireType === 2 ? start + value : start };
    }
  }
  return undefined;
}

/** First tags that each message may begin with: this is what tells a pprof from other protobuf, OTLP above all. */
const FIRST_TAGS: readonly (readonly number[])[] = [
  [],
  [0x08, 0x10],
  [0x0a, 0x08, 0x12, 0x10, 0x1a],
  [0x08, 0x10, 0x18, 0x20, 0x28, 0x30, 0x38],
  [0x08, 0x10, 0x18, 0x22, 0x28],
  [0x08, 0x10, 0x18, 0x20, 0x28],
];

function isMember(bytes: Uint8Array, field: number, start: number, end: number): boolean {
  const tags = FIRST_TAGS[field === 11 ? 1 : field];
  return tags === undefined || start === end || start >= bytes.length || tags.includes(bytes[start]!);
}

const DEBUG_TEXT =
  /^(heap profile: |goroutine profile: |threadcreate profile: |--- (contention|mutex|heap|cpu)|goroutine \d+ \[)/;
const COUNTED = /\S[ \t]+-?\d+(\.\d+)?[ \t]*$/;
/** Lines that decide. */
const SAMPLE_LINES = 200;

function detectText(bytes: Uint8Array): ProfileFormat | 'not-mine' {
  const text = decodeText(bytes.subarray(0, HEAD_BYTES));
  if (DEBUG_TEXT.test(text)) return 'go-debug-text';
  if (textEncoding(bytes) === 'utf-8' && hasControls(bytes)) return 'not-mine';
  // The last line of the head may be cut.
  const lines = text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '');
  if (bytes.length > HEAD_BYTES && lines.length > 1) lines.pop();
  const read = lines.slice(0, SAMPLE_LINES);
  const counted = read.filter((line) => COUNTED.test(line));
  const stacks = counted.filter((line) => line.includes(';'));
  if (stacks.length > 0 && 2 * counted.length >= read.length) return 'folded';
  if (counted.length > 0 && counted.length === read.length && !read.some((line) => line.includes(',')))
    return 'folded';
  return counted.length === 0 && read.length > 0 && read.every((line) => line.includes(';'))
    ? 'lines'
    : 'not-mine';
}

function hasControls(bytes: Uint8Array): boolean {
  const end = Math.min(bytes.length, HEAD_BYTES);
  for (let i = 0; i < end; i += 1) if (bytes[i]! < 0x09) return true;
  return false;
}
